// The tokens of a state directory, one file each (0600, in a directory of 0700), so that commands in
// other processes change one without touching the others. A bridge sees every change before it answers whoever shows a token.
// A file that cannot be read as a token counts as none: what is doubtful lets nobody in.

import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeDisk, replaceFile } from '../base/disk.ts'
import { Emitter } from '../base/emitter.ts'
import { type Cancel, type Env, utc, within } from '../base/env.ts'
import { overlooked, wellAgain } from '../base/failures.ts'
import type { Source } from '../model/reading.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { hex, newToken, type Token, type TokenWish, tokenSchema } from './token.ts'

/** How often a bridge looks. */
const LOOK_MS = 250
/** How long whoever asks waits to know. */
const LOOK_WAIT_MS = 400
/** File times are coarse: a directory that changed so lately is read again. */
const FRESH_MS = 2_000

const missing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT'

export class TokenStore {
  readonly #env: Env
  readonly #dir: string
  /** The kind of bridge whose tokens count here; null = every kind, to list and to revoke. */
  readonly source: Source | null
  #tokens = new Map<string, Token>()
  /** Tokens of this process alone, in no file. */
  readonly #lent = new Map<string, Token>()
  #seen = ''
  #cancel: Cancel = () => {}
  #following = false
  #looking: Promise<void> | null = null
  #next: Promise<void> | null = null
  #loaded: Promise<void> = Promise.resolve()
  /** Of the requests of one turn. */
  #asked = { quiet: Promise.resolve(false), looked: Promise.resolve() }
  readonly #watch: DirectoryWatch
  readonly #looks = new Emitter()

  constructor(env: Env, stateDir: string, source: Source | null) {
    this.#env = env
    this.source = source
    this.#dir = join(stateDir, 'tokens')
    this.#watch = new DirectoryWatch(this.#dir)
  }

  get(id: string): Token | undefined {
    return this.#lent.get(id) ?? this.#tokens.get(id)
  }

  /** Every token that is kept, oldest first. */
  async list(): Promise<Token[]> {
    await this.#load()
    return [...this.#tokens.values()].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  /** Makes a token and keeps its hash. The text is given once, here. */
  async create(wish: TokenWish): Promise<{ text: string; token: Token }> {
    const made = newToken(this.#env, { source: this.source ?? 'device', ...wish })
    await this.#write(made.token)
    await this.#load()
    return made
  }

  /** A token that ends with this process at the latest and is written nowhere. */
  lend(wish: TokenWish): { text: string; token: Token } {
    const made = newToken(this.#env, { source: this.source ?? 'device', ...wish })
    this.#lent.set(made.token.id, made.token)
    return made
  }

  /** Whether there was such a token. It counts no more, and stays in the list. */
  async revoke(id: string): Promise<boolean> {
    await this.#load()
    const token = this.#tokens.get(id)
    if (!token) return false
    await this.#write({ ...token, revokedAt: token.revokedAt ?? utc(this.#env.wall()) })
    await this.#load()
    return true
  }

  /** Loads the tokens and follows what other processes do to them, until `close`. */
  async follow(): Promise<void> {
    this.#following = true
    // So that there is something to watch; where it cannot be made, every look asks the disk.
    await this.#makeDir().catch(() => {})
    await this.#load()
    this.#again()
  }

  /** Called after every look, so that what expires is noticed as well as what changes. */
  onLook(listener: () => void): void {
    this.#looks.on(listener)
  }

  close(): void {
    this.#following = false
    this.#cancel()
    this.#watch.close()
  }

  #again(): void {
    if (!this.#following) return
    this.#cancel = this.#env.after(
      LOOK_MS,
      () =>
        // A directory that cannot be read now: what was known stays, and so does what was revoked.
        void this.#look()
          .then(
            () => wellAgain('token-directory'),
            (error) => overlooked('token-directory', error),
          )
          .then(() => this.#again()),
      { background: true },
    )
  }

  /**
   * Resolves when it is known what tokens there were at this moment, so that one made by another process counts
   * at once, and one revoked counts no more. Never rejects; a disk that does not answer is not waited for.
   */
  looked(): Promise<void> {
    const quiet = this.#watch.quiet()
    if (quiet !== this.#asked.quiet) {
      const looked = quiet.then((yes) => {
        const look = yes ? this.#looking : this.#fresh()
        return look ? within(this.#env, LOOK_WAIT_MS, look) : undefined
      })
      this.#asked = { quiet, looked }
    }
    return this.#asked.looked
  }

  /** A look that begins now, or as soon as the one under way has ended: that one may have looked too early. */
  #fresh(): Promise<void> {
    if (this.#looking === null) {
      this.#watch.begin()
      this.#looking = this.#refresh()
        // What was not seen is looked for again.
        .catch(() => this.#watch.disturb())
        .finally(() => {
          this.#looking = null
        })
      return this.#looking
    }
    this.#next ??= this.#looking.then(() => {
      this.#next = null
      return this.#fresh()
    })
    return this.#next
  }

  async #look(): Promise<void> {
    await this.#refresh()
    this.#looks.emit()
  }

  async #refresh(): Promise<void> {
    const seen = await this.#stamp()
    if (seen !== this.#seen) await this.#load(seen)
  }

  async #stamp(): Promise<string> {
    try {
      const { mtimeMs, ino } = await stat(this.#dir)
      if (this.#following) this.#watch.found(ino)
      const settled = this.#env.wall() - mtimeMs > FRESH_MS
      return `${ino} ${mtimeMs} ${settled ? '' : this.#env.monotonic()}`
    } catch (error) {
      this.#watch.found(null)
      if (missing(error)) return 'none'
      throw error
    }
  }

  /** One after the other: what was read last is what counts. */
  #load(seen?: string): Promise<void> {
    const loaded = this.#loaded.then(() => this.#read(seen))
    this.#loaded = loaded.catch(() => {})
    return loaded
  }

  async #read(seen?: string): Promise<void> {
    const stamp = seen ?? (await this.#stamp())
    const tokens = new Map<string, Token>()
    for (const name of await this.#names()) {
      const token = await this.#tokenIn(name)
      if (token && name === `${token.id}.json`) tokens.set(token.id, token)
    }
    this.#tokens = tokens
    this.#seen = stamp
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#dir)).filter((name) => name.endsWith('.json'))
    } catch (error) {
      if (missing(error)) return []
      throw error
    }
  }

  async #tokenIn(name: string): Promise<Token | null> {
    try {
      const text = await readFile(join(this.#dir, name), 'utf8')
      return tokenSchema.parse(JSON.parse(text))
    } catch {
      return null
    }
  }

  async #makeDir(): Promise<void> {
    await nodeDisk.makeDir(this.#dir)
    await chmod(this.#dir, 0o700)
  }

  async #write(token: Token): Promise<void> {
    await this.#makeDir()
    const path = join(this.#dir, `${token.id}.json`)
    const temporary = `${path}.${hex(this.#env.random(4))}.new`
    const text = `${JSON.stringify(token, null, 2)}\n`
    await replaceFile(nodeDisk, path, Buffer.from(text), temporary)
  }
}
