// What an audit report says, gathered from the records of verified logs in one pass: rows for its tables as
// they come, and what its pages show. Each row names its record by log, position and leaf hash, so that every
// figure leads back to the bytes that are signed. Pure.
import { type AuditRecord, checkRecord, type Kind } from '../../../audit/format/record.ts'
import { decoderOf } from '../../../drivers/decoders.ts'
import { readAtOf } from '../../../model/read-at.ts'
import { ENTRIES, isStep } from '../../../refill/sheet/entries.ts'
import { linesOf } from '../../../refill/sheet/lines.ts'
import type { Written } from '../../../refill/sheet/sheet.ts'
import { wordsOf } from '../../../refill/sheet/words.ts'
import type { Cell } from '../csv.ts'
import { summary } from '../summary.ts'
import {
  EVENT_COLUMNS,
  eventRows,
  interrogationCells,
  liveCells,
  type Row,
  VALUE_COLUMNS,
} from './reading-columns.ts'

/** Where a record stands, and what vouches for it from outside: `key`, `checkpoint` or `nothing`. */
export interface Place {
  readonly log: string
  readonly position: number
  /** RFC 6962 leaf hash of its line, base64. */
  readonly leaf: string
  readonly vouched: 'key' | 'checkpoint' | 'nothing'
}

export interface Asked {
  /** Serial; null = all. */
  readonly pump: string | null
  /** UTC; from this moment on, and before that one. */
  readonly from: string | null
  readonly to: string | null
}

const PLACE = ['log', 'position', 'leaf', 'vouched_by', 'at_utc', 'computer_clock'] as const
const WHO = ['actor', 'role', 'authenticated_by', 'action', 'ok', 'reason'] as const
const ABOUT = [
  ...(['pump', 'model', 'wand', 'port', 'session', 'snapshot', 'pump_clock'] as const),
  ...(['patient_system', 'patient_id'] as const),
] as const

