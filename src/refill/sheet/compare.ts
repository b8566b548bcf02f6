// What is put beside each other on a sheet: label and pump, expected and found, before and after. Plain
// differences with both figures shown; a verdict only where the clinic has set a tolerance and named
// its source. Everything starts from the figures as shown. Pure.
import { dateTime, type Locale } from '../../model/format.ts'
import { named, WORDS } from '../../words/words.ts'
import type { Labelled, Reading } from './entries.ts'
import {
  asShown,
  concentration,
  measured,
  percent,
  perDay,
  REPORTED_DIGITS,
  ratioTenths,
  reported,
  volume24h,
} from './figures.ts'
import { dateText, hasExpired } from './input.ts'
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
}

type Programmed = Reading['drugs'][number]

/** `Morphine 10 mg/mL`; null = the pump does not say. */
export function programmed(drug: Programmed, locale: Locale): string | null {
  if (drug.massUnit === null || drug.concentration === null) return null
  return `${drug.name ?? '?'} ${concentration(drug.concentration, drug.massUnit, locale)}`
}

export const onLabel = (drug: Labelled, locale: Locale): string =>
  `${drug.name} ${concentration(drug.concentration, drug.massUnit, locale)}`

const alike = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase()

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
  { lot, expiry, today }: { lot: string; expiry: string; today: string },
  clinic: Clinic,
  w: Words,
): string[] {
  const pump = before?.drugs ?? []
  const expired = hasExpired(expiry, today) ? [w.expired(lot, dateText(expiry))] : []
  const number = pump.length === drugs.length ? [] : [w.numberDiffers(pump.length, drugs.length)]
  return [
    ...expired,
    ...drugs.flatMap((drug, i) => drugDifferences(pump[i], drug, clinic, w)),
    ...(pump.length === 0 ? [] : number),
  ]
}

/** What is drawn: words, and whether they need somebody's action. */
export interface Says {
  readonly text: string
  readonly matters: boolean
}
const plain = (text: string): Says => ({ text, matters: false })
const matters = (text: string): Says => ({ text, matters: true })

/** Aspirated beside what the pump reckoned: the difference, and a ratio where one may be given. */
export function residual(before: Reading, aspirated: number, clinic: Clinic, w: Words): Says[] {
  const { locale } = clinic
  const out = measured(aspirated, locale)
  if (before.reportedVolume === null) return [plain(w.expectedUnknown(out))]
  const expected = asShown(before.reportedVolume, REPORTED_DIGITS)
  const text = measured(expected, locale)
  const difference = aspirated - expected
  const diff = measured(Math.abs(difference), locale)
  const first =
    difference === 0
      ? w.asExpected(out)
      : difference > 0
        ? w.moreOut(diff, out, text)
        : w.lessOut(diff, out, text)
  return [plain(first), ...verdict(before, expected, aspirated, clinic, w)]
}

function verdict(
  { filledVolume, filledAt, programmedAt }: Reading,
  expected: number,
  aspirated: number,
  { locale, tolerance, source }: Clinic,
  w: Words,
): Says[] {
  if (tolerance === undefined || source === undefined) return []
  if (filledVolume === null || filledAt === null) return [plain(w.noRatio.fill)]
  if (programmedAt === null || programmedAt > filledAt) return [plain(w.noRatio.programme)]
  const fill = asShown(filledVolume, REPORTED_DIGITS)
  const tenths = ratioTenths(fill, expected, aspirated)
  if (tenths === null) return [plain(w.noRatio.volume)]
  const [f, a, e] = [fill, aspirated, expected].map((nL) => measured(nL, locale))
  const most = Math.round(tolerance * 10)
  const shown = percent(most)
  return [
    plain(w.ratio(percent(tenths), String(f), String(a), String(e))),
    Math.abs(tenths - 1_000) <= most
      ? plain(w.within(shown, source))
      : matters(w.outside(shown, source)),
  ]
}

