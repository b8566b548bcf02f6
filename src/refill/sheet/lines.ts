// What was written at each step of a sheet, as people read it back: the same lines on page, paper and terminal.
// Pure.
import { dateTime, inZone } from '../../model/format.ts'
import { WORDS } from '../../words/words.ts'
import { type Clinic, onLabel, programmed } from './compare.ts'
import type { Entries, Reading, Step } from './entries.ts'
import { dose, measured, reported, volume } from './figures.ts'
import { dateText } from './input.ts'
import { figuresOf } from './reading.ts'
import type { Written } from './sheet.ts'
import type { Words } from './words.ts'

/** What a sheet is shown with. */
export interface Look {
  readonly clinic: Clinic
  readonly words: Words
}

export const clock = (utc: string, { zone }: Clinic): string => dateTime(inZone(utc, zone))

export type Line = readonly [label: string, value: string]

const checked = (
  checks: readonly { text: string; done: boolean }[] | undefined,
  w: Words,
): Line[] => (checks ?? []).map(({ text, done }) => [text, done ? w.yes : w.no])

const remarked = (remark: string | undefined, w: Words): Line[] =>
  remark === undefined ? [] : [[w.field.remark, remark]]

function readingLines(r: Reading, { clinic, words: w }: Look): Line[] {
  const { locale } = clinic
  const { reservoir } = WORDS[locale].field
  const { reportedVolume, capacity, drugs } = figuresOf(r)
  return [
    [reservoir.reportedVolume, reported(reportedVolume, locale) ?? w.notSaid],
    [reservoir.capacity, volume(capacity, locale) ?? w.notSaid],
    ...drugs.map((drug, i): Line => [w.drugNumber(i + 1), programmed(drug, locale) ?? w.notSaid]),
    ...(r.owner ? [[w.ownerLabel, `${r.owner.value} (${r.owner.system})`] as const] : []),
    [w.readingRow, w.wandReading(clock(r.readAt, clinic), r.position)],
  ]
}

/** What was written at a step, as people read it back: figures with their units. */
export function linesOf({ step, entries }: Written, look: Look): Line[] {
  const { clinic, words: w } = look
  const of = <S extends Step>(_step: S) => entries as Entries<S>
  switch (step) {
    case 'identity': {
      const { card, serial, model, pseudonym } = of(step)
      const named: Line[] = pseudonym === undefined ? [] : [[w.patientLabel, pseudonym]]
      return [[w.pump, serial], [w.model, model ?? w.notSaid], [w.cardRow, card], ...named]
    }
    case 'before':
    case 'after':
      return readingLines(of(step), look)
    case 'drug': {
      const { drugs, preparer, checkedBy, checks, remark } = of(step)
      return [
        ...drugs.flatMap((drug, i): Line[] => [
          [w.drugNumber(i + 1), onLabel(drug, clinic.locale)],
          [w.field.lot, drug.lot],
          [w.field.expiry, dateText(drug.expiry)],
        ]),
        [w.preparer, preparer],
        [w.syringeChecked, checkedBy],
        ...checked(checks, w),
        ...remarked(remark, w),
      ]
    }
    case 'aspirated': {
      const { volume, discardedBy, witnessedBy, checks, remark } = of(step)
      const people: Line[] =
        discardedBy === undefined
          ? []
          : [
              [w.discarded, discardedBy],
              [w.witnessed, witnessedBy ?? ''],
            ]
      return [
        [w.step.aspirated, measured(volume, clinic.locale)],
        ...people,
        ...checked(checks, w),
        ...remarked(remark, w),
      ]
    }
    case 'injected': {
      const { volume, checks, remark } = of(step)
      return [
        [w.step.injected, measured(volume, clinic.locale)],
        ...checked(checks, w),
        ...remarked(remark, w),
      ]
    }
    case 'handover': {
      const { programmed: done, ordered = [], checks, remark } = of(step)
      return [
        [w.programmedRow, done ? w.yes : w.no],
        ...ordered.flatMap((one, i): Line[] =>
          one ? [[w.orderedRow(i + 1), dose(one.dose, one.massUnit, clinic.locale)]] : [],
        ),
        ...checked(checks, w),
        ...remarked(remark, w),
      ]
    }
    case 'finish': {
      const { operator, checker, checks } = of(step)
      return [[w.operator, operator], [w.checker, checker], ...checked(checks, w)]
    }
    case 'abandoned':
      return [[w.field.reason, of(step).reason]]
  }
}

/** Who wrote it, and how sure that is. */
export const signer = ({ signed }: Written, { sign }: Words): string => {
  const { operator = null, verified = 'claimed' } = signed ?? {}
  return operator === null
    ? sign.notNamed
    : `${operator}, ${verified === 'pin' ? sign.pinned : sign.claimed}`
}
