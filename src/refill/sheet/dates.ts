// The next low-reservoir alarm: the pump's own date first, by its own clock, and how far that clock is
// from this computer's; what we work out ourselves is apart, with all it is made of, and a range where
// the patient may ask for boluses. Pure.
import { age, dateTime, decimal, inZone } from '../../model/format.ts'
import { deviceTimeSeconds, deviceTimeText } from '../../model/value.ts'
import type { Clinic } from './compare.ts'
import type { Reading } from './entries.ts'
import { asShown, RATE_DIGITS, REPORTED_DIGITS, reported, volume24h } from './figures.ts'
import type { Words } from './words.ts'

/** The pump's date in a sentence. */
export const reportedDate = ({ lowAlarmDate }: Reading, w: Words): string =>
  lowAlarmDate === null ? w.noAlarmDate : w.alarmDateReported(dateTime(lowAlarmDate))

/** A clock that is so near is said to agree: a minute is what people see of it. */
const AGREES_S = 60

/** How far the pump's clock is from this computer's in the clinic's zone. */
export function clockSentence(
  { deviceTime, hostTime }: Reading,
  { zone }: Clinic,
  w: Words,
): string {
  if (deviceTime === null) return w.noClock
  const ahead = deviceTimeSeconds(deviceTime) - deviceTimeSeconds(inZone(hostTime, zone))
  if (Math.abs(ahead) < AGREES_S) return w.clockAgrees(zone)
  const by = age(Math.abs(ahead) * 1_000)
  return ahead > 0 ? w.clockAhead(by, zone) : w.clockBehind(by, zone)
}

/** Days in tenths from shown figures, rounded half up; what a calculator gives. */
const daysTenths = (over: number, perDay: number) =>
  Number((BigInt(over) * 20n + BigInt(perDay)) / (2n * BigInt(perDay)))

const later = (deviceTime: string, tenths: number) =>
  dateTime(deviceTimeText(deviceTimeSeconds(deviceTime) + tenths * 8_640)).split(' ')[0] ?? ''

/** Our own reckoning; null where the figures for it are not there, or nothing would leave. */
export function computedDate(r: Reading, { locale }: Clinic, w: Words): string | null {
  const { deviceTime, reportedVolume, lowAlarmVolume, volume24h: day, bolus } = r
  if (deviceTime === null || reportedVolume === null || lowAlarmVolume === null) return null
  // A single bolus that is still to be given takes from the reservoir, too: left to the pump's date.
  if (day === null || day === 0 || (r.pendingBolus ?? 0) > 0) return null
  const [volume, low] = [reportedVolume, lowAlarmVolume].map((nL) => asShown(nL, REPORTED_DIGITS))
  const over = Number(volume) - Number(low)
  if (over <= 0) return null
  const [v, l] = [reported(reportedVolume, locale) ?? '', reported(lowAlarmVolume, locale) ?? '']
  const least = asShown(day, RATE_DIGITS)
  const slow = daysTenths(over, least)
  const date = later(deviceTime, slow)
  const extra = bolus.on ? (bolus.volume ?? 0) * (bolus.maxPerDay ?? 0) : 0
  const sentence =
    extra === 0
      ? w.computedOne(v, l, volume24h(least, locale) ?? '', decimal(slow, 1, 1), date)
      : w.computedRange(
          v,
          l,
          volume24h(least, locale) ?? '',
          volume24h(asShown(least + extra, RATE_DIGITS), locale) ?? '',
          later(deviceTime, daysTenths(over, asShown(least + extra, RATE_DIGITS))),
          date,
        )
  return `${sentence} ${w.steadyOnly}`
}
