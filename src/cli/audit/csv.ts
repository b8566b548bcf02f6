// Rows as CSV (RFC 4180) for spreadsheets. Pure.
import { printable } from '../../model/printable.ts'

export type Cell = string | number | boolean | null | undefined

export const csvLine = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`

/** A text that a spreadsheet would run as a formula is kept a text. */
function csvCell(value: Cell): string {
  if (value === undefined || value === null) return ''
  const text = printable(String(value))
  const inert = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
