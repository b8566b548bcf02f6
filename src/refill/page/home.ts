// The list of sheets, with the form that begins one. Pure.
import { type Html, html } from '../../words/html.ts'
import { clock, type Look } from '../sheet/lines.ts'
import { type Sheet, stateOf } from '../sheet/sheet.ts'
import type { Problem } from '../sheet/take.ts'
import { form } from './drawn-form.ts'
import { type Frame, frame, READINGS_PATH } from './frame.ts'

export interface Home {
  readonly sheets: readonly Sheet[]
  /** Name for a sheet that may be begun. */
  readonly fresh: string
  readonly problem: Problem | null
}

export function homePage({ sheets, fresh, problem }: Home, page: Frame): Html {
  const { look } = page
  const w = look.words
  const newest = [...sheets].reverse()
  const open = newest.filter((sheet) => stateOf(sheet) === 'open')
  const rest = newest.filter((sheet) => stateOf(sheet) !== 'open')
  const list = (title: string, some: readonly Sheet[]) =>
    some.length > 0 &&
    html`<h2>${title}</h2><ul class="later">${some.map((sheet) => html`<li>${entry(sheet, look)}</li>`)}</ul>`
  const body = html`<p>${w.lead.identity}</p>
    ${form('identity', null, { sheet: fresh, problem, button: w.begin, look })}
    ${list(w.open, open)}${list(w.finished, rest)}
    ${sheets.length === 0 && html`<p>${w.noSheets}</p>`}
    <nav class="nav" aria-label="${w.title}"><a href="${READINGS_PATH}">${w.readings}</a></nav>`
  return frame(w.title, body, page)
}

function entry(sheet: Sheet, { clinic, words: w }: Look): Html {
  const at = sheet.steps.identity ? clock(sheet.steps.identity.at, clinic) : ''
  const state = { open: w.open, finished: w.finished, abandoned: w.abandonedState }[stateOf(sheet)]
  return html`<a href="/sheet/${sheet.id}">${w.pump} ${sheet.serial}, ${at}</a> ${state}`
}
