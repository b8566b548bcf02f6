// The page of plots: one file of HTML with SVG in it, nothing fetched. How far each row is from what is asked of it,
// all on one scale; what is only stated, as a table; pauses; and every row over the history of main.
import type { Cost } from './paths.ts'
import { askedText, type Row, standing } from './row.ts'

const safe = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

/** Three digits, and no powers of ten. */
export function short(x: number): string {
  if (Number.isNaN(x)) return 'not measured'
  return Math.abs(x) >= 100 ? Math.round(x).toLocaleString('en-US') : x.toPrecision(3)
}

const W = 940
const LABEL = 400
const PLOT = 330
const LINE = 34
/** Ends of the logarithmic scale: so many times worse and better than what is asked. */
const WORST = 1 / 4
const BEST = 16

/** Where on the plot a value stands that is so many times better than what is asked. */
function x(better: number): number {
  const bounded = Math.min(BEST, Math.max(WORST, better))
  return LABEL + (PLOT * Math.log(bounded / WORST)) / Math.log(BEST / WORST)
}

function betterOf({ must }: Row, value: number): number {
  if (must === null) return Number.NaN
  return 'least' in must ? value / must.least : must.most / value
}

/** Bars that begin at the line of what is asked: to the right better, to the left worse. */
function bars(rows: readonly Row[]): string {
  const ticks = [1 / 4, 1 / 2, 1, 2, 4, 8, 16]
  const height = rows.length * LINE + 44
  const grid = ticks.map((tick) => {
    const name = tick === 1 ? 'asked' : tick < 1 ? `1/${1 / tick}` : `${tick} ×`
    return `<line class="${tick === 1 ? 'asked' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="24" y2="${height - 12}"/>
<text class="tick" x="${x(tick)}" y="16" text-anchor="middle">${name}</text>`
  })
  const lines = rows.map((row, i) => {
    const y = 34 + i * LINE
    const { low, median, high } = row.measured
    const label = `<text x="0" y="${y + 8}">${safe(row.work)}</text>
<text class="against" x="0" y="${y + 22}">${safe(row.against)}</text>`
    const said = `<text x="${LABEL + PLOT + 16}" y="${y + 8}">${short(median)} ${safe(row.unit)}</text>
<text class="against" x="${LABEL + PLOT + 16}" y="${y + 22}">asked ${askedText(row)} ${safe(row.unit)}</text>`
    if (Number.isNaN(median)) return label + said
    const [from, to] = [x(1), x(betterOf(row, median))].sort((a, b) => a - b) as [number, number]
    const [worse, better] = [low, high].map((value) => x(betterOf(row, value)))
    return `${label}
<rect class="${standing(row) === 'met' ? 'met' : 'missed'}" x="${from}" y="${y + 2}" width="${Math.max(2, to - from)}" height="14"/>
<line class="spread" x1="${worse}" x2="${better}" y1="${y + 9}" y2="${y + 9}"/>${said}`
  })
  return `<svg viewBox="0 0 ${W} ${height}" role="img" aria-label="How far each row is from what is asked">${grid.join('')}${lines.join('\n')}</svg>`
}

const cells = (all: readonly string[]) =>
  `<tr>${all.map((cell, i) => `<td${i > 1 ? ' class="n"' : ''}>${safe(cell)}</td>`).join('')}</tr>`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const titles = head.map((title, i) => `<th${i > 1 ? ' class="n"' : ''}>${safe(title)}</th>`)
  return `<table><tr>${titles.join('')}</tr>${rows.map(cells).join('')}</table>`
}

interface Past {
  readonly at: string
  readonly rows: Readonly<Record<string, number>>
}

/** One row over the history, from its least to its greatest value. */
function curve(name: string, history: readonly Past[]): string {
  const points = history.flatMap(({ rows }) => rows[name] ?? [])
  if (points.length < 2) return ''
  const [least, most] = [Math.min(...points), Math.max(...points)]
  const at = (value: number, i: number) => {
    const up = most === least ? 0.5 : (value - least) / (most - least)
    return `${(4 + (i * 282) / (points.length - 1)).toFixed(1)},${(52 - 44 * up).toFixed(1)}`
  }
  const [work, against] = name.split(' / ') as [string, string?]
  return `<figure><figcaption>${safe(work)}<br><span>${safe(against ?? '')}: ${short(points.at(-1) ?? Number.NaN)}, between ${short(least)} and ${short(most)}</span></figcaption>
<svg viewBox="0 0 290 60"><polyline points="${points.map(at).join(' ')}"/></svg></figure>`
}

const STYLE = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--rule:#d5dae0;--met:#2a7a3f;--missed:#b3372f}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4ae;--rule:#3a424a;--met:#4fae68;--missed:#e0695f}}
body{font:14px/1.45 system-ui,sans-serif;color:var(--ink);margin:2em auto;max-width:${W}px;padding:0 1em}
h1{font-size:20px}h2{font-size:16px;margin:2em 0 .4em}p{color:var(--soft);margin:.2em 0 1em}svg{width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .against,svg .tick{font-size:11px;fill:var(--soft)}
.grid{stroke:var(--rule)}.asked{stroke:var(--ink)}.met{fill:var(--met)}.missed{fill:var(--missed)}
.spread{stroke:var(--ink);stroke-width:1.5}table{border-collapse:collapse;width:100%}
th,td{text-align:left;font-weight:400;padding:.25em .8em .25em 0;border-bottom:1px solid var(--rule)}
th{color:var(--soft);font-size:12px}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;padding-left:1.2em}
.history{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:1em}figure{margin:0}
figcaption{font-size:12px}figcaption span{color:var(--soft)}polyline{fill:none;stroke:var(--met);stroke-width:1.5}`

/** `history`: lines of bench/history.jsonl. */
export function page(
  rows: readonly Row[],
  costs: readonly Cost[],
  history: readonly string[],
): string {
  const past = history.map((line) => JSON.parse(line) as Past)
  const stated = rows.filter(({ must }) => must === null)
  const statedRows = stated.map(({ work, against, measured: { low, median, high }, unit }) => {
    const between = low === high ? '' : `${short(low)} – ${short(high)}`
    return [work, against, `${short(median)} ${unit}`, between]
  })
  const pauses = costs.map(({ group, name, perMs, gcPercent, longestGcMs, loopP99Ms }) => {
    const numbers = [perMs.median, gcPercent, longestGcMs, loopP99Ms].map((one) => one.toFixed(1))
    return [group, name, ...numbers]
  })
  const curves = rows.map(({ work, against }) => curve(`${work} / ${against}`, past)).join('')
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>wandbridge: speed</title><style>${STYLE}</style>
<h1>wandbridge: speed</h1>
<h2>What is asked</h2><p>Bars begin at what is asked: green reaches it, red does not. The thin line spans the quartiles.</p>
${bars(rows.filter(({ must }) => must !== null))}
<h2>What is stated</h2>${table(['work', 'against', 'median', 'quartiles'], statedRows)}
<h2>Pauses</h2><p>Times of the clock: they only mean something on a quiet machine.</p>
${table(['work', 'way', 'frames in 1 ms', 'of it collection, %', 'longest pause, ms', 'loop p99, ms'], pauses)}
<h2>History of main</h2>${curves ? `<div class="history">${curves}</div>` : '<p>Fewer than two entries.</p>'}</html>`
}
