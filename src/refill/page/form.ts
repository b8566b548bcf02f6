// The form of each step: which fields, of which kind. The page draws it, the terminal asks it. Pure.

import { MASSES } from '../../model/fields.ts'
import { type Locale, unitText } from '../../model/format.ts'
import { conversion } from '../../model/units.ts'
import type { Step } from '../sheet/entries.ts'
import type { Sheet } from '../sheet/sheet.ts'
import { drugCount, type Given } from '../sheet/take.ts'
import type { Words } from '../sheet/words.ts'

export interface Field {
  readonly name: string
  readonly label: string
  readonly kind: 'text' | 'figure' | 'long' | 'choice'
  readonly hint?: string
  /** May stay empty. */
  readonly optional?: boolean
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  /** Drug 1, Drug 2: fields that belong together. */
  readonly group?: string
}

/** Fields of a step; `doubtful` asks for what was done about it, too. */
export function fieldsOf(
  step: Step,
  sheet: Sheet | null,
  doubtful: boolean,
  w: Words,
  locale: Locale,
): Field[] {
  const { field, hint } = w
  const text = (name: string, label: string, more: Partial<Field> = {}): Field => ({
    name,
    label,
    kind: 'text',
    ...more,
  })
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
        text('lot', field.lot),
        text('expiry', field.expiry, { hint: hint.expiry }),
        text('preparer', field.preparer),
        ...remark,
      ]
    case 'aspirated':
      return [
        text('volume', field.aspirated, { kind: 'figure', hint: `${hint.volume} ${hint.zero}` }),
        text('discardedBy', field.discardedBy),
        text('witnessedBy', field.witnessedBy),
        ...remark,
      ]
    case 'injected':
      return [text('volume', field.injected, { kind: 'figure', hint: hint.volume }), ...remark]
    case 'handover': {
      const options = [
        { value: 'yes', label: w.yes },
        { value: 'no', label: w.no },
      ]
      return [text('programmed', field.programmed, { kind: 'choice', options }), ...remark]
    }
    case 'finish':
      return [
        text('operator', field.operator),
        text('checker', field.checker),
        text('action', field.action, { kind: 'long', optional: !doubtful }),
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
    if (typeof value === 'string' && name !== 'expiry') out[name] = value
  }
  return out
}
