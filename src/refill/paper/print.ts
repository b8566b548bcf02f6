// The printed sheet: one document that needs nothing else, with its own data inside for programs. The
// same records and the same settings give the same bytes, so that a sheet can be made again from the
// log and compared. Pure.
import { renderSVG } from 'uqr'
import { dataElement, Html, html } from '../../words/html.ts'
import { clockSentence, computedDate, reportedDate } from '../sheet/dates.ts'
import { STEPS, type Step } from '../sheet/entries.ts'
import { findings } from '../sheet/findings.ts'
import { clock, type Look, linesOf, signer } from '../sheet/lines.ts'
import { isSince } from '../sheet/pump-says.ts'
import {
  corrections,
  isCorrected,
  ownerOn,
  type Sheet,
  stateOf,
  type Written,
} from '../sheet/sheet.ts'
import type { SheetFile } from '../sheet/sheet-file.ts'
import { slipDate, slipDoses } from '../sheet/slip.ts'
import { type Words, wordsOf } from '../sheet/words.ts'
import { PAPER_STYLE } from './paper-style.ts'
import { definition, findingList, labelTable, mark, readingTable } from './parts.ts'

/** Where the program of the worksheet's pages is, on the worksheet's own origin. */
export const SCRIPT_PATH = '/worksheet.js'

export interface Served {
  /** Way back, on screen only; a saved file has none. */
  readonly back: string
}

/** The whole document. `served`: by the worksheet's server, with a button. */
export function printedSheet(file: SheetFile, sheet: Sheet, served: Served | null = null): Html {
  const { clinic } = file
  const w = wordsOf(clinic.locale)
  const look = { clinic, words: w }
  const model = sheet.steps.identity?.entries.model ?? w.notSaid
  const owner = ownerOn(sheet)
  const body = html`<table class="whole" role="presentation"><thead><tr><td>
    ${mark(sheet.source, w)}
    <div class="head"><div><h1>${w.title}</h1>${clinic.clinic && html`${clinic.clinic}<br>`}${w.sheet} ${sheet.id}</div>
      <div>${w.pump} <strong>${sheet.serial}</strong><br>${w.model} ${model}${owner && html`<br>${w.ownerLabel} <strong>${owner.value}</strong>`}</div></div></td></tr></thead>
    <tfoot><tr><td><div class="foot">${w.pump} ${sheet.serial} · ${w.sheet} ${sheet.id} · ${w.timesIn(clinic.zone)}</div></td></tr></tfoot>
    <tbody><tr><td>${content(file, sheet, look)}</td></tr></tbody></table>
    ${dataElement('sheet', file)}`
  return paper(`${w.title} ${sheet.serial} ${sheet.id}`, body, w, served)
}

function paper(title: string, body: Html, w: Words, served: Served | null): Html {
  const bar =
    served &&
    html`<nav class="screen" aria-label="${w.print}"><button type="button" id="print">${w.print}</button><a href="${served.back}">${w.back}</a></nav>`
  return html`<!doctype html>
<html lang="${w.lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
${new Html(`<style>${PAPER_STYLE}</style>`)}${served && html`<script src="${SCRIPT_PATH}" defer></script>`}</head>
<body>${bar}<main>${body}</main></body></html>
`
}

function content(file: SheetFile, sheet: Sheet, look: Look): Html {
  const { clinic, words: w } = look
  const state = stateOf(sheet)
  const after = sheet.steps.after?.entries
  const own = after ? computedDate(after, clinic, w) : null
  const reason = sheet.steps.abandoned?.entries.reason
  const found = findings(sheet, clinic, w)
  const since = found.filter(isSince)
  return html`${state === 'open' && html`<p class="state">${w.notFinished}</p>`}
    ${state === 'abandoned' && html`<p class="state">${w.stopped(reason ?? '')}</p>`}
    ${since.length > 0 && html`<section class="keep"><h2>${w.sinceTitle}</h2>${findingList(since, w)}</section>`}
    <div class="two">${(
      ['identity', 'drug', 'aspirated', 'injected', 'handover', 'finish'] as const
    ).map((step) => stepPart(sheet, step, look))}</div>
    ${inner(labelTable(sheet, look))}
    ${inner(readingTable(sheet, look)) ?? (['before', 'after'] as const).map((step) => stepPart(sheet, step, look))}
    <section><h2>${w.differences}</h2>${findingList(
      found.filter((one) => !isSince(one)),
      w,
    )}</section>
    ${remarks(sheet, look)}
    <section class="keep"><h2>${w.alarmDate}</h2>${
      after
        ? html`<p><strong>${reportedDate(after, w)}</strong></p><p>${clockSentence(after, clinic)}</p>
      ${own && html`<p>${w.computed}: ${own}</p>`}`
        : html`<p>${w.notSaid}</p>`
    }</section>
    ${corrected(sheet, look)}
    ${signed(sheet, look)}
    <section class="keep"><h2>${w.signatures}</h2><div class="signs">
      ${[w.operator, w.checker, w.preparer, w.syringeChecked, w.discarded, w.witnessed].map(
        (who) => html`<div class="sign"><div>${w.signature(who)}</div></div>`,
      )}</div></section>
    ${audit(file, sheet, look)}`
}

