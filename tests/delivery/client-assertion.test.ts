// A token is asked for with a statement that our key has signed: whoever has its public part can check it, and it is
// good for this server, this client, once and for minutes.
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { bearerOf } from '../../src/delivery/bearer.ts'
import { assertionOf } from '../../src/delivery/client-assertion.ts'
import { deliverySchema } from '../../src/delivery/config.ts'
import { closeAll, fileOf } from './senders.ts'

afterAll(closeAll)

const pem = (key: KeyObject) => fileOf(String(key.export({ type: 'pkcs8', format: 'pem' })))
const KEYS = {
  RS384: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
} as const
const HASHES = { RS384: 'sha384', ES384: 'sha384', ES256: 'sha256', EdDSA: null } as const
const client = { tokenUrl: 'https://login.example/token', clientId: 'clinic', keyId: 'k1' }
const partsOf = (jwt = '') => {
  const [head = '', claims = '', signature = ''] = jwt.split('.')
  const json = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString())
  return { head: json(head), claims: json(claims), signature, text: `${head}.${claims}` }
}

it.each(Object.keys(KEYS) as (keyof typeof KEYS)[])('signs with %s', (alg) => {
  const env = new VirtualEnv({ seed: 3 })
  const { privateKey, publicKey } = KEYS[alg]()
  const privateKeyFile = pem(privateKey)
  const made = assertionOf(env, { ...client, privateKeyFile })
  expect(made['client_assertion_type']).toMatch(/:jwt-bearer$/)
  const { head, claims, signature, text } = partsOf(made['client_assertion'])
  expect(head).toEqual({ alg, typ: 'JWT', kid: 'k1' })
  const now = Math.floor(env.wall() / 1_000)
  expect(claims).toMatchObject({ iss: 'clinic', sub: 'clinic', aud: client.tokenUrl, iat: now })
  expect(claims.exp - now).toBe(300)
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const }
  const of = (what: string) =>
    verify(HASHES[alg], Buffer.from(what), key, Buffer.from(signature, 'base64url'))
  expect([of(text), of(`${text}x`)]).toEqual([true, false])
  // It is another one each time.
  const again = partsOf(assertionOf(env, { ...client, privateKeyFile })['client_assertion'])
  expect(again.claims.jti).not.toBe(claims.jti)
})

it('is what a token is asked for with, and no secret goes with it', async () => {
  const { privateKey } = KEYS.ES384()
  const { fhir } = deliverySchema.parse({
    fhir: [
      {
        ...{ name: 'ehr', url: 'https://fhir.example/r4' },
        auth: { ...client, privateKeyFile: pem(privateKey), scope: 'system/*.c' },
      },
    ],
  })
  const asked: { headers: object; body: string }[] = []
  const bearer = bearerOf(new VirtualEnv({ seed: 1 }), fhir[0]?.auth, async (request) => {
    asked.push(request)
    return { status: 200, headers: {}, body: '{"access_token":"t1"}' }
  })
  expect(await bearer.token(new AbortController().signal)).toBe('t1')
  expect(asked[0]?.headers).not.toHaveProperty('authorization')
  const form = new URLSearchParams(asked[0]?.body)
  expect([form.get('grant_type'), form.get('scope')]).toEqual(['client_credentials', 'system/*.c'])
  expect(partsOf(form.get('client_assertion') ?? '').head.alg).toBe('ES384')
})

it('a key that cannot sign one is told, and not shown', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const made = () =>
    assertionOf(new VirtualEnv({ seed: 1 }), { ...client, privateKeyFile: pem(privateKey) })
  expect(made).toThrow('a key of ec secp256k1 signs no statement')
})