/** What the pump was told of the refill, as loudly when it was not. */
export function told(
  before: Reading,
  after: Reading,
  injected: number | undefined,
  { locale }: Clinic,
  w: Words,
): Says[] {
  const [was, is] = [
    reported(before.reportedVolume, locale),
    reported(after.reportedVolume, locale),
  ]
  const volumes = [was ?? w.notSaid, is ?? w.notSaid] as const
  const knows = after.filledAt !== null && after.filledAt !== before.filledAt
  const moved = was === is ? w.volumeSame(...volumes) : w.volumeChanged(...volumes)
  if (!knows) return [matters(`${moved} ${w.notTold}`)]
  const first = plain(`${moved} ${w.told(dateTime(after.filledAt ?? ''))}`)
  if (injected === undefined || after.reportedVolume === null) return [first]
  const inPump = asShown(after.reportedVolume, REPORTED_DIGITS)
  const [r, i] = [measured(inPump, locale), measured(injected, locale)]
  const diff = measured(Math.abs(inPump - injected), locale)
  // A syringe is read more finely than a reservoir is shown.
  if (inPump === asShown(injected, REPORTED_DIGITS)) return [first, plain(w.inPumpSame(r, i))]
  return [first, matters(inPump > injected ? w.inPumpMore(diff, r, i) : w.inPumpLess(diff, r, i))]
}

/** Drugs whose programme is another than before, or than on the label. */
export function drugsAfter(
  { before, after, drug }: Pick<Sheet['steps'], 'before' | 'after' | 'drug'>,
  { locale }: Clinic,
  w: Words,
): Says[] {
  if (!before || !after) return []
  return after.entries.drugs.flatMap((now, i) => {
    const was = before.entries.drugs[i]
    const [a, b] = [was ? programmed(was, locale) : null, programmed(now, locale)]
    const label = drug?.entries.drugs[i]
    const out: Says[] = []
    if (a !== b) out.push(matters(w.concentrationChanged(i + 1, a ?? w.notSaid, b ?? w.notSaid)))
    const same =
      label && now.massUnit === label.massUnit && now.concentration === label.concentration
    if (label && !same) {
      out.push(matters(w.afterLabelDiffers(i + 1, b ?? w.notSaid, onLabel(label, locale))))
    }
    return out
  })
}

export interface Row {
  readonly what: string
  readonly before: string
  /** Null = not read yet. */
  readonly after: string | null
  readonly changed: boolean
}

/** Before and after side by side, every line of it, whether it changed or not. */
export function rows(before: Reading, after: Reading | undefined, clinic: Clinic, w: Words): Row[] {
  const [a, b] = [lines(before, clinic, w), after ? lines(after, clinic, w) : null]
  const most = Math.max(a.length, b?.length ?? 0)
  return Array.from({ length: most }, (_, i) => {
    const [what, was] = a[i] ?? [b?.[i]?.[0] ?? '', w.notSaid]
    const is = b ? (b[i]?.[1] ?? w.notSaid) : null
    return { what, before: was, after: is, changed: is !== null && is !== was }
  })
}

function lines(r: Reading, { locale }: Clinic, w: Words): [string, string][] {
  const { row } = w
  const said = (text: string | null) => text ?? w.notSaid
  const at = (time: string | null) => (time === null ? w.notSaid : dateTime(time))
  const most = r.bolus.maxPerDay === null ? w.notSaid : String(r.bolus.maxPerDay)
  const codes = WORDS[locale]
  const alarms = r.alarms.map(
    ({ code, class: of }) => `${named(codes.alarm, code, w.notSaid)} (${of ?? w.notSaid})`,
  )
  const last = r.drugs.map(
    (drug, i) => [row.drug(i + 1), said(programmed(drug, locale))] as [string, string],
  )
  return [
    [row.reportedVolume, said(reported(r.reportedVolume, locale))],
    [row.filledVolume, said(reported(r.filledVolume, locale))],
    [row.filledAt, at(r.filledAt)],
    [row.programmedAt, at(r.programmedAt)],
    [row.mode, named(codes.mode, r.mode, w.notSaid)],
    [row.rate, said(perDay(r.rate, locale))],
    [row.volume24h, said(volume24h(r.volume24h, locale))],
    [row.bolus, r.bolus.on ? w.bolus(said(volume24h(r.bolus.volume, locale)), most) : w.off],
    [row.lowAlarmVolume, said(reported(r.lowAlarmVolume, locale))],
    [row.lowAlarmDate, at(r.lowAlarmDate)],
    [row.state, named(codes.pumpState, r.state, w.notSaid)],
    [row.alarms, alarms.length === 0 ? w.noAlarms : alarms.join(', ')],
    ...last,
  ]
}