/** Tables of the page, with the lines of paper. */
const inner = (table: Html | null): Html | null =>
  table && new Html(table.text.replace(' class="', ' class="inner '))

function stepPart(sheet: Sheet, step: Step, look: Look): Html {
  const { clinic, words: w } = look
  const written = sheet.steps[step]
  const when = written && html` (${clock(written.at, clinic)})`
  return html`<section class="keep"><h2 class="step">${w.step[step]}${when}</h2>${written ? definition(short(written, look)) : html`<p>${w.notSaid}</p>`}</section>`
}

const isRemark = (label: string, w: Words) => label === w.field.remark

/** Without what was done, which may be long. */
const short = (written: Written, look: Look) =>
  linesOf(written, look).filter(([label]) => !isRemark(label, look.words))

function remarks(sheet: Sheet, look: Look): Html | null {
  const w = look.words
  const all = STEPS.flatMap((step) => {
    const written = sheet.steps[step]
    if (!written) return []
    const lines = linesOf(written, look).filter(([label]) => isRemark(label, w))
    return lines.map(([, text]) => [w.step[step], text] as const)
  })
  if (all.length === 0) return null
  return html`<section><h2>${w.field.remark}</h2>${definition(all)}</section>`
}

function corrected(sheet: Sheet, look: Look): Html | null {
  const { clinic, words: w } = look
  const old = corrections(sheet)
  if (old.length === 0) return null
  return html`<section><h2>${w.correctionsTitle}</h2>${old.map(
    (written) =>
      html`<h3>${w.correctedHere(w.step[written.step], clock(written.at, clinic))}</h3>${definition(linesOf(written, look))}`,
  )}</section>`
}

/** Name, time and meaning of every signature; null = a sheet from before there were any. */
function signed(sheet: Sheet, look: Look): Html | null {
  const { history } = sheet
  const { clinic, words: w } = look
  if (history.every((written) => written.signed === undefined)) return null
  const rows = history.map((written, i) => {
    const first = history.findIndex(({ step }) => step === written.step) === i
    const meaning = first
      ? w.sign.wrote(w.step[written.step])
      : w.sign.corrected(w.step[written.step])
    const old = isCorrected(sheet, written)
    const what = old ? `${meaning} (${w.corrected})` : meaning
    return [`${what}, ${clock(written.at, clinic)}`, signer(written, w)] as const
  })
  return html`<section><h2>${w.sign.table}</h2>${definition(rows)}</section>`
}

function audit({ checkpoint, key }: SheetFile, sheet: Sheet, { words: w }: Look): Html {
  const positions = sheet.history.map(({ position }) => position).join(', ')
  const records = html`<p>${sheet.log}. ${w.sheetRecords(positions)}</p>`
  if (checkpoint === null) {
    return html`<section><h2>${w.auditTitle}</h2>${records}<p>${w.noCheckpoint}</p></section>`
  }
  // Black on white, with the quiet zone a reader needs.
  const svg = renderSVG(checkpoint, { ecc: 'M', border: 4, pixelSize: 4 })
  const qr = svg.replace('<svg ', `<svg role="img" aria-label="${w.qrAlt}" `)
  return html`<section class="keep"><h2>${w.auditTitle}</h2><div class="audit"><div>${records}<p>${w.auditText}</p>
    <pre>${checkpoint.trimEnd()}</pre><p>${w.auditKey}:</p><pre>${key ?? ''}</pre><p>${w.auditCheck}</p></div>
    ${new Html(qr)}</div></section>`
}

/** The patient's slip: refill before when, the doses, what a sound means, whom to call. No hash. */
export function patientSlip(
  file: Pick<SheetFile, 'clinic'>,
  sheet: Sheet,
  served: Served | null = null,
): Html {
  const { clinic } = file
  const w = wordsOf(clinic.locale)
  const { identity, injected } = sheet.steps
  const found = slipDate(sheet, clinic, w)
  const model = identity?.entries.model ?? w.notSaid
  const refilled = injected ? clock(injected.at, clinic).split(' ')[0] : undefined
  const body = html`<div class="slip">${mark(sheet.source, w)}<h1>${w.slipTitle}</h1>
    ${clinic.clinic && html`<p>${clinic.clinic}</p>`}
    ${
      'none' in found
        ? html`<p class="date">${w.slipNone}</p><p>${found.none}</p>`
        : html`<p>${w.slipDate}</p><p class="date">${found.day}</p><p>${found.from}</p>${found.cautions.map((text) => html`<p><strong>${text}</strong></p>`)}<p>${w.slipCome}</p>`
    }
    <p>${clinic.phone ? w.slipPhone : w.slipNoPhone}</p><p class="phone">${clinic.phone}</p>
    <h2>${w.slipSounds}</h2><p>${clinic.alarmSounds ?? w.slipNoSounds}</p>
    ${definition([
      ...slipDoses(sheet, clinic, w).map(
        ([drug, dose]) => [`${w.slipDose}: ${drug}`, dose] as const,
      ),
      [w.slipModel, model],
      ...(refilled ? ([[w.slipRefilled, refilled]] as const) : []),
    ])}</div>`
  return paper(w.slipTitle, body, w, served)
}
