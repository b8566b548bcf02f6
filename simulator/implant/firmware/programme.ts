// What the pump is set to do: mode, rates, drugs, patient boluses. Set, not true: what really leaves
// is implant.ts's business.
import type { INFUSION_MODES } from '../../../protocol/fields/infusion.ts'
import { Tank } from '../physics/tank.ts'
import type { ImplantSpec, ProgrammeChange } from '../spec.ts'

export type Mode = (typeof INFUSION_MODES)[keyof typeof INFUSION_MODES]
export type BaseMode = Exclude<Mode, 'single-bolus'>

/** Rate of the minimum-rate mode, nL/d. A default of the simulator, no manufacturer's figure. */
export const MINIMUM_RATE = 6_000
const MIN_PER_DAY = 1440

export interface SingleBolus {
  readonly rate: number
  readonly volume: number
  /** Still to be given, as the pump reckons. */
  readonly left: Tank
  /** Elapsed ms. */
  readonly began: number
  /** So often the pump reckons anew what is still to be given, in ms. */
  readonly every: number
}

export interface PatientBolus {
  readonly rate: number
  readonly ends: number
}

export class Programme {
  mode: BaseMode
  rate: number
  schedule: ImplantSpec['schedule']
  drugs: ImplantSpec['drugs']
  bolus: ImplantSpec['bolus']
  lowAlarmVolume: number
  single: SingleBolus | null = null
  patient: PatientBolus | null = null
  accepted = 0
  denied = 0
  /** Elapsed ms of the boluses accepted in the last 24 h. */
  given: number[] = []

  constructor(spec: ImplantSpec) {
    this.mode = spec.mode
    this.rate = spec.rate
    this.schedule = spec.schedule
    this.drugs = spec.drugs
    this.bolus = spec.bolus
    this.lowAlarmVolume = spec.lowAlarmVolume
  }

  /** Takes a change in; the counts start anew, as at every programming. */
  change(change: ProgrammeChange, now: number): void {
    if (change.rate !== undefined) this.rate = change.rate
    if (change.schedule !== undefined) this.schedule = change.schedule
    if (change.mode !== undefined) {
      this.mode = change.mode
      // A new mode takes the place of whatever runs: who stops the pump stops its boluses, too.
      this.single = null
      if (change.mode === 'stopped' || change.mode === 'minimum-rate') this.patient = null
    }
    if (change.drugs !== undefined) this.drugs = change.drugs
    if (change.bolus !== undefined) this.bolus = change.bolus
    if (change.lowAlarmVolume !== undefined) this.lowAlarmVolume = change.lowAlarmVolume
    if (change.singleBolus !== undefined) {
      const { volume, rate } = change.singleBolus
      const every = Math.max(60_000, Math.ceil(duration(volume, rate) / 100))
      this.single = { volume, rate, left: new Tank(volume), began: now, every }
    }
    this.accepted = 0
    this.denied = 0
  }

  get shownMode(): Mode {
    return this.single ? 'single-bolus' : this.mode
  }

  /** Rate set for a minute of the pump's day, single bolus included, patient bolus not. nL/d. */
  rateAt(minute: number): number {
    return this.single ? this.single.rate : this.baseRate(minute)
  }

  baseRate(minute: number): number {
    switch (this.mode) {
      case 'stopped':
        return 0
      case 'minimum-rate':
        return MINIMUM_RATE
      case 'simple-continuous':
        return this.rate
      case 'flex': {
        const step = this.schedule.findLast((s) => s.start <= minute) ?? this.schedule.at(-1)
        return step?.rate ?? this.rate
      }
    }
  }

  /** Volume of one day, boluses aside. nL. */
  get volume24h(): number {
    if (this.mode !== 'flex' || this.schedule.length === 0) return this.baseRate(0)
    const steps = this.schedule
    const sum = steps.reduce((total, step, i) => {
      const next = steps[i + 1]?.start ?? (steps[0]?.start ?? 0) + MIN_PER_DAY
      return total + step.rate * (next - step.start)
    }, 0)
    return Math.round(sum / MIN_PER_DAY)
  }

  /** What a patient's request is answered with, at elapsed `now`: a bolus, or the reason for none. */
  request(now: number): PatientBolus | string {
    const { bolus } = this
    if (!bolus?.enabled) return 'Patient boluses are off.'
    this.given = this.given.filter((at) => now - at < 86_400_000)
    const last = this.given.at(-1)
    if (last !== undefined && now - last < bolus.lockout * 60_000) return 'Denied: lockout.'
    if (this.given.length >= bolus.maxPerDay) return 'Denied: daily maximum reached.'
    const rate = Math.round((bolus.volume * 86_400) / bolus.duration)
    return { rate, ends: now + bolus.duration * 1000 }
  }
}

/** ms that `volume` nL take at `rate` nL/d. */
function duration(volume: number, rate: number): number {
  return Math.ceil((volume * 86_400_000) / rate)
}
