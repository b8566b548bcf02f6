// What the trends draw: the readings of a pump's visits, in the order of the log, with a break at every
// refill and wherever something is not known. The time is this computer's, at which each was read; where
// that clock went back, the order stays. Pure.
import type { Refill, Visit } from '../../src/model/api.ts'

export interface Point {
  readonly position: number
  readonly readAt: string
  readonly deviceTime: string | null
  readonly volume: number | null
  readonly rate: number | null
  /** Null = they could not be read. */
  readonly alarms: number | null
}

export function pointOf(
  visit: Omit<Visit, 'closeConfirmed' | 'id' | 'owner' | 'session' | 'source'>,
): Point {
  const { position, readAt, deviceTime, reportedVolume, rate, activeAlarms } = visit
  return {
    position,
    readAt,
    deviceTime,
    volume: reportedVolume.value,
    rate: rate.value,
    alarms: activeAlarms,
  }
}

/** Newest points whole, older ones thinned: so many of each. */
const RECENT = 500
const OLDER = 500

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

const DAY_MS = 86_400_000
export const RANGES = { quarter: 92 * DAY_MS, year: 366 * DAY_MS, all: null } as const
export type RangeName = keyof typeof RANGES

/** A point at its place along the drawing, in ms. */
export interface Placed extends Point {
  readonly at: number
}

export interface Trend {
  readonly points: readonly Placed[]
  /** Runs of points that belong together: a line within each, none between them. */
  readonly levels: readonly (readonly Placed[])[]
  /** The same for the rate, which holds until the next reading; a refill does not break it. */
  readonly rates: readonly (readonly Placed[])[]
  readonly refills: readonly { readonly at: number; readonly position: number }[]
  /** The clock of this computer was set back between two of them. */
  readonly back: boolean
}

export function trendOf(
  points: readonly Point[],
  refills: readonly Pick<Refill, 'position'>[],
  range: RangeName,
): Trend {
  let back = false
  let latest = Number.NEGATIVE_INFINITY
  const placed = points.map((point): Placed => {
    const read = Date.parse(point.readAt)
    if (read < latest) back = true
    latest = Math.max(latest, read)
    return { ...point, at: latest }
  })
  const span = RANGES[range]
  const drawn = placed.filter(({ at }) => span === null || at >= latest - span)
  const breaks = refills.map(({ position }) => position).sort((a, b) => a - b)
  const first = drawn[0]?.position ?? 0
  return {
    points: drawn,
    levels: runs(drawn, ({ volume }) => volume, breaks),
    rates: runs(drawn, ({ rate }) => rate, []),
    refills: breaks.flatMap((position) => {
      const after = drawn.find((point) => point.position >= position)
      return after && position > first ? [{ at: after.at, position }] : []
    }),
    back,
  }
}

function runs(
  points: readonly Placed[],
  read: (point: Placed) => number | null,
  breaks: readonly number[],
): Placed[][] {
  const all: Placed[][] = []
  let before: Placed | null = null
  for (const point of points) {
    if (read(point) === null) {
      before = null
      continue
    }
    const from = before?.position ?? Number.POSITIVE_INFINITY
    const broken = before === null || breaks.some((at) => at > from && at <= point.position)
    if (broken) all.push([])
    all.at(-1)?.push(point)
    before = point
  }
  return all
}

/** So many times along the drawing, evenly. */
export function ticksOf(points: readonly Placed[], n: number): number[] {
  const [first, last] = [points[0]?.at, points.at(-1)?.at]
  if (first === undefined || last === undefined || first === last) return []
  return Array.from({ length: n }, (_, i) => first + ((last - first) * i) / (n - 1))
}
