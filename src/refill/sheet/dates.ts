// The next low-reservoir alarm: the pump's own date first, by its own clock, and how far that clock is
// from this computer's; what we work out ourselves is apart, with all it is made of, and a range where
// the patient may ask for boluses. Pure.
import { age, dateTime, decimal, inZone } from '../../model/format.ts'
import { deviceTimeSeconds, deviceTimeText } from '../../model/value.ts'
import type { Clinic } from './compare.ts'
import type { Reading } from './entries.ts'
import { asShown, measured, reported } from './figures.ts'
import { type Figures, figuresOf } from './reading.ts'
import type { Words } from './words.ts'

/** The pump's date in a sentence. */
export function reportedDate(reading: Reading, w: Words): string {
  const { lowAlarmDate } = figuresOf(reading)
  return lowAlarmDate === null ? w.noAlarmDate : w.alarmDateReported(dateTime(lowAlarmDate))
}

/** A clock that is so near is said to agree: a minute is what people see of it. */
const AGREES_S = 60
/** No wand takes longer for a reading: a clock that is further off is off, whenever it was asked. */
const LONGEST_S = 600

/** How far the pump's clock is from this computer's in the clinic's zone. */
export function clockSentence(reading: Reading, { zone }: Clinic, w: Words): string {
  const { hostTime, uncertaintyMs } = reading
  const { deviceTime } = figuresOf(reading)
  if (deviceTime === null) return w.noClock
  const ahead = deviceTimeSeconds(deviceTime) - deviceTimeSeconds(inZone(hostTime, zone))
  if (uncertaintyMs === null && Math.abs(ahead) < LONGEST_S) return w.clockUnknown
  if (Math.abs(ahead) < AGREES_S) return w.clockAgrees(zone)
  const by = age(Math.abs(ahead) * 1_000)
  return ahead > 0 ? w.clockAhead(by, zone) : w.clockBehind(by, zone)
}

/** Days in tenths from shown figures, rounded half up; what a calculator gives. */
const daysTenths = (over: number, perDay: number) =>
  Number((BigInt(over) * 20n + BigInt(perDay)) / (2n * BigInt(perDay)))

const later = (deviceTime: string, tenths: number) =>
  dateTime(deviceTimeText(deviceTimeSeconds(deviceTime) + tenths * 8_640)).split(' ')[0] ?? ''

/** What patients may take with boluses in a day; null = the pump does not say. */
function bolusesOf({ on, volume: each, maxPerDay }: Figures['bolus']): number | null {
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
