// A worksheet is what its records say, one after another: nothing else is kept, so a reload, a killed
// program or a power cut loses no step that was written. A correction is a record that names the one it
// corrects; what it corrects stays. Pure.
import type { RecordOf } from '../../model/record.ts'
import type { Signed } from '../../model/signed.ts'
import { ENTRIES, type Entries, isStep, STEPS, type Step } from './entries.ts'

/** A step as it was written. */
export interface Written<S extends Step = Step> {
  readonly step: S
  readonly entries: Entries<S>
  readonly position: number
  /** UTC. */
  readonly at: string
  /** Who wrote it, and how sure that is. */
  readonly signed?: Signed | undefined
}

export interface Sheet {
  readonly id: string
  readonly log: string
  readonly source: RecordOf<'worksheet'>['source']
  /** The pump it is locked to. */
  readonly serial: string
  /** The newest word of each step. */
  readonly steps: { readonly [S in Step]?: Written<S> }
  /** Everything, in order: what was corrected, too. */
  readonly history: readonly Written[]
}

/** Sheets of a log, by id, in the order they were begun. Records that are none of ours are passed over. */
export function sheetsOf(records: Iterable<RecordOf<'worksheet'>>): Map<string, Sheet> {
  const sheets = new Map<string, Sheet>()
  for (const record of records) {
    const next = extended(sheets.get(record.sheet), record)
    if (next) sheets.set(next.id, next)
  }
  return sheets
}

function extended(sheet: Sheet | undefined, record: RecordOf<'worksheet'>): Sheet | null {
  const { step, position, at, source, log, signed } = record
  if (!isStep(step)) return null
  const read = ENTRIES[step].safeParse(record.entries)
  if (!read.success) return null
  const own = { step, entries: read.data, position, at } as Written
  const written = signed ? { ...own, signed } : own
  if (!sheet) {
    if (step !== 'identity') return null
    const { serial } = read.data as Entries<'identity'>
    const steps = { identity: written as Written<'identity'> }
    return { id: record.sheet, log, source, serial, steps, history: [written] }
  }
  if (step === 'identity' || sheet.serial !== record.pump?.serial) return null
  return {
    ...sheet,
    steps: { ...sheet.steps, [step]: written },
    history: [...sheet.history, written],
  }
}

export type SheetState = 'open' | 'finished' | 'abandoned'

export const stateOf = ({ steps }: Sheet): SheetState =>
  steps.abandoned ? 'abandoned' : steps.finish ? 'finished' : 'open'

/** The step to be done now; null = none is left. */
export function nextStep(sheet: Sheet): (typeof STEPS)[number] | null {
  if (stateOf(sheet) !== 'open') return null
  return STEPS.find((step) => !sheet.steps[step]) ?? null
}

export type Right = 'first' | 'correction' | 'no'

/**
 * Whether a step may be written now. Once drug has been drawn off, the reading before it stays; once a
 * sheet is finished, a reading after it would be of another time.
 */
export function right(sheet: Sheet, step: Step): Right {
  const state = stateOf(sheet)
  if (state === 'abandoned') return 'no'
  if (step === 'abandoned') return state === 'open' ? 'first' : 'no'
  if (!sheet.steps[step]) return nextStep(sheet) === step ? 'first' : 'no'
  if (step === 'identity') return 'no'
  if (step === 'before') return sheet.steps.aspirated ? 'no' : 'correction'
  if (step === 'handover' || step === 'after') return state === 'open' ? 'correction' : 'no'
  return 'correction'
}

/** Whose the pump was at the newest reading of the sheet, as far as that was known. */
export const ownerOn = ({ steps: { after, before } }: Sheet) => (after ?? before)?.entries.owner

/** Whether its step was written anew since. */
export const isCorrected = ({ steps }: Sheet, { step, position }: Written): boolean =>
  steps[step]?.position !== position

/** Steps of which an older word was corrected. */
export const corrections = (sheet: Sheet): readonly Written[] =>
  sheet.history.filter((written) => isCorrected(sheet, written))
