// What the feed's tests share: a log that lives through everything a log may live through, on a disk in
// memory, and the naive reading of all of its files.
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Subject } from 'rxjs'
import type { NewRecord } from '../../src/audit/format/record.ts'
import type { AuditLog } from '../../src/audit/log/log.ts'
import { mulberry32 } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import type { HistoryQuery } from '../../src/feed/passes.ts'
import { type Bench, bench, during, open, refused, start } from '../audit/bench-log.ts'

export const DIR = '/state/audit'
const DAY = 86_400_000

/** A record as a naive reader sees it. */
export interface Naive {
  readonly log: string
  readonly position: number
  readonly line: string
  readonly kind: string
  readonly at: string
  readonly pump: string | null
}

export class World {
  readonly bench: Bench
  readonly chance: (n: number) => number
  readonly wake$ = new Subject<unknown>()
  /** Every record that was ever committed, by log. */
  readonly written = new Map<string, Naive[]>()
  /** Logs that were removed altogether. */
  readonly lost = new Set<string>()
  log: AuditLog

  private constructor(made: Bench, log: AuditLog, chance: (n: number) => number) {
    this.bench = made
    this.log = log
    this.chance = chance
  }

  static async begin(seed: number, segmentBytes = 3_000): Promise<World> {
    const next = mulberry32(seed)
    const chance = (n: number) => next() % n
    const made = bench(seed, undefined, { limits: { segmentBytes } })
    return new World(made, await open(made), chance)
  }

  /** Within the bridge's process, where the writer may give what is newest, or of another process. */
  feed(inside: boolean, given = inside): Feed {
    const { env, disk } = this.bench
    const head = () => {
      const { log, size } = this.log.state
      return log === null ? null : { log, size }
    }
    const newest: AuditLog['newest'] = (...place) => (given ? this.log.newest(...place) : null)
    const own = inside ? { head, newest, wake$: this.wake$ } : {}
    return new Feed({ env, disk, dir: DIR, source: 'simulator', ...own })
  }

  get current(): string {
    return this.log.state.log ?? ''
  }

  async append(n: number): Promise<void> {
    const some = Array.from({ length: n }, () => this.#record())
    const done = Promise.all(some.map((record) => this.log.append(record)))
    await during(this.bench.env, done)
    this.note()
    this.wake$.next(null)
  }

  /** One of the things that happen to a log. */
  async happen(): Promise<void> {
    const what = this.chance(20)
    if (what < 12) await this.append(1 + this.chance(6))
    else if (what < 14) this.pack()
    else if (what < 15) this.drop()
    else if (what < 17) this.bench.env.setWall((this.chance(81) - 40) * DAY)
    else if (what < 19) await this.restart()
    else if (this.chance(2) === 0) await this.setAside()
    else await this.lose()
  }

  /** Segments but the last, which is being written. */
  #ended(): string[] {
    const dir = join(DIR, this.current)
    const names = [...this.bench.disk.files.keys()].filter((name) => name.startsWith(`${dir}/`))
    return names
      .filter((name) => /\.jsonl(\.gz)?$/.test(name))
      .sort()
      .slice(0, -1)
  }

  pack(): void {
    const { files } = this.bench.disk
    const plain = this.#ended().filter((name) => name.endsWith('.jsonl'))
    const path = plain[this.chance(plain.length || 1)]
    if (path === undefined) return
    files.set(`${path}.gz`, { bytes: gzipSync(files.get(path)?.bytes ?? ''), synced: 0 })
    files.delete(path)
  }

  /** The oldest entries, as retention does. */
  drop(): void {
    for (const name of this.#ended().slice(0, 1 + this.chance(3))) {
      this.bench.disk.files.delete(name)
      const leaves = name.replace(/\.jsonl(\.gz)?$/, '.leaves')
      this.bench.disk.files.set(leaves, { bytes: Buffer.alloc(0), synced: 0 })
    }
  }

  /** Ended without `stop`: the last commit is written again into a new segment. */
  async restart(): Promise<void> {
    await during(this.bench.env, this.log.close())
    this.log = await open(this.bench)
    await this.append(1)
  }

  /** Its last segment is broken: the writer begins the next log. */
  async setAside(): Promise<void> {
    await during(this.bench.env, this.log.close())
    const { files } = this.bench.disk
    const dir = join(DIR, this.current)
    const last = [...files.keys()].filter((n) => n.startsWith(dir) && n.endsWith('.jsonl')).sort()
    files.set(last.at(-1) as string, { bytes: Buffer.from('{}\n'), synced: 0 })
    this.log = await open(this.bench)
    await this.append(1)
  }

  /** The whole log is gone: the writer begins again, at the first ordinal. */
  async lose(): Promise<void> {
    await during(this.bench.env, this.log.close())
    this.lost.add(this.current)
    const { files } = this.bench.disk
    for (const name of [...files.keys()]) if (name.startsWith(`${DIR}/`)) files.delete(name)
    this.log = await open(this.bench)
    await this.append(1)
  }

  /** Looks at the files of the current log, and keeps what is in them. */
  note(): void {
    const known = this.written.get(this.current) ?? []
    for (const record of this.kept()) known[record.position] = record
    this.written.set(this.current, known)
  }

  /** Every record whose entry is in the files of the current log: all of them are read. */
  kept(): Naive[] {
    const found: Naive[] = []
    const dir = join(DIR, this.current)
    const { files } = this.bench.disk
    for (const name of [...files.keys()].sort()) {
      if (!name.startsWith(`${dir}/`) || !/\.jsonl(\.gz)?$/.test(name)) continue
      const bytes = files.get(name)?.bytes ?? Buffer.alloc(0)
      const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
      let pending: Naive[] = []
      for (const line of text.split('\n').slice(1, -1)) {
        if (line.startsWith('{"checkpoint"')) {
          for (const one of pending) found[one.position] = one
          pending = []
        } else pending.push(naive(this.current, line))
      }
    }
    return found.filter((one) => one !== undefined)
  }

  #record(): NewRecord {
    const i = this.chance(1_000)
    const pump = `SIM-${i % 3}`
    const model = i % 2 === 0 ? 'M1' : 'M2'
    if (i < 200) return start
    if (i < 400) return refused(i)
    if (i < 500) return LIST
    return { kind: 'live', pump, model, body: { values: { rate: i } }, action: 'R' }
  }
}

/** Its body holds the words that a record's own kind and moment are found by. */
const LIST: NewRecord<'gap'> = {
  kind: 'gap',
  body: {
    dropped: 1,
    reasons: [],
    kinds: [{ kind: 'live', count: 1 }],
    from: '2020-01-01T00:00:00.000Z',
    to: '2020-01-01T00:00:00.000Z',
  },
  outcome: { ok: true, reason: ',"kind":"live","at":"2020-01-01T00:00:00.000Z"' },
}

function naive(log: string, line: string): Naive {
  const { seq, kind, at, pump, model } = JSON.parse(line)
  return { log, position: seq, line, kind, at, pump: pump ? `${pump} ${model}` : null }
}

/** Selects among all records, as anybody would. */
export function pick(all: readonly Naive[], query: HistoryQuery, pump?: string): Naive[] {
  const { after = -1, before = Number.POSITIVE_INFINITY, from = '', to = '9', kinds } = query
  const found = all.filter(
    (one) =>
      one.position > after &&
      one.position < before &&
      one.at >= from &&
      one.at < to &&
      (kinds === undefined || (kinds as readonly string[]).includes(one.kind)) &&
      (pump === undefined || one.pump === pump),
  )
  return (query.order === 'desc' ? found.reverse() : found).slice(0, query.limit)
}
