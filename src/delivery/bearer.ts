// What a FHIR server is shown so that it lets us in: a token out of a file, or one of an OAuth 2 server for
// our client credentials (RFC 6749, 4.4), kept until shortly before it ends.
import { readFileSync } from 'node:fs'
import type { Env } from '../base/env.ts'
import { assertionOf } from './client-assertion.ts'
import type { FhirAuth } from './config.ts'
import { type Post, saidBy } from './http.ts'
import { jsonOf } from './saved.ts'

export interface Bearer {
  /** Null = nothing is shown. Rejects with a sentence when there is none to be had. */
  token(signal: AbortSignal): Promise<string | null>
  /** It was not taken; true = another one can be had. */
  refused(): boolean
}

/** A token is not used in its last moments. */
const EARLY_MS = 30_000
/** How long one is kept whose end is not said. */
const USUAL_S = 300

const secretIn = (path: string) => readFileSync(path, 'utf8').trim()

export function bearerOf(env: Env, auth: FhirAuth, post: Post): Bearer {
  if (auth === undefined) return { token: async () => null, refused: () => false }
  if ('tokenFile' in auth) {
    return { token: async () => secretIn(auth.tokenFile), refused: () => false }
  }
  let held: { readonly token: string; readonly until: number } | null = null
  return {
    async token(signal) {
      if (held && env.monotonic() < held.until) return held.token
      held = await fetched(env, auth, post, signal)
      return held.token
    },
    refused() {
      held = null
      return true
    },
  }
}

async function fetched(
  env: Env,
  auth: Exclude<FhirAuth, undefined | { tokenFile: string }>,
  post: Post,
  signal: AbortSignal,
) {
  const { tokenUrl: url, scope } = auth
  const secret = 'clientSecretFile' in auth
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scope && { scope }),
    ...(secret ? {} : assertionOf(env, auth)),
  })
  const headers = {
    ...(secret && { authorization: basic(auth.clientId, secretIn(auth.clientSecretFile)) }),
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  }
  const { status, body } = await post({ url, headers, body: form.toString() }, signal)
  const said = objectIn(body)
  const token = said['access_token']
  if (status !== 200 || typeof token !== 'string' || token === '') {
    const why = [said['error'], said['error_description']].filter((one) => typeof one === 'string')
    throw new Error(`no token: ${status} ${saidBy(why.join(' '))}`.trim())
  }
  const seconds = Number(said['expires_in'] ?? USUAL_S)
  const lasts = (Number.isFinite(seconds) ? seconds : USUAL_S) * 1_000
  return { token, until: env.monotonic() + Math.max(0, lasts - Math.min(EARLY_MS, lasts / 2)) }
}

function basic(...pair: readonly [id: string, secret: string]): string {
  const words = pair.map((text) => encodeURIComponent(text).replace(/%20/g, '+'))
  return `Basic ${Buffer.from(words.join(':')).toString('base64')}`
}

/** An object of JSON; anything else is an empty one. */
export function objectIn(text: string): Readonly<Record<string, unknown>> {
  const value = jsonOf(text)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
