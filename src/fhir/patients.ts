// Patients, as far as pumps are known to be theirs: an identifier, a name only if the clinic wants names, and
// under which identifier somebody goes on when two of them turned out to be one. Ids give nothing away.
import type { Patient } from 'fhir/r4.js'
import { goesOnAs, type Owners, type PatientId, samePatient } from '../model/owner.ts'
import type { Source } from '../model/reading.ts'
import { markOf, patientReference, patientResourceId } from './elements.ts'

/** `now`: under which identifier the patient goes on. */
export function patientOf(
  { system, value, name }: PatientId & { readonly name?: string | undefined },
  source: Source,
  now: PatientId = { system, value },
): Patient {
  const replaced = !samePatient(now, { system, value })
  return {
    resourceType: 'Patient',
    id: patientResourceId({ system, value }),
    ...(source !== 'device' && { meta: markOf(source) }),
    identifier: [{ system, value }],
    active: !replaced,
    ...(name !== undefined && { name: [{ text: name }] }),
    ...(replaced && { link: [{ other: patientReference(now), type: 'replaced-by' as const }] }),
  }
}

export const patientsOf = (owners: Owners, source: Source): Patient[] =>
  Object.values(owners.known)
    .map((one) => patientOf(one, source, goesOnAs(owners, one)))
    .sort((a, b) => ((a.id ?? '') < (b.id ?? '') ? -1 : 1))
