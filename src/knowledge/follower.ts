// Keeps what is known up with the log: begun from the snapshot beside it, or from the log's first record,
// and then followed. The log decides: a snapshot that does not match it is thrown away, and so is
// everything when another log is written.
import { type Disk, errorCode } from '../base/disk.ts'
import { Emitter } from '../base/emitter.ts'
import { type Cancel, type Env, pause } from '../base/env.ts'
import type { Feed, LogHead } from '../feed/feed.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import type { Source } from '../model/reading.ts'
import { FOLDED, fold } from './fold.ts'
import { type Known, nothingKnown } from './known.ts'
import { loadSnapshot, saveSnapshot, sha256 } from './snapshot-file.ts'
import { thinned } from './thin.ts'

export interface KnowledgeOptions {
  readonly env: Env
  /** Null = no snapshot is kept: the log is read from its first record at every start. */
  readonly disk: Disk | null
  /** Where snapshots are kept: `<state>/knowledge`. */
  readonly dir: string
  readonly source: Source
  readonly feed: Feed
  /** How long after a change the snapshot is written again, in ms. */
  readonly saveMs?: number
}

export interface KnowledgeState {
  /** `none`: there is no log · `reading`: behind the head · `following`: up to it · `failed`: it cannot be read. */
  readonly phase: 'none' | 'reading' | 'following' | 'failed' | 'stopped'
  readonly log: string | null
  /** Everything up to this position is known; -1 = nothing. */
  readonly position: number
  /** Records in the log, as far as it was looked at. */
  readonly size: number
  /** The log is read from its first record: no snapshot matched it. */
  readonly rebuilding: boolean
  /** Records that could not be understood, and snapshots that could not be written. */
  readonly notUnderstood: number
  readonly notSaved: number
  /** What the system said when it failed last. */
  readonly code: string | null
}

/** How long a stop waits for the records that were written last. */
const CATCH_UP_MS = 2_000

/** Reading a minute's records again takes less than a second; the disk is not worn by it. */
const SAVE_MS = 60_000
const RETRY_MS = 1_000

const NOTHING: KnowledgeState = {
  phase: 'none',
  log: null,
  position: -1,
  size: 0,
  rebuilding: false,
  notUnderstood: 0,
  notSaved: 0,
  code: null,
}

export class Follower {
  readonly #options: KnowledgeOptions
  readonly #end = new AbortController()
  readonly #changes = new Emitter()
  #known: Known = nothingKnown()
  #state: KnowledgeState = NOTHING
  /** Hash of the line the snapshot ends with, until that line has been seen in the log. */
  #anchor: string | null = null
  #lastLine = ''
  #dirty = false
  #cancelSave: Cancel | null = null
  #saving: Promise<void> = Promise.resolve()
  #running: Promise<void> = Promise.resolve()

  constructor(options: KnowledgeOptions) {
    this.#options = options
  }

  /** Resolves when everything that is in the log now is known, or the log cannot be read: see `state`. */
  start(): Promise<void> {
    return new Promise((ready) => {
      this.#running = this.#run(ready)
    })
  }

  /** Takes what was written last, writes the snapshot, and ends. */
  async stop(): Promise<void> {
    await this.#caughtUp()
    this.#end.abort()
    await this.#running
    this.#set({ phase: 'stopped' })
    await this.#save()
  }

