// Certificates that nobody else has signed, good ones and ended ones, for tests of TLS. Needs the program openssl.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Pem {
  readonly cert: string
  readonly key: string
}

const openssl = (...args: string[]) => void execFileSync('openssl', args, { stdio: 'ignore' })
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Paths of two PEM files in `dir`. */
export function certificate(dir: string, name: string, cn = 'localhost'): Pem {
  const [cert, key] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)]
  const subject = ['-subj', `/CN=${cn}`, '-addext', `subjectAltName=DNS:${cn}`]
  openssl('req', '-x509', ...KEY, '-keyout', key, '-out', cert, '-days', '2', ...subject)
  return { cert, key }
}

/** The same, of a certificate that was good in 2020. */
export function expiredCertificate(dir: string, name: string, cn = 'localhost'): Pem {
  const [cert, key] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)]
  const [asked, config] = [join(dir, `${name}.csr`), join(dir, `${name}.cnf`)]
  const index = join(dir, `${name}.index`)
  writeFileSync(index, '')
  writeFileSync(
    config,
    `[ca]
default_ca = this
[this]
database = ${index}
new_certs_dir = ${dir}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:${cn}
`,
  )
  openssl('req', '-new', ...KEY, '-keyout', key, '-out', asked, '-subj', `/CN=${cn}`)
  const period = ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z']
  const files = ['-config', config, '-in', asked, '-keyfile', key, '-out', cert]
  openssl('ca', '-selfsign', '-batch', '-notext', ...files, ...period)
  return { cert, key }
}
