// Everything that describes what is given: code systems, value sets, profiles and extensions of ours, in order of
// their ids.
import type { CodeSystem, StructureDefinition, ValueSet } from 'fhir/r4.js'
import { profiles } from './profiles.ts'
import { terminology } from './terminology.ts'

export const published = (version: string): (CodeSystem | StructureDefinition | ValueSet)[] =>
  [...terminology(version), ...profiles(version)].sort((a, b) =>
    (a.id ?? '') < (b.id ?? '') ? -1 : 1,
  )
