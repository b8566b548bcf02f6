// What a table or a message changes in what is known of owners: the records that say so, and nothing else. Pure.
import {
  type Assignment,
  goesOnAs,
  identities,
  type Link,
  linkKey,
  type Owners,
  type PatientId,
  type PatientTold,
  patientKey,
  samePatient,
} from '../model/owner.ts'
import type { Conflict, Table } from './table.ts'

export interface AssignmentOf {
  readonly serial: string
  readonly model: string | null
  readonly body: Assignment
}

/**
 * What a table that is whole changes. Pumps that it does not name any more are nobody's from now on; a pump that
 * two patients claim stays whose it was, since an implant does not change its patient.
 */
export function changesOf(owners: Owners, table: Table): AssignmentOf[] {
  const out: AssignmentOf[] = []
  const named = new Set<string>()
  for (const { serial, model, owner } of table.links) {
    const key = linkKey(serial, model)
    named.add(key)
    const before = owners.links[key]
    if (before && sameOwner(before, { serial, model, owner })) continue
    const change = before && samePatient(before.owner, owner) ? 'changed' : 'begun'
    out.push({ serial, model, body: { change, owner } })
  }
  for (const { serial, model } of table.refused) named.add(linkKey(serial, model))
  const doubtful = new Set(table.refused.map(({ serial }) => serial))
  for (const [key, { serial, model }] of Object.entries(owners.links)) {
    if (named.has(key) || doubtful.has(serial)) continue
    out.push({ serial, model, body: { change: 'ended', owner: null } })
  }
  return out
}

/** What is told of pumps that two patients claim. */
export function refusalsOf(owners: Owners, refused: readonly Conflict[]): AssignmentOf[] {
  return refused.map(({ serial, model, claims }) => ({
    serial,
    model,
    body: {
      change: 'refused',
      owner: owners.links[linkKey(serial, model)]?.owner ?? null,
      claims: [...claims],
    },
  }))
}

const sameOwner = (a: Link, b: Link) => {
  const of = ({ owner }: Link) =>
    JSON.stringify([owner.system, owner.value, owner.name, owner.location, owner.provider])
  return of(a) === of(b)
}

/** What a message says of one person. */
export interface Said {
  readonly event: string
  readonly control: string
  readonly asOf: string
  /** Every identifier of the person that is of a system known here. */
  readonly ids: readonly PatientId[]
  /** Identifiers that are the person's no more: they go on as the first of `ids` of the same system, or the first. */
  readonly merged: readonly PatientId[]
  readonly name?: string | undefined
  readonly location?: string | null | undefined
}

export type Effect =
  /** Nothing of it is new, or it is of somebody who has no pump here, or older than what is known. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'told'; readonly records: readonly PatientTold[] }
  /** It cannot be: somebody would go on as who goes on as them. */
  | { readonly kind: 'refused' }

export function effectOf(owners: Owners, said: Said): Effect {
  const records: PatientTold[] = []
  const { event, control, asOf, name, location } = said
  const head = { event, control, asOf }
  const holders = holdersOf(owners)
  for (const old of said.merged) {
    if (!holders.has(patientKey(old)) || said.ids.some((id) => samePatient(id, old))) continue
    const became = said.ids.find(({ system }) => system === old.system) ?? said.ids[0]
    if (!became) continue
    const before = owners.told[patientKey(old)]?.became
    if (before && samePatient(goesOnAs(owners, before), goesOnAs(owners, became))) continue
    if (samePatient(goesOnAs(owners, became), old)) return { kind: 'refused' }
    records.push({ ...head, patient: old, became })
    holders.add(patientKey(became))
  }
  const people = new Map(
    said.ids.map((id) => goesOnAs(owners, id)).map((id) => [patientKey(id), id]),
  )
  for (const [key, patient] of people) {
    if (!holders.has(key)) continue
    const before = owners.told[key]
    if (before && before.asOf > asOf) continue
    const news = {
      ...(name !== undefined && name !== before?.name && { name }),
      ...(location !== undefined && location !== before?.location && { location }),
    }
    const same = before?.asOf === asOf && Object.keys(news).length === 0
    if (!same) records.push({ ...head, patient, ...news })
  }
  return records.length > 0 ? { kind: 'told', records } : { kind: 'nothing' }
}

/** Told before, in a log that is not gone on with, or whose records are not kept any more. */
const AGAIN = 'again'

/**
 * What was told of those who have a pump and the log does not say: it is told again. `kept`: by `patientKey`, what was
 * ever told.
 */
export function forgottenOf(owners: Owners, kept: Owners['told']): PatientTold[] {
  const out: PatientTold[] = []
  const seen = new Set<string>()
  const left = Object.values(owners.links).map(({ owner }): PatientId => owner)
  for (let one = left.pop(); one; one = left.pop()) {
    const { system, value } = one
    const key = patientKey(one)
    const [was, now] = [kept[key], owners.told[key]]
    if (seen.has(key)) continue
    seen.add(key)
    const next = now?.became ?? was?.became
    if (next) left.push(next)
    if (!was || (now && now.asOf >= was.asOf && (now.became || !was.became))) continue
    const { asOf, name, location, became } = was
    out.push({
      ...{ patient: { system, value }, event: AGAIN, control: '', asOf },
      ...(name !== undefined && { name }),
      ...(location !== undefined && { location }),
      // What is told since goes before what was.
      ...(became !== undefined && !now?.became && { became }),
    })
  }
  return out
}

/** What is to be kept of what was told: of those who have a pump. */
export function keptOf(owners: Owners): Owners['told'] {
  const holders = holdersOf(owners)
  return Object.fromEntries(Object.entries(owners.told).filter(([key]) => holders.has(key)))
}

/** Everybody who has a pump, under every identifier on the way to the one that is theirs now. */
function holdersOf(owners: Owners): Set<string> {
  const found = new Set<string>()
  for (const { owner } of Object.values(owners.links)) {
    for (const one of identities(owners, owner)) found.add(patientKey(one))
  }
  return found
}
