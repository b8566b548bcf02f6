// The next low-reservoir alarm: the pump's own date first, by its own clock, and how far that clock is
// from this computer's; what we work out ourselves is apart, with all it is made of, and a range where
// the patient may ask for boluses. Pure.
import { dateTime, decimal } from '../../model/format.ts'
import { asShown } from '../../model/residual.ts'
import { deviceTimeSeconds, deviceTimeText } from '../../model/value.ts'
import { clockText } from '../../words/clock.ts'
import { WORDS } from '../../words/words.ts'
import type { Clinic } from './compare.ts'
import type { Reading } from './entries.ts'
import { measured, reported } from './figures.ts'
import { type Figures, figuresOf } from './reading.ts'
import type { Words } from './words.ts'

/** The pump's date in a sentence. */
export function reportedDate(reading: Reading, w: Words): string {
  const { lowAlarmDate } = figuresOf(reading)
  return lowAlarmDate === null ? w.noAlarmDate : w.alarmDateReported(dateTime(lowAlarmDate))
}

/** How far the pump's clock is from this computer's in the clinic's zone. */
export const clockSentence = (reading: Reading, { zone, locale }: Clinic): string =>
  clockText(
    {
      deviceTime: figuresOf(reading).deviceTime,
      hostTime: reading.hostTime,
      uncertainty: reading.uncertaintyMs,
    },
    { zone, words: WORDS[locale] },
  )

/** Days in tenths from shown figures, rounded half up; what a calculator gives. */
const daysTenths = (over: number, perDay: number) =>
  Number((BigInt(over) * 20n + BigInt(perDay)) / (2n * BigInt(perDay)))

const later = (deviceTime: string, tenths: number) =>
  dateTime(deviceTimeText(deviceTimeSeconds(deviceTime) + tenths * 8_640)).split(' ')[0] ?? ''

/** What patients may take with boluses in a day; null = the pump does not say. */
export function bolusesOf({ on, volume: each, maxPerDay }: Figures['bolus']): number | null {
  if (on === false) return 0
  return on === null || each === null || maxPerDay === null ? null : each * maxPerDay
}

/** Our own reckoning; null where the figures for it are not there, or nothing would leave. */
export function computedDate(reading: Reading, { locale }: Clinic, w: Words): string | null {
  const figures = figuresOf(reading)
  const { deviceTime, reportedVolume, lowAlarmVolume: low, volume24h: day, mode } = figures
  if (deviceTime === null || reportedVolume === null || low === null) return null
  // A single bolus that is still to be given takes from the reservoir, too: left to the pump's date.
  const single = mode === null || mode === 'single-bolus' || (figures.pendingBolus ?? 0) > 0
  const extra = bolusesOf(figures.bolus)
  if (day === null || day === 0 || single || extra === null) return null
  const over = asShown(reportedVolume) - low
  if (over <= 0) return null
  const [v, l] = [reported(reportedVolume, locale) ?? '', measured(low, locale)]
  const slow = daysTenths(over, day)
  const date = later(deviceTime, slow)
  const sentence =
    extra === 0
      ? w.computedOne(v, l, measured(day, locale), decimal(slow, 1), date)
      : w.computedRange(
          v,
          l,
          measured(day, locale),
          measured(day + extra, locale),
          later(deviceTime, daysTenths(over, day + extra)),
          date,
        )
  return `${sentence} ${w.steadyOnly}`
}
