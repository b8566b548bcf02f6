// What a sheet has to say about itself once its figures stand beside each other: every difference, and
// every doubt with what was done about it. The same on screen, on paper and in the terminal. Pure.
import { inZone } from '../../model/format.ts'
import { type Clinic, drugsAfter, labelDoubts, residual, type Says, toldOf } from './compare.ts'
import { measured } from './figures.ts'
import { figuresOf, unreadIn } from './reading.ts'
import type { Sheet } from './sheet.ts'
import type { Words } from './words.ts'

export interface Finding extends Says {
  /** What somebody wrote about it at the time. */
  readonly remark?: string | undefined
}

export function findings(sheet: Sheet, clinic: Clinic, w: Words): Finding[] {
  const { before, drug, aspirated, injected, handover, after } = sheet.steps
  const doubt = (text: string, remark: string | undefined): Finding => ({
    text,
    matters: true,
    remark,
  })
  const said = (typed: number, says: (typed: string, capacity: string) => string) => {
    const capacity = before ? figuresOf(before.entries).capacity : null
    if (capacity === null || typed <= capacity) return []
    return [says(measured(typed, clinic.locale), measured(capacity, clinic.locale))]
  }
  const out: Finding[] = [before, after].flatMap((step) => {
    if (!step) return []
    const lines = unreadIn(step.entries, clinic.locale)
    return lines.map((text) => ({ text: `${w[step.step]}: ${text}`, matters: true }))
  })
  if (drug && before) {
    const { drugs, remark, ...label } = drug.entries
    const today = inZone(drug.at, clinic.zone).slice(0, 10)
    const texts = labelDoubts(before.entries, drugs, { ...label, today }, clinic, w)
    out.push(...texts.map((text) => doubt(text, remark)))
  }
  if (aspirated && before) {
    const { volume, remark } = aspirated.entries
    if (volume === 0) out.push(doubt(w.nothingAspirated, remark))
    out.push(...said(volume, w.aspiratedAboveCapacity).map((text) => doubt(text, remark)))
    out.push(...residual(before.entries, volume, clinic, w))
  }
  if (injected) {
    const { volume, remark } = injected.entries
    if (volume === 0) out.push(doubt(w.nothingInjected, remark))
    out.push(...said(volume, w.injectedAboveCapacity).map((text) => doubt(text, remark)))
  }
  if (handover && !handover.entries.programmed) {
    out.push(doubt(w.notProgrammed, handover.entries.remark))
  }
  if (before && after) {
    out.push(...toldOf(before.entries, after.entries, injected?.entries.volume, clinic, w))
    out.push(...drugsAfter(sheet.steps, clinic, w))
  }
  return out
}
