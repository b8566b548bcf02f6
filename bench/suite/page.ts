// The page of plots: one file of HTML with SVG in it, nothing fetched. Bars of this run with the mark that is
// asked for, and every row over the history of main.
import type { Cost, Row } from './rows.ts'
import { isMet } from './rows.ts'

const safe = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

const W = 760
const LABEL = 380
const BAR = W - LABEL - 90

function bars(rows: readonly Row[]): string {
  const height = rows.length * 24 + 8
  const lines = rows.map((row, i) => {
    const y = i * 24 + 4
    const asked = row.must === null ? null : Object.values(row.must)[0]
    const top = Math.max(row.measured.high, (asked ?? 0) * 1.2, 1e-9)
    const x = (value: number) => LABEL + (BAR * value) / top
    const met = isMet(row)
    const colour = met === null ? '#777' : met ? '#2a7a3f' : '#b3372f'
    const { low, median, high } = row.measured
    const mark =
      asked === null || asked === undefined
        ? ''
        : `<line x1="${x(asked)}" x2="${x(asked)}" y1="${y}" y2="${y + 18}" stroke="#000" stroke-dasharray="2 2"/>`
    return `<text x="0" y="${y + 13}">${safe(`${row.work} / ${row.against}`.slice(0, 70))}</text>
<rect x="${LABEL}" y="${y + 3}" width="${Math.max(1, x(median) - LABEL)}" height="12" fill="${colour}"/>
<line x1="${x(low)}" x2="${x(high)}" y1="${y + 9}" y2="${y + 9}" stroke="#000"/>${mark}
<text x="${W - 80}" y="${y + 13}">${median.toPrecision(3)} ${row.unit}</text>`
  })
  return `<svg width="${W}" height="${height}" role="img" aria-label="This run">${lines.join('\n')}</svg>`
}

interface Past {
  readonly at: string
  readonly rows: Readonly<Record<string, number>>
}

function curve(name: string, history: readonly Past[]): string {
  const points = history.flatMap(({ rows }) => rows[name] ?? [])
  if (points.length < 2) return ''
  const top = Math.max(...points)
  const at = (value: number, i: number) =>
    `${(i * 300) / (points.length - 1)},${(60 - (55 * value) / top).toFixed(1)}`
  return `<figure><figcaption>${safe(name)}: ${points.at(-1)}</figcaption>
<svg width="300" height="62"><polyline fill="none" stroke="#335" points="${points.map(at).join(' ')}"/></svg></figure>`
}

/** `history`: lines of bench/history.jsonl. */
export function page(
  rows: readonly Row[],
  costs: readonly Cost[],
  history: readonly string[],
): string {
  const past = history.map((line) => JSON.parse(line) as Past)
  const pauses = costs.map(({ group, name, perMs, gcPercent, longestGcMs, loopP99Ms }) => {
    const cells = [perMs.median, gcPercent, longestGcMs, loopP99Ms].map((x) => x.toFixed(1))
    return `<tr><td>${safe(`${group}: ${name}`)}</td><td>${cells.join('</td><td>')}</td></tr>`
  })
  const curves = rows.map(({ work, against }) => curve(`${work} / ${against}`, past)).join('')
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>wandbridge: speed</title>
<style>body{font:14px sans-serif;margin:2em;max-width:${W}px}svg text{font:12px sans-serif}
td{padding:0 .8em 0 0}figure{display:inline-block;margin:0 1em 1em 0}figcaption{font-size:11px}</style>
<h1>This run</h1><p>Bars: median, with its quartiles. Dashed: what is asked. Green reaches it.</p>
${bars(rows)}
<h1>Pauses</h1><table><tr><th>way</th><th>frames in 1 ms</th><th>collection, %</th>
<th>longest pause, ms</th><th>loop p99, ms</th></tr>${pauses.join('')}</table>
<h1>History of main</h1>${curves || '<p>Fewer than two entries.</p>'}</html>`
}
