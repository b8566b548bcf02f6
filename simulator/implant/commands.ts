// What somebody with the vendor's programmer, a syringe or bad luck does to the pump. None of it goes
// over the wand protocol, which only reads.
import type { ImplantCommand } from './api.ts'
import { ALARM_NAMES, type AlarmName } from './firmware/journal.ts'
import type { SingleBolus } from './firmware/programme.ts'
import type { SimulatedImplant } from './implant.ts'
import { CAPACITY, programmeChange } from './spec.ts'

interface Result {
  readonly ok: boolean
  readonly message: string
}
const done = (message: string): Result => ({ ok: true, message })
const refused = (message: string): Result => ({ ok: false, message })

const HOUR_MS = 3_600_000
/** What a reservoir takes above its nominal capacity: the rest of the last filling, and a little. */
const HEADROOM = 1_000_000
const mL = (nL: number) => `${nL / 1_000_000} mL`

export function carryOut(pump: SimulatedImplant, command: ImplantCommand): Result {
  switch (command.do) {
    case 'drain':
      return drain(pump, command.volume)
    case 'refill':
      return refill(pump, command.volume, command.program ?? false)
    case 'program':
      return program(pump, command.change)
    case 'alarm':
      return alarm(pump, command.code, command.on)
    case 'patient-bolus':
      return patientBolus(pump)
    case 'fault':
      return fault(pump, command.fault, command.on)
  }
}

function drain(pump: SimulatedImplant, wanted: number | undefined): Result {
  const there = pump.actual.volume
  if (wanted !== undefined) {
    const drawn = Math.min(wanted, there)
    pump.actual.volume = there - drawn
    return done(`${mL(drawn)} drawn off. The pump has not noticed.`)
  }
  // A syringe never gets the very last of it.
  const left = Math.min(there, pump.chance.drain.between(0, 500_000))
  const error = pump.chance.syringe.normal(pump.spec.syringeError)
  pump.actual.volume = left
  const says = Math.max(0, Math.round((there - left + error) / 100_000)) / 10
  return done(`Drained. The syringe says ${says} mL. The pump has not noticed.`)
}

function refill(pump: SimulatedImplant, volume: number, programmed: boolean): Result {
  const capacity = CAPACITY[pump.spec.model]
  const there = pump.actual.volume
  if (volume > capacity) {
    return refused(`Nothing injected: ${mL(volume)} do not fit a reservoir of ${mL(capacity)}.`)
  }
  if (there + volume > capacity + HEADROOM) {
    return refused(`Nothing injected: too much is still in the reservoir. Drain it first.`)
  }
  const error = pump.chance.syringe.normal(pump.spec.syringeError)
  const injected = Math.min(capacity + HEADROOM - there, Math.max(0, volume + error))
  pump.actual.volume = there + injected
  pump.refilled()
  if (!programmed) return done(`${mL(volume)} injected. The pump has not been told.`)
  pump.programmedAt = pump.deviceTime()
  pump.journal.acknowledge()
  filled(pump, volume)
  return done(`${mL(volume)} injected and programmed.`)
}

/** The pump is told that it holds `volume`. */
function filled(pump: SimulatedImplant, volume: number): void {
  pump.reported.volume = volume
  pump.filledVolume = volume
  pump.filledAt = pump.deviceTime()
  if (volume > 0) pump.clear('empty-reservoir')
  if (!pump.reported.atMost(pump.programme.lowAlarmVolume)) pump.clear('low-reservoir')
  pump.log('refill-programmed', volume)
}

function endSingle(pump: SimulatedImplant, single: SingleBolus): void {
  pump.log('single-bolus-ended', single.volume - single.left.volume)
}

function program(pump: SimulatedImplant, change: unknown): Result {
  const read = programmeChange.safeParse(change)
  if (!read.success) {
    const wrong = read.error.issues.map((i) => `${i.path.join('.') || 'change'}: ${i.message}`)
    return refused(`Nothing programmed. ${wrong.join('; ')}`)
  }
  const { single } = pump.programme
  pump.programme.change(read.data, pump.elapsed)
  pump.programmedAt = pump.deviceTime()
  pump.journal.acknowledge()
  if (single && single !== pump.programme.single) endSingle(pump, single)
  if (read.data.filledVolume !== undefined) filled(pump, read.data.filledVolume)
  pump.log('programmed', pump.setRate)
  if (read.data.singleBolus) pump.log('single-bolus-began', read.data.singleBolus.volume)
  if (!pump.reported.atMost(pump.programme.lowAlarmVolume)) pump.clear('low-reservoir')
  return done(`Programmed: ${pump.programme.shownMode}, ${mL(pump.setRate)} a day now.`)
}

