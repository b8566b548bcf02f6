// Pieces of a report's pages: tables whose rows name their records, moments, and what nothing looks like. Pure.

import { dateTime } from '../../../model/format.ts'
import { printable } from '../../../model/printable.ts'
import { type Html, html } from '../../../words/html.ts'
import type { Kept, Place } from './collect.ts'

/** `24-Nov-2026 14:02:11`, as the report says it: UTC. */
export const moment = (utc: string): string => `${dateTime(utc)}${utc.slice(16, 19)}`

export interface Column<T> {
  readonly head: string
  /** `n`: a figure; `at`: a moment; `w`: a word of a known list; `who`: a name. */
  readonly look?: 'n' | 'at' | 'w' | 'who'
  cell(item: T): string | number | Html | null
}

/** `123`; with several logs `2:123`, the second of them. */
export type NameRecord = (place: Place) => string

export const recordColumn = <T extends Kept>(name: NameRecord): Column<T> => ({
  head: 'Record',
  look: 'n',
  cell: ({ place }) => name(place),
})

export const timeColumn = <T extends Kept>(head = 'Time (UTC)'): Column<T> => ({
  head,
  look: 'at',
  cell: ({ record }) => moment(record.at),
})

export const byColumn = <T extends Kept>(): Column<T> => ({
  head: 'By',
  look: 'who',
  cell: ({ record: { actor } }) => byWhom(actor),
})

export const byWhom = ({ id, role, auth }: { id: string; role: string; auth: string }): string =>
  id === 'bridge' && role === 'bridge' ? 'the bridge' : `${id} (${role}, ${auth})`

/** A table, or the sentence that says that there is nothing. */
export function table<T>(columns: readonly Column<T>[], items: readonly T[], none: string): Html {
  if (items.length === 0) return html`<p>${none}</p>`
  const look = (column: Column<T>) => column.look ?? ''
  const heads = columns.map((one) => html`<th scope="col" class="${look(one)}">${one.head}</th>`)
  const rows = items.map((item) => {
    const cells = columns.map((one) => html`<td class="${look(one)}">${shown(one.cell(item))}</td>`)
    return html`<tr>${cells}</tr>`
  })
  return html`<table class="data"><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>`
}

/** A text from a wand or from people is shown as itself, whatever it holds. */
const shown = (cell: string | number | Html | null): string | Html =>
  cell === null ? '' : typeof cell === 'object' ? cell : printable(String(cell))
