// Pieces that the page and the paper share: the mark of what is no device, the comparisons as tables, what
// was found. Pure.
import { count } from '../../model/format.ts'
import type { Source } from '../../model/reading.ts'
import type { Told } from '../../words/comparison.ts'
import { type Html, html } from '../../words/html.ts'
import { WORDS } from '../../words/words.ts'
import {
  type Bars,
  drugDifferences,
  type Finding,
  onLabel,
  programmed,
  rows,
} from '../sheet/compare.ts'
import { clock, type Line, type Look } from '../sheet/lines.ts'
import { figuresOf } from '../sheet/reading.ts'
import type { Sheet } from '../sheet/sheet.ts'
import type { Words } from '../sheet/words.ts'

/** Real text with a border, on screen and on paper. */
export function mark(source: Source, w: Words): Html | null {
  if (source === 'device') return null
  return html`<p class="mark">${source === 'simulator' ? w.simulator : w.replay}</p>`
}

export const definition = (lines: readonly Line[]): Html =>
  html`<dl>${lines.map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>`

interface Column {
  readonly head: string
  readonly text: string
}

/** A line of a table: what it is about, figures, and a word on them. Stays a table on narrow screens. */
function tableRow(what: string, columns: readonly Column[], tag: string, look: string): Html {
  const cells = columns.map(
    ({ head, text }) => html`<td role="cell" class="figure" data-head="${head}">${text}</td>`,
  )
  return html`<tr role="row"><th role="rowheader" scope="row">${what}</th>${cells}<td role="cell"><span class="tag${look}">${tag}</span></td></tr>`
}

function table(kind: string, caption: string, heads: readonly string[], lines: readonly Html[]) {
  const columns = heads.map((head) => html`<th role="columnheader" scope="col">${head}</th>`)
  return html`<table role="table" class="${kind}"><caption>${caption}</caption>
    <thead role="rowgroup"><tr role="row"><td role="cell"></td>${columns}<td role="cell"></td></tr></thead>
    <tbody role="rowgroup">${lines}</tbody></table>`
}

/** Drug programmed beside drug on the label, each line with what it says in words. */
export function labelTable({ steps }: Sheet, { clinic, words: w }: Look): Html | null {
  const { before, drug } = steps
  if (!before || !drug) return null
  const pumpDrugs = figuresOf(before.entries).drugs
  const n = Math.max(pumpDrugs.length, drug.entries.drugs.length)
  const lines = Array.from({ length: n }, (_, i) => {
    const [pump, label] = [pumpDrugs[i], drug.entries.drugs[i]]
    const differs = !label || drugDifferences(pump, label, clinic, w).length > 0
    const columns = [
      { head: w.pumpSays, text: (pump && programmed(pump, clinic.locale)) ?? w.notSaid },
      { head: w.labelSays, text: label ? onLabel(label, clinic.locale) : w.notSaid },
    ]
    return tableRow(
      w.drugNumber(i + 1),
      columns,
      differs ? w.differs : w.same,
      differs ? ' bad' : '',
    )
  })
  return table('drugs', w.step.drug, [w.pumpSays, w.labelSays], lines)
}

/**
 * Before and after, what changed and as loudly what did not. `folded`: what is the same, and what neither
 * reading says, is counted and opens by itself; paper has all of it.
 */
export function readingTable(
  { steps }: Sheet,
  { clinic, words: w }: Look,
  folded = false,
): Html | null {
  if (!steps.before || !steps.after) return null
  const words = WORDS[clinic.locale].change
  const line = (row: Told) => {
    const columns = [
      { head: w.before, text: row.before },
      { head: w.after, text: row.after },
    ]
    const still = row.change === 'same' || row.change === 'unknown'
    return tableRow(row.what, columns, words[row.change], still ? '' : ' yes')
  }
  const heads = [steps.before, steps.after].map(
    ({ step, entries }) =>
      `${w[step]}. ${w.wandReading(clock(entries.readAt, clinic), entries.position)}`,
  )
  const all = rows(steps.before.entries, steps.after.entries, clinic)
  const of = (caption: string, some: readonly Told[]) =>
    table('readings', caption, heads, some.map(line))
  if (!folded) return of(w.beforeAndAfter, all)
  const still = all.filter(({ change, said }) => change === 'same' || !said)
  const other = all.filter((row) => !still.includes(row))
  return html`${other.length > 0 ? of(w.beforeAndAfter, other) : html`<p>${w.nothingChanged}</p>`}
    ${still.length > 0 && html`<details><summary>${w.sameRows(count(still.length))}</summary>${of(w.sameCaption, still)}</details>`}`
}

const WIDE = 300

/** Both volumes to one scale, that of the reservoir where its size is known, so that much looks like much. */
function drawn({ expected, aspirated, full }: Bars, w: Words): Html {
  const bar = (y: number, nL: number, solid: boolean) => {
    const width = Math.round((nL / full) * WIDE * 10) / 10
    return html`<rect class="${solid ? 'solid' : 'hollow'}" x="1" y="${y}" width="${width}" height="12"/>`
  }
  return html`<svg class="bars" viewBox="0 0 ${WIDE + 2} 34" role="img" aria-label="${w.barsAlt}">
    <rect class="scale" x="1" y="1" width="${WIDE}" height="32"/>${bar(4, expected, false)}${bar(18, aspirated, true)}</svg>
    <small>${w.barsKey}</small>`
}

/** `beside`: what can be done about one, where something can be done. */
export function findingList(
  found: readonly Finding[],
  w: Words,
  beside: (one: Finding) => Html | null = () => null,
): Html {
  if (found.length === 0) return html`<p>${w.noFindings}</p>`
  return html`${found.map((one) => {
    const { text, matters, remark, bars } = one
    return html`<div class="${matters ? 'loud' : 'plain'}">${text}${bars && drawn(bars, w)}${
      remark === undefined ? null : html`<small>${w.remarkBy(remark)}</small>`
    }${beside(one)}</div>`
  })}`
}
