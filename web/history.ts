// The history of one pump as the page needs it: its readings for the trends, its refills, and the last
// visit, in bounded memory. It is read once from the log and goes on with the records that come.
import type { Rest } from '../src/client/rest.ts'
import type { Refill } from '../src/model/api.ts'
import type { Owner } from '../src/model/owner.ts'
import type { ApiRecord, InterrogationRecord } from '../src/model/record.ts'
import { lastVisit } from '../src/model/visit.ts'
import { Points, pointOf } from './view/trend.ts'
import type { Moment } from './view/visit.ts'

/** Moments that are kept for finding the last visit. */
const VISITS = 2_000
const WAITING = 2_000
const REFILLS = 200

export type Loading = 'loading' | 'ready' | 'failed'

export class History {
  readonly #api: Rest
  readonly #id: string
  readonly #changed: () => void
  #points = new Points()
  #visits: Moment[] = []
  /** What came while the log was still being read. */
  #pending: InterrogationRecord[] = []
  /** When the pump was last refilled, by its clock: another time than before is another refill. */
  #filledAt: string | null | undefined

  /** Its readings: trends, and which visit was the last. */
  readings: Loading = 'loading'
  since: Loading = 'loading'
  refills: readonly Refill[] = []
  /** The newest interrogation of the last visit; null = none is recorded. */
  before: InterrogationRecord | null = null
  /** A pseudonym, if somebody has set one. */
  patient: string | null = null
  /** Whose the pump was when it was read last, as far as that was known; with the moment of that reading. */
  owner: { readonly who: Owner; readonly at: string } | null = null

  constructor(api: Rest, id: string, changed: () => void) {
    this.#api = api
    this.#id = id
    this.#changed = changed
    void this.#load()
    void this.#loadRefills()
  }

  get points(): Points {
    return this.#points
  }

  take(record: ApiRecord): void {
    if (record.kind === 'live' && record.patient !== null) this.patient = record.patient
    if (record.kind !== 'interrogation') return
    if (record.patient !== null) this.patient = record.patient
    if (this.readings === 'loading') {
      if (this.#pending.length < WAITING) this.#pending.push(record)
      return
    }
    this.#add(record)
    if (this.readings === 'failed') void this.#load()
    else void this.#loadBefore()
  }

  #add(record: InterrogationRecord): void {
    const { id, position, readAt, deviceTime, reservoir, infusion, alarms, owner } = record
    if (position <= (this.#visits.at(-1)?.position ?? -1)) return
    this.owner = owner && { who: owner, at: readAt }
    this.#visits = [...this.#visits, { id, position, readAt, deviceTime }].slice(-VISITS)
    const { reportedVolume } = reservoir
    const alarmCodes = alarms?.map(({ code }) => code) ?? null
    const { rate, volume24h } = infusion
    const moving = { reportedVolume, rate, volume24h, alarmCodes }
    this.#points.add(pointOf({ position, readAt, deviceTime, ...moving }))
    const { value: filledAt } = reservoir.filledAt
    if (this.#filledAt !== undefined && filledAt !== this.#filledAt) void this.#loadRefills()
    this.#filledAt = filledAt
  }

  async #load(): Promise<void> {
    this.readings = 'loading'
    const points = new Points()
    const found: Moment[] = []
    try {
      let after: string | undefined
      do {
        const range = { limit: 10_000, ...(after !== undefined && { after }) }
        const { interrogations, next } = await this.#api.interrogations(this.#id, range)
        for (const visit of interrogations) {
          const { id, position, readAt, deviceTime, owner } = visit
          this.owner = owner && { who: owner, at: readAt }
          found.push({ id, position, readAt, deviceTime })
          points.add(pointOf(visit))
        }
        found.splice(0, Math.max(0, found.length - VISITS))
        after = next ?? undefined
      } while (after !== undefined)
      this.#points = points
      this.#visits = found
      this.readings = 'ready'
      for (const record of this.#pending.splice(0)) this.#add(record)
      await this.#loadBefore()
      await this.#loadOwner()
    } catch {
      this.readings = 'failed'
      this.since = 'failed'
      for (const record of this.#pending.splice(0)) this.#add(record)
    }
    this.#changed()
  }

  /** The record has the owner's name, too, where names are asked for. */
  async #loadOwner(): Promise<void> {
    const { owner } = this
    const now = this.#visits.at(-1)
    if (!owner || !now) return
    const found = await this.#api.interrogation(this.#id, now.id).catch(() => null)
    const who = found?.interrogation.owner
    if (who && this.owner === owner) this.owner = { who, at: owner.at }
  }

  async #loadRefills(): Promise<void> {
    const asked = { limit: REFILLS, order: 'desc' } as const
    const found = await this.#api.refills(this.#id, asked).catch(() => null)
    if (found) this.refills = found.refills
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
