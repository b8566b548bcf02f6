// The page of one sheet: how far it is, what was found, and the one form that is to be done now. What was
// written and what is the same before and after is folded away, a row each. No script is needed for any
// of it (script.ts keeps what is typed). Pure.
import { age } from '../../model/format.ts'
import { type Html, html } from '../../words/html.ts'
import { definition, findingList, labelTable, readingTable } from '../paper/parts.ts'
import { type Finding, onLabel } from '../sheet/compare.ts'
import { clockSentence, computedDate, reportedDate } from '../sheet/dates.ts'
import { type Entries, type Reading, STEPS, type Step } from '../sheet/entries.ts'
import { reported } from '../sheet/figures.ts'
import { findings, TOLD, toAnswer } from '../sheet/findings.ts'
import type { Given } from '../sheet/given.ts'
import { clock, type Line, type Look, linesOf, signer } from '../sheet/lines.ts'
import { figuresOf } from '../sheet/reading.ts'
import { nextStep, ownerOn, right, type Sheet, stateOf, type Written } from '../sheet/sheet.ts'
import type { Problem } from '../sheet/take.ts'
import type { Words } from '../sheet/words.ts'
import { form } from './drawn-form.ts'
import { fieldsOf } from './form.ts'
import { type Frame, frame, READINGS_PATH } from './frame.ts'

export interface SheetView {
  readonly sheet: Sheet
  /** UTC. */
  readonly now: string
  readonly problem: Problem | null
  /** A step that is being corrected. */
  readonly correcting: Step | null
  /** How the session with the pump stands, in words; for whoever takes the programmer now. */
  readonly session: string | null
  /** A reading that may be taken as it is. */
  readonly usable: Reading | null
  /** What was sent for a step that somebody else had written already. */
  readonly overtaken: { readonly step: Step; readonly given: Given } | null
}

export function sheetPage(view: SheetView, page: Frame): Html {
  const { look } = page
  const { clinic, words: w } = look
  const { sheet, problem, correcting } = view
  const step = correcting ?? nextStep(sheet)
  const state = stateOf(sheet)
  const heading = html`<h1>${w.title}</h1>${who(sheet, look)}`
  const beside = (one: Finding) => again(sheet, step, one, w)
  // What the last step asks about stands with its answer, and not once more above it.
  const asked = new Set(step === 'finish' ? toAnswer(sheet, clinic, w).map(({ id }) => id) : [])
  const found = findings(sheet, clinic, w).filter((one) => !asked.has(one.id) || beside(one))
  const findingPart =
    found.length > 0 &&
    html`<section aria-label="${w.differences}">${findingList(found, w, beside)}</section>`
  const body = html`${progress(sheet, w)}
    ${view.overtaken && overtakenBox(sheet, view.overtaken, look)}
    ${state === 'finished' && html`<p class="finished" role="status">${w.finishedAt(clock(sheet.steps.finish?.at ?? '', clinic))}</p>`}
    ${findingPart}
    ${step === 'finish' && readingTable(sheet, look, true)}
    ${step && workForm(step, view, look)}
    ${state === 'abandoned' && html`<div class="alert"><p>${w.stopped(sheet.steps.abandoned?.entries.reason ?? '')}</p></div>`}
    ${state !== 'open' && !correcting && prints(sheet, w)}
    ${step !== 'finish' && readingTable(sheet, look, true)}
    ${alarmDate(sheet, look)}
    <h2>${w.writtenTitle}</h2>
    ${STEPS.flatMap((one) => writtenPart(sheet, one, look))}
    <nav class="nav" aria-label="${w.title}"><a href="/">${w.allSheets}</a><a href="${READINGS_PATH}">${w.readings}</a>
    ${state === 'open' && html`<a href="/sheet/${sheet.id}/print">${w.printSheet}</a>`}
    ${state === 'open' && !problem && correcting !== 'abandoned' && html`<a href="/sheet/${sheet.id}/correct/abandoned">${w.stopSheet}</a>`}</nav>`
  return frame(`${w.title} ${sheet.serial}`, body, page, heading)
}

/** A second reading, at the finding that the pump was not told of the refill, while one may be taken. */
const again = (sheet: Sheet, step: Step | null, { id, matters }: Finding, w: Words): Html | null =>
  matters && id === TOLD && step !== 'after' && right(sheet, 'after') === 'correction'
    ? html`<div class="actions"><a class="button second" href="/sheet/${sheet.id}/correct/after">${w.readAgainHere}</a></div>`
    : null

/** What somebody typed into a step that was written meanwhile: it must not vanish without a word. */
function overtakenBox(
  sheet: Sheet,
  { step, given }: { step: Step; given: Given },
  look: Look,
): Html {
  const { clinic, words: w } = look
  const at = sheet.steps[step]?.at ?? sheet.history.at(-1)?.at ?? ''
  const typed = fieldsOf(step, sheet, true, w, clinic).flatMap(({ name, label }) => {
    const value = given[name] ?? ''
    return value === '' ? [] : [[label, value] as const]
  })
  return html`<div class="alert" role="alert"><p>${w.overtaken(clock(at, clinic))}</p>${definition(typed)}</div>`
}

