// The history of one pump as the page needs it: points for the trends and the last visit, in bounded
// memory. It is read once from the log and goes on with the records that come.
import type { Rest } from '../src/client/rest.ts'
import type { ApiRecord, InterrogationRecord } from '../src/model/record.ts'
import { Points, pointOf } from './view/trend.ts'
import { lastVisit, type Moment } from './view/visit.ts'

const DAY_MS = 86_400_000
/** A trend of a month is there at once; the whole of it when somebody asks. */
const TREND_DAYS = 31
/** Longer than the longest time between two refills. */
const VISIT_DAYS = 400
const VISITS = 2_000
const WAITING = 2_000

export type Loading = 'loading' | 'ready' | 'failed'

export class History {
  readonly #api: Rest
  readonly #id: string
  readonly #began: number
  readonly #changed: () => void
  #points = new Points()
  #visits: Moment[] = []
  /** What came while the log was still being read. */
  #pending: ApiRecord[] = []
  #whole = false
  /** Counts what was asked for: an answer to something older is left aside. */
  #asked = 0

  trend: Loading = 'loading'
  since: Loading = 'loading'
  /** The newest interrogation of the last visit; null = none is recorded. */
  before: InterrogationRecord | null = null
  /** A pseudonym, if somebody has set one. */
  patient: string | null = null

  /** `now`: UTC in ms. */
  constructor(api: Rest, id: string, now: number, changed: () => void) {
    this.#api = api
    this.#id = id
    this.#began = now
    this.#changed = changed
    void this.#loadTrend()
    void this.#loadVisits()
  }

  get points(): Points {
    return this.#points
  }

  take(record: ApiRecord): void {
    if (record.kind !== 'interrogation' && record.kind !== 'live') return
    if (record.patient !== null) this.patient = record.patient
    if (this.trend === 'loading') {
      if (this.#pending.length < WAITING) this.#pending.push(record)
    } else this.#add(record)
    if (record.kind !== 'interrogation') return
    const { id, position, at, deviceTime } = record
    this.#visits = [...this.#visits, { id, position, readAt: at, deviceTime }].slice(-VISITS)
    if (this.trend === 'failed') void this.#loadTrend()
    if (this.since === 'ready') void this.#loadBefore()
    if (this.since === 'failed') void this.#loadVisits()
  }

  /** Everything that is recorded, from now on. */
  whole(): void {
    if (this.#whole) return
    this.#whole = true
    void this.#loadTrend()
  }

  #add(record: ApiRecord): void {
    if (record.kind !== 'interrogation' && record.kind !== 'live') return
    const { id, position, at, deviceTime } = record
    const { reportedVolume } = record.kind === 'live' ? record : record.reservoir
    const { rate } = record.kind === 'live' ? record : record.infusion
    this.#points.add(pointOf({ id, position, readAt: at, deviceTime, reportedVolume, rate }))
  }

  async #loadTrend(): Promise<void> {
    this.#asked += 1
    const asked = this.#asked
    this.trend = 'loading'
    const points = new Points()
    const from = new Date(this.#began - TREND_DAYS * DAY_MS).toISOString()
    try {
      for await (const one of this.#api.allReadings(this.#id, this.#whole ? {} : { from })) {
        points.add(pointOf(one))
      }
      if (asked !== this.#asked) return
      this.trend = 'ready'
    } catch {
      if (asked !== this.#asked) return
      this.trend = 'failed'
    }
    this.#points = points
    for (const record of this.#pending.splice(0)) this.#add(record)
    this.#changed()
  }

  async #loadVisits(): Promise<void> {
    this.since = 'loading'
    const from = new Date(this.#began - VISIT_DAYS * DAY_MS).toISOString()
    const found: Moment[] = []
    try {
      let after: string | undefined
      do {
        const range = { from, limit: 10_000, ...(after !== undefined && { after }) }
        const { interrogations, next } = await this.#api.interrogations(this.#id, range)
        for (const { id, position, readAt, deviceTime } of interrogations) {
          found.push({ id, position, readAt, deviceTime })
        }
        after = next ?? undefined
      } while (after !== undefined)
      const newest = found.at(-1)?.position ?? -1
      const later = this.#visits.filter(({ position }) => position > newest)
      this.#visits = [...found, ...later].slice(-VISITS)
      await this.#loadBefore()
    } catch {
      this.since = 'failed'
    }
    this.#changed()
  }

  async #loadBefore(): Promise<void> {
    const now = this.#visits.at(-1)
    const visit = now ? lastVisit(this.#visits, now) : null
    if (visit?.position !== this.before?.position || this.since !== 'ready') {
      try {
        this.before = visit
          ? (await this.#api.interrogation(this.#id, visit.id)).interrogation
          : null
        this.patient ??= this.before?.patient ?? null
        this.since = 'ready'
      } catch {
        this.since = 'failed'
      }
    }
    this.#changed()
  }
}
