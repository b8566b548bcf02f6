// The pump: its physics and its firmware, pure. Between two changes everything is linear, so it jumps
// from change to change and the result does not depend on the steps in which time is advanced.
//
// Reported volume is dead reckoning from what is set; actual volume is what is there. The pump never
// sees the actual one: it does not notice that more or less leaves, or that the catheter is blocked.
import type { BlockName, BlockRepr } from '../../protocol/fields/blocks.ts'
import { Random } from '../random.ts'
import type { Implant, ImplantCommand } from './api.ts'
import { DAY_MS, nextChange, TOO_LONG_MS } from './changes.ts'
import { carryOut } from './commands.ts'
import { blockOf } from './firmware/blocks.ts'
import { historyOf } from './firmware/history.ts'
import { type AlarmName, Journal } from './firmware/journal.ts'
import { measure, type Reported } from './firmware/measure.ts'
import { Programme } from './firmware/programme.ts'
import { Battery, WARNING_MS } from './physics/battery.ts'
import { DAY_S, PumpClock, secondsOf } from './physics/clock.ts'
import { leaving, ofSingle, reckoned } from './physics/flow.ts'
import { Flow, Tank } from './physics/tank.ts'
import type { ImplantSpec } from './spec.ts'

/** What a pump's clock shows at the beginning when nobody says. */
const CLOCK = '2026-01-05T08:00:00'
export type PumpState =
  | 'running'
  | 'stopped'
  | 'stalled'
  | 'minimum-rate'
  | 'end-of-service'
  | 'valve-closed'

interface Stall {
  readonly began: number
  /** Elapsed ms at which the pump notices; infinite once it has. */
  detectAt: number
  ended: number | null
  endDetectAt: number
}

/** A pump as its scenario describes it. `seed` decides what the scenario leaves to chance. */
export function createImplant(spec: ImplantSpec, seed: number): Implant {
  return new SimulatedImplant(spec, new Random(seed).fork(spec.serial))
}

export class SimulatedImplant implements Implant {
  readonly spec: ImplantSpec
  /** One stream for each purpose: a draw for one does not move the others. */
  readonly chance: Readonly<Record<'drain' | 'fill' | 'stall' | 'syringe', Random>>
  readonly clock: PumpClock
  readonly journal: Journal
  readonly programme: Programme
  readonly battery: Battery
  readonly reported: Tank
  readonly actual: Tank
  readonly faults = new Set<string>()
  elapsed = 0
  stateCounter = 100
  state: PumpState = 'running'
  stateSince: number
  programmedAt: number
  resets = 0
  filledAt: number
  filledVolume: number
  stall: Stall | null = null
  /** After an MRI: how many closes more the pump does not confirm. */
  closesRefused = 0
  /** What its clock showed when replacement was due and when service ended. */
  readonly reached: { replacement: number | null; serviceEnd: number | null } = {
    replacement: null,
    serviceEnd: null,
  }
  /** nL asked to leave since elapsed 0, and what the pump had counted before. */
  readonly #asked = new Tank(Number.MAX_SAFE_INTEGER)
  readonly #askedBefore: number
  /** What leaves for what is set, in ppm: of this pump, and of this filling. */
  readonly bias: number
  fillBias: number
  /** Elapsed ms since which the pump knows that it infuses nothing. */
  notInfusingSince: number | null = null
  #inTelemetry = false
  #reportedThings: Reported

