// What the trends draw: readings of history over the pump's own clock, thinned where there are more
// than a screen can show. Pure.
import type { Reading } from '../../src/model/api.ts'
import type { PumpEventReading } from '../../src/model/reading.ts'
import { deviceTimeSeconds } from '../../src/model/value.ts'

export interface Point {
  readonly position: number
  readonly readAt: string
  readonly deviceTime: string | null
  readonly volume: number | null
  readonly rate: number | null
}

export function pointOf(reading: Omit<Reading, 'kind' | 'session' | 'source'>): Point {
  const { position, readAt, deviceTime, reportedVolume, rate } = reading
  return { position, readAt, deviceTime, volume: reportedVolume.value, rate: rate.value }
}

/** Newest points whole, older ones thinned: so many of each. */
const RECENT = 1_000
const OLDER = 2_000

/** Points in order of the log, in bounded memory. */
export class Points {
  #older: Point[] = []
  #recent: Point[] = []
  /** Of the older points, one in so many is kept. */
  #stride = 1
  #passed = 0
  /** Taken in all. */
  total = 0

  add(point: Point): void {
    const newest = this.#recent.at(-1)
    if (newest && point.position <= newest.position) return
    this.total += 1
    this.#recent.push(point)
    if (this.#recent.length < 2 * RECENT) return
    for (const old of this.#recent.splice(0, RECENT)) {
      if (this.#passed % this.#stride === 0) this.#older.push(old)
      this.#passed += 1
    }
    while (this.#older.length > OLDER) {
      this.#stride *= 2
      this.#older = this.#older.filter((_, n) => n % 2 === 0)
    }
  }

  all(): readonly Point[] {
    return [...this.#older, ...this.#recent]
  }
}

export const RANGES = { day: 86_400, week: 7 * 86_400, month: 30 * 86_400, all: null } as const
export type RangeName = keyof typeof RANGES

/** Columns as uPlot takes them: seconds of the pump's clock (read as UTC), mL, mL/day. */
export interface Series {
  readonly times: readonly number[]
  readonly volumes: readonly (number | null)[]
  readonly rates: readonly (number | null)[]
  /** The pump's clock went back: what was before is not drawn. */
  readonly reset: boolean
}

const EPOCH_2000_S = Date.UTC(2000, 0, 1) / 1000
export const pumpSeconds = (local: string): number => EPOCH_2000_S + deviceTimeSeconds(local)

export function seriesOf(points: readonly Point[], range: RangeName): Series {
  const timed = points.flatMap((point) =>
    point.deviceTime === null ? [] : [{ ...point, at: pumpSeconds(point.deviceTime) }],
  )
  let from = 0
  timed.forEach((point, n) => {
    const before = timed[n - 1]
    if (before && point.at < before.at - RESET_S) from = n
  })
  const since = timed.slice(from)
  const newest = since.at(-1)?.at ?? 0
  const span = RANGES[range]
  const drawn = since.filter(({ at }) => span === null || at >= newest - span)
  return {
    times: drawn.map(({ at }) => at),
    volumes: drawn.map(({ volume }) => volume),
    rates: drawn.map(({ rate }) => rate),
    reset: from > 0,
  }
}

/** A clock that is set a little back is no reset. */
const RESET_S = 3_600

/** Events between the first and the last reading drawn, as marks. */
export function marksOf(
  entries: readonly PumpEventReading[],
  { times }: Series,
): { readonly at: number; readonly code: string | null }[] {
  const [first, last] = [times[0], times.at(-1)]
  if (first === undefined || last === undefined) return []
  return entries.flatMap(({ occurredAt, code }) => {
    if (occurredAt === null || ORDINARY.includes(code ?? '')) return []
    const at = pumpSeconds(occurredAt)
    return at >= first && at <= last ? [{ at, code }] : []
  })
}

/** Every reading begins and ends telemetry: marks of that would hide the others. */
const ORDINARY: readonly string[] = ['telemetry-began', 'telemetry-ended']
