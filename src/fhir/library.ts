// Where resources come from: the records of the logs that whoever asks may see, and an index of pumps
// that follows the logs. Nothing here decides what an answer looks like.
import type { AuditEvent, Resource } from 'fhir/r4.js'
import { observe } from '../model/metrics.ts'
import { type Code, OWN } from '../model/nomenclature.ts'
import type { Source } from '../model/reading.ts'
import { SOURCES } from '../model/reading.ts'
import type { ApiRecord, InterrogationRecord } from '../model/record.ts'
import { auditEventOf } from './audit-events.ts'
import { deviceMetricsOf, devicesOf } from './devices.ts'
import { observationOf } from './observations.ts'
import { FhirProblem } from './outcome.ts'
import { interrogationReport, type Refill, refillReport } from './reports.ts'
import type { FhirSources } from './sources.ts'
import { terminology } from './terminology.ts'

export const TYPES = [
  'AuditEvent',
  'CodeSystem',
  'Device',
  'DeviceMetric',
  'DiagnosticReport',
  'Observation',
  'ValueSet',
] as const
export type Type = (typeof TYPES)[number]

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
  readonly sources: readonly Source[]
  readonly cursor?: string | undefined
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

/** Stands in a cursor behind everything of a record. */
const END = 'z'

interface Made {
  readonly found: Omit<Found, 'cursor'> | null
  readonly position: number
  readonly i: number | typeof END
}

interface Shelf {
  log: string
  upTo: number
  readonly pumps: Map<string, { latest: InterrogationRecord; filledAt: string | null }>
  readonly refills: Map<number, Refill>
}

const PLACE = /^(?<log>[a-z]+-\d+-[0-9a-f]{8})\.(?<position>\d{1,15})(?:\.(?<rest>[a-z0-9-]+))?$/
const isInterrogation = (record: ApiRecord): record is InterrogationRecord =>
  record.kind === 'interrogation'