  constructor(spec: ImplantSpec, random: Random) {
    this.spec = spec
    const [drain, fill] = [random.fork('drain'), random.fork('fill')]
    this.chance = { drain, fill, stall: random.fork('stall'), syringe: random.fork('syringe') }
    this.clock = new PumpClock(
      secondsOf(spec.clock ?? CLOCK),
      spec.drift ?? random.fork('drift').between(-20, 20),
    )
    this.programme = new Programme(spec)
    this.reported = new Tank(spec.volume)
    this.actual = new Tank(spec.actualVolume ?? spec.volume)
    const clipped = Math.max(
      -145_000,
      Math.min(145_000, 10_000 + random.fork('bias').normal(30_000)),
    )
    this.bias = 1_000_000 + (spec.bias ?? clipped)
    this.fillBias = 1_000_000 + (spec.fillBias ?? fill.normal(20_000))
    const now = this.clock.at(0)
    const age = Math.max(0, now - secondsOf(spec.implanted))
    this.battery = new Battery(age * 1000, this.programme.volume24h)
    this.#askedBefore = Math.round((age / DAY_S) * this.programme.volume24h)
    this.filledAt = Math.max(0, now - spec.filled.daysAgo * DAY_S)
    this.filledVolume = spec.filled.volume
    const past = {
      total: spec.pastEvents,
      implanted: secondsOf(spec.implanted),
      filledAt: this.filledAt,
      filledVolume: this.filledVolume,
      rate: this.setRate,
    }
    this.journal = new Journal(spec.pastEvents, historyOf(past))
    this.stateSince = this.filledAt
    this.programmedAt = this.filledAt
    this.#settle()
    this.#reportedThings = measure(this)
  }

  get serial(): string {
    return this.spec.serial
  }

  get model(): string {
    return this.spec.model
  }

  get firmware(): string {
    return this.spec.firmware
  }

  deviceTime(): number {
    return this.clock.at(this.elapsed)
  }

  advanceTo(elapsedMs: number): void {
    const target = Math.floor(elapsedMs)
    for (let at = nextChange(this); at <= target; at = nextChange(this)) {
      this.#flow(Math.max(at, this.elapsed))
      this.#changeNow()
    }
    if (target > this.elapsed) this.#flow(target)
  }

