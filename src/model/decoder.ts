// What a driver hands on beside its values, and what reads it again later: from the log of a year ago,
// on another machine. A record names its decoder; src/drivers/decoders.ts finds it by that name.
// Browser-safe.
import type { Json, JsonObject } from './json.ts'
import type { SnapshotValues } from './reading.ts'
import type { ReadAt, Value } from './value.ts'

/** What values were decoded from, as received, and what it was decoded to. */
export interface Evidence {
  /** Name of the decoder. Another decoder may read the same bytes differently. */
  readonly decoder: string
  readonly pdus: readonly Uint8Array[]
  /** Decoded, in the units of the wand's protocol. */
  readonly body: JsonObject
}

/** The values that move from moment to moment. */
export interface LiveValues {
  readonly reportedVolume: Value<number>
  readonly rate: Value<number>
  readonly activeAlarms: number | null
}

/** What the bytes of a record say, to be held against the record. */
export interface Derived {
  /** The body, in the units of the wand's protocol. */
  readonly said: Json
  /** Null = these bytes do not say it. */
  readonly pump: string | null
  /** Null = these bytes do not say it. */
  readonly model: string | null
  readonly deviceTime: string | null
}

/** Kinds of records that carry evidence. */
export type DecodedKind = 'interrogation' | 'live'

export interface Decoder {
  readonly name: string
  /** The body again from its bytes, or a sentence when they cannot be read. */
  decode(kind: DecodedKind, pdus: readonly Uint8Array[]): Derived | string
  /** Values of the body of an interrogation. */
  reading(body: unknown, at: ReadAt): SnapshotValues
  /** Values of the body of a live exchange. */
  live(body: unknown, at: ReadAt): LiveValues
}