/** The tables and their columns. */
export const TABLES = {
  readings: [...PLACE, 'kind', 'read_at_utc', 'contradicted', ...ABOUT, ...VALUE_COLUMNS],
  'pump-events': [...PLACE, 'pump', ...EVENT_COLUMNS],
  worksheets: [
    ...[...PLACE, ...WHO, 'pump', 'patient', 'sheet', 'step', 'entries'],
    ...['signed_by', 'verified'],
    ...['corrects', 'what_it_corrects', 'corrected_by'],
  ],
  reads: [...PLACE, ...WHO, 'pump', 'route', 'from_utc', 'to_utc', 'reads', 'refused'],
  records: [...PLACE, 'kind', ...WHO, ...ABOUT, 'what', 'body'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type TableName = keyof typeof TABLES

/** Of the log itself: told whole, whatever time was asked for, because the rest is worth what this says. */
const OF_THE_LOG: readonly Kind[] = [
  ...(['segment', 'gap', 'quarantine', 'accept', 'key-rotation', 'stray', 'packed'] as const),
  ...(['retention', 'clock-jump'] as const),
]
/** Of a pump: a report of one pump has those of no other, nor of none. */
const OF_A_PUMP: readonly string[] = [
  ...['interrogation', 'live', 'alarm', 'pump-events', 'worksheet'],
]

export interface Kept {
  readonly place: Place
  readonly record: AuditRecord
}

export interface Sum {
  readonly actor: AuditRecord['actor']
  readonly actions: Record<AuditRecord['action'], number>
  first: Kept
  last: Kept
}

export interface ReadSum extends Omit<Sum, 'actions'> {
  readonly route: string
  readonly pump: string | null
  reads: number
  refused: number
  records: number
}

export interface WorksheetEntry extends Kept {
  readonly lines: readonly (readonly [string, string])[]
  /** The entry that it corrects; null = none, or it is not kept any more. */
  readonly old: WorksheetEntry | null
  correctedBy: number | null
}

type Put = (table: TableName, row: Row) => void

export class Collector {
  readonly #asked: Asked
  readonly #put: Put
  /** What the pages show one by one: everything but live exchanges and reads. */
  readonly kept: Kept[] = []
  readonly readings: Row[] = []
  readonly pumpEvents: Row[] = []
  readonly worksheets: WorksheetEntry[] = []
  readonly actors = new Map<string, Sum>()
  readonly reads = new Map<string, ReadSum>()
  readonly kinds = new Map<string, number>()
  readonly pumps = new Set<string>()
  readonly clocks = new Map<AuditRecord['clock'], number>()
  readonly live: { count: number; first: Kept | null; last: Kept | null } = {
    ...{ count: 0, first: null, last: null },
  }
  readonly #events = new Set<string>()
  readonly #entries = new Map<string, WorksheetEntry>()
  /** Records that this release does not understand, and why. */
  readonly foreign: { readonly place: Place; readonly why: string }[] = []

  constructor(asked: Asked, put: Put) {
    this.#asked = asked
    this.#put = put
  }

  take(place: Place, line: string): void {
    const raw = JSON.parse(line) as { readonly body?: unknown }
    const record = checkRecord(raw)
    if (typeof record === 'string') return void this.foreign.push({ place, why: record })
    // A correction may be inside the time and what it corrects before it.
    if (record.kind === 'worksheet') this.#entry({ place, record })
    if (!this.#wanted(record)) return
    const one = { place, record }
    this.kinds.set(record.kind, (this.kinds.get(record.kind) ?? 0) + 1)
    this.clocks.set(record.clock, (this.clocks.get(record.clock) ?? 0) + 1)
    if (record.pump !== undefined && record.kind !== 'read-access') this.pumps.add(record.pump)
    this.#actor(one)
    this.#row(one, raw.body)
    if (record.kind === 'read-access') this.#read(one)
    else if (record.kind === 'live') this.#live(one)
    else this.kept.push(one)
    if (record.kind === 'interrogation' || record.kind === 'live') this.#reading(one)
  }

  /** Rows that are known only now: what was corrected later says so. */
  end(): void {
    for (const entry of this.#entries.values()) {
      if (!this.#wanted(entry.record)) continue
      this.worksheets.push(entry)
      this.#put('worksheets', worksheetRow(entry))
    }
  }

  #wanted(record: AuditRecord): boolean {
    const { pump, from, to } = this.#asked
    if (OF_THE_LOG.includes(record.kind)) return true
    if (from !== null && record.at < from) return false
    if (to !== null && record.at >= to) return false
    if (pump === null || record.pump === pump) return true
    return record.pump === undefined && !OF_A_PUMP.includes(record.kind)
  }

  /** `said`: the body as it is signed, with what this release does not know of it. */
  #row({ place, record }: Kept, said: unknown): void {
    const readings = record.kind === 'interrogation' || record.kind === 'live'
    // What a reading says stands in its own table, in public units.
    const body = readings ? null : JSON.stringify(said)
    const { kind } = record
    this.#put('records', {
      ...{ ...placed(place, record), kind, ...who(record), ...about(record) },
      ...{ what: summary(record), body },
    })
  }

  #actor(one: Kept): void {
    const { actor, action } = one.record
    const name = JSON.stringify(actor)
    const none = { C: 0, R: 0, U: 0, D: 0, E: 0 }
    const sum = this.actors.get(name) ?? { actor, actions: none, first: one, last: one }
    this.actors.set(name, sum)
    sum.actions[action] += 1
    sum.last = one
  }

  #read(one: Kept): void {
    const { place, record } = one
    if (record.kind !== 'read-access') return
    const { actor, body, pump = null } = record
    const { route, from, to, reads, refused } = body
    const name = JSON.stringify([actor, route, pump])
    const sum = this.reads.get(name) ?? {
      ...{ actor, route, pump, first: one, last: one, reads: 0, refused: 0, records: 0 },
    }
    this.reads.set(name, sum)
    sum.reads += reads
    sum.refused += refused
    sum.records += 1
    sum.last = one
    this.#put('reads', {
      ...{ ...placed(place, record), ...who(record), pump, route },
      ...{ from_utc: from, to_utc: to, reads, refused },
    })
  }

  #live(one: Kept): void {
    this.live.count += 1
    this.live.first ??= one
    this.live.last = one
  }

  #reading({ place, record }: Kept): void {
    const decoder = decoderOf(record.decoder ?? '')
    const at = { deviceTime: record.deviceTime ?? null, receivedAt: record.at }
    const head = { ...placed(place, record), kind: record.kind, ...about(record) }
    let cells: Row = { not_decoded: `no decoder here reads ${record.decoder ?? 'it'}` }
    if (record.kind === 'live') {
      if (decoder) cells = liveCells(decoder.live(record.body.values, at))
      this.#put('readings', { ...head, read_at_utc: readAtOf(record), ...cells })
      return
    }
    if (record.kind !== 'interrogation') return
    if (decoder) {
      const values = decoder.reading(record.body.blocks, at)
      cells = { ...interrogationCells(values), ...clockCells(record.body.clock) }
      const pump = `${record.source} ${record.pump} ${record.model}`
      for (const event of eventRows(values)) {
        const name = `${pump} ${JSON.stringify(event)}`
        if (this.#events.has(name)) continue
        this.#events.add(name)
        const row = { ...placed(place, record), pump: record.pump ?? null, ...event }
        this.pumpEvents.push(row)
        this.#put('pump-events', row)
      }
    }
    const contradicted = record.body.contradicted
      ? 'another answer in this session said something else'
      : null
    const row = { ...head, read_at_utc: readAtOf(record), contradicted, ...cells }
    this.readings.push(row)
    this.#put('readings', row)
  }

  #entry({ place, record }: Kept): void {
    if (record.kind !== 'worksheet') return
    const { corrects } = record.refs ?? {}
    const old =
      corrects === undefined ? null : (this.#entries.get(`${place.log} ${corrects}`) ?? null)
    if (old) old.correctedBy = place.position
    const entry = { place, record, lines: linesOfStep(record.body, place, record.at), old }
    this.#entries.set(`${place.log} ${place.position}`, { ...entry, correctedBy: null })
  }
}

