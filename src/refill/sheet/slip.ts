// What the patient's slip may say: the earliest date that anything on the sheet supports, with where it
// comes from, or why there is none. A slip that is late is worse than none. Pure.
import { inZone } from '../../model/format.ts'
import { asShown } from '../../model/residual.ts'
import { deviceTimeSeconds } from '../../model/value.ts'
import { agrees } from '../../words/clock.ts'
import { type Clinic, doseOf, toldOf } from './compare.ts'
import { bolusesOf } from './dates.ts'
import { dateText } from './input.ts'
import { figuresOf, infusingIn } from './reading.ts'
import type { Sheet } from './sheet.ts'
import type { Words } from './words.ts'

export type SlipDate =
  | { readonly day: string; readonly from: string; readonly cautions: readonly string[] }
  | { readonly none: string }

const DAY_MS = 86_400_000

export function slipDate({ steps }: Sheet, clinic: Clinic, w: Words): SlipDate {
  const after = steps.after?.entries
  if (!after) return { none: w.slipNotYet }
  const figures = figuresOf(after)
  const gives = infusingIn(after)
  if (gives === 'nothing' || gives === 'unknown') return { none: w.slipInfusing[gives] }
  const found = [...pumpsDate(after.hostTime, figures, clinic, w), ...ownDates()]
  // Of one day the pump's own word stands.
  const [first] = found.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
  if (!first) return { none: w.slipNoDate }
  return { day: dateText(first.date), from: first.from, cautions: cautions() }

  /** Worked out from a volume, at the fastest that the programme allows. */
  function ownDates(): Candidate[] {
    const { reportedVolume, lowAlarmVolume: low, volume24h, bolus } = figures
    const extra = bolusesOf(bolus)
    if (low === null || volume24h === null || extra === null || volume24h + extra === 0) return []
    const injected = steps.injected?.entries.volume ?? null
    const from = (volume: number | null, text: string): Candidate[] => {
      if (volume === null) return []
      const days = Math.max(0, asShown(volume) - low) / (volume24h + extra)
      const at = Date.parse(after?.hostTime ?? '') + days * DAY_MS
      return [{ date: dayOf(at, clinic), from: text }]
    }
    return [
      ...from(reportedVolume, extra > 0 ? w.slipFromVolumeAndBoluses : w.slipFromVolume),
      ...from(injected, w.slipFromInjected),
    ]
  }

  function cautions(): string[] {
    const before = steps.before?.entries
    const out: string[] = []
    if (before && after) {
      const told = toldOf(before, after, steps.injected?.entries.volume, clinic, w)
      if (told.some(({ matters }) => matters)) out.push(w.slipVolumesDisagree)
    }
    if (gives === 'minimum-rate') out.push(w.slipInfusing[gives])
    if (!clockAgrees(after?.hostTime ?? '', figures, clinic)) out.push(w.slipClockDisagrees)
    return out
  }
}

interface Candidate {
  /** `2027-02-04`, in the clinic's zone. */
  readonly date: string
  readonly from: string
}

type Dated = Pick<ReturnType<typeof figuresOf>, 'deviceTime' | 'lowAlarmDate'>

const clockAgrees = (hostTime: string, { deviceTime }: Dated, { zone }: Clinic) =>
  agrees({ deviceTime, hostTime, uncertainty: 0 }, zone)

const dayOf = (at: number, { zone }: Clinic) =>
  inZone(new Date(at).toISOString(), zone).slice(0, 10)

/** The pump's own date: as far from its reading as it is from the pump's clock, however wrong that is. */
function pumpsDate(hostTime: string, figures: Dated, clinic: Clinic, w: Words): Candidate[] {
  const { deviceTime, lowAlarmDate } = figures
  if (deviceTime === null || lowAlarmDate === null) return []
  const left = deviceTimeSeconds(lowAlarmDate) - deviceTimeSeconds(deviceTime)
  const at = Date.parse(hostTime) + Math.max(0, left) * 1_000
  const right = clockAgrees(hostTime, figures, clinic)
  const date = right && left > 0 ? lowAlarmDate.slice(0, 10) : dayOf(at, clinic)
  return [{ date, from: right ? w.slipFromPump : w.slipFromPumpsDays }]
}

/** The day's dose of each drug, as the pump is programmed now. */
export function slipDoses({ steps }: Sheet, { locale }: Clinic, w: Words): [string, string][] {
  const drugs = steps.after ? figuresOf(steps.after.entries).drugs : []
  return drugs.map((drug) => [drug.name ?? w.notSaid, doseOf(drug, locale) ?? w.notSaid])
}
