// What somebody with the vendor's programmer, a syringe or bad luck does to the pump. None of it goes
// over the wand protocol, which only reads.
import type { ImplantCommand } from './api.ts'
import type { SimulatedImplant } from './implant.ts'
import { ALARM_NAMES, type AlarmName } from './journal.ts'
import { CAPACITY, programmeChange } from './spec.ts'

interface Result {
  readonly ok: boolean
  readonly message: string
}
const done = (message: string): Result => ({ ok: true, message })
const refused = (message: string): Result => ({ ok: false, message })

const HOUR_MS = 3_600_000
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
  // A syringe never gets the very last of it.
  const left = wanted === undefined ? Math.min(there, pump.random.between(0, 500_000)) : 0
  const drawn = Math.min(wanted ?? there - left, there)
  pump.actual.volume = there - drawn
  return done(`${mL(drawn)} drawn off. The pump has not noticed.`)
}

function refill(pump: SimulatedImplant, volume: number, programmed: boolean): Result {
  const capacity = CAPACITY[pump.spec.model]
  const after = pump.actual.volume + volume
  if (after > capacity) {
    const room = capacity - pump.actual.volume
    return refused(`Nothing injected: ${mL(volume)} do not fit. There is room for ${mL(room)}.`)
  }
  pump.actual.volume = after
  pump.refilled()
  if (!programmed) return done(`${mL(volume)} injected. The pump has not been told.`)
  pump.reported.volume = volume
  pump.filledVolume = volume
  pump.filledAt = pump.deviceTime()
  pump.programmedAt = pump.deviceTime()
  pump.journal.acknowledge()
  pump.clear('low-reservoir')
  pump.clear('empty-reservoir')
  pump.log('refill-programmed', volume)
  return done(`${mL(volume)} injected and programmed.`)
}

function program(pump: SimulatedImplant, change: unknown): Result {
  const read = programmeChange.safeParse(change)
  if (!read.success) {
    const wrong = read.error.issues.map((i) => `${i.path.join('.') || 'change'}: ${i.message}`)
    return refused(`Nothing programmed. ${wrong.join('; ')}`)
  }
  pump.programme.change(read.data, pump.elapsed)
  pump.programmedAt = pump.deviceTime()
  pump.journal.acknowledge()
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
  const answer = programme.request(pump.elapsed)
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

type Fault = (pump: SimulatedImplant, on: boolean) => void

const mark =
  (name: string): Fault =>
  (pump, on) => {
    if (on) pump.faults.add(name)
    else pump.faults.delete(name)
  }

const alarmed =
  (name: AlarmName): Fault =>
  (pump, on) => {
    if (on) pump.raise(name)
    else pump.clear(name)
  }

/** By name. Those that the pump cannot notice change nothing that it reports. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'over-infusion': mark('over-infusion'),
  'catheter-blocked': mark('catheter-blocked'),
  /** The drug leaves as before, only not where it should: nothing in the pump shows it. */
  'catheter-dislodged': mark('catheter-dislodged'),
  'valve-closed': mark('valve-closed'),
  'stuck-telemetry': mark('stuck-telemetry'),
  'out-of-range-volume': mark('out-of-range-volume'),
  'memory-error': alarmed('memory-error'),
  'critical-memory-error': alarmed('critical-memory-error'),
  stall(pump, on) {
    const now = pump.elapsed
    if (on && !pump.stall) {
      const delay = pump.random.between(HOUR_MS / 3, 2 * HOUR_MS)
      const never = Number.POSITIVE_INFINITY
      pump.stall = { began: now, detectAt: now + delay, ended: null, endDetectAt: never }
    } else if (!on && pump.stall && pump.stall.ended === null) {
      pump.stall.ended = now
      pump.stall.endDetectAt = now + pump.random.between(HOUR_MS, 24 * HOUR_MS)
    }
  },
  'clock-reset'(pump, on) {
    if (!on) return
    pump.clock.reset(pump.elapsed)
    pump.log('clock-reset')
  },
  'low-battery-reset'(pump, on) {
    if (!on) {
      pump.clear('low-battery-reset')
      return
    }
    pump.resets += 1
    pump.programme.mode = 'minimum-rate'
    pump.programme.single = null
    pump.programme.patient = null
    pump.log('pump-restarted')
    pump.raise('low-battery-reset')
  },
}

export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS)

function fault(pump: SimulatedImplant, name: string, on: boolean): Result {
  const what = FAULTS[name]
  if (!what) return refused(`There is no fault ${name}. There is ${FAULT_NAMES.join(', ')}.`)
  what(pump, on)
  return done(`Fault ${name} ${on ? 'begins' : 'ends'}.`)
}
