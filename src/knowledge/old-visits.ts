// Interrogations in short that are older than those kept beside the log: read from the log again, each with
// how its session ended, as the fold has it.
import type { Feed } from '../feed/feed.ts'
import type { RecordOf } from '../model/record.ts'
import { sourceOf } from '../model/source.ts'
import { visitOf } from './fold.ts'
import type { VisitEntry } from './known.ts'
import { inRange, type PageQuery, type VisitView, visitView } from './views.ts'

const KINDS = ['interrogation', 'session'] as const

type Ended = RecordOf<'session'>
interface Read {
  readonly visit: VisitEntry
  readonly port: string | null
}

export interface OldQuery extends Omit<PageQuery, 'limit'> {
  /** Positions before this one. */
  readonly before: number
  /** Of the pump, where it is known: records of others are then not parsed. */
  readonly serial?: string
  /** True = nobody waits for it any more. */
  readonly gone?: () => boolean
}

export async function* oldVisits(
  feed: Pick<Feed, 'read'>,
  pump: string,
  { order = 'asc', after, before, gone, serial, ...range }: OldQuery,
): AsyncGenerator<VisitView> {
  const within =
    order === 'asc'
      ? { before, ...(after !== undefined && { after }) }
      : { before: Math.min(after ?? before, before) }
  /** Rising: read, and not ended yet. */
  let read: Read | null = null
  /** Falling: the ends of whatever comes next, the latest first. */
  let ends: Ended[] = []
  let log = ''
  const given = (one: Read | null, end?: Ended): VisitView[] => {
    if (!one || !inRange(one.visit.at, range)) return []
    if (end) one.visit.closeConfirmed = end.how === 'confirmed'
    return [visitView(one.visit, { log, source: sourceOf(log) })]
  }
  const query = { pump, serial, kinds: KINDS, order, ...within, ...(gone && { gone }) }
  for await (const one of feed.read(query)) {
    const record = one.api()
    log = one.log
    if (record?.kind === 'session' && record.event === 'ended') {
      if (order === 'desc') ends.push(record)
      else if (read && isEndOf(read, record)) {
        yield* given(read, record)
        read = null
      }
    }
    if (record?.kind !== 'interrogation') continue
    const next: Read = { visit: visitOf(record, null), port: record.port }
    if (order === 'asc') {
      yield* given(read)
      read = next
    } else {
      yield* given(
        next,
        ends.findLast((end) => isEndOf(next, end)),
      )
      ends = []
    }
  }
  yield* given(read)
}

const isEndOf = ({ visit, port }: Read, end: Ended) =>
  end.session === visit.session && end.port === port
