// What a kind of destination is to the outbox: which records go to it, as what, and over what. The outbox
// knows order, retry, setting aside and the place; what is sent and how, it does not.

import type { FeedRecord } from '../feed/feed-record.ts'
import type { RecordKind } from '../model/record.ts'
import type { Statement } from '../model/statement.ts'

/** What a record is sent as: the same whenever it is sent. */
export interface Message {
  /** Tells this message from every other, to the destination too. */
  readonly control: string
  /** Throws when none can be made of the record. */
  text(): string
}

export interface Reply {
  /** The message that it speaks of. */
  readonly control: string
  /** Null = it says none of these, and so nothing. */
  readonly means: 'accepted' | 'try-again' | 'refused' | null
  /** In the destination's own words, for people. */
  readonly code: string
  readonly text: string
}

export interface LinkEvents {
  connected(): void
  /** Null = what came is no reply. */
  reply(reply: Reply | null): void
  /** Once for every `connect`, whatever the reason. */
  closed(why: Statement): void
}

/** One connection after the other. What one that was given up still says is not heard. */
export interface Link {
  connect(): void
  send(text: string): void
  close(): void
}

export interface Sender {
  /** Where to, as it is shown. */
  readonly address: string
  /** Only records of these kinds are looked at. */
  readonly kinds: readonly RecordKind[]
  /** Null = it is not for this destination. */
  messageOf(record: FeedRecord): Message | null
  link(events: LinkEvents): Link
}
