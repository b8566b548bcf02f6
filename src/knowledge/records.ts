// What knowledge needs of the feed: the head of the log, its records from a position on, many at a time,
// and those that come, one by one.
import type { apiRecord } from '../feed/api-record.ts'

/** A record as its line in the log says it. */
export type LogRecord = Parameters<typeof apiRecord>[0] & {
  readonly link?: number | null
}
export type LogKind = LogRecord['kind']

export interface LogLine {
  /** Name of the log that it is in. */
  readonly log: string
  readonly position: number
  readonly kind: string
  /** Its text as it is hashed, without its newline. */
  readonly line: string
  /** What it says; taken apart when it is asked for. */
  readonly record: LogRecord
}

export interface Head {
  readonly log: string
  /** Records; the newest has position `size - 1`. */
  readonly size: number
}

export type Followed =
  | { readonly kind: 'record'; readonly record: LogLine }
  | { readonly kind: 'gap' | 'replaced' | 'caught-up' }

export interface Records {
  /** Null = there is no log. */
  look(): Promise<Head | null>
  /** Records behind `after`, to the head as it is now. */
  scan(query: {
    readonly after: number
    readonly kinds: readonly LogKind[]
    readonly gone: () => boolean
  }): AsyncIterable<readonly LogLine[]>
  /** Records behind the cursor as they come, until the signal; `replaced`: another log is written now. */
  follow(
    cursor: { readonly log: string; readonly position: number } | null,
    query: { readonly kinds: readonly LogKind[]; readonly signal: AbortSignal },
  ): AsyncIterable<Followed>
}
