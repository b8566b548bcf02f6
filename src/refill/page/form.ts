// The form of each step: which fields, of which kind. The page draws it, the terminal asks it. Pure.

import { MASSES } from '../../model/fields.ts'
import { type Locale, unitText } from '../../model/format.ts'
import { conversion } from '../../model/units.ts'
import type { Clinic } from '../sheet/compare.ts'
import { CHECKED_STEPS, type Step } from '../sheet/entries.ts'
import { answerField, toAnswer } from '../sheet/findings.ts'
import { checkField, checksOf, type Given } from '../sheet/given.ts'
import type { Sheet } from '../sheet/sheet.ts'
import { drugCount } from '../sheet/take.ts'
import type { Words } from '../sheet/words.ts'

export interface Field {
  readonly name: string
  readonly label: string
  readonly kind: 'text' | 'figure' | 'long' | 'choice'
  readonly hint?: string
  /** May stay empty. */
  readonly optional?: boolean
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  /** The name of a person: those on the sheet already are at hand. */
  readonly person?: boolean
  /** What it answers, to be seen beside it. */
  readonly about?: string
  /** Drug 1, Drug 2: fields that belong together. */
  readonly group?: string
}

/** Fields of a step; `doubtful` asks for what was done about it, too. */
export function fieldsOf(
  step: Step,
  sheet: Sheet | null,
  doubtful: boolean,
  w: Words,
  clinic: Clinic,
): Field[] {
  const { field, hint } = w
  const { locale } = clinic
  const text = (name: string, label: string, more: Partial<Field> = {}): Field => ({
    name,
    label,
    kind: 'text',
    ...more,
  })
  const yesNo = [
    { value: 'yes', label: w.yes },
    { value: 'no', label: w.no },
  ]
  const asked = CHECKED_STEPS.find((one) => one === step)
  const checks = (asked ? checksOf(asked, clinic) : []).map((check, i) =>
    text(checkField(i), check.text, { kind: 'choice', options: yesNo }),
  )
  const remark: Field[] = doubtful ? [text('remark', field.remark, { kind: 'long' })] : []
  switch (step) {
    case 'identity':
      return [
        text('card', field.card, { kind: 'figure', hint: hint.card }),
        text('pseudonym', field.pseudonym, { optional: true }),
      ]
    case 'before':
    case 'after':
      return []
    case 'drug':
      return [
        ...Array.from({ length: sheet ? drugCount(sheet) : 1 }, (_, i) =>
          drug(i, w, locale),
        ).flat(),
        text('preparer', field.preparer, { person: true }),
        text('checkedBy', field.checkedBy, { person: true }),
        ...checks,
        ...remark,
      ]
    case 'aspirated':
      return [
        text('volume', field.aspirated, { kind: 'figure', hint: `${hint.volume} ${hint.zero}` }),
        text('discardedBy', field.discardedBy, { person: true }),
        text('witnessedBy', field.witnessedBy, { person: true }),
        ...checks,
        ...remark,
      ]
    case 'injected':
      return [
        text('volume', field.injected, { kind: 'figure', hint: hint.volume }),
        ...checks,
        ...remark,
      ]
    case 'handover': {
      const count = sheet ? drugCount(sheet) : 1
      return [
        text('programmed', field.programmed, { kind: 'choice', options: yesNo }),
        ...Array.from({ length: count }, (_, i) => orderedDose(i, w, locale)).flat(),
        ...checks,
        ...remark,
      ]
    }
    case 'finish':
      return [
        ...(sheet ? toAnswer(sheet, clinic, w) : []).map((one) =>
          text(answerField(one), field.answer, { kind: 'long', about: one.text }),
        ),
        text('operator', field.operator, { person: true }),
        text('checker', field.checker, { person: true }),
        ...checks,
        ...remark,
      ]
    case 'abandoned':
      return [text('reason', field.reason, { kind: 'long' })]
  }
}

function drug(i: number, w: Words, locale: Locale): Field[] {
  const group = w.drugNumber(i + 1)
  const options = MASSES.map((value) => ({
    value,
    label: unitText(conversion('ng/mL', value).unit, locale),
  }))
  return [
    { name: `name${i}`, label: w.field.name, kind: 'text', group },
    {
      name: `concentration${i}`,
      label: w.field.concentration,
      kind: 'figure',
      hint: w.hint.concentration,
      group,
    },
    { name: `mass${i}`, label: w.field.mass, kind: 'choice', options, group },
    { name: `lot${i}`, label: w.field.lot, kind: 'text', group },
    { name: `expiry${i}`, label: w.field.expiry, kind: 'text', hint: w.hint.expiry, group },
  ]
}

function orderedDose(i: number, w: Words, locale: Locale): Field[] {
  const group = w.drugNumber(i + 1)
  const options = MASSES.map((value) => ({
    value,
    label: unitText(conversion('ng/d', value).unit, locale),
  }))
  return [
    {
      name: `dose${i}`,
      label: w.field.ordered,
      kind: 'figure',
      hint: w.hint.dose,
      optional: true,
      group,
    },
    {
      name: `doseMass${i}`,
      label: w.field.orderedMass,
      kind: 'choice',
      options,
      optional: true,
      group,
    },
  ]
}

/** What a form is filled with when a step is corrected: what was written, as it would be typed. */
export function givenOf(step: Step, sheet: Sheet): Given {
  const written = sheet.steps[step]
  if (!written) return {}
  return filled(written.entries as Record<string, unknown>)
}

function filled(entries: Record<string, unknown>): Given {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(entries)) {
    // Figures are typed anew, so that a correction is a second look and not a click.
    if (typeof value === 'string') out[name] = value
    if (name !== 'answers') continue
    for (const { about, text } of value as { about: string; text: string }[]) {
      out[answerField({ id: about })] = text
    }
  }
  return out
}
