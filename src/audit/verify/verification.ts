// What is asked of a verification, and what it answers. The result is also a sentence for people.
import type { Decoder } from '../../model/decoder.ts'
import { originOf, parseCheckpoint, type SignedCheckpoint } from '../format/checkpoint.ts'
import type { Hash } from '../format/merkle.ts'
import { parseVerifierKey, type VerifierKey } from '../format/note.ts'

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
  /** Finds what decodes a record's PDUs again, by the name that the record carries. */
  readonly rederive?: (decoder: string) => Pick<Decoder, 'decode'> | undefined
  /** Every body against its schema, too. Slower. */
  readonly schemas?: boolean
  /** A bridge is writing: unfinished bytes behind the last checkpoint are no fault. */
  readonly live?: boolean
  readonly progress?: (progress: Progress) => void
  /** Every leaf hash, in order, and the line if it is still there. A replayed commit comes twice. */
  readonly leaf?: (position: number, leaf: Hash, line: Uint8Array | null) => void
}

export interface Verification {
  readonly ok: boolean
  readonly log: string
  readonly problem: Problem | null
  readonly records: number
  readonly checkpoint: string | null
  readonly key: string | null
  /** Something outside vouched for it: the key, an earlier checkpoint. */
  readonly authenticated: boolean
  /** The result in a sentence. */
  readonly sentence: string
  /** Records read again from their PDUs, and those whose decoder is not known here. */
  readonly rederived: number
  readonly differing: readonly { readonly position: number; readonly decoder: string }[]
}

/** The result in a sentence. */
export function sentence(problem: Problem | null, records: number, options: VerifyOptions): string {
  if (problem) {
    const { file, offset, position, through, reason } = problem
    const which =
      through > position ? `one of the records ${position} to ${through}` : `record ${position}`
    return `Not intact: ${which}, ${file}, byte ${offset}: ${reason}.`
  }
  if (options.key === undefined && options.since === undefined) {
    return (
      `${records} records are consistent, not authenticated: nothing kept outside this log vouches for ` +
      'it. Give --key from a printed sheet, or --since with a checkpoint kept elsewhere.'
    )
  }
  const by = [options.key && 'the key', options.since && 'the checkpoint']
    .filter(Boolean)
    .join(' and ')
  return `${records} records are intact and vouched for by ${by} kept elsewhere.`
}

/** The key of `options.key`. Throws RangeError. */
export function keyFor(text: string): VerifierKey {
  const key = parseVerifierKey(text.trim())
  if (typeof key === 'string') throw new RangeError(key)
  return key
}

/** The checkpoint of `options.since`, which must be of `log`. Throws RangeError. */
export function sinceFor(text: string, log: string): SignedCheckpoint {
  const checkpoint = parseCheckpoint(`${text.trimEnd()}\n`)
  if (typeof checkpoint === 'string') throw new RangeError(checkpoint)
  if (checkpoint.origin !== originOf(log)) {
    throw new RangeError(`that checkpoint is of another log: ${checkpoint.origin}`)
  }
  return checkpoint
}
