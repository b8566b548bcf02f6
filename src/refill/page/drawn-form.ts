// A step's form as it is drawn: its fields, what was wrong with what was typed, and what is doubtful beside
// the field that answers it. Pure.
import { count } from '../../model/format.ts'
import { type Html, html } from '../../words/html.ts'
import { STEPS, type Step } from '../sheet/entries.ts'
import type { Given } from '../sheet/given.ts'
import type { Look } from '../sheet/lines.ts'
import type { Sheet, Written } from '../sheet/sheet.ts'
import type { Problem } from '../sheet/take.ts'
import type { Words } from '../sheet/words.ts'
import { type Field, fieldsOf, givenOf } from './form.ts'

export interface FormView {
  readonly sheet: string
  readonly problem: Problem | null
  readonly button: string
  readonly look: Look
  readonly corrects?: Written | undefined
  readonly lead?: Html
  /** A reading that may be taken as it is. */
  readonly use?: { readonly position: number; readonly label: string } | null
}

/** The one form of a page: what a step asks, what was wrong with it, what is doubtful. */
export function form(step: Step, sheet: Sheet | null, view: FormView): Html {
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
    ${lead}${problem && problemBox(problem, new Set(fields.flatMap(({ name, about }) => (about === undefined ? [] : [name]))), w)}
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

/** `asked`: fields that answer a finding; what is wrong with each stands there, beside the finding. */
function problemBox({ wrong, doubts }: Problem, asked: ReadonlySet<string>, w: Words): Html {
  const whole = wrong['']
  const others = Object.entries(wrong).filter(([name]) => name !== '' && !asked.has(name))
  const open = Object.keys(wrong).filter((name) => asked.has(name)).length
  const list = (sentences: readonly string[]) =>
    html`<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`
  return html`<div class="alert" role="alert">
    ${(whole || others.length + open > 0) && html`<h3>${w.whatIsWrong}</h3>`}
    ${whole && html`<p>${whole}</p>`}
    ${others.length > 0 && list(others.map(([, sentence]) => sentence))}
    ${open > 0 && html`<p>${w.answersOpen(count(open))}</p>`}
    ${doubts.length > 0 && others.length + open + (whole ? 1 : 0) === 0 && html`<h3>${w.whatIsDoubtful}</h3>`}
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
  const { name, label, kind, hint, options = [], person, about } = field
  const wrong = problem?.wrong[name]
  const value = given[name] ?? ''
  // A sentence that repeats what is asked about stands for it.
  const asked = about !== undefined && wrong?.includes(about) !== true ? about : undefined
  const described = [asked && `${name}-about`, hint && `${name}-hint`, wrong && `${name}-wrong`]
    .filter(Boolean)
    .join(' ')
  const marks = html`${described !== '' && html` aria-describedby="${described}"`}${wrong && html` aria-invalid="true"`}${focus && html` autofocus`}`
  const notes = html`${asked && html`<div class="loud" id="${name}-about">${asked}</div>`}${hint && html`<span class="hint" id="${name}-hint">${hint}</span>`}${wrong && html`<span class="says" id="${name}-wrong">${wrong}</span>`}`
  const box = `field${wrong ? ' wrong' : ''}`
  if (kind === 'choice') {
    return html`<div class="${box}"><fieldset class="choice"${marks}><legend>${label}</legend>${notes}<div class="choices">
      ${options.map(
        (option) =>
          html`<label><input type="radio" name="${name}" value="${option.value}"${value === option.value && html` checked`}>${option.label}</label>`,
      )}</div></fieldset></div>`
  }
  const control =
    kind === 'long'
      ? html`<textarea id="${name}" name="${name}" rows="2" maxlength="500"${marks}>${value}</textarea>`
      : html`<input type="text" id="${name}" name="${name}" value="${value}"${
          kind === 'figure' &&
          html` class="short" inputmode="${name === 'card' ? 'text' : 'decimal'}"`
        } maxlength="100" spellcheck="false"${person && html` list="${NAMES_ID}"`}${marks}>`
  return html`<div class="${box}"><label for="${name}">${label}</label>${notes}${control}</div>`
}
