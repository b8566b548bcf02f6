// What each step asks, and what becomes of the answers: the same for the page and for the terminal. An
// answer is either taken, or met with a sentence; what is possible but doubtful is taken once somebody
// has written down what was done about it. Pure.
import { inZone } from '../../model/format.ts'
import type { Source } from '../../model/reading.ts'
import { aboveCapacity, type Clinic, labelDoubts } from './compare.ts'
import type { Entries, Labelled, Ordered, Step } from './entries.ts'
import { answerField, toAnswer } from './findings.ts'
import { type Given, Reader } from './given.ts'
import { readConcentration, readDate, readDose, readVolume } from './input.ts'
import { figuresOf } from './reading.ts'
import type { Sheet } from './sheet.ts'
import type { Words } from './words.ts'

/** Why what was sent was not taken. */
export interface Problem {
  readonly step: Step
  /** By field; '' = of the whole step. */
  readonly wrong: Readonly<Record<string, string>>
  readonly doubts: readonly string[]
  /** What was typed; it is not lost. */
  readonly given: Given
}

export interface Context {
  /** UTC. */
  readonly now: string
  readonly clinic: Clinic
  readonly words: Words
}

/** A pump the bridge has read. */
export interface KnownPump {
  readonly serial: string
  readonly model: string | null
  readonly source: Source
  readonly readAt: string
  /** Serial of the wand it was read through. */
  readonly wand: string | null
}

export type Taken<S extends Step = Step> =
  | { readonly entries: Entries<S> }
  | {
      /** By field. */
      readonly wrong: Readonly<Record<string, string>>
      /** Need a remark, then it is taken. */
      readonly doubts: readonly string[]
    }

const undone = ({ checks = [] }: { checks?: { text: string; done: boolean }[] }, w: Words) =>
  checks.filter(({ done }) => !done).map(({ text }) => w.checkUndone(text))

/** Takes entries when nothing is wrong and every doubt has its remark. */
function taken<S extends Step>(
  reader: Reader,
  w: Words,
  doubts: readonly string[],
  entries: (remark: { remark?: string }) => Entries<S>,
): Taken<S> {
  const remark = reader.remark('remark', w.field.remark)
  if (!reader.good || (doubts.length > 0 && remark === undefined)) {
    return { wrong: reader.wrong, doubts }
  }
  return { entries: entries(remark === undefined ? {} : { remark }) }
}

/** The pump that was read last. */
export const newest = (pumps: readonly KnownPump[]): KnownPump | undefined =>
  [...pumps].sort((a, b) => (a.readAt < b.readAt ? 1 : -1))[0]

export function takeIdentity(
  given: Given,
  pumps: readonly KnownPump[],
  { words: w, clinic }: Context,
): Taken<'identity'> {
  const reader = new Reader(given, w)
  const card = (reader.raw('card') ?? '').trim().toUpperCase()
  const pseudonym = reader.optional('pseudonym', w.field.pseudonym, 80)
  const found = pumps.filter(({ serial }) => serial.endsWith(card))
  const [one] = found
  // Who lies under a wand is whom it read last; another wand may have another patient.
  const last = newest(one ? pumps.filter(({ wand }) => wand === one.wand) : pumps)
  const other = () => {
    const at = inZone(last?.readAt ?? '', clinic.zone).slice(11, 16)
    return w.otherPumpUnderWand(card, at)
  }
  if (!/^[A-Z0-9-]{4,16}$/.test(card)) reader.wrong['card'] = w.cardShort
  else if (found.length > 1) reader.wrong['card'] = w.severalPumps(card)
  else if (!last) reader.wrong['card'] = w.noPumpYet(card)
  else if (last.serial !== one?.serial) reader.wrong['card'] = other()
  if (!reader.good || !one) return { wrong: reader.wrong, doubts: [] }
  const { serial, model, source } = one
  return { entries: { card, serial, model, source, ...(pseudonym && { pseudonym }) } }
}

/** How many drugs the form asks for: as many as the pump is programmed with, one at least. */
export const drugCount = (sheet: Sheet): number =>
  Math.max(1, sheet.steps.before ? figuresOf(sheet.steps.before.entries).drugs.length : 1)

function takeDrug(sheet: Sheet, given: Given, { words: w, clinic, now }: Context): Taken<'drug'> {
  const reader = new Reader(given, w)
  const drugs: (Labelled | null)[] = Array.from({ length: drugCount(sheet) }, (_, i) => {
    const name = reader.text(`name${i}`, w.field.name)
    const strength = reader.read(`concentration${i}`, (text) =>
      readConcentration(text, reader.raw(`mass${i}`), w.field.concentration, w),
    )
    const lot = reader.text(`lot${i}`, w.field.lot, 40)
    const expiry = reader.read(`expiry${i}`, (text) => readDate(text, w.field.expiry, w))
    if (name === null || strength === null || lot === null || expiry === null) return null
    return { name, ...strength, lot, expiry }
  })
  const preparer = reader.text('preparer', w.field.preparer)
  const checkedBy = reader.other('checkedBy', w.field.checkedBy, preparer)
  const checks = reader.checks('drug', clinic)
  const whole = drugs.filter((drug) => drug !== null)
  const today = inZone(now, clinic.zone).slice(0, 10)
  const doubts = reader.good
    ? [...labelDoubts(sheet.steps.before?.entries, whole, today, clinic, w), ...undone(checks, w)]
    : []
  return taken(reader, w, doubts, (remark) => ({
    drugs: whole,
    preparer: preparer ?? '',
    checkedBy: checkedBy ?? '',
    ...checks,
    ...remark,
  }))
}