  /** How sessions ended is said from what is known, so their ends must be. A disk that hangs is not waited for. */
  #caughtUp(): Promise<void> {
    const { env, feed } = this.#options
    const behind = () =>
      ['reading', 'following'].includes(this.#state.phase) && this.owed < (feed.head()?.size ?? 0)
    return new Promise((done) => {
      const end = () => {
        cancel()
        off()
        done()
      }
      const cancel = env.after(CATCH_UP_MS, end)
      const off = this.#changes.on(() => {
        if (!behind()) end()
      })
      if (!behind()) end()
    })
  }

  get state(): KnowledgeState {
    return this.#state
  }

  get known(): Known {
    return this.#known
  }

  get owed(): number {
    const { log, position } = this.#state
    return log === this.#options.feed.head()?.log ? position + 1 : 0
  }

  /** Which log the knowledge is of. */
  get origin(): { readonly log: string; readonly source: Source } {
    return { log: this.#state.log ?? '', source: this.#options.source }
  }

  /** Calls `listener` after every step, while the log is read and while it is followed. */
  onChange(listener: () => void): () => void {
    return this.#changes.on(listener)
  }

  #set(change: Partial<KnowledgeState>): void {
    this.#state = { ...this.#state, ...change }
    this.#changes.emit()
  }

  async #run(ready: () => void): Promise<void> {
    const { env, feed } = this.#options
    const { signal } = this.#end
    while (!signal.aborted) {
      try {
        const head = await feed.look()
        if (head) await this.#catchUp(head)
        if (head && this.#state.log === null) continue
        ready()
        await this.#follow()
      } catch (error) {
        this.#set({ phase: 'failed', code: errorCode(error) })
        ready()
        await pause(env, RETRY_MS, signal)
      }
    }
    ready()
  }

  /** To the head, from wherever this knowledge stands. */
  async #catchUp(head: LogHead): Promise<void> {
    const { feed } = this.#options
    const gone = () => this.#end.signal.aborted
    if (head.log !== this.#state.log) await this.#begin(head)
    this.#set({ phase: 'reading', size: head.size })
    while (this.#state.position < head.size - 1 && !gone()) {
      let matches = true
      const after = this.#state.position
      for await (const lines of feed.scan({ after, kinds: FOLDED, gone })) {
        // The head was of another log by then.
        if (lines[0]?.log !== head.log) return this.#set({ log: null })
        matches = this.#matches(lines[0])
        if (!matches) break
        this.#take(lines)
        this.#set({ position: lines.at(-1)?.position ?? after })
      }
      if (gone()) return
      if (matches && this.#anchor === null) this.#reached(head.size - 1)
      else this.#forget()
    }
    this.#set({ phase: 'following', rebuilding: false, code: null })
    this.#saveLater()
  }

  #reached(position: number): void {
    this.#set({ position: Math.max(position, this.#state.position) })
  }

  async #begin({ log, size }: LogHead): Promise<void> {
    const { disk, dir, source } = this.#options
    this.#forget()
    this.#set({ log, size })
    const snapshot = disk && (await loadSnapshot(disk, dir, source))
    if (!snapshot || snapshot.log !== log || snapshot.known.position >= size) return
    this.#known = snapshot.known
    this.#anchor = snapshot.line
    // The record it ends with is read once more, to see that it is the same.
    this.#set({ position: snapshot.known.position - 1, rebuilding: false })
  }

  #forget(): void {
    this.#known = nothingKnown()
    this.#anchor = null
    this.#dirty = false
    this.#set({ position: -1, rebuilding: true })
  }

  /** Whether the snapshot is of this log; `first` is the record at its position. */
  #matches(first: FeedRecord | undefined): boolean {
    if (this.#anchor === null) return true
    return first?.position === this.#known.position && sha256(first.line) === this.#anchor
  }

  #take(lines: readonly FeedRecord[]): void {
    const fresh = this.#anchor === null ? lines : lines.slice(1)
    this.#anchor = null
    for (const one of thinned(fresh)) this.#fold(one)
    this.#lastLine = lines.at(-1)?.line ?? this.#lastLine
  }

  #fold(one: FeedRecord): void {
    const { position } = one
    this.#dirty = true
    try {
      fold(this.#known, one.record, { ...this.origin, position })
    } catch {
      this.#state = { ...this.#state, notUnderstood: this.#state.notUnderstood + 1 }
    }
  }

  /** Until another log is written, or until there is one. */
  async #follow(): Promise<void> {
    const { log, position } = this.#state
    const { signal } = this.#end
    const cursor = log === null ? null : { log, position }
    for await (const item of this.#options.feed.follow(cursor, { kinds: FOLDED, signal })) {
      if (signal.aborted || log === null) return
      if (item.kind === 'replaced') {
        this.#set({ log: null })
        return
      }
      if (item.kind === 'record') {
        this.#fold(item.record)
        this.#lastLine = item.record.line
        this.#state = { ...this.#state, position: item.record.position }
      } else if (item.kind === 'caught-up') {
        const { position } = item.cursor
        this.#set({ position, size: Math.max(this.#state.size, position + 1) })
        this.#saveLater()
      }
    }
  }

  #saveLater(): void {
    if (!this.#dirty) return
    const { env, saveMs = SAVE_MS } = this.#options
    const save = () => {
      this.#cancelSave = null
      void this.#save()
    }
    this.#cancelSave ??= env.after(saveMs, save, { background: true })
  }

  #save(): Promise<void> {
    this.#cancelSave?.()
    this.#cancelSave = null
    this.#saving = this.#saving.then(() => this.#write())
    return this.#saving
  }

  async #write(): Promise<void> {
    const { log, notSaved } = this.#state
    const { disk, dir, source } = this.#options
    if (disk === null || !this.#dirty || this.#anchor !== null || log === null) return
    this.#dirty = false
    try {
      const line = sha256(this.#lastLine)
      await saveSnapshot(disk, dir, source, { log, line, known: this.#known })
    } catch (error) {
      this.#dirty = true
      this.#set({ notSaved: notSaved + 1, code: errorCode(error) })
    }
  }
}
