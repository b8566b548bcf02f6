// Who asks, and what they may read. Every surface asks here; nothing else decides.
import type { Env } from '../base/env.ts'
import { PAGE_SCOPES, PageLinks } from './links.ts'
import type { TokenStore } from './store.ts'
import { ended, matches, parseBearer, SCOPES, type Scope, type Token } from './token.ts'

/** Somebody who was let in. */
export interface Principal {
  /** The token's id, or the page session's; never its secret. */
  readonly id: string
  readonly auth: 'token' | 'page-link' | 'none'
  readonly scopes: readonly Scope[]
}

/**
 * `none` nothing was shown · `malformed`, `unknown` it is no token of ours · `other-source` it is for
 * another kind of bridge · the rest was one.
 */
export type Refusal = 'none' | 'malformed' | 'unknown' | 'other-source' | 'expired' | 'revoked'
export type Ended = 'expired' | 'revoked'

export interface AccessOptions {
  readonly env: Env
  readonly tokens: TokenStore
  /** False: whoever reaches the port may read. For loopback only. */
  readonly required: boolean
  /** Where browsers that were let in are remembered over a restart; null = nowhere. */
  readonly sessions?: string | null
}

const ANYONE: Principal = { id: 'anyone', auth: 'none', scopes: SCOPES }

const MOST_SHOWN = 1_000

interface Held {
  readonly principal: Principal
  gone(why: Ended): void
}

export class Access {
  readonly links: PageLinks
  readonly #env: Env
  readonly #tokens: TokenStore
  readonly #required: boolean
  readonly #held = new Set<Held>()
  /**
   * Headers that were right once, so that a client that asks often is not hashed each time. What is
   * not in here, and so whatever is guessed, is compared in constant time.
   */
  readonly #shown = new Map<string, { readonly token: Token; readonly principal: Principal }>()

  constructor({ env, tokens, required, sessions = null }: AccessOptions) {
    this.#env = env
    this.#tokens = tokens
    this.#required = required
    this.links = new PageLinks(env, sessions)
    tokens.onLook(() => this.#review())
  }

  /** `authorization` is the header as it came, `session` the value of the page's cookie. */
  authenticate(
    authorization: string | undefined,
    session: string | undefined,
  ): Principal | Refusal {
    if (authorization !== undefined) return this.#bearer(authorization)
    if (session !== undefined) {
      const found = this.links.session(session)
      if (found) {
        return { id: found.id, auth: 'page-link', scopes: PAGE_SCOPES }
      }
      if (this.#required) return 'unknown'
    }
    return this.#required ? 'none' : ANYONE
  }

  /** Resolves when tokens made and revoked up to this moment are known. */
  looked(): Promise<void> {
    return this.#tokens.looked()
  }

  /** Calls `gone` once, within a second of the end of the principal's right; returns the way out. */
  hold(principal: Principal, gone: (why: Ended) => void): () => void {
    const held = { principal, gone }
    this.#held.add(held)
    return () => void this.#held.delete(held)
  }

  #bearer(authorization: string): Principal | Refusal {
    const shown = this.#shown.get(authorization)
    if (shown && this.#tokens.get(shown.token.id) === shown.token) {
      return ended(shown.token, this.#env.wall()) ?? shown.principal
    }
    const parts = parseBearer(authorization)
    if (!parts) return 'malformed'
    const token = this.#tokens.get(parts.id)
    if (!matches(token, parts.secret)) return 'unknown'
    const { id, scopes, source } = token as Token
    if (this.#tokens.source !== null && source !== this.#tokens.source) return 'other-source'
    const principal = { id, auth: 'token', scopes } as const
    if (this.#shown.size >= MOST_SHOWN) this.#shown.clear()
    this.#shown.set(authorization, { token: token as Token, principal })
    return ended(token as Token, this.#env.wall()) ?? principal
  }

  #review(): void {
    for (const held of this.#held) {
      const why = this.#ended(held.principal)
      if (why === null) continue
      this.#held.delete(held)
      held.gone(why)
    }
  }

  #ended({ id, auth }: Principal): Ended | null {
    if (auth === 'none') return null
    if (auth === 'page-link') return this.links.alive(id) ? null : 'expired'
    const token = this.#tokens.get(id)
    return token ? ended(token, this.#env.wall()) : 'revoked'
  }
}
