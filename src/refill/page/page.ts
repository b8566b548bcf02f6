// The worksheet's pages: the list of sheets, and a sheet with the one form that is to be done now. No
// script is needed for any of it (script.ts keeps what is typed). Pure.
import { age } from '../../model/format.ts'
import type { Source } from '../../model/reading.ts'
import { type Html, html } from '../paper/html.ts'
import { definition, findingList, labelTable, mark, readingTable } from '../paper/parts.ts'
import { SCRIPT_PATH } from '../paper/print.ts'
import type { Finding } from '../sheet/compare.ts'
import { clockSentence, computedDate, reportedDate } from '../sheet/dates.ts'
import { type Entries, type Reading, STEPS, type Step } from '../sheet/entries.ts'
import { reported } from '../sheet/figures.ts'
import { findings, TOLD } from '../sheet/findings.ts'
import { clock, type Look, linesOf, signer } from '../sheet/lines.ts'
import { figuresOf } from '../sheet/reading.ts'
import { nextStep, right, type Sheet, stateOf, type Written } from '../sheet/sheet.ts'
import type { Given, Problem } from '../sheet/take.ts'
import type { Words } from '../sheet/words.ts'
import { type Field, fieldsOf, givenOf } from './form.ts'

export interface Frame {
  readonly look: Look
  /** Content of the style element, which the policy names by its hash. */
  readonly style: string
  readonly source: Source | null
  /** Not set = nobody can sign in here. */
  readonly sign?: Sign | null
}

export interface Sign {
  readonly names: readonly string[]
  readonly signedIn: string | null
  /** Why nobody has, when somebody tried. */
  readonly problem: string | null
  /** The sheet to come back to; empty = the list. */
  readonly sheet: string
}

export function frame(
  title: string,
  body: Html,
  { look, style, source, sign }: Frame,
  wide?: Html,
): Html {
  const w = look.words
  return html`<!doctype html>
<html lang="${w.lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${w.product}</title>
${raw(`<style>${style}</style>`)}<script src="${SCRIPT_PATH}" defer></script></head>
<body><header>${source === null ? null : mark(source, w)}${wide ?? html`<h1>${title}</h1>`}</header>
<main id="main">${sign && signPart(sign, w)}${body}</main>
<footer><p>${w.purpose}</p></footer></body></html>
`
}

/** Who signs what is written; a form of its own, which no draft is kept of. */
function signPart({ names, signedIn, problem, sheet }: Sign, w: Words): Html {
  const hidden = (name: string, value: string) =>
    html`<input type="hidden" name="${name}" value="${value}">`
  const begin = (step: string) => html`${hidden('sheet', sheet)}${hidden('step', step)}`
  const head = html`<form class="sign" method="post" action="/worksheet" autocomplete="off" aria-label="${w.sign.title}">`
  if (signedIn !== null) {
    return html`${head}${begin('sign-out')}<p><strong>${w.sign.signedIn(signedIn)}</strong></p>
      <button type="submit" class="second">${w.sign.signOut}</button></form>`
  }
  return html`${head}${begin('sign-in')}<p>${w.sign.nobody}</p>
    ${problem !== null && html`<div class="alert" role="alert"><p>${problem}</p></div>`}
    <label for="sign-name">${w.sign.name}</label><select id="sign-name" name="operator">${names.map(
      (name) => html`<option value="${name}">${name}</option>`,
    )}</select>
    <label for="sign-pin">${w.sign.pin}</label><input type="password" id="sign-pin" name="pin" inputmode="numeric" maxlength="12" autocomplete="off">
    <button type="submit" class="second">${w.sign.signIn}</button></form>`
}

