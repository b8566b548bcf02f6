// The place of a destination on the disk, kept: one write at a time, always the newest state, and tried
// again until it is written. A slow or a full disk costs no message its time; who dies before it is
// written sends a few again, with the same ids.

import { type Env, sleep, utc } from '../base/env.ts'
import { overlooked, wellAgain } from '../base/failures.ts'
import type { FileStore } from '../base/file-store.ts'
import type { Cursor } from '../feed/cursor.ts'
import { parseSaved, type Saved, savedText } from './saved.ts'

/** Where something could not be written down or read: how long until it is tried again. */
const AGAIN_MS = 5_000
/** A place that moved without anything sent is kept once in so many records. */
const IDLE_SAVE = 1_000

/** Until it is done, or everything ends, which is false: what is not written down has not happened. */
export async function insist(
  env: Env,
  ended: () => boolean,
  write: () => Promise<boolean>,
): Promise<boolean> {
  while (!ended()) {
    try {
      if (await write()) return true
    } catch (error) {
      overlooked('delivery-place', error)
    }
    await sleep(env, AGAIN_MS)
  }
  return false
}

export class Place {
  readonly saved: Saved
  readonly #env: Env
  readonly #store: FileStore
  #kept: Cursor | null
  #writing: Promise<void> | null = null
  #dirty = false
  #stopped = false

  private constructor(env: Env, store: FileStore, saved: Saved) {
    this.#env = env
    this.#store = store
    this.saved = saved
    this.#kept = saved.place
  }

  /** `since`: what a destination begins with that has no place yet. Rejects when it cannot be kept. */
  static async open(env: Env, store: FileStore, name: string, since: string): Promise<Place> {
    const text = await store.load()
    const place = new Place(env, store, parseSaved(text, name, since))
    if (text === null) await place.#write()
    return place
  }

  get busy(): boolean {
    return this.#writing !== null
  }

  soon(): void {
    this.#dirty = true
    this.#writing ??= (async () => {
      while (this.#dirty && !this.#stopped) {
        this.#dirty = false
        await insist(
          this.#env,
          () => this.#stopped,
          () => this.#write().then(() => true),
        )
      }
      this.#writing = null
    })()
  }

  /** Nothing was sent: kept now and then, and at once when a log is new. */
  moved(to: Cursor): void {
    this.saved.place = to
    const kept = this.#kept
    if (kept?.log !== to.log || to.position - kept.position >= IDLE_SAVE) this.soon()
  }

  /** Resolves when what is known now is kept. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#writing
    await this.#write().catch((error) => overlooked('delivery-place', error))
  }

  async #write(): Promise<void> {
    const { place } = this.saved
    await this.#store.save(savedText(this.saved))
    wellAgain('delivery-place')
    this.#kept = place
  }
}

/** When a destination without a place begins: as configured, or now. */
export const sinceOf = (env: Env, since: string | undefined) =>
  utc(since === undefined ? env.wall() : Date.parse(since))
