// A certificate that nobody has signed, for tests of TLS. Needs the program openssl.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Paths of two PEM files in `dir`. */
export function certificate(
  dir: string,
  name: string,
  cn = 'localhost',
): { cert: string; key: string } {
  const [cert, key] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)]
  const subject = ['-subj', `/CN=${cn}`, '-addext', `subjectAltName=DNS:${cn}`]
  const files = ['-keyout', key, '-out', cert, '-days', '2', '-nodes']
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  execFileSync('openssl', [...args, ...files, ...subject], { stdio: 'ignore' })
  return { cert, key }
}
