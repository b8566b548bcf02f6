// The way from bytes to readings has not become slow: ratios to the floors of bench/, in short turns one after
// the other. The bounds are far below what `npm run bench` finds, so that a busy computer does not fail them,
// and above what was there before the way was made short. What is doubtful is measured again.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ASKED, type Part } from '../../bench/suite/asked.ts'
import { lineMachine, type Path, plainLines, reportMachine } from '../../bench/suite/floors.ts'
import { FRAMES, lines, pieces, reports } from '../../bench/suite/frames.ts'
import { ourLines, ourReports } from '../../bench/suite/ours.ts'
import { withAsked } from '../../bench/suite/readme.ts'
import { spread } from '../../bench/suite/rounds.ts'
import { rowsOf, standing } from '../../bench/suite/row.ts'

const PARTS = Object.keys(ASKED) as readonly Part[]
const TURNS = 15
const TIMES = 4
const TRIES = 4

/** Processor time of so many readings by a fresh path. */
function cost(path: Path, chunks: readonly Buffer[]): number {
  let readings = 0
  const push = path(() => {
    readings += 1
  })
  const from = process.cpuUsage()
  for (let i = 0; i < TIMES; i += 1) for (const chunk of chunks) push(chunk)
  const { user, system } = process.cpuUsage(from)
  expect(readings).toBe(FRAMES * TIMES)
  return user + system
}

/** The median of how much faster `ours` is than `floor`. */
function faster(ours: Path, floor: Path, chunks: readonly Buffer[]): number {
  const turns = Array.from({ length: TURNS }, () => cost(floor, chunks) / cost(ours, chunks))
  return spread(turns.slice(3)).median
}

it.each([
  ['lines in 64-byte chunks', ourLines, plainLines, pieces(lines(), 64), 0.55],
  ['lines in 1-KiB chunks', ourLines, plainLines, pieces(lines(), 1_024), 0.55],
  ['lines, beside a byte machine', ourLines, lineMachine, pieces(lines(), 1_024), 0.3],
  ['reports, beside a byte machine', ourReports, reportMachine, pieces(reports(), 64), 0.22],
] as const)('%s', async (_, ours, floor, chunks, least) => {
  const tries: number[] = []
  for (let i = 0; i < TRIES && Math.max(0, ...tries) < least; i += 1) {
    tries.push(faster(ours, floor, chunks))
    // What the streams put off is done between the tries.
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(Math.max(...tries), `ratios: ${tries.join(', ')}`).toBeGreaterThanOrEqual(least)
})

it('what bench/README.md says is asked is what is declared', () => {
  const readme = readFileSync('bench/README.md', 'utf8')
  expect(withAsked(readme), 'run `npm run bench -- --readme`').toBe(readme)
})

it('a row without a number is not measured, and never met', () => {
  const rows = PARTS.flatMap((part) => rowsOf(part, {}))
  expect(rows.map(standing)).toEqual(rows.map(() => 'NOT MEASURED'))
})
