// What lies under the wands: a scenario, made into implants, a place for the wand, and a timeline.
import * as z from 'zod'
import type { Place } from './air/coupling.ts'
import type { NoiseLevel } from './cable/faults.ts'
import type { Implant } from './implant/api.ts'
import { createImplant } from './implant/implant.ts'
import { loadScenario } from './scenarios/load.ts'
import { type Scenario, type ScenarioInput, scenarioSchema } from './scenarios/schema.ts'
import type { Step } from './station.ts'

export interface World {
  /** The implants of wand `i`, made anew; the first one lies under it. */
  implants(wand: number, seed: number): readonly Implant[]
  readonly place: Place
  /** Happens at every wand. */
  readonly timeline: readonly Step[]
  readonly noise: NoiseLevel
}

/**
 * By name, by file, or as written in a file. `clock` is what pumps show that have no time of their
 * own. Throws an error that says what is wrong with the scenario.
 */
export function worldOf(given: string | ScenarioInput, clock: string): World {
  const scenario = typeof given === 'string' ? loadScenario(given) : parsed(given)
  const { place, timeline, noise, pumps } = scenario
  return {
    place,
    timeline,
    noise,
    implants: (wand, seed) =>
      pumps.map((spec) =>
        createImplant({ clock, ...spec, serial: serialFor(spec.serial, wand) }, seed),
      ),
  }
}

function parsed(given: ScenarioInput): Scenario {
  const read = scenarioSchema.safeParse(given)
  if (read.success) return read.data
  throw new Error(`The scenario is not valid.\n${z.prettifyError(read.error)}`)
}

/** Every wand has pumps of its own: the first one those of the scenario, the others numbered ones. */
function serialFor(serial: string, wand: number): string {
  return wand === 0 ? serial : `${serial.slice(0, 12)}-${wand + 1}`
}
