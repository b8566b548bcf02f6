// Where resources come from: the records of the logs that whoever asks may see, and an index of pumps
// that follows the logs. Nothing here decides what an answer looks like.
import type { Bundle, FhirResource } from 'fhir/r4.js'
import { NO_CODINGS } from '../model/codings.ts'
import { goneOf, observe } from '../model/metrics.ts'
import type { Code } from '../model/nomenclature.ts'
import { ownerOf, type PatientId, samePeople } from '../model/owner.ts'
import { sourceOf } from '../model/source.ts'
import { bundleOf } from './bundle.ts'
import { deviceMetricsOf, devicesOf, unreadDevice } from './devices.ts'
import { deviceId, patientReference } from './elements.ts'
import { type Coder, coderOf } from './extra-codings.ts'
import { END, LogResources, pumpOf, READ } from './log-resources.ts'
import { patientsOf } from './patients.ts'
import { published } from './published.ts'
import type { Found, Passed, Query, Type } from './query.ts'
import type { FhirSources } from './sources.ts'

const PLACE = /^(?<log>[a-z]+-\d+-[0-9a-f]{8})\.(?<position>\d{1,15})(?:\.(?<rest>[a-z0-9-]+))?$/

export class Library {
  readonly #sources: FhirSources
  readonly #log: LogResources
  readonly #coder: Coder

  constructor(sources: FhirSources) {
    this.#sources = sources
    this.#log = new LogResources(sources)
    this.#coder = coderOf(sources.codings ?? NO_CODINGS)
  }

  /** Every coding that a code has here. */
  readonly codingsOf = (code: Code) => this.#coder.all(code)

  /** Everybody whom a reference or an identifier may mean, under whichever identifier. */
  readonly people = (wanted: (one: PatientId) => boolean): readonly PatientId[] =>
    samePeople(this.#sources.knowledge.owners(), wanted)

  /** Resources in a fixed order, oldest first; those behind the cursor. */
  async *all(type: Type, query: Query): AsyncGenerator<Found | Passed> {
    for await (const one of this.#made(type, query)) yield one.resource ? this.#coded(one) : one
  }

  #coded(found: Found): Found {
    return { ...found, resource: this.#coder.coded(found.resource) }
  }

  async *#made(type: Type, query: Query): AsyncGenerator<Found | Passed> {
    switch (type) {
      case 'CodeSystem':
      case 'StructureDefinition':
      case 'ValueSet':
        for (const resource of published(this.#sources.version)) {
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
        yield* this.#log.auditEvents(query)
        return
      case 'Observation':
      case 'DiagnosticReport':
        yield* this.#log.readings(type, query)
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
    if (['CodeSystem', 'StructureDefinition', 'ValueSet', 'Patient'].includes(type))
      return first(this.all(type, {}), id)
    if (!place) return null
    const at = `${place['log']}.${place['position']}`
    for await (const found of this.#at(type, at, { gone, first: version === '1' })) {
      if (found.resource?.id === id) return found as Found
    }
    return null
  }

  /** What the record at a place, `LOG.POSITION`, gives. */
  async *#at(
    type: Type,
    place: string,
    query: Pick<Query, 'gone' | 'first'> = {},
  ): AsyncGenerator<Found | Passed> {
    const [log, position = ''] = place.split('.')
    const cursor = `${log}.${Number(position) - 1}.${END}`
    for await (const one of this.all(type, { ...query, cursor })) {
      if (!one.cursor.startsWith(`${place}.`)) return
      yield one
    }
  }

  /** The interrogation at a position of the log as a Bundle that stands alone; null = there is none. */
  async bundle(position: number, base: string): Promise<Bundle<FhirResource> | null> {
    const one = { after: position - 1, before: position + 1 }
    for await (const record of this.#log.recorded(one, READ)) {
      if (record.kind !== 'interrogation') continue
      const refill = (await this.#log.refills()).get(position) ?? null
      return this.#coder.coded(bundleOf(record, base, refill))
    }
    return null
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
      return resource.id === id ? this.#coded({ resource, cursor: id, pump: known }) : null
    }
    const one = { after: position - 1, before: position + 1 }
    for await (const record of this.#log.recorded(one, READ, pump)) {
      if (record.kind !== 'interrogation') continue
      for (const resource of devicesOf(record, known?.ever)) {
        if (resource.id !== id) continue
        return this.#coded({ resource, cursor: id, pump: pumpOf(record) })
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
    for await (const one of this.#at('Observation', place, { gone }))
      if (one.resource) out.push(one)
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
}

async function first(all: AsyncIterable<Found | Passed>, id: string): Promise<Found | null> {
  for await (const found of all) if (found.resource?.id === id) return found as Found
  return null
}
