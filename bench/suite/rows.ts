// What is compared with what, and what it must reach. Of each row the first is ours.
import type { Carrier, ContenderName, Round } from './contender.ts'
import { inTurns, type Measured, rateOf, ratio, type Spread, spread } from './rounds.ts'

/** One row of the table. */
export interface Row {
  readonly work: string
  readonly against: string
  readonly measured: Spread
  /** Null = stated only. */
  readonly must: { readonly least: number } | { readonly most: number } | null
  readonly unit: string
  /** Why it is not reached, for the case that it is not. */
  readonly why?: string
}

/** What one contender cost, for the list below the table. */
export interface Cost {
  readonly group: string
  readonly name: string
  readonly perMs: Spread
  readonly gcPercent: number
  readonly longestGcMs: number
  readonly loopP99Ms: number
}

interface Group {
  readonly title: string
  readonly carrier: Carrier
  readonly ours: ContenderName
  readonly others: readonly (readonly [ContenderName, number | null])[]
}

const GROUPS: readonly Group[] = [
  {
    title: 'serial lines, 64-byte chunks',
    carrier: 64,
    ours: 'our lines',
    others: [
      ['readline floor', 0.9],
      ['byte machine', null],
      ['herdsman, Z-Stack', 1],
      ['herdsman, Ember, splitting only', null],
      ['zwave-js', 2.5],
      ['node-mavlink', 1.5],
    ],
  },
  {
    title: 'serial lines, 64-byte chunks, as values of the API',
    carrier: 64,
    ours: 'our lines, as values of the API',
    others: [['readline floor', null]],
  },
  {
    title: 'serial lines, 1-KiB chunks',
    carrier: 1_024,
    ours: 'our lines',
    others: [
      ['readline floor', 0.8],
      ['byte machine', null],
    ],
  },
  {
    title: 'serial lines over TCP',
    carrier: 'tcp',
    ours: 'our lines',
    others: [
      ['readline floor', 0.8],
      ['byte machine', null],
    ],
  },
  {
    title: 'HID reports, one at a time',
    carrier: 64,
    ours: 'our reports',
    others: [
      ['byte machine of reports', 0.5],
      ['herdsman, Z-Stack', 1.3],
    ],
  },
  {
    title: 'HID reports, 1-KiB chunks',
    carrier: 1_024,
    ours: 'our reports',
    others: [['byte machine of reports', 0.5]],
  },
]

export interface Paths {
  readonly rows: readonly Row[]
  readonly costs: readonly Cost[]
}

/** Everything from bytes to readings. */
export async function paths(program: string, turns: number): Promise<Paths> {
  const rows: Row[] = []
  const costs: Cost[] = []
  for (const { title, carrier, ours, others } of GROUPS) {
    const names = [ours, ...others.map(([name]) => name)]
    const measured = await inTurns(program, names, carrier, turns)
    const [mine, ...theirs] = measured as readonly [Measured, ...Measured[]]
    for (const [i, [name, least]] of others.entries()) {
      const must = least === null ? null : { least }
      const value = ratio(mine, theirs[i] as Measured)
      rows.push({ work: title, against: name, measured: value, must, unit: '×' })
    }
    costs.push(...measured.map(({ name, rounds }) => costOf(title, name, rounds)))
  }
  return { rows, costs }
}

function costOf(group: string, name: string, rounds: readonly Round[]): Cost {
  const middle = (of: (round: Round) => number) => spread(rounds.map(of)).median
  return {
    ...{ group, name },
    perMs: spread(rounds.map(rateOf)),
    gcPercent: middle((r) => (100 * r.gcMs) / r.cpuMs),
    longestGcMs: Math.max(...rounds.map((r) => r.longestGcMs)),
    loopP99Ms: middle((r) => r.loopP99Ms),
  }
}

export function isMet({ measured: { median }, must }: Row): boolean | null {
  if (must === null) return null
  return 'least' in must ? median >= must.least : median <= must.most
}
