// A bearer token: `wb_<id>_<secret>`. Only its hash is kept. The secret has 160 random bits, so a plain
// SHA-256 of it can be kept and compared: there is nothing to guess. Pure.
import { createHash, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { type Env, utc } from '../base/env.ts'
import { sourceSchema } from '../model/reading.ts'
import { utcSchema } from '../model/value.ts'

/** What a token lets its holder read. */
export const SCOPES = ['status', 'history', 'audit', 'metrics', 'fhir'] as const
export type Scope = (typeof SCOPES)[number]

/** A token as it is kept. */
export const tokenSchema = z.strictObject({
  v: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{8}$/),
  /** SHA-256 of the secret, hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  label: z.string().max(100),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** It is for a bridge of this kind only. */
  source: sourceSchema,
  createdAt: utcSchema,
  expiresAt: utcSchema.nullable(),
  revokedAt: utcSchema.nullable(),
})
export type Token = z.infer<typeof tokenSchema>

export interface TokenWish {
  readonly label: string
  readonly scopes: readonly Scope[]
  /** Default: of the store it is made in, else `device`. */
  readonly source?: Token['source']
  /** Null = it never expires. */
  readonly lifeMs: number | null
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'

/** RFC 4648 in small letters; of a multiple of 5 bytes, so that nothing is left over. */
function base32(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  return bits.replace(/.{5}/g, (five) => LETTERS[Number.parseInt(five, 2)] ?? '')
}

export const sha256 = (text: string) => createHash('sha256').update(text).digest()

/** A new token and its text, which is shown once and kept nowhere. */
export function newToken(env: Env, wish: TokenWish): { text: string; token: Token } {
  const id = hex(env.random(4))
  const secret = base32(env.random(20))
  const now = env.wall()
  const token: Token = {
    v: 1,
    id,
    hash: hex(sha256(secret)),
    label: wish.label,
    scopes: [...wish.scopes],
    source: wish.source ?? 'device',
    createdAt: utc(now),
    expiresAt: wish.lifeMs === null ? null : utc(now + wish.lifeMs),
    revokedAt: null,
  }
  return { text: `wb_${id}_${secret}`, token }
}

const TEXT = /^wb_([0-9a-f]{8})_([a-z2-7]{32})$/

/** The parts of a token's text; null when it is none. */
export function parseToken(text: string): { id: string; secret: string } | null {
  const found = TEXT.exec(text)
  return found ? { id: found[1] as string, secret: found[2] as string } : null
}

/** The parts of the token that a header `authorization` shows; null when it shows none. */
export function parseBearer(authorization: string): { id: string; secret: string } | null {
  const [, text = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
  return parseToken(text)
}

/** Whether a text looks like a token, wherever it was found. */
export const looksLikeToken = (text: string) => /wb_[0-9a-f]{8}_/.test(text)

const NOBODY = Buffer.alloc(32)

/** Compares in constant time, and takes the same time when there is no such token. */
export function matches(token: Token | undefined, secret: string): boolean {
  const hash = token ? Buffer.from(token.hash, 'hex') : NOBODY
  return timingSafeEqual(sha256(secret), hash) && token !== undefined
}

/** Why a token counts no more; null = it does. */
export function ended(token: Token, wall: number): 'revoked' | 'expired' | null {
  if (token.revokedAt !== null) return 'revoked'
  return token.expiresAt !== null && Date.parse(token.expiresAt) <= wall ? 'expired' : null
}
