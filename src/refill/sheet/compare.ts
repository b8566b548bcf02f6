// What is put beside each other on a sheet: label and pump, expected and found, before and after. Plain
// differences with both figures shown; a verdict only where the clinic has set a tolerance and named
// its source. Everything starts from the figures as shown. Pure.
import { compare } from '../../model/comparison.ts'
import { dateTime, type Locale } from '../../model/format.ts'
import { asShown, residualRatio } from '../../model/residual.ts'
import { type LeftOut, type Told, told } from '../../words/comparison.ts'
import { WORDS } from '../../words/words.ts'
import type { CheckedStep, Labelled, Ordered, Reading } from './entries.ts'
import { concentration, dose, measured, percent, reported } from './figures.ts'
import { dateText, folded, hasExpired } from './input.ts'
import { type Figures, figuresOf, valuesOf } from './reading.ts'
import type { Sheet } from './sheet.ts'
import type { Words } from './words.ts'

/** What the clinic has configured, and how its people read. */
export interface Clinic {
  readonly locale: Locale
  /** Time zone, named on the sheet. */
  readonly zone: string
  readonly clinic?: string | undefined
  readonly phone?: string | undefined
  /** In percent around 100, with the name of where it comes from; both or neither. */
  readonly tolerance?: number | undefined
  readonly source?: string | undefined
  /** Lines that people confirm, by step, in the clinic's own words. */
  readonly checks?: readonly { readonly step: CheckedStep; readonly text: string }[] | undefined
  /** What the pump's alarm sounds mean, in the clinic's own words, for the patient. */
  readonly alarmSounds?: string | undefined
}

/** Two volumes as bars to one scale, in nL. */
export interface Bars {
  readonly expected: number
  readonly aspirated: number
  /** What the whole width stands for. */
  readonly full: number
}

/** Words, and whether they need somebody's action. */
export interface Says {
  readonly text: string
  readonly matters: boolean
  /** Drawn beside the words where something can be drawn; it says nothing more than they do. */
  readonly bars?: Bars
}

export interface Finding extends Says {
  /** The same for the same cause, whatever the language: letters, digits, points and hyphens. */
  readonly id: string
  /** What somebody wrote about it. */
  readonly remark?: string | undefined
}

type Programmed = Figures['drugs'][number]

/** `Morphine 10 mg/mL`; null = the pump does not say. */
export function programmed(drug: Programmed, locale: Locale): string | null {
  if (drug.massUnit === null || drug.concentration === null) return null
  const { notAvailable } = WORDS[locale]
  return `${drug.name ?? notAvailable} ${concentration(drug.concentration, drug.massUnit, locale)}`
}

export const onLabel = (drug: Labelled, locale: Locale): string =>
  `${drug.name} ${concentration(drug.concentration, drug.massUnit, locale)}`

const alike = (a: string, b: string) => folded(a) === folded(b)

/** What differs between one drug as programmed and as labelled, the worst first. */
export function drugDifferences(
  pump: Programmed | undefined,
  label: Labelled,
  { locale }: Clinic,
  w: Words,
): string[] {
  const labelText = onLabel(label, locale)
  const pumpText = pump ? programmed(pump, locale) : null
  if (!pump || pumpText === null) return [w.notComparable(labelText)]
  const says: string[] = []
  if (pump.massUnit !== label.massUnit) says.push(w.unitDiffers(pumpText, labelText))
  else if (pump.concentration !== label.concentration) {
    says.push(w.concentrationDiffers(pumpText, labelText))
  }
  if (pump.name === null || !alike(pump.name, label.name)) {
    says.push(w.nameDiffers(pump.name ?? w.notSaid, label.name))
  }
  return says
}

/** Everything that speaks against a syringe. `today` is the clinic's date. */
export function labelDoubts(
  before: Reading | undefined,
  drugs: readonly Labelled[],
  today: string,
  clinic: Clinic,
  w: Words,
): string[] {
  const pump = before ? figuresOf(before).drugs : []
  const expired = drugs
    .filter(({ expiry }) => hasExpired(expiry, today))
    .map(({ lot, expiry }) => w.expired(lot, dateText(expiry)))
  const number = pump.length === drugs.length ? [] : [w.numberDiffers(pump.length, drugs.length)]
  return [
    ...expired,
    ...drugs.flatMap((drug, i) => drugDifferences(pump[i], drug, clinic, w)),
    ...(pump.length === 0 ? [] : number),
  ]
}

const plain = (text: string): Says => ({ text, matters: false })
const matters = (text: string): Says => ({ text, matters: true })

/** A doubt where more is said than the reservoir holds. */
export function aboveCapacity(
  before: Reading | undefined,
  volume: number | null,
  { locale }: Clinic,
  says: (typed: string, capacity: string) => string,
): string[] {
  const capacity = before ? figuresOf(before).capacity : null
  if (volume === null || capacity === null || volume <= capacity) return []
  return [says(measured(volume, locale), measured(capacity, locale))]
}

/** Aspirated beside what the pump reckoned: the difference, and a ratio where one may be given. */
export function residual(before: Reading, aspirated: number, clinic: Clinic, w: Words): Says[] {
  const { locale } = clinic
  const out = measured(aspirated, locale)
  const { reportedVolume, capacity } = figuresOf(before)
  if (reportedVolume === null) return [plain(w.expectedUnknown(out))]
  const expected = asShown(reportedVolume)
  const text = reported(reportedVolume, locale) ?? w.notSaid
  const difference = aspirated - expected
  const diff = measured(Math.abs(difference), locale)
  const first =
    difference === 0
      ? w.asExpected(out)
      : difference > 0
        ? w.moreOut(diff, out, text)
        : w.lessOut(diff, out, text)
  const full = Math.max(expected, aspirated, capacity ?? 0)
  const drawn = full > 0 && { bars: { expected, aspirated, full } }
  return [
    { ...plain(first), ...drawn },
    ...verdict(figuresOf(before), expected, aspirated, clinic, w),
  ]
}

