// What lies under the wands: a scenario, made into implants, a place for the wand, and a timeline.
import type { Place } from './air/coupling.ts'
import type { Implant } from './implant/api.ts'
import type { NoiseLevel } from './cable/faults.ts'
import type { Step } from './station.ts'

export type ScenarioInput = string | object

export interface World {
  /** The implants of wand `i`, made anew; the first one lies under it. */
  implants(wand: number, seed: number): readonly Implant[]
  readonly place: Place
  readonly timeline: readonly Step[]
  readonly noise?: { readonly level: NoiseLevel }
}

export function worldOf(scenario: ScenarioInput): World {
  throw new Error(`There is no scenario ${JSON.stringify(scenario)}.`)
}
