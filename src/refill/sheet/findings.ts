// What a sheet has to say about itself once its figures stand beside each other: every difference, what
// the pump itself says that must not be overlooked, and every doubt with what was done about it. Each has
// a name, under which its answer is kept. The same on screen, on paper and in the terminal. Pure.
import { inZone } from '../../model/format.ts'
import {
  aboveCapacity,
  type Clinic,
  drugsAfter,
  type Finding,
  labelDoubts,
  orderedDoses,
  residual,
  type Says,
  toldOf,
} from './compare.ts'
import { CHECKED_STEPS, type CheckedStep, type Entries } from './entries.ts'
import { pumpFindings, sinceLastVisit } from './pump-says.ts'
import { unreadIn } from './reading.ts'
import type { Sheet } from './sheet.ts'
import type { Words } from './words.ts'

/** Name of the finding on whether the pump was told of the refill. */
export const TOLD = 'told.1'

export function findings(sheet: Sheet, clinic: Clinic, w: Words): Finding[] {
  const { before, drug, aspirated, injected, handover, after, finish } = sheet.steps
  const out: Finding[] = []
  const add = (group: string, all: readonly Says[], remark?: string) => {
    for (const [i, says] of all.entries()) {
      out.push({ id: `${group}.${i + 1}`, ...says, ...(remark !== undefined && { remark }) })
    }
  }
  const doubts = (texts: readonly string[]): Says[] =>
    texts.map((text) => ({ text, matters: true }))
  const said = (typed: number, says: (typed: string, capacity: string) => string) =>
    aboveCapacity(before?.entries, typed, clinic, says)
  const look = { locale: clinic.locale, zone: clinic.zone, words: w }
  out.push(...sinceLastVisit(sheet, look))
  for (const step of [before, after]) {
    const lines = step ? unreadIn(step.entries, clinic.locale) : []
    for (const [i, text] of lines.entries()) {
      out.push({
        id: `${step?.step}.unread.${i + 1}`,
        text: `${w[step?.step ?? 'after']}: ${text}`,
        matters: true,
      })
    }
  }
  out.push(...pumpFindings(sheet, look))
  if (drug && before) {
    const { drugs, remark } = drug.entries
    const today = inZone(drug.at, clinic.zone).slice(0, 10)
    add('label', doubts(labelDoubts(before.entries, drugs, today, clinic, w)), remark)
  }
  if (aspirated && before) {
    const { volume, remark } = aspirated.entries
    const nothing = volume === 0 ? [w.nothingAspirated] : []
    add('aspirated', doubts([...nothing, ...said(volume, w.aspiratedAboveCapacity)]), remark)
    add('residual', residual(before.entries, volume, clinic, w))
  }
  if (injected) {
    const { volume, remark } = injected.entries
    const nothing = volume === 0 ? [w.nothingInjected] : []
    add('injected', doubts([...nothing, ...said(volume, w.injectedAboveCapacity)]), remark)
  }
  if (handover && !handover.entries.programmed) {
    add('handover', doubts([w.notProgrammed]), handover.entries.remark)
  }
  if (before && after) {
    add('told', toldOf(before.entries, after.entries, injected?.entries.volume, clinic, w))
    add('label-after', drugsAfter(sheet.steps, clinic, w))
    add('ordered', orderedDoses(after.entries, handover?.entries.ordered, clinic, w))
  }
  for (const step of CHECKED_STEPS) {
    const entries: Partial<Entries<CheckedStep>> = sheet.steps[step]?.entries ?? {}
    const undone = (entries.checks ?? []).filter(({ done }) => !done)
    const remark = 'remark' in entries ? entries.remark : undefined
    add(`check.${step}`, doubts(undone.map(({ text }) => w.checkUndone(text))), remark)
  }
  const answers = new Map(finish?.entries.answers?.map(({ about, text }) => [about, text]))
  return out.map((one) =>
    answers.has(one.id) ? { ...one, remark: one.remark ?? answers.get(one.id) } : one,
  )
}

/**
 * Findings that the last step has to answer: those that matter and that nobody wrote about at their own
 * step. A correction of the last step answers each anew.
 */
export function toAnswer(sheet: Sheet, clinic: Clinic, w: Words): Finding[] {
  const { finish: _, ...steps } = sheet.steps
  const found = findings({ ...sheet, steps }, clinic, w)
  return found.filter(({ matters, remark }) => matters && remark === undefined)
}

/** Name of the field of a form that answers a finding. */
export const answerField = ({ id }: Pick<Finding, 'id'>): string => `answer-${id}`
