// Where resources come from: the records of the logs that whoever asks may see, and an index of pumps
// that follows the logs. Nothing here decides what an answer looks like.
import type { AuditEvent, Resource } from 'fhir/r4.js'
import { goneOf, observe } from '../model/metrics.ts'
import { type Code, OWN } from '../model/nomenclature.ts'
import { ownerOf, type PatientId, samePeople } from '../model/owner.ts'
import type { Source } from '../model/reading.ts'
import type { InterrogationRecord, RecordOf } from '../model/record.ts'
import { sourceOf } from '../model/source.ts'
import { auditEventOf } from './audit-events.ts'
import { deviceMetricsOf, devicesOf, unreadDevice } from './devices.ts'
import { deviceId, patientReference } from './elements.ts'
import { observationOf } from './observations.ts'
import { FhirProblem } from './outcome.ts'
import { patientsOf } from './patients.ts'
import { eventObservations } from './pump-events.ts'
import { interrogationReport, type Refill, refillReport } from './reports.ts'
import { entryOf, type FhirSources } from './sources.ts'
import { terminology } from './terminology.ts'

export const TYPES = [
  'AuditEvent',
  'CodeSystem',
  'Device',
  'DeviceMetric',
  'DiagnosticReport',
  'Observation',
  'Patient',
  'ValueSet',
] as const
export type Type = (typeof TYPES)[number]
export const isType = (text: string): text is Type => (TYPES as readonly string[]).includes(text)

export interface Found {
  readonly resource: Resource
  /** Where to go on after it. */
  readonly cursor: string
  /** Serial and source of its pump, for the record of the read. */
  readonly pump: { readonly serial: string; readonly source: Source } | null
}

/** Everything up to here was looked at: a search that has taken long enough can be gone on with. */
export interface Passed {
  readonly resource: null
  readonly cursor: string
}

export interface Query {
  readonly cursor?: string | undefined
  /** Of what stands in the log; default: rising. */
  readonly order?: 'asc' | 'desc' | undefined
  /** Opaque id of the only pump of interest. */
  readonly pump?: string | undefined
  /** UTC: recorded from this moment on, and before that one. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Of Observations and DiagnosticReports: the only codes of interest. */
  readonly wants?: ((code: Code) => boolean) | undefined
  /** Whether nobody waits for it any more: then the walk ends. */
  readonly gone?: (() => boolean) | undefined
}

const READ = ['interrogation'] as const
const READ_AND_LOGGED = ['interrogation', 'pump-events'] as const

/** Stands in a cursor behind everything of a record. */
const END = 'z'

interface Made {
  readonly found: Omit<Found, 'cursor'> | null
  readonly position: number
  readonly i: number | typeof END
}

const PLACE = /^(?<log>[a-z]+-\d+-[0-9a-f]{8})\.(?<position>\d{1,15})(?:\.(?<rest>[a-z0-9-]+))?$/

export class Library {
  readonly #sources: FhirSources

  constructor(sources: FhirSources) {
    this.#sources = sources
  }

  /** Resources in a fixed order, oldest first; those behind the cursor. */
  async *all(type: Type, query: Query): AsyncGenerator<Found | Passed> {
    switch (type) {
      case 'CodeSystem':
      case 'ValueSet':
        for (const resource of terminology(this.#sources.version)) {
          const cursor = resource.id ?? ''
          if (resource.resourceType !== type) continue
          if (query.cursor === undefined || cursor > query.cursor)
            yield { resource, cursor, pump: null }
        }
        return
      case 'Patient':
        yield* this.#patients(query)
        return
      case 'Device':
      case 'DeviceMetric':
        yield* this.#devices(type, query)
        return
      case 'AuditEvent':
        yield* this.#log(query, (range) => this.#auditEvents(range))
        return
      case 'Observation':
      case 'DiagnosticReport':
        yield* this.#log(query, (range) => this.#readings(type, range, query))
    }
  }

  /** Whether a page goes on in a log that is there. */
  knows(type: Type, cursor: string): boolean {
    if (type !== 'AuditEvent' && type !== 'Observation' && type !== 'DiagnosticReport') return true
    return this.#sources.feed.head()?.log === cursor.split('.')[0]
  }

  /** One resource; null = there is none. */
  async one(
    type: Type,
    id: string,
    { version, gone }: { version?: string | undefined; gone?: (() => boolean) | undefined } = {},
  ): Promise<Found | null> {
    const place = PLACE.exec(id)?.groups
    if (type === 'Device' || type === 'DeviceMetric') {
      const pump = id.split('.')[0]
      if (type === 'Device' && version !== undefined) return this.#version(id, version)
      return first(this.all(type, { pump }), id)
    }
    if (type === 'CodeSystem' || type === 'ValueSet' || type === 'Patient')
      return first(this.all(type, {}), id)
    if (!place) return null
    for await (const found of this.#at(type, `${place['log']}.${place['position']}`, gone)) {
      if (found.resource?.id === id) return found as Found
    }
    return null
  }

  /** What the record at a place, `LOG.POSITION`, gives. */
  async *#at(type: Type, place: string, gone?: () => boolean): AsyncGenerator<Found | Passed> {
    const [log, position = ''] = place.split('.')
    const cursor = `${log}.${Number(position) - 1}.${END}`
    for await (const one of this.all(type, { cursor, gone })) {
      if (!one.cursor.startsWith(`${place}.`)) return
      yield one
    }
  }

