// What a kind of destination is to the outbox: which records go to it, as what, and over what. The outbox
// knows order, retry, setting aside and the place; what is sent and how, it does not.

import type { FeedRecord } from '../feed/feed-record.ts'
import type { InterrogationRecord, RecordKind } from '../model/record.ts'
import type { Statement } from '../model/statement.ts'
import type { DestinationKind } from '../model/status.ts'

/**
 * What a record is sent as: under the same id whenever it is sent, and the same, unless its pump has contradicted it
 * meanwhile.
 */
export interface Message {
  /** Tells this message from every other, to the destination too. */
  readonly control: string
  /** Resolves when what it is made of is known, and is asked each time; not set = it is. Rejects when it cannot be read. */
  ready?(): Promise<void>
  /** Throws when none can be made of the record. */
  text(): string
}

/** What a message is made of is in the log no more. */
export class NotKept extends Error {}

/** What the log says of contradicted readings at the moment it is asked. Rejects when the log cannot be read. */
export interface Contradictions {
  /** The reading that this record of a session contradicts. Rejects with `NotKept` when it is not there any more. */
  reading(said: FeedRecord): Promise<InterrogationRecord>
  /** The record that says that the pump contradicted this reading; null = none does. */
  of(reading: FeedRecord): Promise<{ readonly position: number; readonly at: string } | null>
}

/** A message that is made of what must be looked up before; that it is not kept is why none can be made. */
export function lookedUp<T>(
  control: string,
  look: () => Promise<T>,
  textOf: (found: T) => string,
): Message {
  let made = () => ''
  return {
    control,
    async ready() {
      try {
        const found = await look()
        made = () => textOf(found)
      } catch (error) {
        if (!(error instanceof NotKept)) throw error
        made = () => {
          throw error
        }
      }
    },
    text: () => made(),
  }
}

export interface Reply {
  /** The message that it speaks of. */
  readonly control: string
  readonly means: Means | null
  /** In the destination's own words, for people. */
  readonly code: string
  readonly text: string
  /** It asks not to be sent anything for so long, in ms. */
  readonly afterMs?: number
}

/**
 * What a reply says of its message; null = none of these, and so nothing. `try-again`: it may be taken later,
 * and has so many attempts; `later`: the destination takes nothing now, whatever it is sent, and is tried for
 * ever; `refused`: never; `gone`: the destination wants no message any more.
 */
export type Means = 'accepted' | 'try-again' | 'later' | 'refused' | 'gone'

export interface LinkEvents {
  connected(): void
  reply(reply: Reply): void
  /** Once for every `connect`, whatever the reason. */
  closed(why: Statement): void
}

/**
 * One connection after the other. What one that was given up still says is not heard. A way without
 * connections, such as HTTP, says that it is connected and sends each message by itself.
 */
export interface Link {
  connect(): void
  send(text: string, control: string): void
  close(): void
}

export interface Sender {
  readonly kind: DestinationKind
  /** Where to, as it is shown. */
  readonly address: string
  /** Only records of these kinds are looked at. */
  readonly kinds: readonly RecordKind[]
  /** Null = it is not for this destination. */
  messageOf(record: FeedRecord): Message | null
  link(events: LinkEvents): Link
}