function who(sheet: Sheet, { words: w }: Look): Html {
  const { model, pseudonym } = sheet.steps.identity?.entries ?? ({} as Partial<Entries<'identity'>>)
  const owner = ownerOn(sheet)
  const one = (label: string, value: string) =>
    html`<div><span>${label}</span><strong>${value}</strong></div>`
  return html`<div class="who">${one(w.pump, sheet.serial)}${one(w.model, model ?? w.notSaid)}
    ${pseudonym && one(w.patientLabel, pseudonym)}${owner && one(w.ownerLabel, owner.value)}</div>
    <p>${w.lockedTo(sheet.serial)} ${w.sheet} ${sheet.id}.</p>`
}

function progress(sheet: Sheet, w: Words): Html {
  const next = nextStep(sheet)
  const of = (step: (typeof STEPS)[number]) =>
    sheet.steps[step] ? w.done : step === next ? w.now : w.later
  return html`<ol class="steps">${STEPS.map((step, i) => {
    const said = of(step)
    const current = step === next ? html` aria-current="step"` : null
    return html`<li class="${sheet.steps[step] ? 'done' : step === next ? 'now' : ''}"${current}><b>${i + 1}<span class="name">. ${w.step[step]}</span></b><span class="name">${said}</span></li>`
  })}</ol>`
}

function workForm(step: Step, view: SheetView, look: Look) {
  const { sheet, problem, session, correcting, now } = view
  const { clinic, words: w } = look
  const reading = step === 'before' || step === 'after'
  const written = correcting ? sheet.steps[step] : undefined
  const button = reading ? (written ? w.takeAgain : w.readNow) : w.save
  const { usable } = view
  const known = sheet.steps.before
  return form(step, sheet, {
    sheet: sheet.id,
    problem: problem?.step === step ? problem : null,
    button,
    look,
    corrects: written,
    use:
      reading && usable ? { position: usable.position, label: useLabel(usable, now, look) } : null,
    lead: html`${step === 'handover' && session !== null && html`<p><strong>${session}</strong></p>`}
      <p>${w.lead[step]}</p>${reading && html`<p>${w.reading}</p>`}
      ${
        step === 'drug' &&
        known &&
        definition(
          linesOf(known, look)
            .slice(2, -1)
            .map(([k, v]) => [`${w.pumpSays}: ${k}`, v] as const),
        )
      }
      ${written && html`<p><strong>${w.correcting(clock(written.at, clinic))}</strong></p>`}
      ${step === 'aspirated' && known && html`<p>${expected(known.entries, now, look)}</p>`}`,
  })
}

const useLabel = ({ readAt }: Reading, now: string, { clinic, words: w }: Look) =>
  w.useReading(clock(readAt, clinic), age(Math.max(0, Date.parse(now) - Date.parse(readAt))))

function expected(before: Entries<'before'>, now: string, { clinic, words: w }: Look): string {
  const old = age(Math.max(0, Date.parse(now) - Date.parse(before.readAt)))
  const volume = reported(figuresOf(before).reportedVolume, clinic.locale) ?? w.notSaid
  return w.expected(volume, clock(before.readAt, clinic), old)
}

function writtenPart(sheet: Sheet, step: Step, look: Look): Html[] {
  const { clinic, words: w } = look
  const written = sheet.steps[step]
  if (!written) return []
  const again = sheet.history.filter((one) => one.step === step).length > 1
  const may = right(sheet, step) === 'correction'
  const lines = linesOf(written, look)
  return [
    html`<details class="written"><summary><h3>${w.step[step]}</h3> <strong>${gist(written, lines, look)}</strong>${again && html` <small>${w.corrected}</small>`}</summary>
      <p>${w.written(clock(written.at, clinic))}${written.signed?.verified === 'pin' && html`, ${signer(written, w)}`}</p>
      ${step === 'drug' && labelTable(sheet, look)}${definition(lines)}
      ${may && html`<p class="nav"><a href="/sheet/${sheet.id}/correct/${step}" aria-label="${w.correct}: ${w.step[step]}">${w.correct}</a></p>`}</details>`,
  ]
}

/** What stands of a step while it is folded: what matters most of it. */
const gist = ({ step, entries }: Written, [first]: readonly Line[], { clinic }: Look): string =>
  step === 'drug'
    ? (entries as Entries<'drug'>).drugs.map((drug) => onLabel(drug, clinic.locale)).join(', ')
    : (first?.[1] ?? '')

function prints(sheet: Sheet, w: Words): Html {
  return html`<div class="actions"><a class="button" href="/sheet/${sheet.id}/print">${w.printSheet}</a>
    ${sheet.steps.after && html`<a class="button second" href="/sheet/${sheet.id}/slip">${w.printSlip}</a>`}</div>`
}

function alarmDate({ steps }: Sheet, { clinic, words: w }: Look): Html | null {
  const reading = steps.after?.entries
  if (!reading) return null
  const own = computedDate(reading, clinic, w)
  return html`<h2>${w.alarmDate}</h2><p><strong>${reportedDate(reading, w)}</strong></p>
    <p>${clockSentence(reading, clinic)}</p>
    ${own && html`<details><summary>${w.details}</summary><p>${w.computed}: ${own}</p></details>`}`
}