const raw = (text: string) => html([text] as unknown as TemplateStringsArray)

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
    ${sheets.length === 0 && html`<p>${w.noSheets}</p>`}`
  return frame(w.title, body, page)
}

function entry(sheet: Sheet, { clinic, words: w }: Look): Html {
  const at = sheet.steps.identity ? clock(sheet.steps.identity.at, clinic) : ''
  const state = { open: w.open, finished: w.finished, abandoned: w.abandonedState }[stateOf(sheet)]
  return html`<a href="/sheet/${sheet.id}">${w.pump} ${sheet.serial}, ${at}</a> ${state}`
}

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
  const found = findings(sheet, clinic, w)
  const findingPart =
    found.length > 0 &&
    html`<section aria-label="${w.differences}">${findingList(found, w, (one) => again(sheet, step, one, w))}</section>`
  const body = html`${progress(sheet, w)}
    ${view.overtaken && overtakenBox(sheet, view.overtaken, look)}
    ${state === 'finished' && html`<p class="finished" role="status">${w.finishedAt(clock(sheet.steps.finish?.at ?? '', clinic))}</p>`}
    ${findingPart}
    ${step === 'finish' && readingTable(sheet, look)}
    ${step && workForm(step, view, look)}
    ${state === 'abandoned' && html`<div class="alert"><p>${w.stopped(sheet.steps.abandoned?.entries.reason ?? '')}</p></div>`}
    ${state !== 'open' && !correcting && prints(sheet, w)}
    ${step !== 'finish' && readingTable(sheet, look)}
    ${labelTable(sheet, look)}
    ${alarmDate(sheet, look)}
    <h2>${w.writtenTitle}</h2>
    ${STEPS.flatMap((one) => writtenPart(sheet, one, look))}
    <nav class="nav" aria-label="${w.title}"><a href="/">${w.allSheets}</a>
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
  const one = (label: string, value: string) =>
    html`<div><span>${label}</span><strong>${value}</strong></div>`
  return html`<div class="who">${one(w.pump, sheet.serial)}${one(w.model, model ?? w.notSaid)}
    ${pseudonym && one(w.patientLabel, pseudonym)}${one(w.sheet, sheet.id)}</div>
    <p>${w.lockedTo(sheet.serial)}</p>`
}

