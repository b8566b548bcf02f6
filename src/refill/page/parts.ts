// Pieces that the page and the paper share: the mark of what is no device, what was written at each
// step, the comparisons. Pure.
import { dateTime, inZone } from '../../model/format.ts'
import type { Source } from '../../model/reading.ts'
import { WORDS } from '../../words/words.ts'
import {
  type Clinic,
  drugDifferences,
  type Finding,
  onLabel,
  programmed,
  rows,
} from '../sheet/compare.ts'
import type { Entries, Reading, Step } from '../sheet/entries.ts'
import { dose, measured, reported, volume } from '../sheet/figures.ts'
import { dateText } from '../sheet/input.ts'
import { figuresOf } from '../sheet/reading.ts'
import type { Sheet, Written } from '../sheet/sheet.ts'
import type { Words } from '../sheet/words.ts'
import { type Html, html } from './html.ts'

/** What a page is made with. */
export interface Look {
  readonly clinic: Clinic
  readonly words: Words
}

export const clock = (utc: string, { zone }: Clinic): string => dateTime(inZone(utc, zone))

/** Real text with a border, on screen and on paper. */
export function mark(source: Source, w: Words): Html | null {
  if (source === 'device') return null
  return html`<p class="mark">${source === 'simulator' ? w.simulator : w.replay}</p>`
}

type Line = readonly [label: string, value: string]

const checked = (
  checks: readonly { text: string; done: boolean }[] | undefined,
  w: Words,
): Line[] => (checks ?? []).map(({ text, done }) => [text, done ? w.yes : w.no])

const remarked = (remark: string | undefined, w: Words): Line[] =>
  remark === undefined ? [] : [[w.field.remark, remark]]

function readingLines(r: Reading, { clinic, words: w }: Look): Line[] {
  const { locale } = clinic
  const { reservoir } = WORDS[locale].field
  const { reportedVolume, capacity, drugs } = figuresOf(r)
  return [
    [reservoir.reportedVolume, reported(reportedVolume, locale) ?? w.notSaid],
    [reservoir.capacity, volume(capacity, locale) ?? w.notSaid],
    ...drugs.map((drug, i): Line => [w.drugNumber(i + 1), programmed(drug, locale) ?? w.notSaid]),
    [w.readingRow, w.wandReading(clock(r.readAt, clinic), r.position)],
  ]
}

/** What was written at a step, as people read it back: figures with their units. */
export function linesOf({ step, entries }: Written, look: Look): Line[] {
  const { clinic, words: w } = look
  const of = <S extends Step>(_step: S) => entries as Entries<S>
  switch (step) {
    case 'identity': {
      const { card, serial, model, pseudonym } = of(step)
      const named: Line[] = pseudonym === undefined ? [] : [[w.patientLabel, pseudonym]]
      return [[w.pump, serial], [w.model, model ?? w.notSaid], [w.cardRow, card], ...named]
    }
    case 'before':
    case 'after':
      return readingLines(of(step), look)
    case 'drug': {
      const { drugs, preparer, checkedBy, checks, remark } = of(step)
      return [
        ...drugs.flatMap((drug, i): Line[] => [
          [w.drugNumber(i + 1), onLabel(drug, clinic.locale)],
          [w.field.lot, drug.lot],
          [w.field.expiry, dateText(drug.expiry)],
        ]),
        [w.preparer, preparer],
        [w.syringeChecked, checkedBy],
        ...checked(checks, w),
        ...remarked(remark, w),
      ]
    }
    case 'aspirated': {
      const { volume, discardedBy, witnessedBy, checks, remark } = of(step)
      const people: Line[] =
        discardedBy === undefined
          ? []
          : [
              [w.discarded, discardedBy],
              [w.witnessed, witnessedBy ?? ''],
            ]
      return [
        [w.step.aspirated, measured(volume, clinic.locale)],
        ...people,
        ...checked(checks, w),
        ...remarked(remark, w),
      ]
    }
    case 'injected': {
      const { volume, checks, remark } = of(step)
      return [
        [w.step.injected, measured(volume, clinic.locale)],
        ...checked(checks, w),
        ...remarked(remark, w),
      ]
    }
    case 'handover': {
      const { programmed: done, ordered = [], checks, remark } = of(step)
      return [
        [w.programmedRow, done ? w.yes : w.no],
        ...ordered.flatMap((one, i): Line[] =>
          one ? [[w.orderedRow(i + 1), dose(one.dose, one.massUnit, clinic.locale)]] : [],
        ),
        ...checked(checks, w),
        ...remarked(remark, w),
      ]
    }
    case 'finish': {
      const { operator, checker, checks } = of(step)
      return [[w.operator, operator], [w.checker, checker], ...checked(checks, w)]
    }
    case 'abandoned':
      return [[w.field.reason, of(step).reason]]
  }
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

/** Before and after, what changed and as loudly what did not. */
export function readingTable({ steps }: Sheet, { clinic, words: w }: Look): Html | null {
  if (!steps.before || !steps.after) return null
  const words = WORDS[clinic.locale].change
  const lines = rows(steps.before.entries, steps.after.entries, clinic).map((row) => {
    const columns = [
      { head: w.before, text: row.before },
      { head: w.after, text: row.after },
    ]
    const still = row.change === 'same' || row.change === 'unknown'
    return tableRow(row.what, columns, words[row.change], still ? '' : ' yes')
  })
  const heads = [steps.before, steps.after].map(
    ({ step, entries }) =>
      `${w[step]}. ${w.wandReading(clock(entries.readAt, clinic), entries.position)}`,
  )
  return table('readings', w.beforeAndAfter, heads, lines)
}

export function findingList(found: readonly Finding[], w: Words): Html {
  if (found.length === 0) return html`<p>${w.noFindings}</p>`
  return html`${found.map(
    ({ text, matters, remark }) =>
      html`<div class="${matters ? 'loud' : 'plain'}">${text}${
        remark === undefined ? null : html`<small>${w.remarkBy(remark)}</small>`
      }</div>`,
  )}`
}
