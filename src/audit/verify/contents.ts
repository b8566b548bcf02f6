// What the records of a log say, as far as a verification asks: what was packed, dropped, set aside and
// accepted, whether each keeps its schema, and whether its PDUs still say what it says. A record is
// heard only when its commit is good and its segment has its place in the log: nothing that lies in a
// torn end or in a segment that was set aside excuses anything.
import type { DecodedKind, Derived } from '../../model/decoder.ts'
import { canonical, type Json } from '../format/canonical.ts'
import { type AuditRecord, checkRecord, type Quarantine } from '../format/record.ts'
import { asideOf, unacceptedAfter } from '../format/unaccepted.ts'
import type { Accepted, Facts, Named, VerifyOptions } from './verification.ts'

/** A record's line, where it stands, and its number. */
export interface Line {
  readonly file: string
  readonly line: Uint8Array
  readonly kind: string | null
  readonly offset: number
  readonly position: number
}

interface Packed {
  readonly segment: number
  readonly bytes: number
  readonly sha256: string
}

type Found = (file: string, offset: number, reason: string, position: number) => never

/** Kinds whose records say something about files and logs. */
const SAYING = ['packed', 'retention', 'segment', 'quarantine', 'accept', 'witness']

export class Contents {
  readonly #log: string
  readonly #options: VerifyOptions
  readonly #found: Found
  /** What records say was dropped: every segment up to this one, which ended at this position. */
  dropped: {
    readonly through: number
    readonly position: number
    readonly keyChanges?: readonly unknown[] | undefined
  } | null = null
  /** What each packed segment must be, by its newest record. */
  readonly packed = new Map<number, Packed>()
  readonly named = new Map<string, Named>()
  readonly accepted = new Map<string, Accepted>()
  /** That a witness refused this log, and that nobody has accepted since. */
  refused: readonly Quarantine[] = []
  readonly differing: { position: number; decoder: string }[] = []
  rederived = 0
  /** Since the last commit, and since the segment began. */
  #pending: Line[] = []
  #heard: (() => void)[] = []
  /** Records before this one are known from the segment before. */
  #next = 0
  #from: string | null = null
  #to: string | null = null
  #lost = 0
  readonly #actors = new Map<string, { actor: AuditRecord['actor']; records: number }>()

  constructor(log: string, options: VerifyOptions, found: Found) {
    this.#log = log
    this.#options = options
    this.#found = found
  }

  get facts(): Facts | null {
    if (!this.#options.facts) return null
    const actors = [...this.#actors.values()].map(({ actor, records }) => ({ ...actor, records }))
    return { from: this.#from, to: this.#to, actors, dropped: this.#lost }
  }

  record(line: Line): void {
    const { schemas, facts, rederive } = this.#options
    const { kind } = line
    if (schemas || facts || SAYING.includes(kind ?? '') || (rederive && isReading(kind)))
      this.#pending.push(line)
  }

  /** The records since the last commit are committed. */
  commit(): void {
    for (const line of this.#pending) if (line.position >= this.#next) this.#take(line)
    this.#pending = []
  }

  /** A segment ends, and the next begins at `position`; `counts`: it has its place in the log. */
  end(position: number, counts: boolean): void {
    if (counts) {
      for (const hear of this.#heard) hear()
      this.#next = position
    }
    this.#heard = []
    this.#pending = []
  }

  #take({ file, line, kind, offset, position }: Line): void {
    const raw = JSON.parse(Buffer.from(line).toString()) as AuditRecord
    const { schemas, facts, rederive } = this.#options
    if (schemas) {
      const reason = checkRecord(raw)
      if (typeof reason === 'string')
        this.#found(file, offset, `the record breaks its schema: ${reason}`, position)
    }
    if (rederive && isReading(kind)) {
      const reason = this.#rederive(kind, raw, position)
      if (reason !== null)
        this.#found(file, offset, `read again from its PDUs: ${reason}`, position)
    }
    if (!facts && !SAYING.includes(kind ?? '')) return
    this.#heard.push(() => {
      this.#says(raw)
      if (facts) this.#sum(raw)
    })
  }

  /** What a key holder may have written without its schema says nothing. */
  #says(record: AuditRecord): void {
    const { kind, body, at, actor } = record
    if (kind === 'witness' || kind === 'accept')
      this.refused = unacceptedAfter(this.refused, this.#log, record)
    if (kind === 'packed') this.packed.set(body.segment, body)
    else if (kind === 'retention') {
      const whole = Number.isSafeInteger(body?.through) && Number.isSafeInteger(body.position)
      if (whole && body.through >= (this.dropped?.through ?? 0)) this.dropped = body
    } else if (kind === 'segment') {
      for (const one of list(body?.unaccepted)) this.#name(one)
    } else if (kind === 'quarantine') this.#name(body)
    else if (kind === 'accept') {
      this.accepted.set(body.log, { log: body.log, reason: body.reason, actor, at })
      this.named.set(body.log, this.named.get(body.log) ?? { log: body.log, why: null })
    }
  }

  #name(one: Quarantine): void {
    if (typeof one?.log !== 'string') return
    const { log, code, args } = one
    // A segment carries on what the ones before it said, which may have been dropped.
    const again = { kind: 'witness', body: { problem: code, name: args?.['name'] } } as AuditRecord
    if (log === this.#log) this.refused = unacceptedAfter(this.refused, log, again)
    else this.named.set(log, { log, why: asideOf(one) })
  }

  #sum({ kind, body, at, actor }: AuditRecord): void {
    if (this.#from === null || at < this.#from) this.#from = at
    if (this.#to === null || at > this.#to) this.#to = at
    if (kind === 'gap') this.#lost += body.dropped
    const name = canonical(actor ?? null)
    const known = this.#actors.get(name)
    if (known) known.records += 1
    else this.#actors.set(name, { actor, records: 1 })
  }

  /** Null when the PDUs say what the record says, or when their decoder is not known here. */
  #rederive(kind: DecodedKind, record: AuditRecord, position: number): string | null {
    if (!Array.isArray(record.pdus) || record.decoder === undefined)
      return 'the record carries no PDUs'
    const decoder = this.#options.rederive?.(record.decoder)
    if (!decoder) {
      this.differing.push({ position, decoder: record.decoder })
      return null
    }
    const pdus = record.pdus.map((text) => Buffer.from(String(text), 'base64'))
    const again = decoder.decode(kind, pdus)
    this.rederived += 1
    return typeof again === 'string' ? again : differs(record, again)
  }
}

const isReading = (kind: string | null): kind is DecodedKind =>
  kind === 'interrogation' || kind === 'live'

const list = <T>(value: readonly T[] | undefined): readonly T[] =>
  Array.isArray(value) ? value : []

/** What a record says otherwise than its PDUs; null = nothing. */
function differs(record: AuditRecord, again: Derived): string | null {
  const { blocks, values } = record.body as { blocks?: Json; values?: Json }
  if (canonical(again.said) !== canonical(blocks ?? values ?? null))
    return 'its PDUs say something else than the record'
  const { pump, deviceTime, model } = record
  if (again.pump !== null && pump !== again.pump)
    return `its PDUs are of pump ${again.pump}, not of ${pump}`
  if (again.model !== null && model !== again.model)
    return `its PDUs are of model ${again.model}, not of ${model}`
  return (deviceTime ?? null) === again.deviceTime
    ? null
    : `its PDUs say device time ${again.deviceTime}, not ${deviceTime}`
}
