// Where a connection waits until the bridge has shown that its log only grew while the client was away:
// what comes meanwhile is held, in order. A bridge that does not show it is asked again and not followed.
import type { Statement } from '../model/statement.ts'
import { notGrown, type Pin, pinOf } from './checkpoint.ts'
import { hasGrown } from './growth.ts'
import type { StreamNews } from './stream.ts'

export interface GateOptions {
  /** The newest checkpoint of each log that was seen. */
  readonly seen: ReadonlyMap<string, Pin>
  /** Bytes of a tile of the log of a checkpoint. */
  readonly tile: (pin: Pin, path: string) => Promise<Uint8Array>
  /** It has grown: what was held is taken now. */
  release(news: StreamNews): void
  forked(why: Statement, pin: Pin): void
  /** The bridge did not give what it takes to know. */
  failed(error: Error): void
}

export class Gate {
  readonly #options: GateOptions
  #unproven = true
  #held: StreamNews[] | null = null

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** Nothing is waited for any more. */
  clear(): void {
    this.#unproven = true
    this.#held = null
  }

  /** Whether these news wait. */
  holds(news: StreamNews): boolean {
    if (this.#held) {
      this.#held.push(news)
      return true
    }
    if (news.kind === 'connected') this.#unproven = true
    if (news.kind !== 'message' || !this.#unproven) return false
    const pin = checkpointIn(news.message.data)
    if (!pin) return false
    const before = this.#options.seen.get(pin.origin)
    this.#unproven = before !== undefined && pin.size > before.size
    if (!before || !this.#unproven) return false
    this.#ask(before, pin, [news])
    return true
  }

  #ask(before: Pin, pin: Pin, held: StreamNews[]): void {
    this.#held = held
    const { tile, release, forked, failed } = this.#options
    hasGrown(before, pin, (path) => tile(pin, path)).then(
      (grown) => {
        if (this.#held !== held) return
        this.#held = null
        this.#unproven = false
        if (!grown) return forked(notGrown(before, pin), pin)
        for (const news of held) release(news)
      },
      (error: Error) => {
        if (this.#held !== held) return
        this.clear()
        failed(error)
      },
    )
  }
}

function checkpointIn(data: string): Pin | null {
  try {
    const said = JSON.parse(data) as { audit?: { checkpoint?: unknown } | null } | null
    const note = said?.audit?.checkpoint
    return typeof note === 'string' ? pinOf(note) : null
  } catch {
    // Whoever takes it says what is wrong with it.
    return null
  }
}
