// The ways from bytes to readings, and what each is measured against: of each group the first is ours.
import type { Carrier, ContenderName, Round } from './contender.ts'
import { inTurns, type Measured, rateOf, ratio, type Spread, spread } from './rounds.ts'
import type { Said } from './row.ts'

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
  /** What its rows are called by asked.ts, before the name of the other. */
  readonly key: string
  readonly carrier: Carrier
  readonly ours: ContenderName
  readonly others: readonly ContenderName[]
}

const GROUPS: readonly Group[] = [
  {
    title: 'serial lines, 64-byte chunks',
    key: 'lines 64',
    carrier: 64,
    ours: 'our lines',
    others: [
      'readline floor',
      'byte machine',
      'herdsman, Z-Stack',
      'herdsman, Ember, splitting only',
      'zwave-js',
      'node-mavlink',
    ],
  },
  {
    title: 'serial lines, 64-byte chunks, as values of the API',
    key: 'values 64',
    carrier: 64,
    ours: 'our lines, as values of the API',
    others: ['readline floor'],
  },
  {
    title: 'serial lines, 1-KiB chunks',
    key: 'lines 1024',
    carrier: 1_024,
    ours: 'our lines',
    others: ['readline floor', 'byte machine'],
  },
  {
    title: 'serial lines over TCP',
    key: 'lines tcp',
    carrier: 'tcp',
    ours: 'our lines',
    others: ['readline floor', 'byte machine'],
  },
  {
    title: 'HID reports, one at a time',
    key: 'reports 64',
    carrier: 64,
    ours: 'our reports',
    others: ['byte machine of reports', 'herdsman, Z-Stack'],
  },
  {
    title: 'HID reports, 1-KiB chunks',
    key: 'reports 1024',
    carrier: 1_024,
    ours: 'our reports',
    others: ['byte machine of reports'],
  },
]

/** Everything from bytes to readings. */
export async function paths(
  program: string,
  turns: number,
): Promise<{ readonly said: Said; readonly costs: readonly Cost[] }> {
  const said: Record<string, Spread> = {}
  const costs: Cost[] = []
  for (const { title, key, carrier, ours, others } of GROUPS) {
    const measured = await inTurns(program, [ours, ...others], carrier, turns)
    const [mine, ...theirs] = measured as readonly [Measured, ...Measured[]]
    for (const other of theirs) said[`${key} / ${other.name}`] = ratio(mine, other)
    costs.push(...measured.map(({ name, rounds }) => costOf(title, name, rounds)))
  }
  return { said, costs }
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
