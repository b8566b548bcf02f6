// What stands in the log as resources: values, reports and logged events of its readings, and every record as an
// AuditEvent, in the order of the log or against it, behind a cursor.
import type { AuditEvent, Resource } from 'fhir/r4.js'
import { type Doubted, doubtedBy } from '../model/contradicted.ts'
import { observe } from '../model/metrics.ts'
import { OWN } from '../model/nomenclature.ts'
import type { InterrogationRecord, RecordOf } from '../model/record.ts'
import { auditEventOf } from './audit-events.ts'
import { observationOf } from './observations.ts'
import { FhirProblem } from './outcome.ts'
import { eventObservations } from './pump-events.ts'
import type { Found, Passed, Query } from './query.ts'
import { interrogationReport, type Refill, refillReport } from './reports.ts'
import { entryOf, type FhirSources } from './sources.ts'

const READ_AND_LOGGED = ['interrogation', 'pump-events'] as const

/** Stands in a cursor behind everything of a record. */
export const END = 'z'

interface Made {
  readonly found: Omit<Found, 'cursor'> | null
  readonly position: number
  readonly i: number | typeof END
}

type Kinds = readonly (typeof READ_AND_LOGGED)[number][]
export const READ: Kinds = ['interrogation']

export class LogResources {
  readonly #sources: Pick<FhirSources, 'feed' | 'knowledge'>

  constructor(sources: Pick<FhirSources, 'feed' | 'knowledge'>) {
    this.#sources = sources
  }

  auditEvents(query: Query): AsyncGenerator<Found | Passed> {
    return this.#walk(query, (range) => this.#auditEvents(range))
  }

  readings(type: 'Observation' | 'DiagnosticReport', query: Query) {
    return this.#walk(query, (range) => this.#readings(type, range, query))
  }

  /** Through the log, from the cursor on. */
  async *#walk(
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
    { pump, first, wants = () => true }: Query,
  ): AsyncGenerator<Made> {
    const about = type === 'DiagnosticReport'
    const refills = about && wants(OWN.refill) ? await this.refills() : null
    const events = !about && wants(OWN.event)
    const kinds = events ? READ_AND_LOGGED : READ
    for await (const record of this.recorded(range, kinds, pump, first)) {
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

  /** `first`: as they were recorded, whatever the pump has said since. */
  async *recorded(
    { gone, ...range }: Range,
    kinds: Kinds,
    pump?: string,
    first = false,
  ): AsyncGenerator<Doubted | RecordOf<'pump-events'>> {
    const { feed, knowledge } = this.#sources
    for await (const one of feed.read({ ...range, kinds, pump })) {
      if (gone?.()) throw new Gone()
      const record = one.api()
      if (record?.kind !== 'interrogation' && record?.kind !== 'pump-events') continue
      if (!record.pump) continue
      yield record.kind === 'interrogation' && !first
        ? doubtedBy(record, knowledge.contradictedBy(record.pump.id, record.position))
        : record
    }
  }

  /** Refills that the pumps report, by the position of the interrogation that reports each first. */
  async refills(): Promise<ReadonlyMap<number, Refill>> {
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

export const pumpOf = ({ pump, source }: Pick<InterrogationRecord, 'pump' | 'source'>) =>
  pump && { serial: pump.serial, source }
