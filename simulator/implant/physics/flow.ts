// What leaves the pump at this moment: what it reckons, and what is true.
import type { SimulatedImplant } from '../implant.ts'
import { Flow } from './tank.ts'

/** Below these actual volumes (nL) the pressure falls off and so does the flow, in ppm. */
export const FALL_OFF: readonly (readonly [number, number])[] = [
  [0, 0],
  [200_000, 125_000],
  [1_000_000, 500_000],
]

/** States in which the pump knows that nothing leaves, whatever is set. */
const OFF = ['stalled', 'end-of-service', 'valve-closed']

/** What the pump believes to leave, boluses included. nL/d. */
export function reckoned(pump: SimulatedImplant): number {
  return OFF.includes(pump.state) ? 0 : pump.setRate + (pump.programme.patient?.rate ?? 0)
}

/** What it believes to give of a single bolus. */
export function ofSingle(pump: SimulatedImplant): Flow {
  return new Flow(OFF.includes(pump.state) ? 0 : (pump.programme.single?.rate ?? 0))
}

/** What leaves in truth. */
export function leaving(pump: SimulatedImplant): Flow {
  const { stall, faults, actual } = pump
  // A stalled motor stands at once, not when the pump notices; it runs again likewise.
  if (stall && stall.ended === null) return new Flow(0)
  if (pump.state === 'end-of-service' || pump.state === 'valve-closed') return new Flow(0)
  const rate = pump.setRate + (pump.programme.patient?.rate ?? 0)
  const fault = faults.has('over-infusion') ? 300_000 : 0
  const falling = FALL_OFF.find(([volume]) => actual.atMost(volume))?.[1] ?? 1_000_000
  const blocked = faults.has('catheter-blocked') ? 100_000 : 1_000_000
  const share = Math.trunc((Math.trunc((pump.fillBias * falling) / 1e6) * blocked) / 1e6)
  return new Flow(rate, [pump.bias + fault, share])
}
