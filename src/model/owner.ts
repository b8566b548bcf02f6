// Whose pump it is. Only what links a pump to a patient's identifier (a file of the clinic) says so; what is
// told of patients (HL7 ADT) says where they are, and under which identifier they go on when two of them turn
// out to be one. A fold over the log's records of both; every record about a pump says whom it belonged to when
// it was written. Pure, browser-safe.
import * as z from 'zod'
import { utcSchema } from './value.ts'

/** No control characters: they go into messages, files and addresses. */
const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}]+$/u, 'must not hold control characters')

export const patientIdShape = {
  system: text(200).meta({
    description: 'Who gives the identifier: a URI, such as urn:oid:1.2.3.',
  }),
  value: text(100),
}
const aboutShape = {
  name: text(200).optional().meta({ description: 'Only if the configuration asks for names.' }),
  location: text(200)
    .optional()
    .meta({ description: 'Where the patient is; components between `^`, as in PV1-3.' }),
}

export const patientIdSchema = z.strictObject(patientIdShape)
export type PatientId = z.infer<typeof patientIdSchema>

export const ownerSchema = z
  .strictObject({
    ...patientIdShape,
    ...aboutShape,
    provider: text(200)
      .optional()
      .meta({ description: 'Ordering provider; components between `^`, as in OBR-16.' }),
  })
  .meta({ id: 'Owner', description: 'The patient whom a pump belonged to when it was recorded.' })
export type Owner = z.infer<typeof ownerSchema>

/** Body of a record: a pump is somebody's from now on, or nobody's any more, or two patients claim it. */
export const assignmentSchema = z.strictObject({
  change: z.enum(['begun', 'changed', 'ended', 'refused']),
  /** Null = nobody's; of what is refused, who has it still. */
  owner: ownerSchema.nullable(),
  /** Of what is refused. */
  claims: z.array(patientIdSchema).max(10).optional(),
})
export type Assignment = z.infer<typeof assignmentSchema>

/** Body of a record: what was told of a patient who has a pump. What is not named is as it was. */
export const patientToldSchema = z.strictObject({
  patient: patientIdSchema,
  /** Such as A08, and the id of the message. */
  event: z.string().max(10),
  control: z.string().max(200),
  /** When that was so, by the sender's word. */
  asOf: utcSchema,
  name: text(200).optional(),
  /** Null = nowhere: the patient left. */
  location: text(200).nullable().optional(),
  /** Under which identifier the patient goes on. */
  became: patientIdSchema.optional(),
})
export type PatientTold = z.infer<typeof patientToldSchema>

export interface Link {
  readonly serial: string
  /** Null = of whatever model. */
  readonly model: string | null
  readonly owner: Owner
}

/** What was told of one patient, the last word of each. */
export const toldSchema = patientToldSchema.pick({
  ...{ asOf: true, name: true, location: true, became: true },
})
type Told = z.infer<typeof toldSchema>

export interface Owners {
  /** By `linkKey`. */
  links: Record<string, Link>
  /** By `patientKey`: what was told of patients who have a pump, or had one. */
  told: Record<string, Told>
  /** Everybody who ever had one, by `patientKey`. */
  known: Record<string, PatientId & { readonly name?: string }>
}

export const noOwners = (): Owners => ({ links: {}, told: {}, known: {} })

export const linkKey = (serial: string, model: string | null) => JSON.stringify([serial, model])
export const patientKey = ({ system, value }: PatientId) => JSON.stringify([system, value])
export const samePatient = (a: PatientId, b: PatientId) =>
  a.system === b.system && a.value === b.value

/** This identifier and each under which the patient goes on, the one that is theirs now last. */
export function* identities(owners: Owners, id: PatientId): Generator<PatientId> {
  let now: PatientId | undefined = id
  // A circle is never folded; whoever made one by hand is not followed for ever.
  for (let left = 1_000; now && left > 0; left -= 1) {
    yield now
    now = owners.told[patientKey(now)]?.became
  }
}

/** Under which identifier a patient goes on; the same where nothing was told of another. */
export function goesOnAs(owners: Owners, id: PatientId): PatientId {
  let now = id
  for (const one of identities(owners, id)) now = one
  return now
}

/** Whose pump it is now; null = nobody has said. A link that names the model is closer than one that does not. */
export function ownerOf(owners: Owners, serial: string, model: string | null): Owner | null {
  const link = owners.links[linkKey(serial, model)] ?? owners.links[linkKey(serial, null)] ?? null
  if (!link) return null
  const { system, value } = goesOnAs(owners, link.owner)
  const { name, location, provider } = link.owner
  const told = newest(owners, link.owner)
  const at = told.location === undefined ? location : (told.location ?? undefined)
  const called = told.name ?? name
  return {
    ...{ system, value },
    ...(called !== undefined && { name: called }),
    ...(at !== undefined && { location: at }),
    ...(provider !== undefined && { provider }),
  }
}

/** What was told of a patient under every identifier, the last word of each. */
function newest(owners: Owners, id: PatientId): Pick<Told, 'name' | 'location'> {
  let out: Pick<Told, 'name' | 'location'> = {}
  for (const one of identities(owners, id)) {
    const { name, location } = owners.told[patientKey(one)] ?? {}
    out = {
      ...out,
      ...(name !== undefined && { name }),
      ...(location !== undefined && { location }),
    }
  }
  return out
}

/** Everybody whom one of these may be, under every identifier that was ever known of them. */
export function samePeople(
  owners: Owners,
  wanted: (one: PatientId) => boolean,
): readonly PatientId[] {
  const all = Object.values(owners.known)
  const keyNow = (one: PatientId) => patientKey(goesOnAs(owners, one))
  const meant = new Set(all.filter(wanted).map(keyNow))
  return meant.size === 0 ? [] : all.filter((one) => meant.has(keyNow(one)))
}

/** Changes `owners`. */
export function foldAssignment(
  owners: Owners,
  { serial, model }: { readonly serial: string; readonly model: string | null },
  { change, owner }: Assignment,
): void {
  if (change === 'refused') return
  const key = linkKey(serial, model)
  if (owner === null) delete owners.links[key]
  else {
    owners.links[key] = { serial, model, owner }
    know(owners, owner)
  }
}

/** Changes `owners`. */
export function foldTold(owners: Owners, told: PatientTold): void {
  const { patient, asOf, name, location, became } = told
  const key = patientKey(patient)
  const before = owners.told[key]
  owners.told[key] = {
    ...before,
    asOf: before && before.asOf > asOf ? before.asOf : asOf,
    ...(name !== undefined && { name }),
    ...(location !== undefined && { location }),
    ...(became !== undefined && { became }),
  }
  know(owners, { ...patient, ...(name !== undefined && { name }) })
  if (became) know(owners, became)
}

function know(owners: Owners, { system, value, name }: PatientId & { name?: string | undefined }) {
  const key = patientKey({ system, value })
  owners.known[key] = { ...owners.known[key], system, value, ...(name !== undefined && { name }) }
}