type WorksheetBody = Extract<AuditRecord, { kind: 'worksheet' }>['body']

const LOOK = { clinic: { locale: 'en-US', zone: 'UTC' }, words: wordsOf('en-US') } as const

/** What was written, with its units; as it came where this release does not know the step. */
function linesOfStep(
  { step, entries }: WorksheetBody,
  { position }: Place,
  at: string,
): readonly (readonly [string, string])[] {
  const read = isStep(step) ? ENTRIES[step].safeParse(entries) : null
  if (!read?.success) return [['as it was written', JSON.stringify(entries)]]
  return linesOf({ step, entries: read.data, position, at } as Written, LOOK)
}

export const linesText = (lines: WorksheetEntry['lines']): string =>
  lines.map(([label, value]) => `${label}: ${value}`).join('; ')

function worksheetRow({ place, record, lines, old, correctedBy }: WorksheetEntry): Row {
  const { sheet, step, signed } = record.body as WorksheetBody
  return {
    ...{ ...placed(place, record), ...who(record), pump: record.pump, patient: record.patient },
    ...{ sheet, step, entries: linesText(lines), corrects: record.refs?.corrects },
    signed_by: signed?.operator,
    verified: signed?.verified ?? 'claimed',
    what_it_corrects: old ? linesText(old.lines) : null,
    corrected_by: correctedBy,
  }
}

const placed = ({ log, position, leaf, vouched }: Place, { at, clock }: AuditRecord) => ({
  ...{ log, position, leaf, vouched_by: vouched, at_utc: at, computer_clock: clock },
})

const who = ({ actor, action, outcome }: AuditRecord) => ({
  ...{ actor: actor.id, role: actor.role, authenticated_by: actor.auth, action },
  ...{ ok: outcome.ok, reason: outcome.reason ?? null },
})

const about = (r: AuditRecord): { readonly [K in (typeof ABOUT)[number]]: Cell } => ({
  ...{ pump: r.pump, model: r.model, wand: r.wand, port: r.port },
  ...{ session: r.session, snapshot: r.snapshot, pump_clock: r.deviceTime },
  // Whose the pump was, as far as that was known when the record was written.
  ...{ patient_system: r.owner?.system, patient_id: r.owner?.value },
})

function clockCells(clock: Readonly<Record<string, unknown>> | undefined): Row {
  const seconds = (ms: unknown) => (typeof ms === 'number' ? ms / 1_000 : null)
  return {
    clock_offset_s: seconds(clock?.['offsetMs']),
    clock_offset_uncertainty_s: seconds(clock?.['uncertaintyMs']),
  }
}
