// How a browser gets in without anybody typing a token: a link that works once and for two minutes
// gives it a session, which it keeps in a cookie. Links end with the process. Sessions are kept in a file
// (only the hashes of their secrets, for the owner alone), so that a restart, however sudden, signs
// nobody out. A session ends by the wall clock and by the time that the process ran, whichever is first.

import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { nodeDisk, replaceFile } from '../base/disk.ts'
import { type Env, utc } from '../base/env.ts'
import { overlooked, wellAgain } from '../base/failures.ts'
import { utcSchema } from '../model/value.ts'
import { hex, type Scope, sha256 } from './token.ts'

export const LINK_MS = 120_000
export const SESSION_MS = 12 * 3_600_000
/** More than that at once and the oldest goes. */
const MOST = 64
/** How finely it is remembered that a session was used. */
const USED_MS = 60_000
/** A clock is set back by so much without anybody's doing, by a time service. */
const CLOCK_MS = 10_000

/** What the page may read. */
export const PAGE_SCOPES: readonly Scope[] = ['status', 'history', 'audit']

const fileSchema = z.strictObject({
  v: z.literal(1),
  /** When a session was last used, about. A clock that is behind this was set back. */
  usedAt: utcSchema,
  sessions: z
    .array(
      z.strictObject({
        id: z.string().regex(/^page-[0-9a-f]{8}$/),
        /** SHA-256 of the secret, hex. */
        hash: z.string().regex(/^[0-9a-f]{64}$/),
        expiresAt: utcSchema,
      }),
    )
    .max(MOST),
})

interface PageSession {
  readonly id: string
  /** By the wall clock. */
  readonly expires: number
  /** By the monotonic one. */
  readonly until: number
}

export class PageLinks {
  readonly #env: Env
  readonly #file: string | null
  readonly #links = new Map<string, number>()
  /** By the hash of its secret. */
  readonly #sessions = new Map<string, PageSession>()
  #usedAt = 0
  #written: Promise<void> = Promise.resolve()

  /** `file`: where sessions are kept; null = nowhere. */
  constructor(env: Env, file: string | null) {
    this.#env = env
    this.#file = file
    this.#load()
  }

  /** The code of a new link. */
  create(): string {
    const code = hex(this.#env.random(20))
    add(this.#links, code, this.#env.monotonic() + LINK_MS)
    return code
  }

  /**
   * The secret of a new session, which is kept by then; null when the link is unknown, was used, or is
   * too old. Where it cannot be kept it ends with the process.
   */
  async redeem(code: string): Promise<string | null> {
    const until = this.#links.get(code)
    this.#links.delete(code)
    if (until === undefined || this.#env.monotonic() > until) return null
    const secret = hex(this.#env.random(20))
    add(this.#sessions, hex(sha256(secret)), {
      id: `page-${hex(this.#env.random(4))}`,
      expires: this.#env.wall() + SESSION_MS,
      until: this.#env.monotonic() + SESSION_MS,
    })
    await this.#keep()
    return secret
  }

  /** The session of this secret, while it lasts. */
  session(secret: string): { readonly id: string } | null {
    const found = this.#sessions.get(hex(sha256(secret)))
    return found && this.#lasts(found) ? found : null
  }

  alive(id: string): boolean {
    return [...this.#sessions.values()].some((one) => one.id === id && this.#lasts(one))
  }

  #lasts({ expires, until }: PageSession): boolean {
    const wall = this.#env.wall()
    if (wall > expires || this.#env.monotonic() > until) return false
    if (wall - this.#usedAt > USED_MS) void this.#keep()
    return true
  }

  /** A file that is damaged, or that is ahead of the clock, lets nobody in. */
  #load(): void {
    if (this.#file === null) return
    try {
      const kept = fileSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')))
      const wall = this.#env.wall()
      if (wall < Date.parse(kept.usedAt) - CLOCK_MS) return
      this.#usedAt = Date.parse(kept.usedAt)
      for (const { id, hash, expiresAt } of kept.sessions) {
        const expires = Date.parse(expiresAt)
        const left = Math.min(expires - wall, SESSION_MS)
        if (left > 0)
          add(this.#sessions, hash, { id, expires, until: this.#env.monotonic() + left })
      }
    } catch {
      // There is none yet, or none that can be read: whoever was in opens a new link.
    }
  }

  /** One write after the other; the newest content is written last. */
  #keep(): Promise<void> {
    const file = this.#file
    if (file === null) return this.#written
    // It never goes back: a clock that was set back ends every session at the next start.
    this.#usedAt = Math.max(this.#usedAt, this.#env.wall())
    this.#written = this.#written.then(async () => {
      const sessions = [...this.#sessions]
        .filter(([, { expires }]) => expires > this.#env.wall())
        .map(([hash, { id, expires }]) => ({ id, hash, expiresAt: utc(expires) }))
      const content = { v: 1, usedAt: utc(this.#usedAt), sessions }
      await replaceFile(nodeDisk, file, Buffer.from(`${JSON.stringify(content)}\n`)).then(
        () => wellAgain('page-sessions'),
        (error) => overlooked('page-sessions', error),
      )
    })
    return this.#written
  }
}

function add<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= MOST) return
    map.delete(oldest)
  }
}
