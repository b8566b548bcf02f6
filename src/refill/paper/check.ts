// Whether a sheet's file says what the log says: its data record by record, and its words. Pure.
import type { Clinic } from '../sheet/compare.ts'
import type { Step } from '../sheet/entries.ts'
import { linesOf } from '../sheet/lines.ts'
import type { Sheet, Written } from '../sheet/sheet.ts'
import { recordsOf, type SheetFile } from '../sheet/sheet-file.ts'
import { type Words, wordsOf } from '../sheet/words.ts'
import { printedSheet } from './print.ts'

/** What differs between a sheet's data and the log's, in sentences; empty = nothing. */
export function dataDifferences(file: SheetFile, inLog: Sheet): string[] {
  const { clinic } = file
  const w = wordsOf(clinic.locale)
  const logged = recordsOf(inLog)
  const most = Math.max(logged.length, file.records.length)
  const out: string[] = []
  if (file.serial !== inLog.serial) {
    out.push(`the sheet is of pump ${file.serial}, the log’s of ${inLog.serial}`)
  }
  for (let i = 0; i < most; i += 1) {
    const [said, is] = [file.records[i], logged[i]]
    const place = `record ${is?.position ?? said?.position}`
    if (!said) out.push(`${place} is missing on the sheet`)
    else if (!is) out.push(`${place} (${said.step}) is not in the log`)
    else if (!same(said, is)) out.push(`${place}: ${difference(said, is, clinic, w)}`)
  }
  return out
}

/** Whether two values are the same, whatever the order of their fields. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const [one, two] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(one)
  return (
    keys.length === Object.keys(two).length &&
    keys.every((key) => Object.hasOwn(two, key) && same(one[key], two[key]))
  )
}

type Row = SheetFile['records'][number]

function difference(said: Row, is: Row, clinic: Clinic, w: Words): string {
  const lines = (row: Row) =>
    linesOf(row as unknown as Written, { clinic, words: w }).map(
      ([label, value]) => `${label}: ${value}`,
    )
  if (said.step !== is.step) return `it is ${said.step} on the sheet and ${is.step} in the log`
  const [a, b] = [lines(said), lines(is)]
  const at = a.findIndex((line, i) => line !== b[i])
  const name = w.step[is.step as Step]
  if (at < 0) return `${name} differs in what is not shown`
  return `${name}: the sheet says “${a[at]}”, the log says “${b[at] ?? w.notSaid}”`
}

export type Wording =
  /** Every byte is as the log gives it. */
  | { readonly how: 'bytes' }
  /** Its text is; a browser may have saved it in its own way. */
  | { readonly how: 'text' }
  /** It is data only: there are no words to compare. */
  | { readonly how: 'data' }
  | { readonly how: 'differs'; readonly at: string }

/** Whether the words of an HTML file are those that its records give. */
export function wording(text: string, file: SheetFile, inLog: Sheet): Wording {
  if (!text.trimStart().startsWith('<')) return { how: 'data' }
  const made = printedSheet(file, inLog).text
  const served = printedSheet(file, inLog, { back: `/sheet/${inLog.id}` }).text
  if (text === made || text === served) return { how: 'bytes' }
  const [said, is] = [words(text), words(made)]
  const at = is.findIndex((word, i) => said[i] !== word)
  if (at < 0 && said.length === is.length) return { how: 'text' }
  const i = at < 0 ? is.length : at
  return { how: 'differs', at: `“${around(said, i)}” instead of “${around(is, i)}”` }
}

const around = (words: readonly string[], i: number) =>
  words.slice(Math.max(0, i - 4), i + 3).join(' ')

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&nbsp;': ' ',
  '&amp;': '&',
}

/** The words of a page as people read them. */
function words(page: string): string[] {
  return page
    .replace(/<(style|script|nav|svg|title)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&[a-z#0-9]+;/g, (entity) => ENTITIES[entity] ?? entity)
    .split(/\s+/)
    .filter((word) => word !== '')
}
