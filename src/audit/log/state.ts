// How the log does, in one word and in a sentence for the person at the pump: what happened, what it
// means for the reading, what to do next.
import type { Source } from '../../model/reading.ts'
import type { Quarantine } from '../format/record.ts'

export type Health = 'ok' | 'slow' | 'failed'

export interface AuditState {
  readonly log: string | null
  readonly source: Source
  readonly state: Health
  readonly sentence: string
  /** What the system said, when it failed. */
  readonly code: string | null
  /** Durable records; the newest has position `size - 1`. */
  readonly size: number
  /** The signed checkpoint of exactly those records. */
  readonly checkpoint: string | null
  /** The verifier key to print beside it. */
  readonly key: string | null
  /** Logs that were set aside and that nobody has accepted yet. */
  readonly unaccepted: readonly Quarantine[]
  /**
   * The log that this one was begun for, with the reason's code and where it ended when it was set
   * aside; null = this one was begun without another. It stays so when people have accepted it.
   */
  readonly replaced: Quarantine | null
  /** Names of files in the log's directory that are no part of it. */
  readonly strays: readonly string[]
  /** Records that wait for the disk, and records lost since start. */
  readonly waiting: number
  readonly dropped: number
  /** False from the first full disk until there is room: captures end before the log does. */
  readonly captures: boolean
}

const MEANS =
  'What is on the screen stays but is not live, because nothing is shown that is not recorded.'

/** A sentence for the code of a failure; `dir` is where the log lives. */
export function failureSentence(code: string, dir: string): string {
  const again = 'Recording starts again by itself.'
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk is full. ${MEANS} Free space on the disk that holds ${dir}. ${again}`
    case 'EROFS':
      return `The disk has become read-only. ${MEANS} Have the disk that holds ${dir} checked. ${again}`
    case 'EACCES':
    case 'EPERM':
      return `The audit log may not be written. ${MEANS} Give this program its rights on ${dir} back. ${again}`
    case 'EIO':
      return `The disk reports errors. ${MEANS} Have the disk that holds ${dir} replaced. ${again}`
    case 'EHUNG':
      return `The disk does not answer. ${MEANS} Wait, or have the disk that holds ${dir} checked. ${again}`
    case 'EGONE':
    case 'ENOENT':
      return `The audit log was renamed, removed or replaced while it was written. ${MEANS} A new log is begun that says so. Look for the old one.`
    case 'EFOREIGN':
      return `Another program wrote into the audit log. ${MEANS} End the other program. ${again}`
    case 'ELOCKED':
      return `Another bridge is writing this audit log. ${MEANS} End the other bridge. ${again}`
    default:
      return `The audit log cannot be written (${code}). ${MEANS} Check ${dir}. ${again}`
  }
}

export const SLOW = 'The disk is slow: what is read is shown a little later.'
export const STARTING = 'The audit log is being opened.'
export const CLOSED = 'The audit log is closed.'

/** What every surface shows beside a log that is well; null = nothing. */
export function noticeSentence(
  unaccepted: readonly Quarantine[],
  strays: readonly string[],
): string | null {
  const told: string[] = []
  if (unaccepted.length > 0) {
    const logs = unaccepted.map((q) => `${q.log} was set aside: ${q.reason}`).join('; ')
    told.push(
      `Audit log ${logs}. A new one is written. Readings are not affected. ` +
        'Have it looked at, then run: wandbridge audit accept --reason TEXT',
    )
  }
  if (strays.length > 0) {
    const most = 3
    const more = strays.length > most ? ` and ${strays.length - most} more` : ''
    const names = strays.slice(0, most).map((name) => JSON.stringify(name.slice(0, 80)))
    told.push(
      `The audit log's directory holds files that are not its own: ${names.join(', ')}${more}. ` +
        'They are not read, and readings are not affected. Find out who put them there.',
    )
  }
  return told.length > 0 ? told.join(' ') : null
}
