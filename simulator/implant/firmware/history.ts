// What the pump had logged before its scenario begins: visit after visit, the last one being the
// refill that the scenario names.
import { type EventName, type PastEvent, RING } from './journal.ts'

/** What a visit leaves in the log, and how many seconds before its end. */
const VISIT: readonly (readonly [EventName, number])[] = [
  ['telemetry-began', 300],
  ['refill-programmed', 0],
  ['programmed', 0],
  ['telemetry-ended', 0],
]
const DAY_S = 86_400
/** Visits are so far apart where there is room for it since the implantation. */
const APART_S = 60 * DAY_S

export interface Past {
  /** Events ever logged. */
  readonly total: number
  readonly implanted: number
  readonly filledAt: number
  readonly filledVolume: number
  readonly rate: number
}

/** The newest of them, oldest first, as many as the ring holds. Times are the pump's. */
export function historyOf({ total, implanted, filledAt, filledVolume, rate }: Past): PastEvent[] {
  const visits = Math.ceil(total / VISIT.length)
  const room = Math.max(0, Math.floor((filledAt - implanted) / Math.max(1, visits)))
  const apart = Math.min(APART_S, room)
  return Array.from({ length: Math.min(total, RING) }, (_, i) => {
    const back = Math.min(total, RING) - 1 - i
    const place = VISIT.length - 1 - (back % VISIT.length)
    const [name, before] = VISIT[place] as (typeof VISIT)[number]
    const visit = Math.floor(back / VISIT.length)
    const at = Math.max(0, filledAt - visit * apart - Math.min(before, apart))
    const argument =
      name === 'programmed' ? rate : name === 'refill-programmed' ? filledVolume : null
    return { name, at, argument }
  })
}
