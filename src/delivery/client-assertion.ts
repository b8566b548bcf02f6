// Who we are to an OAuth 2 server, by a key of ours instead of a secret that both know: a signed statement for each
// token (RFC 7523, `private_key_jwt`; as SMART Backend Services ask for it).
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Env } from '../base/env.ts'

/** A statement is good for so long, in s: a token server takes no longer one. */
const LASTS_S = 300

/** By the kind of key: the name of the algorithm, and its hash; null = the algorithm has its own. */
const ALGORITHMS: Readonly<Record<string, readonly [string, string | null]>> = {
  rsa: ['RS384', 'sha384'],
  'ec secp384r1': ['ES384', 'sha384'],
  'ec prime256v1': ['ES256', 'sha256'],
  ed25519: ['EdDSA', null],
}

function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject) {
  const name = [type, asymmetricKeyDetails?.namedCurve ?? ''].join(' ').trim()
  const found = ALGORITHMS[name]
  if (found) return found
  throw new Error(
    `a key of ${name} signs no statement: it must be RSA, EC P-384 or P-256, or Ed25519`,
  )
}

export interface Client {
  readonly tokenUrl: string
  readonly clientId: string
  /** PEM. Read for each statement, so that a key can be changed while the bridge runs. */
  readonly privateKeyFile: string
  readonly keyId?: string | undefined
}

/** What a token is asked for with. Throws a sentence; never with the key in it. */
export function assertionOf(env: Env, client: Client): Record<string, string> {
  const { tokenUrl, clientId, privateKeyFile, keyId } = client
  const key = createPrivateKey(readFileSync(privateKeyFile))
  const [alg, hash] = algorithmOf(key)
  const now = Math.floor(env.wall() / 1_000)
  const jti = Buffer.from(env.random(16)).toString('hex')
  const head = { alg, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) }
  const claims = { iss: clientId, sub: clientId, aud: tokenUrl, jti, iat: now, exp: now + LASTS_S }
  const text = [head, claims].map((one) => word(Buffer.from(JSON.stringify(one)))).join('.')
  const signature = sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: `${text}.${word(signature)}`,
  }
}

const word = (bytes: Buffer) => bytes.toString('base64url')
