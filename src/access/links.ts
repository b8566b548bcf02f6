// How a browser gets in without anybody typing a token: a link that works once and for two minutes
// gives it a session, which it keeps in a cookie. Both live in memory only and end with the bridge.
import type { Env } from '../base/env.ts'
import { hex, type Scope, sha256 } from './token.ts'

export const LINK_MS = 120_000
export const SESSION_MS = 12 * 3_600_000
/** More than that at once and the oldest goes. */
const MOST = 64

/** What the page may read. */
export const PAGE_SCOPES: readonly Scope[] = ['status', 'history', 'audit']

export interface PageSession {
  readonly id: string
  /** Monotonic. */
  readonly until: number
}

export class PageLinks {
  readonly #env: Env
  readonly #links = new Map<string, number>()
  /** By the hash of its secret. */
  readonly #sessions = new Map<string, PageSession>()

  constructor(env: Env) {
    this.#env = env
  }

  /** The code of a new link. */
  create(): string {
    const code = hex(this.#env.random(20))
    add(this.#links, code, this.#env.monotonic() + LINK_MS)
    return code
  }

  /** The secret of a new session; null when the link is unknown, was used, or is too old. */
  redeem(code: string): string | null {
    const until = this.#links.get(code)
    this.#links.delete(code)
    if (until === undefined || this.#env.monotonic() > until) return null
    const secret = hex(this.#env.random(20))
    const id = `page-${hex(this.#env.random(4))}`
    add(this.#sessions, hex(sha256(secret)), { id, until: this.#env.monotonic() + SESSION_MS })
    return secret
  }

  session(secret: string): PageSession | null {
    const found = this.#sessions.get(hex(sha256(secret)))
    return found && this.#env.monotonic() <= found.until ? found : null
  }

  alive(id: string): boolean {
    const now = this.#env.monotonic()
    return [...this.#sessions.values()].some((one) => one.id === id && now <= one.until)
  }
}

function add<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= MOST) return
    map.delete(oldest)
  }
}
