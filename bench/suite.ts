// The table: our ways against the floors of this machine and the real code of peers, in one run. Each row tells
// the ratio that was measured, its quartiles, and what it must reach (suite/asked.ts); below stand why what is not
// reached is not, the pauses of each way, and how long each part took. Writes .cache/bench/suite.json and a page of
// plots beside it; `--record` adds a line to bench/history.jsonl, `--readme` only brings bench/README.md up to date.
// Usage: npm run bench [-- suite] [--quick] [--only PART,PART] [--record]
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ASKED, type Part } from './suite/asked.ts'
import { coldStarts } from './suite/cold.ts'
import { beContender, type ContenderName } from './suite/contender.ts'
import { page, short } from './suite/page.ts'
import { type Cost, paths } from './suite/paths.ts'
import { withAsked } from './suite/readme.ts'
import { askedText, type Row, rowsOf, standing } from './suite/row.ts'
import { snapshots } from './suite/snapshot.ts'
import { program } from './suite/surfaces.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const OUT = join(ROOT, '.cache', 'bench')
const HISTORY = join(ROOT, 'bench', 'history.jsonl')
const README = join(ROOT, 'bench', 'README.md')
const args = process.argv.slice(2)
const quick = args.includes('--quick')
const self = fileURLToPath(import.meta.url)
const PARTS = Object.keys(ASKED) as readonly Part[]

function line(row: Row): string {
  const { low, median, high } = row.measured
  const between = low === high || Number.isNaN(low) ? '' : ` (${short(low)} – ${short(high)})`
  const value = Number.isNaN(median) ? 'not measured' : `${short(median)} ${row.unit}${between}`
  const asked = row.must === null ? 'stated' : `${askedText(row)} ${row.unit}`
  return `| ${row.work} | ${row.against} | ${value} | ${asked} | ${standing(row) ?? ''} |`
}

/** One line of the history: what it was, and the medians of what was measured. */
function remembered(rows: readonly Row[]): string {
  const medians = rows.flatMap(({ work, against, measured: { median } }) =>
    Number.isNaN(median) ? [] : [[`${work} / ${against}`, Number(median.toFixed(3))]],
  )
  return JSON.stringify({
    ...{ at: new Date().toISOString(), node: process.version },
    ...{ processor: cpus()[0]?.model, rows: Object.fromEntries(medians) },
  })
}

interface Run {
  readonly rows: readonly Row[]
  readonly costs: readonly Cost[]
}

async function measured(part: Part): Promise<Run> {
  if (part === 'snapshot') return { rows: rowsOf(part, snapshots(quick)), costs: [] }
  if (part === 'cold') return { rows: rowsOf(part, coldStarts(ROOT, quick ? 5 : 21)), costs: [] }
  if (part !== 'paths') return { rows: rowsOf(part, program(part, quick)), costs: [] }
  const { said, costs } = await paths(self, quick ? 5 : 21)
  return { rows: rowsOf(part, said), costs }
}

/** A part that fails leaves its rows without numbers and the others as they are. */
async function run(part: Part): Promise<Run> {
  try {
    return await measured(part)
  } catch (error) {
    console.error(`The part ${part} failed, its rows are not measured: ${String(error)}`)
    return { rows: rowsOf(part, {}), costs: [] }
  }
}

function asked(): readonly Part[] {
  const at = args.indexOf('--only')
  if (at < 0) return PARTS
  const names = (args[at + 1] ?? '').split(',')
  const unknown = names.find((name) => !PARTS.some((part) => part === name))
  if (unknown !== undefined) {
    console.error(`There is no part called ${unknown}. Parts are: ${PARTS.join(', ')}.`)
    process.exit(2)
  }
  return PARTS.filter((part) => names.includes(part))
}

function tellMissed(rows: readonly Row[]): void {
  const missed = rows.filter((row) => standing(row)?.startsWith('NOT'))
  if (missed.length > 0) console.log('\nNot reached, or not measured:')
  for (const row of missed) {
    const why = standing(row) === 'NOT MET' ? (row.why ?? 'not known') : 'its part did not tell it'
    console.log(`- ${row.work} / ${row.against}: ${why}.`)
  }
}

function tellPauses(costs: readonly Cost[]): void {
  if (costs.length === 0) return
  const head =
    '| way | frames in 1 ms of a processor | of it collection | longest pause | loop p99 |'
  console.log(`\n${head}\n|---|---|---|---|---|`)
  for (const { group, name, perMs, gcPercent, longestGcMs, loopP99Ms } of costs) {
    const pauses = `${longestGcMs.toFixed(1)} ms | ${loopP99Ms.toFixed(1)} ms`
    console.log(
      `| ${group}: ${name} | ${short(perMs.median)} | ${gcPercent.toFixed(0)} % | ${pauses} |`,
    )
  }
}

async function main(): Promise<void> {
  const runs: Run[] = []
  const took: string[] = []
  const loads = [loadavg()[0] ?? 0]
  for (const part of asked()) {
    console.error(`bench ${part} …`)
    const from = performance.now()
    runs.push(await run(part))
    took.push(`${part} ${Math.round((performance.now() - from) / 1_000)} s`)
    loads.push(loadavg()[0] ?? 0)
  }
  const rows = runs.flatMap((one) => one.rows)
  const costs = runs.flatMap((one) => one.costs)
  const head = ['| work | against | measured (quartiles) | asked | |', '|---|---|---|---|---|']
  console.log([...head, ...rows.map(line)].join('\n'))
  tellMissed(rows)
  tellPauses(costs)
  const [least, most] = [Math.min(...loads), Math.max(...loads)].map((load) => load.toFixed(1))
  console.log(
    `\nTook: ${took.join(', ')}. Load of ${cpus().length} processors: ${least} to ${most}.`,
  )
  mkdirSync(OUT, { recursive: true })
  writeFileSync(join(OUT, 'suite.json'), JSON.stringify({ rows, costs }, null, 2))
  if (args.includes('--record')) appendFileSync(HISTORY, `${remembered(rows)}\n`)
  const history = existsSync(HISTORY) ? readFileSync(HISTORY, 'utf8').trim().split('\n') : []
  const file = join(OUT, 'suite.html')
  writeFileSync(file, page(rows, costs, history))
  console.log(`Plots: ${file}`)
}

const at = args.indexOf('--contender')
if (at >= 0) await beContender(args[at + 1] as ContenderName)
else if (args.includes('--readme')) writeFileSync(README, withAsked(readFileSync(README, 'utf8')))
else await main()
