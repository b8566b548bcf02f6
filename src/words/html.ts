// HTML as text that cannot be broken out of: whatever stands in `${}` is escaped, unless it was made
// here. Pure.
import { printableJson } from '../model/printable.ts'

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Piece = Html | string | number | null | undefined | false | readonly Piece[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escaped = (text: string) => text.replace(/[&<>"']/g, (c) => ESCAPES[c] ?? c)

function piece(value: Piece): string {
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(piece).join('')
  if (value === null || value === undefined || value === false) return ''
  return escaped(String(value))
}

export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(strings.reduce((out, text, i) => `${out}${piece(values[i - 1])}${text}`))
}

/** Data for a program inside a page; nothing in it can end the element. */
export const dataElement = (id: string, value: unknown): Html =>
  new Html(
    `<script type="application/json" id="${escaped(id)}">${printableJson(JSON.stringify(value)).replaceAll('<', '\\u003c')}</script>`,
  )