function takeAspirated(sheet: Sheet, given: Given, context: Context): Taken<'aspirated'> {
  const { words: w, clinic } = context
  const reader = new Reader(given, w)
  const volume = reader.read('volume', (text) =>
    readVolume(text, w.field.aspirated, w, clinic.locale),
  )
  const people: { discardedBy?: string; witnessedBy?: string } = {}
  if (volume !== 0) {
    const discardedBy = reader.text('discardedBy', w.field.discardedBy)
    const witnessedBy = reader.other('witnessedBy', w.field.witnessedBy, discardedBy)
    if (discardedBy && witnessedBy) Object.assign(people, { discardedBy, witnessedBy })
  }
  const nothing = volume === 0 ? [w.nothingAspirated] : []
  const checks = reader.checks('aspirated', clinic)
  const more = aboveCapacity(sheet.steps.before?.entries, volume, clinic, w.aspiratedAboveCapacity)
  const doubts = [...nothing, ...more, ...undone(checks, w)]
  return taken(reader, w, doubts, (remark) => ({
    volume: volume ?? 0,
    ...people,
    ...checks,
    ...remark,
  }))
}

function takeInjected(sheet: Sheet, given: Given, context: Context): Taken<'injected'> {
  const { words: w, clinic } = context
  const reader = new Reader(given, w)
  const volume = reader.read('volume', (text) =>
    readVolume(text, w.field.injected, w, clinic.locale),
  )
  const nothing = volume === 0 ? [w.nothingInjected] : []
  const checks = reader.checks('injected', clinic)
  const more = aboveCapacity(sheet.steps.before?.entries, volume, clinic, w.injectedAboveCapacity)
  const doubts = [...nothing, ...more, ...undone(checks, w)]
  return taken(reader, w, doubts, (remark) => ({ volume: volume ?? 0, ...checks, ...remark }))
}

function takeHandover(sheet: Sheet, given: Given, context: Context): Taken<'handover'> {
  const { words: w, clinic } = context
  const reader = new Reader(given, w)
  const said = reader.raw('programmed')
  if (said !== 'yes' && said !== 'no') {
    reader.wrong['programmed'] = w.notChosen(w.field.programmed)
  }
  const ordered = Array.from({ length: drugCount(sheet) }, (_, i): Ordered | null => {
    if (reader.raw(`dose${i}`).trim() === '') return null
    return reader.read(`dose${i}`, (text) =>
      readDose(text, reader.raw(`doseMass${i}`), w.field.ordered, w),
    )
  })
  const checks = reader.checks('handover', clinic)
  const doubts = [...(said === 'no' ? [w.notProgrammed] : []), ...undone(checks, w)]
  return taken(reader, w, doubts, (remark) => ({
    programmed: said === 'yes',
    ...(ordered.some((one) => one !== null) && { ordered }),
    ...checks,
    ...remark,
  }))
}

function takeFinish(sheet: Sheet, given: Given, context: Context): Taken<'finish'> {
  const { words: w } = context
  const reader = new Reader(given, w)
  const operator = reader.text('operator', w.field.operator)
  const checker = reader.other('checker', w.field.checker, operator)
  const checks = reader.checks('finish', context.clinic)
  const answers = toAnswer(sheet, context.clinic, w).map((one) => {
    const text = reader.remark(answerField(one), w.field.answer)
    if (text === undefined && !(answerField(one) in reader.wrong)) {
      reader.wrong[answerField(one)] = w.answerNeeded(one.text)
    }
    return { about: one.id, text: text ?? '' }
  })
  const doubts = undone(checks, w)
  const remark = reader.remark('remark', w.field.remark)
  if (!reader.good || (doubts.length > 0 && remark === undefined)) {
    return { wrong: reader.wrong, doubts }
  }
  const own = doubts.map((_, i) => ({ about: `check.finish.${i + 1}`, text: remark ?? '' }))
  const all = [...answers, ...own]
  return {
    entries: {
      operator: operator ?? '',
      checker: checker ?? '',
      ...checks,
      ...(all.length > 0 && { answers: all }),
    },
  }
}

/** Steps that people type. Readings are taken from the log, the identity needs to know the pumps. */
export type TypedStep = Exclude<Step, 'identity' | 'before' | 'after'>

export function take(sheet: Sheet, step: TypedStep, given: Given, context: Context): Taken {
  switch (step) {
    case 'drug':
      return takeDrug(sheet, given, context)
    case 'aspirated':
      return takeAspirated(sheet, given, context)
    case 'injected':
      return takeInjected(sheet, given, context)
    case 'handover':
      return takeHandover(sheet, given, context)
    case 'finish':
      return takeFinish(sheet, given, context)
    case 'abandoned': {
      const reader = new Reader(given, context.words)
      const reason = reader.text('reason', context.words.field.reason, 500)
      return reason === null ? { wrong: reader.wrong, doubts: [] } : { entries: { reason } }
    }
  }
}
