// The readings of a replay as lines that are kept, and two rows of them compared: what another version of this
// program made of the same capture, against what this one does. Pure.
import { VERSION } from '../base/version.ts'
import type { ReadingEvent } from '../model/event.ts'
import type { Json } from '../model/json.ts'

/** One reading, as it is kept. Values stand as this version has them. */
export interface KeptReading {
  readonly wandbridge: string
  readonly decoder: string
  readonly source: 'replay'
  readonly at: string
  readonly port: string
  readonly [more: string]: Json
}

export function keptReading(event: ReadingEvent): KeptReading {
  const { receivedAt, port, wand, pump, snapshot, contradicted, clock, values, evidence } = event
  const { serial, model, firmware } = pump
  return JSON.parse(
    JSON.stringify({
      ...{ wandbridge: VERSION, decoder: evidence.decoder, source: 'replay', at: receivedAt, port },
      ...{ wand, pump: { serial, model, firmware }, snapshot, contradicted, clock, values },
    }),
  ) as KeptReading
}

/** A line that was kept, or null. */
export function parseKept(line: string): KeptReading | null {
  try {
    const kept = JSON.parse(line) as KeptReading
    return typeof kept.at === 'string' && typeof kept.port === 'string' ? kept : null
  } catch {
    return null
  }
}

export type Difference = { readonly at: string; readonly port: string } & (
  | { readonly kind: 'only-then' | 'only-now' }
  | { readonly kind: 'value'; readonly path: string; readonly was: Json; readonly is: Json }
)

/** Compares in the order of time, holding one reading of each. */
export class ReadingDiff {
  readonly #then: AsyncIterator<KeptReading>
  #waiting: KeptReading | null = null
  /** Who made the readings it is compared with. */
  from: Pick<KeptReading, 'wandbridge' | 'decoder'> | null = null
  same = 0

  constructor(then: AsyncIterable<KeptReading>) {
    this.#then = then[Symbol.asyncIterator]()
  }

  async now(reading: KeptReading): Promise<readonly Difference[]> {
    const found: Difference[] = []
    for (;;) {
      const then = await this.#next()
      if (!then || order(then) > order(reading)) return [...found, only('only-now', reading)]
      this.#waiting = null
      if (order(then) === order(reading)) {
        const changed = differences(then, reading)
        if (changed.length === 0) this.same += 1
        return [...found, ...changed]
      }
      found.push(only('only-then', then))
    }
  }

  async end(): Promise<readonly Difference[]> {
    const found: Difference[] = []
    for (let then = await this.#next(); then; then = await this.#next()) {
      this.#waiting = null
      found.push(only('only-then', then))
    }
    return found
  }

  async #next(): Promise<KeptReading | null> {
    if (this.#waiting) return this.#waiting
    const { done, value } = await this.#then.next()
    if (done) return null
    this.from ??= value
    this.#waiting = value
    return value
  }
}

const order = ({ at, port }: KeptReading) => `${at} ${port}`
const only = (kind: 'only-then' | 'only-now', { at, port }: KeptReading): Difference => ({
  ...{ at, port, kind },
})

/** What the versions are called may differ. */
const NAMES = ['wandbridge', 'decoder']

function differences(then: KeptReading, now: KeptReading): Difference[] {
  const { at, port } = now
  return unequal(then, now, '')
    .filter(({ path }) => !NAMES.includes(path))
    .map((one) => ({ at, port, kind: 'value', ...one }))
}

interface Unequal {
  readonly path: string
  readonly was: Json
  readonly is: Json
}

function unequal(then: Json | undefined, now: Json | undefined, path: string): Unequal[] {
  if (isObject(then) && isObject(now)) {
    const keys = new Set([...Object.keys(then), ...Object.keys(now)])
    return [...keys].flatMap((key) =>
      unequal(then[key], now[key], path === '' ? key : `${path}.${key}`),
    )
  }
  return then === now ? [] : [{ path, was: then ?? null, is: now ?? null }]
}

type Fields = Readonly<Record<string, Json | undefined>>
const isObject = (value: Json | undefined): value is Json & Fields =>
  typeof value === 'object' && value !== null