  block<N extends BlockName>(name: N): BlockRepr<N> {
    return blockOf(name, this, this.#reportedThings)
  }

  beginTelemetry(): void {
    if (this.#inTelemetry) return
    this.#inTelemetry = true
    this.log('telemetry-began')
  }

  endTelemetry(): boolean {
    if (this.faults.has('stuck-telemetry')) return false
    if (this.closesRefused > 0) {
      this.closesRefused -= 1
      return false
    }
    // Leaving telemetry mode is what sets the motor going again.
    if (this.faults.has('mri')) this.command({ do: 'fault', fault: 'mri', on: false })
    if (this.#inTelemetry) this.log('telemetry-ended')
    this.#inTelemetry = false
    return true
  }

  truth(): ReturnType<Implant['truth']> {
    const infused = Number.MAX_SAFE_INTEGER - this.#asked.volume
    return { actualVolume: this.actual.volume, reportedVolume: this.reported.volume, infused }
  }

  /** nL asked to leave since implantation. */
  get infusedTotal(): number {
    return this.#askedBefore + this.truth().infused
  }

  command(command: ImplantCommand): ReturnType<Implant['command']> {
    const result = carryOut(this, command)
    this.#settle()
    this.touch()
    return result
  }

  // ---- what commands do ---------------------------------------------------------------------

  /** Something that the pump would report has changed. */
  touch(): void {
    this.stateCounter += 1
    this.#reportedThings = measure(this)
  }

  log(
    name: Parameters<Journal['log']>[0],
    argument: number | null = null,
    occurredAt = this.deviceTime(),
  ): void {
    this.journal.log(name, occurredAt, this.deviceTime(), argument)
    this.touch()
  }

  raise(name: AlarmName, occurredAt = this.deviceTime()): void {
    if (this.journal.raise(name, occurredAt, this.deviceTime())) this.touch()
  }

  clear(name: AlarmName): void {
    if (this.journal.clear(name, this.deviceTime())) this.touch()
  }

  refilled(): void {
    this.fillBias = 1_000_000 + (this.spec.fillBias ?? this.chance.fill.normal(20_000))
  }

  // ---- flow ---------------------------------------------------------------------------------

  get #minute(): number {
    const day = ((this.deviceTime() % DAY_S) + DAY_S) % DAY_S
    return Math.floor(day / 60)
  }

  /** The rate set at this moment, which the pump reports whatever it does. nL/d. */
  get setRate(): number {
    return this.programme.rateAt(this.#minute)
  }

  #flow(to: number): void {
    const ms = to - this.elapsed
    const rate = reckoned(this)
    const asked = new Flow(rate)
    this.reported.drain(asked, ms)
    this.#asked.drain(asked, ms)
    this.actual.drain(leaving(this), ms)
    this.programme.single?.left.drain(ofSingle(this), ms)
    this.battery.advance(rate, ms)
    this.elapsed = to
  }

  // ---- changes ------------------------------------------------------------------------------

  /** Everything that is due now. */
  #changeNow(): void {
    const now = this.elapsed
    const { programme } = this
    const due = (at: number | undefined) => at !== undefined && at <= now
    if (programme.single?.left.atMost(0)) {
      this.log('single-bolus-ended', programme.single.volume)
      programme.single = null
    }
    if (due(programme.patient?.ends)) programme.patient = null
    while (due((programme.given[0] ?? Number.POSITIVE_INFINITY) + DAY_MS)) programme.given.shift()
    if (this.stall) this.#stallDue(this.stall, now)
    if (this.reported.atMost(programme.lowAlarmVolume)) this.raise('low-reservoir')
    if (this.reported.atMost(0)) this.raise('empty-reservoir')
    const since = this.notInfusingSince
    if (since !== null && now - since >= TOO_LONG_MS) this.raise('stopped-over-48h')
    this.#batteryDue(now)
    this.#settle()
    // A step of the schedule, a new day: what is reported may have moved.
    const shown = measure(this)
    if (JSON.stringify(shown) !== JSON.stringify(this.#reportedThings)) this.touch()
  }

  #stallDue(stall: Stall, now: number): void {
    if (stall.detectAt <= now) {
      stall.detectAt = Number.POSITIVE_INFINITY
      const began = this.clock.at(stall.began)
      this.log('stall-began', null, began)
      this.raise('motor-stall', began)
    }
    if (stall.endDetectAt <= now) {
      const known = stall.detectAt === Number.POSITIVE_INFINITY
      if (known) {
        this.log('stall-recovered', null, this.clock.at(stall.ended ?? now))
        this.clear('motor-stall')
      }
      this.stall = null
    }
  }

  #batteryDue(now: number): void {
    const ends = this.battery.ends(reckoned(this), now)
    if (ends - WARNING_MS <= now && !this.journal.has('replacement-due')) {
      this.reached.replacement ??= this.deviceTime()
      this.log('replacement-due')
      this.raise('replacement-due')
    }
    if (ends <= now && !this.faults.has('end-of-service')) {
      this.faults.add('end-of-service')
      this.reached.serviceEnd = this.deviceTime()
      this.log('end-of-service')
      this.raise('end-of-service')
    }
  }

  /** The state as far as the pump knows it. */
  #settle(): void {
    const stalled = this.journal.has('motor-stall') && this.stall !== null
    const state: PumpState = this.faults.has('end-of-service')
      ? 'end-of-service'
      : this.faults.has('valve-closed')
        ? 'valve-closed'
        : stalled
          ? 'stalled'
          : this.programme.mode === 'minimum-rate'
            ? 'minimum-rate'
            : this.programme.mode === 'stopped' && !this.programme.single
              ? 'stopped'
              : 'running'
    const infusing = state === 'running' || state === 'minimum-rate'
    this.notInfusingSince = infusing ? null : (this.notInfusingSince ?? this.elapsed)
    if (infusing && this.journal.has('stopped-over-48h')) this.clear('stopped-over-48h')
    if (state === this.state) return
    if (state === 'stopped') this.log('pump-stopped')
    if (this.state === 'stopped') this.log('pump-started')
    this.state = state
    this.stateSince = this.deviceTime()
    this.touch()
  }
}