  /** Every pump, or the one that is asked about. */
  #pumps(id: string | undefined) {
    const { knowledge } = this.#sources
    if (id === undefined) return knowledge.pumps()
    const pump = knowledge.pump(id)
    return pump ? [pump] : []
  }

  async #version(id: string, version: string): Promise<Found | null> {
    if (!/^\d{1,15}$/.test(version)) return null
    const pump = id.split('.')[0] ?? ''
    const position = Number(version)
    const known = this.#sources.knowledge.pump(pump)
    if (known && known.reading === null && known.last.position === position) {
      const resource = unreadDevice(known)
      return resource.id === id ? { resource, cursor: id, pump: known } : null
    }
    const one = { after: position - 1, before: position + 1 }
    for await (const record of this.#recorded(one, READ, pump)) {
      if (record.kind !== 'interrogation') continue
      for (const resource of devicesOf(record, known?.ever)) {
        if (resource.id === id) return { resource, cursor: id, pump: pumpOf(record) }
      }
    }
    return null
  }

  /** Ids of everything that pumps were ever asked about, of the codes that are wanted. */
  metrics({ pump, wants = () => true }: Pick<Query, 'pump' | 'wants'>): string[] {
    return this.#pumps(pump).flatMap(({ id, reading, ever }) => {
      if (reading === null) return []
      const all = [...observe(reading), ...goneOf(reading, ever)]
      return all.filter(({ metric }) => wants(metric.code)).map(({ key }) => deviceId(id, key))
    })
  }

  /** Everybody whom a reference or an identifier may mean, under whichever identifier. */
  people(wanted: (one: PatientId) => boolean): readonly PatientId[] {
    return samePeople(this.#sources.knowledge.owners(), wanted)
  }

  *#patients({ cursor }: Query): Generator<Found> {
    const source = sourceOf(this.#sources.feed.head()?.log ?? '')
    for (const resource of patientsOf(this.#sources.knowledge.owners(), source)) {
      const own = resource.id ?? ''
      if (cursor === undefined || own > cursor) yield { resource, cursor: own, pump: null }
    }
  }

  /** The values of the interrogation at a place, `LOG.POSITION`. */
  async readingOf(place: string, gone: () => boolean): Promise<Found[]> {
    const out: Found[] = []
    for await (const one of this.#at('Observation', place, gone)) if (one.resource) out.push(one)
    return out
  }

  async *#devices(type: 'Device' | 'DeviceMetric', { cursor, pump }: Query): AsyncGenerator<Found> {
    const current = this.#sources.status().pumps.filter((one) => one.quality === 'current')
    const live = new Set(current.map((one) => one.pump.id))
    for (const one of [...this.#pumps(pump)].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const { id, reading, ever, serial, model, source } = one
      const made =
        reading === null
          ? [unreadDevice(one)].filter(() => type === 'Device')
          : type === 'Device'
            ? devicesOf(reading, ever)
            : deviceMetricsOf(reading, live.has(id), ever)
      for (const [i, resource] of made.entries()) {
        const own = `${id}.${String(i).padStart(4, '0')}`
        if (cursor !== undefined && own <= cursor) continue
        // Whose it is now; its readings say whose it was when it was read.
        const owner =
          resource.id === id ? ownerOf(this.#sources.knowledge.owners(), serial, model) : null
        const owned = owner ? { ...resource, patient: patientReference(owner) } : resource
        yield { resource: owned, cursor: own, pump: { serial, source } }
      }
    }
  }

  /** Through the log, from the cursor on. */
  async *#log(
    { cursor, from, to, gone, order = 'asc' }: Query,
    made: (range: Range) => AsyncGenerator<Made>,
  ): AsyncGenerator<Found | Passed> {
    const head = this.#sources.feed.head()
    const [log, position = '', index = ''] = cursor?.split('.') ?? []
    if (!head || (log !== undefined && log !== head.log)) return
    // The record of the cursor itself may hold more: it is read again, and what was given is left out.
    const at = Number(position)
    const range = {
      order,
      ...(log !== undefined &&
        (order === 'asc' ? { after: Math.max(-1, at - 1) } : { before: at + 1 })),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(gone !== undefined && { gone }),
    }
    for await (const { found, position, i } of made(range)) {
      const given = index === END || (i !== END && i <= Number(index))
      if (log !== undefined && position === at && given) continue
      const cursor = `${head.log}.${position}.${i}`
      yield found ? { ...found, cursor } : { resource: null, cursor }
    }
  }

  async *#auditEvents({ gone, ...range }: Range): AsyncGenerator<Made> {
    for await (const record of this.#sources.feed.read(range)) {
      if (gone?.()) throw new Gone()
      const entry = entryOf(record)
      const { pump, source, position } = entry
      const resource: AuditEvent = auditEventOf(entry)
      yield { found: { resource, pump: pump && { serial: pump.serial, source } }, position, i: 0 }
      yield { found: null, position, i: END }
    }
  }

  async *#readings(
    type: 'Observation' | 'DiagnosticReport',
    range: Range,
    { pump, wants = () => true }: Query,
  ): AsyncGenerator<Made> {
    const about = type === 'DiagnosticReport'
    const refills = about && wants(OWN.refill) ? await this.#refills() : null
    const events = !about && wants(OWN.event)
    const kinds = events ? READ_AND_LOGGED : READ
    for await (const record of this.#recorded(range, kinds, pump)) {
      const { position } = record
      const made = (resource: Resource, i: number): Made => ({
        found: { resource, pump: pumpOf(record) },
        position,
        i,
      })
      if (record.kind === 'pump-events') {
        for (const [i, one] of eventObservations(record).entries()) yield made(one, i)
      } else if (about) {
        const refill = refills?.get(position)
        if (wants(OWN.interrogation)) yield made(interrogationReport(record), 0)
        if (refill) yield made(refillReport(record, refill), 1)
      } else {
        for (const one of observe(record, wants)) yield made(observationOf(record, one), one.order)
      }
      yield { found: null, position, i: END }
    }
  }

  async *#recorded(
    { gone, ...range }: Range,
    kinds: readonly (typeof READ_AND_LOGGED)[number][],
    pump?: string,
  ): AsyncGenerator<InterrogationRecord | RecordOf<'pump-events'>> {
    for await (const one of this.#sources.feed.read({ ...range, kinds, pump })) {
      if (gone?.()) throw new Gone()
      const record = one.api()
      if (record?.kind !== 'interrogation' && record?.kind !== 'pump-events') continue
      if (record.pump) yield record
    }
  }

  /** Refills that the pumps report, by the position of the interrogation that reports each first. */
  async #refills(): Promise<ReadonlyMap<number, Refill>> {
    const { knowledge, feed } = this.#sources
    const oldest = await feed.oldest()
    const all = knowledge.pumps().flatMap(({ id }) => knowledge.refills(id).items)
    // What retention has dropped is not pointed at.
    const kept = (position: number | undefined) =>
      position !== undefined && position >= oldest ? position : null
    return new Map(
      all.map(({ position, before }) => [position, { before: kept(before?.position) }]),
    )
  }
}

interface Range {
  readonly order?: 'asc' | 'desc'
  readonly after?: number
  readonly before?: number
  readonly from?: string
  readonly to?: string
  readonly gone?: () => boolean
}

/** Nobody waits for the answer any more. */
class Gone extends FhirProblem {
  constructor() {
    super(503, 'The connection was closed before the answer was found.')
  }
}

const pumpOf = ({ pump, source }: Pick<InterrogationRecord, 'pump' | 'source'>) =>
  pump && { serial: pump.serial, source }

async function first(all: AsyncIterable<Found | Passed>, id: string): Promise<Found | null> {
  for await (const found of all) if (found.resource?.id === id) return found as Found
  return null
}
