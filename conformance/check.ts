// What a check consists of, and what a check is given. Checks are data: a number that is never used twice, what
// the section asks in a sentence, what must have passed before, and how it is tried.
import type { Framing } from '../protocol/framing/framing.ts'
import type { ReplyOf } from '../protocol/messages/index.ts'
import type { Bench } from './bench.ts'

export interface Check {
  readonly number: number
  /** Of protocol/README.md. */
  readonly section: string
  readonly title: string
  /** What the section asks. */
  readonly asks: string
  /** Checks without which this one says nothing. */
  readonly needs: readonly number[]
  /** Only over this framing. */
  readonly framing?: Framing['name']
  /** `pump`: a pump lies under the wand. `bare`: --no-implant was said, and the wand reports no coupling. */
  readonly wand?: 'pump' | 'bare'
  run(bench: Bench): Promise<void>
}

/** What earlier checks have learnt. */
export interface Known {
  hello?: ReplyOf<'HELLO'>
  opened?: ReplyOf<'OPEN'>
  openRaw?: Uint8Array
  openReply?: Uint8Array
  /** `lastSession` before the first OPEN. */
  before?: number
  live?: ReplyOf<'LIVE'>
  liveRaw?: Uint8Array
  liveReply?: Uint8Array
  snapshot?: number
  pings?: ReplyOf<'PING'>[]
  directory?: ReplyOf<'SNAPSHOT'>
  blocks?: Map<number, Uint8Array>
  second?: number
  endedRaw?: Uint8Array
  endedReply?: Uint8Array
  closeRaw?: Uint8Array
  closeReply?: Uint8Array
  /** The session that was closed. */
  closed?: number
}
