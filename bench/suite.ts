// The table: our ways against the floors of this machine and the real code of peers, in one run. Each row tells
// the ratio that was measured, its quartiles, and what it must reach; below stand the pauses of each. Writes
// .cache/bench/suite.json and a page of plots beside it; `--record` adds a line to bench/history.jsonl.
// `--paths` leaves out the benches that are programs of their own.
// Usage: npm run bench [-- suite] [--quick] [--paths] [--record]
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { coldStarts } from './suite/cold.ts'
import { beContender, type ContenderName } from './suite/contender.ts'
import { page, short } from './suite/page.ts'
import { isMet, paths, type Row } from './suite/rows.ts'
import { snapshots } from './suite/snapshot.ts'
import { surfaces } from './suite/surfaces.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const OUT = join(ROOT, '.cache', 'bench')
const HISTORY = join(ROOT, 'bench', 'history.jsonl')
const args = process.argv.slice(2)
const quick = args.includes('--quick')
const self = fileURLToPath(import.meta.url)

function line(row: Row): string {
  const { low, median, high } = row.measured
  const met = isMet(row)
  const must = row.must
  const asked = must === null ? '' : 'least' in must ? `≥ ${must.least}` : `≤ ${must.most}`
  const mark = met === null ? '' : met ? 'met' : 'NOT MET'
  const between = low === high || Number.isNaN(low) ? '' : ` (${short(low)} – ${short(high)})`
  const value = `${short(median)} ${row.unit}${between}`
  return `| ${row.work} | ${row.against} | ${value} | ${asked} | ${mark} |`
}

/** One line of the history: what it was, and the medians. */
function remembered(rows: readonly Row[]): string {
  const medians = rows.map((row) => [
    `${row.work} / ${row.against}`,
    Number(row.measured.median.toFixed(3)),
  ])
  return JSON.stringify({
    ...{ at: new Date().toISOString(), node: process.version },
    ...{ processor: cpus()[0]?.model, rows: Object.fromEntries(medians) },
  })
}

async function main(): Promise<void> {
  const { rows: bytes, costs } = await paths(self, quick ? 5 : 21)
  const others = [
    ...snapshots(quick),
    ...coldStarts(ROOT, quick ? 5 : 21),
    ...(args.includes('--paths') ? [] : surfaces(!quick)),
  ]
  const rows = [...bytes, ...others]
  const head = ['| work | against | measured (quartiles) | asked | |', '|---|---|---|---|---|']
  console.log([...head, ...rows.map(line)].join('\n'))
  const missed = rows.filter((row) => isMet(row) === false)
  if (missed.length > 0) console.log('\nNot reached:')
  for (const { work, against, why = 'see bench/README.md' } of missed) {
    console.log(`- ${work} / ${against}: ${why}.`)
  }
  console.log(
    '\n| way | frames in 1 ms of a processor | of it collection | longest pause | loop p99 |',
  )
  console.log('|---|---|---|---|---|')
  for (const { group, name, perMs, gcPercent, longestGcMs, loopP99Ms } of costs) {
    const pauses = `${longestGcMs.toFixed(1)} ms | ${loopP99Ms.toFixed(1)} ms`
    console.log(
      `| ${group}: ${name} | ${short(perMs.median)} | ${gcPercent.toFixed(0)} % | ${pauses} |`,
    )
  }
  mkdirSync(OUT, { recursive: true })
  writeFileSync(join(OUT, 'suite.json'), JSON.stringify({ rows, costs }, null, 2))
  if (args.includes('--record')) appendFileSync(HISTORY, `${remembered(rows)}\n`)
  const history = existsSync(HISTORY) ? readFileSync(HISTORY, 'utf8').trim().split('\n') : []
  const file = join(OUT, 'suite.html')
  writeFileSync(file, page(rows, costs, history))
  console.log(`\nPlots: ${file}`)
}

const at = args.indexOf('--contender')
if (at >= 0) await beContender(args[at + 1] as ContenderName)
else await main()