function alarm(pump: SimulatedImplant, code: string, on: boolean): Result {
  const name = ALARM_NAMES.find((one) => one === code)
  if (!name) return refused(`There is no alarm ${code}. There is ${ALARM_NAMES.join(', ')}.`)
  if (on) pump.raise(name)
  else pump.clear(name)
  return done(`Alarm ${name} ${on ? 'raised' : 'ended'}.`)
}

function patientBolus(pump: SimulatedImplant): Result {
  const { programme } = pump
  const volume = programme.bolus?.volume ?? null
  const runs = pump.state === 'running'
  const answer = runs ? programme.request(pump.elapsed) : `Denied: the pump is ${pump.state}.`
  if (typeof answer === 'string') {
    if (programme.bolus?.enabled) {
      programme.denied += 1
      pump.log('patient-bolus-denied', volume)
    }
    return refused(answer)
  }
  programme.patient = answer
  programme.accepted += 1
  programme.given.push(pump.elapsed)
  pump.log('patient-bolus-accepted', volume)
  return done(`Bolus of ${mL(volume ?? 0)} begun.`)
}

/** Does it, or gives a sentence on why not. */
type Fault = (pump: SimulatedImplant, on: boolean) => string | undefined

const mark =
  (name: string): Fault =>
  (pump, on) => {
    if (on) pump.faults.add(name)
    else pump.faults.delete(name)
    return undefined
  }

const alarmed =
  (name: AlarmName): Fault =>
  (pump, on) => {
    if (on) pump.raise(name)
    else pump.clear(name)
    return undefined
  }

/** By name. Those that the pump cannot notice change nothing that it reports. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'over-infusion': mark('over-infusion'),
  'catheter-blocked': mark('catheter-blocked'),
  /** The drug leaves as before, only not where it should: nothing in the pump shows it. */
  'catheter-dislodged': mark('catheter-dislodged'),
  'valve-closed'(pump, on) {
    if (!pump.spec.valveGated) return 'This pump has no valve.'
    return mark('valve-closed')(pump, on)
  },
  'stuck-telemetry': mark('stuck-telemetry'),
  'out-of-range-volume': mark('out-of-range-volume'),
  'memory-error': alarmed('memory-error'),
  'critical-memory-error': alarmed('critical-memory-error'),
  stall(pump, on) {
    stall(pump, on)
    return undefined
  },
  /** The motor stalls, and the pump sits in telemetry mode until a second close ends both. */
  mri(pump, on) {
    if (on) pump.beginTelemetry()
    pump.closesRefused = on ? 1 : 0
    stall(pump, on)
    return mark('mri')(pump, on)
  },
  'clock-reset'(pump, on) {
    if (!on) return 'A clock that has lost its time does not get it back.'
    pump.clock.reset(pump.elapsed)
    pump.log('clock-reset')
    return undefined
  },
  'low-battery-reset'(pump, on) {
    if (!on) return alarmed('low-battery-reset')(pump, on)
    const { single } = pump.programme
    pump.resets += 1
    pump.programme.mode = 'minimum-rate'
    pump.programme.single = null
    pump.programme.patient = null
    pump.log('pump-restarted')
    if (single) endSingle(pump, single)
    return alarmed('low-battery-reset')(pump, on)
  },
}

function stall(pump: SimulatedImplant, on: boolean): void {
  const now = pump.elapsed
  if (on && !pump.stall) {
    const delay = pump.chance.stall.between(HOUR_MS / 3, 2 * HOUR_MS)
    const never = Number.POSITIVE_INFINITY
    pump.stall = { began: now, detectAt: now + delay, ended: null, endDetectAt: never }
  } else if (!on && pump.stall && pump.stall.ended === null) {
    pump.stall.ended = now
    pump.stall.endDetectAt = now + pump.chance.stall.between(HOUR_MS, 24 * HOUR_MS)
  }
}

export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS)

function fault(pump: SimulatedImplant, name: string, on: boolean): Result {
  const what = FAULTS[name]
  if (!what) return refused(`There is no fault ${name}. There is ${FAULT_NAMES.join(', ')}.`)
  const refusal = what(pump, on)
  if (refusal !== undefined) return refused(refusal)
  return done(`Fault ${name} ${on ? 'begins' : 'ends'}.`)
}
