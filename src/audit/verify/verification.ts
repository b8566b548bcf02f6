// What is asked of a verification, and what it answers.

import type { Decoder } from '../../model/decoder.ts'
import type { Statement } from '../../model/statement.ts'
import type { Hash } from '../format/merkle.ts'
import type { AuditRecord, Quarantine } from '../format/record.ts'
import type { Vouched } from './outside.ts'

export interface Problem {
  /** File name inside the log's directory. */
  readonly file: string
  /** Byte in that file (in a packed one: in what it unpacks to). */
  readonly offset: number
  /** First record that can be bad, and last. */
  readonly position: number
  readonly through: number
  readonly reason: string
  /**
   * It lies behind the last checkpoint of the last segment: what a bridge leaves that was killed, or
   * a change of the end.
   */
  readonly tail?: boolean
  /** It is whole by itself, and nothing here shows that a witness which was asked for knows it. */
  readonly uncosigned?: boolean
  /** The system refused to read it: whether the log is intact is not known. */
  readonly unread?: boolean
}

export interface Progress {
  readonly segment: number
  readonly segments: number
  readonly records: number
  readonly bytes: number
}

export interface VerifyOptions {
  /** A verifier key kept elsewhere (`name+hash+base64`). */
  readonly key?: string
  /** A signed checkpoint kept elsewhere. */
  readonly since?: string
  /** Verifier keys of witnesses, each of which must have cosigned a checkpoint of the log. */
  readonly witnesses?: readonly string[]
  /** The log is not written any more: it may be older than the witnesses, and have nothing of them. */
  readonly older?: boolean
  /** Finds what decodes a record's PDUs again, by the name that the record carries. */
  readonly rederive?: (decoder: string) => Pick<Decoder, 'decode'> | undefined
  /** Every body against its schema, too. Slower. */
  readonly schemas?: boolean
  /** Who, from when to when, and what was not kept: see `Facts`. Slower. */
  readonly facts?: boolean
  /** A bridge is writing: unfinished bytes behind the last checkpoint are no fault. */
  readonly live?: boolean
  readonly progress?: (progress: Progress) => void
  /** Every leaf hash, in order, and the line if it is still there. A replayed commit comes twice. */
  readonly leaf?: (position: number, leaf: Hash, line: Uint8Array | null) => void
}

/** What the records of a log say in sum. */
export interface Facts {
  /** UTC of the earliest and of the latest record that is kept, by the computer's clock. */
  readonly from: string | null
  readonly to: string | null
  readonly actors: readonly (AuditRecord['actor'] & { readonly records: number })[]
  /** Records that could not be kept when they were written, by the `gap` records. */
  readonly dropped: number
}

export interface WitnessedSize {
  readonly name: string
  /** Null = nothing that it cosigned is here. */
  readonly size: number | null
  readonly at: number | null
}

/** A log that a record names. */
export interface Named {
  readonly log: string
  /** Why it was set aside; null = the record of that is not here. */
  readonly why: Statement | null
}

/** An `accept` record: people have looked at a log. */
export interface Accepted {
  readonly log: string
  readonly reason: string
  readonly actor: AuditRecord['actor']
  readonly at: string
}

export interface Verification {
  readonly ok: boolean
  readonly log: string
  readonly problem: Problem | null
  readonly records: number
  /** Records whose entries retention dropped; their hashes are here. */
  readonly hashesOnly: number
  readonly checkpoint: string | null
  readonly key: string | null
  /** By what kept elsewhere how many records are vouched for. */
  readonly vouched: Vouched
  /** Records that all witnesses which were asked for have cosigned; null = none were asked for. */
  readonly cosigned: number | null
  /** How many each of them has, and when it says that it saw that, in seconds since 1970. */
  readonly witnesses: readonly WitnessedSize[]
  /** That witnesses refused this log, as its own records say, and nobody has accepted it since. */
  readonly refused: readonly Quarantine[]
  /** The result in a sentence. */
  readonly sentence: string
  /** Records read again from their PDUs, and those whose decoder is not known here. */
  readonly rederived: number
  readonly differing: readonly { readonly position: number; readonly decoder: string }[]
  /** Logs that committed records say were set aside, and that they say people have looked at. */
  readonly named: readonly Named[]
  readonly accepted: readonly Accepted[]
  /** Names in its directory that are no part of it; they were not read. */
  readonly strays: readonly string[]
  /** Null unless it was asked for. */
  readonly facts: Facts | null
}

export function notIntact(problem: Problem): string {
  const { file, offset, position, through, reason, uncosigned } = problem
  if (uncosigned) return `Consistent, not authenticated: ${reason}.`
  const which =
    through > position ? `one of the records ${position} to ${through}` : `record ${position}`
  return `Not intact: ${which}, ${file}, byte ${offset}: ${reason}.`
}