export class Library {
  readonly #sources: FhirSources
  readonly #shelves = new Map<Source, Promise<Shelf>>()

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
      case 'Device':
      case 'DeviceMetric':
        yield* this.#devices(type, query)
        return
      case 'AuditEvent':
        yield* this.#logs(query, (range) => this.#auditEvents(range))
        return
      case 'Observation':
      case 'DiagnosticReport':
        yield* this.#logs(query, (range) => this.#readings(type, range, query))
    }
  }

  /** Whether a page goes on in a log that is there. */
  knows(type: Type, cursor: string, sources: readonly Source[]): boolean {
    if (type !== 'AuditEvent' && type !== 'Observation' && type !== 'DiagnosticReport') return true
    const log = cursor.split('.')[0]
    return sources.some((source) => this.#sources.records.head(source)?.log === log)
  }

  /** One resource; null = there is none, or none for these sources. */
  async one(
    type: Type,
    id: string,
    sources: readonly Source[],
    { version, gone }: { version?: string | undefined; gone?: (() => boolean) | undefined } = {},
  ): Promise<Found | null> {
    const place = PLACE.exec(id)?.groups
    if (type === 'Device' || type === 'DeviceMetric') {
      const pump = id.split('.')[0]
      if (type === 'Device' && version !== undefined) return this.#version(id, sources, version)
      return first(this.all(type, { sources, pump }), id)
    }
    if (type === 'CodeSystem' || type === 'ValueSet') return first(this.all(type, { sources }), id)
    if (!place) return null
    const before = `${place['log']}.${Number(place['position']) - 1}.${END}`
    for await (const found of this.all(type, { sources, cursor: before, gone })) {
      if (found.resource?.id === id) return found as Found
      if (!found.cursor.startsWith(`${place['log']}.${place['position']}.`)) return null
    }
    return null
  }

  async #version(id: string, sources: readonly Source[], version: string): Promise<Found | null> {
    if (!/^\d{1,15}$/.test(version)) return null
    const pump = id.split('.')[0] ?? ''
    for (const source of sources) {
      const after = Number(version) - 1
      for await (const record of this.#interrogations({ source, after }, pump)) {
        if (record.position !== Number(version)) break
        for (const resource of devicesOf(record)) {
          if (resource.id === id) return { resource, cursor: id, pump: pumpOf(record) }
        }
        break
      }
    }
    return null
  }

  async *#devices(
    type: 'Device' | 'DeviceMetric',
    { sources, cursor, pump }: Query,
  ): AsyncGenerator<Found> {
    const live = new Set(
      this.#sources
        .status()
        .pumps.filter((one) => one.quality === 'current')
        .map((one) => one.pump.id),
    )
    for (const source of SOURCES.filter((one) => sources.includes(one))) {
      const { pumps } = await this.#shelf(source)
      for (const [id, { latest }] of [...pumps].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (pump !== undefined && pump !== id) continue
        const made = type === 'Device' ? devicesOf(latest) : deviceMetricsOf(latest, live.has(id))
        for (const [i, resource] of made.entries()) {
          const own = `${SOURCES.indexOf(source)}.${id}.${String(i).padStart(4, '0')}`
          if (cursor !== undefined && own <= cursor) continue
          yield { resource, cursor: own, pump: pumpOf(latest) }
        }
      }
    }
  }

  /** Log by log, from the cursor on. */
  async *#logs(
    { sources, cursor, from, to, gone }: Query,
    made: (range: Range) => AsyncGenerator<Made>,
  ): AsyncGenerator<Found | Passed> {
    const [log, position = '', index = ''] = cursor?.split('.') ?? []
    let begun = log === undefined
    for (const source of SOURCES.filter((one) => sources.includes(one))) {
      const head = this.#sources.records.head(source)
      if (!head) continue
      const here = !begun && head.log === log
      if (!begun && !here) continue
      begun = true
      // The record of the cursor itself may hold more: read it again, and leave out what was given.
      const after = here ? { after: Math.max(-1, Number(position) - 1) } : {}
      const range = {
        source,
        ...after,
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        ...(gone !== undefined && { gone }),
      }
      for await (const { found, position: at, i } of made(range)) {
        const given = index === END || (i !== END && i <= Number(index))
        if (here && at === Number(position) && given) continue
        const cursor = `${head.log}.${at}.${i}`
        yield found ? { ...found, cursor } : { resource: null, cursor }
      }
    }
  }

  async *#auditEvents({ gone, ...range }: Range): AsyncGenerator<Made> {
    for await (const entry of this.#sources.audit(range)) {
      if (gone?.()) throw new Gone()
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
    const refills = about && wants(OWN.refill) ? (await this.#shelf(range.source)).refills : null
    for await (const record of this.#interrogations(range, pump)) {
      const { position } = record
      const made = (resource: Resource, i: number): Made => ({
        found: { resource, pump: pumpOf(record) },
        position,
        i,
      })
      const refill = refills?.get(position)
      if (about && wants(OWN.interrogation)) yield made(interrogationReport(record), 0)
      if (refill) yield made(refillReport(record, refill), 1)
      if (!about) {
        for (const one of observe(record, wants)) yield made(observationOf(record, one), one.order)
      }
      yield { found: null, position, i: END }
    }
  }

  async *#interrogations(
    { gone, ...range }: Range,
    pump?: string,
  ): AsyncGenerator<InterrogationRecord> {
    const query = {
      ...range,
      kinds: ['interrogation'] as const,
      ...(pump !== undefined && { pump }),
    }
    for await (const record of this.#sources.records.read(query)) {
      if (gone?.()) throw new Gone()
      if (isInterrogation(record) && record.pump) yield record
    }
  }

  /** What is known of the pumps of a log, brought up to its end. One at a time. */
  #shelf(source: Source): Promise<Shelf> {
    const before = this.#shelves.get(source) ?? Promise.resolve(emptyShelf(''))
    const next = before.catch(() => emptyShelf('')).then((shelf) => this.#follow(source, shelf))
    this.#shelves.set(source, next)
    return next
  }

  async #follow(source: Source, known: Shelf): Promise<Shelf> {
    const head = this.#sources.records.head(source)
    if (!head) return emptyShelf('')
    const shelf = head.log === known.log ? known : emptyShelf(head.log)
    if (head.size - 1 <= shelf.upTo) return shelf
    for await (const record of this.#interrogations({ source, after: shelf.upTo })) {
      const id = record.pump?.id ?? ''
      const was = shelf.pumps.get(id)
      const filledAt = record.reservoir.filledAt.value
      if (filledAt !== null && filledAt !== was?.filledAt) {
        shelf.refills.set(record.position, { before: was?.latest.position ?? null })
      }
      shelf.pumps.set(id, { latest: record, filledAt: filledAt ?? was?.filledAt ?? null })
      shelf.upTo = record.position
    }
    shelf.upTo = Math.max(shelf.upTo, head.size - 1)
    return shelf
  }
}

interface Range {
  readonly source: Source
  readonly after?: number
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

const emptyShelf = (log: string): Shelf => ({ log, upTo: -1, pumps: new Map(), refills: new Map() })

const pumpOf = ({ pump, source }: InterrogationRecord) => pump && { serial: pump.serial, source }

async function first(all: AsyncIterable<Found | Passed>, id: string): Promise<Found | null> {
  for await (const found of all) if (found.resource?.id === id) return found as Found
  return null
}