function progress(sheet: Sheet, w: Words): Html {
  const next = nextStep(sheet)
  const of = (step: (typeof STEPS)[number]) =>
    sheet.steps[step] ? w.done : step === next ? w.now : w.later
  return html`<ol class="steps">${STEPS.map((step, i) => {
    const said = of(step)
    const current = step === next ? html` aria-current="step"` : null
    return html`<li class="${sheet.steps[step] ? 'done' : step === next ? 'now' : ''}"${current}><b>${i + 1}. ${w.step[step]}</b>${said}</li>`
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

interface FormView {
  readonly sheet: string
  readonly problem: Problem | null
  readonly button: string
  readonly look: Look
  readonly corrects?: Written | undefined
  readonly lead?: Html
  /** A reading that may be taken as it is. */
  readonly use?: { readonly position: number; readonly label: string } | null
}

function form(step: Step, sheet: Sheet | null, view: FormView): Html {
  const { problem, button, corrects, lead, use } = view
  const w = view.look.words
  const doubtful = (problem?.doubts.length ?? 0) > 0
  const given = problem?.given ?? (sheet && corrects ? givenOf(step, sheet) : {})
  const fields = fieldsOf(step, sheet, doubtful, w, view.look.clinic)
  const first =
    fields.find(({ name }) => problem?.wrong[name]) ?? (doubtful ? fields.at(-1) : fields[0])
  const number = (STEPS as readonly Step[]).indexOf(step) + 1
  const hidden = (name: string, value: string | number) =>
    html`<input type="hidden" name="${name}" value="${value}">`
  return html`<form method="post" action="/worksheet" autocomplete="off" novalidate>
    ${hidden('sheet', view.sheet)}${hidden('step', step)}${corrects && hidden('corrects', corrects.position)}
    <h2>${number > 0 && html`<small>${w.stepOf(number, STEPS.length)}:</small> `}${w.step[step]}</h2>
    ${lead}${problem && problemBox(problem, w)}
    ${people(sheet, view.look)}
    ${grouped(fields).map(([group, some]) => {
      const drawn = some.map((one) => {
        const field = fieldHtml(one, given, problem, one === first && problem !== null)
        // What is doubtful stands with the field that answers it, wherever the page is scrolled to.
        return one.name === 'remark' && problem
          ? html`<fieldset class="doubts">${doubtList(problem, w)}${field}</fieldset>`
          : field
      })
      return group === '' ? drawn : html`<fieldset><legend>${group}</legend>${drawn}</fieldset>`
    })}
    <div class="actions">${use && html`<button type="submit" name="use" value="${use.position}">${use.label}</button>`}
    <button type="submit"${use && html` class="second"`}>${button}</button>
    ${corrects || step === 'abandoned' ? html`<a class="button second" href="/sheet/${view.sheet}">${w.back}</a>` : null}</div></form>`
}

function problemBox({ wrong, doubts }: Problem, w: Words): Html {
  const whole = wrong['']
  const others = Object.entries(wrong).filter(([name]) => name !== '')
  const list = (sentences: readonly string[]) =>
    html`<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`
  return html`<div class="alert" role="alert">
    ${(whole || others.length > 0) && html`<h3>${w.whatIsWrong}</h3>`}
    ${whole && html`<p>${whole}</p>`}
    ${others.length > 0 && list(others.map(([, sentence]) => sentence))}
    ${doubts.length > 0 && others.length + (whole ? 1 : 0) === 0 && html`<h3>${w.whatIsDoubtful}</h3>`}
    <p>${w.nothingWritten}</p></div>`
}

const doubtList = ({ doubts }: Problem, w: Words): Html =>
  html`<legend>${w.whatIsDoubtful}</legend>${doubts.map((text) => html`<div class="loud">${text}</div>`)}`

const NAMES_ID = 'people'

/** Names that are on the sheet already, at hand where a person is asked for. */
function people(sheet: Sheet | null, { words: w, clinic }: Look): Html | null {
  const names = new Set<string>()
  for (const { step, entries } of sheet?.history ?? []) {
    for (const { name, person } of fieldsOf(step, sheet, false, w, clinic)) {
      const value = (entries as Record<string, unknown>)[name]
      if (person && typeof value === 'string') names.add(value)
    }
  }
  if (names.size === 0) return null
  return html`<datalist id="${NAMES_ID}">${[...names].map((name) => html`<option value="${name}"></option>`)}</datalist>`
}

function grouped(fields: readonly Field[]): [string, Field[]][] {
  const groups: [string, Field[]][] = []
  for (const field of fields) {
    const last = groups.at(-1)
    if (last && last[0] === (field.group ?? '')) last[1].push(field)
    else groups.push([field.group ?? '', [field]])
  }
  return groups
}

function fieldHtml(field: Field, given: Given, problem: Problem | null, focus: boolean): Html {
  const { name, label, kind, hint, options = [], person, about: asked } = field
  const wrong = problem?.wrong[name]
  const value = given[name] ?? ''
  const described = [asked && `${name}-about`, hint && `${name}-hint`, wrong && `${name}-wrong`]
    .filter(Boolean)
    .join(' ')
  const about = html`${described !== '' && html` aria-describedby="${described}"`}${wrong && html` aria-invalid="true"`}${focus && html` autofocus`}`
  const notes = html`${asked && html`<div class="loud" id="${name}-about">${asked}</div>`}${hint && html`<span class="hint" id="${name}-hint">${hint}</span>`}${wrong && html`<span class="says" id="${name}-wrong">${wrong}</span>`}`
  const box = `field${wrong ? ' wrong' : ''}`
  if (kind === 'choice') {
    return html`<div class="${box}"><fieldset class="choice"${about}><legend>${label}</legend>${notes}<div class="choices">
      ${options.map(
        (option) =>
          html`<label><input type="radio" name="${name}" value="${option.value}"${value === option.value && html` checked`}>${option.label}</label>`,
      )}</div></fieldset></div>`
  }
  const control =
    kind === 'long'
      ? html`<textarea id="${name}" name="${name}" maxlength="500"${about}>${value}</textarea>`
      : html`<input type="text" id="${name}" name="${name}" value="${value}"${
          kind === 'figure' &&
          html` class="short" inputmode="${name === 'card' ? 'text' : 'decimal'}"`
        } maxlength="100" spellcheck="false"${person && html` list="${NAMES_ID}"`}${about}>`
  return html`<div class="${box}"><label for="${name}">${label}</label>${notes}${control}</div>`
}

function writtenPart(sheet: Sheet, step: Step, look: Look): Html[] {
  const { clinic, words: w } = look
  const written = sheet.steps[step]
  if (!written) return []
  const again = sheet.history.filter((one) => one.step === step).length > 1
  const may = right(sheet, step) === 'correction'
  return [
    html`<section class="written"><h3>${w.step[step]} <small>${w.written(clock(written.at, clinic))}${again && html`, ${w.corrected}`}${written.signed?.verified === 'pin' && html`, ${signer(written, w)}`}</small>
      ${may && html`<small class="nav"><a href="/sheet/${sheet.id}/correct/${step}" aria-label="${w.correct}: ${w.step[step]}">${w.correct}</a></small>`}</h3>
      ${definition(linesOf(written, look))}</section>`,
  ]
}

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

/** A page that only says something. */
export function sayPage(title: string, sentence: string, page: Frame): Html {
  const w = page.look.words
  const body = html`<div class="alert" role="alert"><p>${sentence}</p></div>
    <nav class="nav" aria-label="${w.title}"><a href="/">${w.allSheets}</a></nav>`
  return frame(title, body, page)
}
