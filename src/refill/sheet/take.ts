// What each step asks, and what becomes of the answers: the same for the page and for the terminal. An
// answer is either taken, or met with a sentence; what is possible but doubtful is taken once somebody
// has written down what was done about it. Pure.
import { inZone } from '../../model/format.ts'
import type { Source } from '../../model/reading.ts'
import { type Clinic, labelDoubts } from './compare.ts'
import type { Entries, Labelled, Step } from './entries.ts'
import { measured } from './figures.ts'
import { findings } from './findings.ts'
import { type Read, readConcentration, readDate, readText, readVolume } from './input.ts'
import { figuresOf } from './reading.ts'
import type { Sheet } from './sheet.ts'
import type { Words } from './words.ts'

export type Given = Readonly<Record<string, string>>

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

/** Reads fields one after another and keeps what is wrong with each. */
class Reader {
  readonly wrong: Record<string, string> = {}
  readonly #given: Given
  readonly #w: Words

  constructor(given: Given, w: Words) {
    this.#given = given
    this.#w = w
  }

  raw(field: string): string {
    return this.#given[field] ?? ''
  }

  read<T>(field: string, by: (text: string) => Read<T>): T | null {
    const read = by(this.raw(field))
    if (read.ok) return read.value
    this.wrong[field] = read.sentence
    return null
  }

  text(field: string, what: string, most = 80): string | null {
    return this.read(field, (text) => readText(text, what, most, this.#w))
  }

  /** Undefined where it may stay empty and does. */
  optional(field: string, what: string, most: number): string | undefined {
    if (this.raw(field).trim() === '') return undefined
    return this.text(field, what, most) ?? undefined
  }

  other(field: string, what: string, first: string | null): string | null {
    const second = this.text(field, what)
    if (first === null || second === null) return second
    if (first.toLowerCase() !== second.toLowerCase()) return second
    this.wrong[field] = this.#w.samePerson
    return null
  }

  get good(): boolean {
    return Object.keys(this.wrong).length === 0
  }
}

/** Takes entries when nothing is wrong and every doubt has its remark. */
function taken<S extends Step>(
  reader: Reader,
  w: Words,
  doubts: readonly string[],
  entries: (remark: { remark?: string }) => Entries<S>,
  field = 'remark',
): Taken<S> {
  const what = field === 'action' ? w.field.action : w.field.remark
  const remark = reader.optional(field, what, 500)
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
    return name !== null && strength !== null ? { name, ...strength } : null
  })
  const lot = reader.text('lot', w.field.lot, 40)
  const expiry = reader.read('expiry', (text) => readDate(text, w.field.expiry, w))
  const preparer = reader.text('preparer', w.field.preparer)
  const whole = drugs.filter((drug) => drug !== null)
  const today = inZone(now, clinic.zone).slice(0, 10)
  const doubts =
    reader.good && lot !== null && expiry !== null
      ? labelDoubts(sheet.steps.before?.entries, whole, { lot, expiry, today }, clinic, w)
      : []
  return taken(reader, w, doubts, (remark) => ({
    drugs: whole,
    lot: lot ?? '',
    expiry: expiry ?? '',
    preparer: preparer ?? '',
    ...remark,
  }))
}

/** A doubt where more is said than the reservoir holds. */
function above(
  sheet: Sheet,
  volume: number | null,
  { clinic }: Context,
  says: (typed: string, capacity: string) => string,
): string[] {
  const { before } = sheet.steps
  const capacity = before ? figuresOf(before.entries).capacity : null
  if (volume === null || capacity === null || volume <= capacity) return []
  return [says(measured(volume, clinic.locale), measured(capacity, clinic.locale))]
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
  const doubts = [...nothing, ...above(sheet, volume, context, w.aspiratedAboveCapacity)]
  return taken(reader, w, doubts, (remark) => ({ volume: volume ?? 0, ...people, ...remark }))
}

function takeInjected(sheet: Sheet, given: Given, context: Context): Taken<'injected'> {
  const { words: w, clinic } = context
  const reader = new Reader(given, w)
  const volume = reader.read('volume', (text) =>
    readVolume(text, w.field.injected, w, clinic.locale),
  )
  const nothing = volume === 0 ? [w.nothingInjected] : []
  const doubts = [...nothing, ...above(sheet, volume, context, w.injectedAboveCapacity)]
  return taken(reader, w, doubts, (remark) => ({ volume: volume ?? 0, ...remark }))
}

function takeHandover(given: Given, { words: w }: Context): Taken<'handover'> {
  const reader = new Reader(given, w)
  const said = reader.raw('programmed')
  if (said !== 'yes' && said !== 'no') {
    reader.wrong['programmed'] = w.notChosen(w.field.programmed)
  }
  const doubts = said === 'no' ? [w.notProgrammed] : []
  return taken(reader, w, doubts, (remark) => ({ programmed: said === 'yes', ...remark }))
}

function takeFinish(sheet: Sheet, given: Given, context: Context): Taken<'finish'> {
  const { words: w } = context
  const reader = new Reader(given, w)
  const operator = reader.text('operator', w.field.operator)
  const checker = reader.other('checker', w.field.checker, operator)
  const matter = findings(sheet, context.clinic, w).some((finding) => finding.matters)
  const entries = (remark: { remark?: string }) => ({
    operator: operator ?? '',
    checker: checker ?? '',
    ...(remark.remark !== undefined && { action: remark.remark }),
  })
  return taken(reader, w, matter ? [w.actionNeeded] : [], entries, 'action')
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
      return takeHandover(given, context)
    case 'finish':
      return takeFinish(sheet, given, context)
    case 'abandoned': {
      const reader = new Reader(given, context.words)
      const reason = reader.text('reason', context.words.field.reason, 500)
      return reason === null ? { wrong: reader.wrong, doubts: [] } : { entries: { reason } }
    }
  }
}
