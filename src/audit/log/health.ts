// How the log does, in one word and as codes for the person at the pump.
import type { Source } from '../../model/reading.ts'
import { type Statement, statement } from '../../model/statement.ts'
import type { Quarantine } from '../format/record.ts'
import { asideOf } from '../format/unaccepted.ts'

export type Health = 'ok' | 'slow' | 'failed'

export interface AuditState extends Statement {
  readonly log: string | null
  readonly source: Source
  readonly state: Health
  /** What people are to be told besides. */
  readonly notices: readonly Statement[]
  /** What the system said, when it failed. */
  readonly errno: string | null
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

/** What the code of a failure means; `dir` is where the log lives. */
export function failure(errno: string, dir: string): Statement {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return statement('audit.disk-full', { dir })
    case 'EROFS':
      return statement('audit.disk-read-only', { dir })
    case 'EACCES':
    case 'EPERM':
      return statement('audit.denied', { dir })
    case 'EIO':
      return statement('audit.disk-errors', { dir })
    case 'EHUNG':
      return statement('audit.disk-silent', { dir })
    case 'EGONE':
    case 'ENOENT':
      return statement('audit.gone')
    case 'EFOREIGN':
      return statement('audit.foreign')
    case 'ELOCKED':
      return statement('audit.locked')
    default:
      return statement('audit.failed', { errno, dir })
  }
}

const MOST_NAMED = 3

/** What every surface shows beside a log that is well. */
export function noticesOf(
  unaccepted: readonly Quarantine[],
  strays: readonly string[],
): readonly Statement[] {
  const aside = unaccepted.map(asideOf)
  if (strays.length === 0) return aside
  const files = strays.slice(0, MOST_NAMED).map((name) => JSON.stringify(name.slice(0, 80)))
  const more = Math.max(0, strays.length - MOST_NAMED)
  return [...aside, statement('audit.strays', { files: files.join(', '), more })]
}