function verdict(
  filling: Figures,
  expected: number,
  aspirated: number,
  { locale, tolerance, source }: Clinic,
  w: Words,
): Says[] {
  const tenths = residualRatio(filling, expected, aspirated)
  if (typeof tenths === 'string') return [plain(w.noRatio[tenths])]
  const [f, a, e] = [filling.filledVolume ?? 0, aspirated, expected].map((nL) =>
    measured(nL, locale),
  )
  const ratio = plain(w.ratio(percent(tenths), String(f), String(a), String(e)))
  // Arithmetic needs no leave; a verdict needs the clinic's own tolerance and its source.
  if (tolerance === undefined || source === undefined) return [ratio]
  const most = Math.round(tolerance * 10)
  const shown = percent(most)
  return [
    ratio,
    Math.abs(tenths - 1_000) <= most
      ? plain(w.within(shown, source))
      : matters(w.outside(shown, source)),
  ]
}

/** What the pump was told of the refill, as loudly when it was not. */
export function toldOf(
  before: Reading,
  after: Reading,
  injected: number | undefined,
  { locale }: Clinic,
  w: Words,
): Says[] {
  const [was, is] = [figuresOf(before), figuresOf(after)]
  const knows = is.filledAt !== null && is.filledAt !== was.filledAt
  const moved = movedText(was.reportedVolume, is.reportedVolume, locale, w)
  if (!knows) {
    const unknown = is.filledAt === null || was.filledAt === null
    return [matters(`${moved} ${unknown ? w.notSaidOfRefill : w.notTold}`)]
  }
  const first = plain(`${moved} ${w.told(dateTime(is.filledAt ?? ''))}`)
  if (injected === undefined || is.reportedVolume === null) return [first]
  const inPump = asShown(is.reportedVolume)
  const [r, i] = [reported(is.reportedVolume, locale) ?? w.notSaid, measured(injected, locale)]
  const diff = measured(Math.abs(inPump - injected), locale)
  // A syringe is read more finely than a reservoir is shown.
  if (inPump === asShown(injected)) return [first, plain(w.inPumpSame(r, i))]
  return [first, matters(inPump > injected ? w.inPumpMore(diff, r, i) : w.inPumpLess(diff, r, i))]
}

/** The reservoir before and after, by the figures that are shown. */
function movedText(was: number | null, is: number | null, locale: Locale, w: Words): string {
  const texts = [reported(was, locale) ?? w.notSaid, reported(is, locale) ?? w.notSaid] as const
  if (was === null || is === null) return w.volumeUnknown(...texts)
  if (was === is) return w.volumeSame(...texts)
  return texts[0] === texts[1] ? w.volumeAlike(...texts) : w.volumeChanged(...texts)
}

/** Drugs that are programmed as something else than the label says. */
export function drugsAfter(
  { after, drug }: Pick<Sheet['steps'], 'after' | 'drug'>,
  { locale }: Clinic,
  w: Words,
): Says[] {
  if (!after || !drug) return []
  const now = figuresOf(after.entries).drugs
  return drug.entries.drugs.flatMap((label, i) => {
    const pump = now[i]
    if (pump?.massUnit === label.massUnit && pump.concentration === label.concentration) return []
    const text = (pump && programmed(pump, locale)) ?? w.notSaid
    return [matters(w.afterLabelDiffers(i + 1, text, onLabel(label, locale)))]
  })
}

/** The daily doses of the order beside those that the pump is programmed with. */
export function orderedDoses(
  after: Reading,
  ordered: readonly (Ordered | null)[] | undefined,
  { locale }: Clinic,
  w: Words,
): Says[] {
  const now = figuresOf(after).drugs
  return (ordered ?? []).flatMap((one, i) => {
    if (one === null) return []
    const pump = now[i]
    const [typed, is] = [dose(one.dose, one.massUnit, locale), pump && doseOf(pump, locale)]
    const same = pump?.massUnit === one.massUnit && pump.dose24h === one.dose
    const says = same ? w.asOrdered : w.notAsOrdered
    return [{ text: says(i + 1, is ?? w.notSaid, typed), matters: !same }]
  })
}

export const doseOf = ({ dose24h, massUnit }: Programmed, locale: Locale): string | null =>
  dose24h === null || massUnit === null ? null : dose(dose24h, massUnit, locale)

/** What before and after leave out. */
export const SHEET_LEAVES_OUT: LeftOut = {
  'events.events': 'The pump’s log is in the record of the reading, and on the page of readings.',
  'events.total': 'It counts what the log holds.',
  'status.stateCounter': 'It counts changes, and those stand here themselves.',
  'clock.deviceTime': 'It runs. A sentence says how far it is from this computer’s clock.',
  'clock.ageMs': 'It is in how far the two clocks are apart.',
}

/** Before and after side by side, every line of it, whether it changed or not. */
export const rows = (before: Reading, after: Reading, { locale }: Clinic): Told[] =>
  told(
    compare(valuesOf(before), valuesOf(after)),
    { locale, words: WORDS[locale] },
    SHEET_LEAVES_OUT,
  )
