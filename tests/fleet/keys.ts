// Keys, credentials and certificates of a broker, for tests, and the example of deploy/ with those keys in it.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nkeys } from '@nats-io/transport-node'

/** A user's key: the public part, and a file with the seed. */
export function userKey(dir: string, name: string): { readonly id: string; readonly file: string } {
  const pair = nkeys.createUser()
  const file = join(dir, `${name}.nk`)
  writeFileSync(file, `${Buffer.from(pair.getSeed()).toString()}\n`, { mode: 0o600 })
  return { id: pair.getPublicKey(), file }
}

/** `accounts.conf` as it lies in deploy/, with other keys for those that it names. */
export function accounts(keys: Readonly<Record<string, string>>): string {
  const path = fileURLToPath(new URL('../../deploy/nats/accounts.conf', import.meta.url))
  let text = readFileSync(path, 'utf8')
  for (const [name, id] of Object.entries(keys)) {
    if (!text.includes(name)) throw new Error(`${path} names no ${name}`)
    text = text.replace(name, id)
  }
  return text
}

/** `tls.conf` as it lies in deploy/, with other files for those that it names. */
export function tls(cert: string, key: string): string {
  const path = fileURLToPath(new URL('../../deploy/nats/tls.conf', import.meta.url))
  return readFileSync(path, 'utf8')
    .replace('/etc/nats/broker.crt', cert)
    .replace('/etc/nats/broker.key', key)
}

const openssl = (args: readonly string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** An authority, and what it vouches for. */
export function authority(dir: string, name: string) {
  const ca = join(dir, `${name}.crt`)
  const caKey = join(dir, `${name}.key`)
  openssl([
    'req',
    '-x509',
    ...CURVE,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    caKey,
    '-out',
    ca,
  ])
  return {
    ca,
    /** A certificate for a name, and its key. */
    certificate(host: string) {
      const at = (end: string) => join(dir, `${name}-${host}.${end}`)
      openssl(['req', ...CURVE, '-subj', `/CN=${host}`, '-keyout', at('key'), '-out', at('csr')])
      writeFileSync(at('ext'), `subjectAltName=DNS:${host}\n`)
      openssl([
        ...['x509', '-req', '-in', at('csr'), '-CA', ca, '-CAkey', caKey, '-CAcreateserial'],
        ...['-days', '2', '-extfile', at('ext'), '-out', at('crt')],
      ])
      return { cert: at('crt'), key: at('key') }
    },
  }
}

type Pair = ReturnType<typeof nkeys.createUser>

/** A claim as NATS has it: a JSON Web Token that is signed with an NKey. */
function claim(signer: Pair, subject: string, nats: object, more: object = {}): string {
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = {
    ...{ jti: subject, iat: Math.floor(Date.now() / 1_000), iss: signer.getPublicKey() },
    ...{ sub: subject, nats, ...more },
  }
  const signed = `${text({ typ: 'JWT', alg: 'ed25519-nkey' })}.${text(body)}`
  const signature = Buffer.from(signer.sign(Buffer.from(signed))).toString('base64url')
  return `${signed}.${signature}`
}

/** An operator with an account and a user in it: what a broker is configured with, and the user's file. */
export function operated(dir: string, { endsAt }: { readonly endsAt?: number } = {}) {
  const [operator, account, system, user] = [
    ...[nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount(), nkeys.createUser()],
  ] as [Pair, Pair, Pair, Pair]
  const all = {
    subs: -1,
    data: -1,
    payload: -1,
    conn: -1,
    leaf: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
  }
  const jetstream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const accountOf = (pair: Pair, limits: object) =>
    claim(operator, pair.getPublicKey(), { type: 'account', version: 2, limits })
  const free = { subs: -1, data: -1, payload: -1 }
  const own = claim(
    account,
    user.getPublicKey(),
    { type: 'user', version: 2, pub: {}, sub: {}, ...free },
    endsAt === undefined ? {} : { exp: endsAt },
  )
  const file = join(dir, 'user.creds')
  writeFileSync(
    file,
    `-----BEGIN NATS USER JWT-----\n${own}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${Buffer.from(user.getSeed()).toString()}\n------END USER NKEY SEED------\n`,
    { mode: 0o600 },
  )
  const [a, s] = [account.getPublicKey(), system.getPublicKey()]
  const conf = `operator: ${claim(operator, operator.getPublicKey(), { type: 'operator', version: 2 })}
system_account: ${s}
resolver: MEMORY
resolver_preload: {
  ${a}: ${accountOf(account, { ...all, ...jetstream })}
  ${s}: ${accountOf(system, all)}
}`
  return { conf, file }
}
