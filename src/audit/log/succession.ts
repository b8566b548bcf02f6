// Which log is written. At start: the one that the manifest names, if it is the original and as it was
// left; else it is set aside and another begins that says so. After a failed write: the same log in a
// new segment that begins before the last commit and holds it again, byte for byte, because nobody can
// know how much of it the disk has kept; or another log, when this one is not there any more.
import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { type Disk, errorCode, sameIdentity } from '../../base/disk.ts'
import { ordinalOf } from '../../model/source.ts'
import { originOf } from '../format/checkpoint.ts'
import { Frontier } from '../format/merkle.ts'
import { type SigningKey, signingKey } from '../format/note.ts'
import type { NewRecord, Quarantine } from '../format/record.ts'
import { look } from '../read/directory.ts'
import { listLogs } from '../read/files.ts'
import { type Jump, LogClock, type Moment } from './clock.ts'
import {
  isOriginal,
  isPassing,
  type Manifest,
  readManifest,
  segmentPath,
  writeManifest,
} from './manifest.ts'
import { endOf, type Good, inspect, type Opening, type Reason, type VoidRange } from './opening.ts'
import type { LogOptions } from './options.ts'
import type { Batch, Broken, End, Tail } from './tail.ts'

/** The log was removed or changed under us: a new one is begun and says so. */
export class LogGone extends Error {
  readonly code = 'EGONE'
}

/** A log to begin; kept over attempts that fail. */
interface Next {
  readonly log: string
  readonly replaces: Quarantine | null
  /** What the log before it had not been accepted yet. */
  readonly unaccepted: readonly Quarantine[]
}

export class Succession {
  readonly #options: LogOptions
  readonly #disk: Disk
  readonly #tail: Tail
  #keyObjects: readonly KeyObject[] = []
  #release: (() => Promise<void>) | null = null
  #next: Next | null = null
  readonly #moment: () => Moment
  /** How this start's clock differs from the end of the log, until it is recorded. */
  jump: Jump | null = null

  constructor(options: LogOptions, tail: Tail, moment: () => Moment) {
    this.#moment = moment
    this.#options = options
    this.#disk = options.disk
    this.#tail = tail
  }

  /** Makes it possible to write: at start, and after every failure. */
  async establish(inFlight: Batch | null): Promise<void> {
    const { end, broken } = this.#tail
    if (end !== null && broken !== null) await this.#goOn(end, broken, inFlight)
    else await this.#open()
  }

  async #goOn(end: End, broken: Broken, inFlight: Batch | null): Promise<void> {
    const lost = await this.#lost(broken)
    if (lost) {
      const log = this.#tail.log ?? ''
      await this.#decide({ log, ...lost, ...endOf(end) }, this.#tail.unaccepted)
      throw new LogGone(lost.code)
    }
    await this.#tail.begin({
      number: broken.segment + 1,
      why: 'recovery',
      from: end,
      replay: inFlight?.bytes ?? new Uint8Array(),
      end: inFlight?.end ?? null,
      again: inFlight?.entries ?? [],
      voids: [broken],
    })
  }

  /** Whether the segment that failed is still there, and still the same. */
  async #lost({ segment, offset, inode }: Broken): Promise<Reason | null> {
    const { dir, manifest } = this.#tail
    const home = await this.#disk.entry(dir)
    const file = home && (await this.#disk.entry(segmentPath(dir, segment)))
    if (!file) return { code: 'gone', args: {} }
    if (file.inode !== inode || (manifest && !sameIdentity(home, manifest.directory))) {
      return { code: 'replaced', args: {} }
    }
    if (file.size < offset) return { code: 'cut', args: {} }
    return null
  }

  async #open(): Promise<void> {
    const { dir, source } = this.#options
    await this.#disk.makeDir(dir)
    this.#keyObjects = await this.#options.keys()
    if (this.#next) return this.#first(this.#next)
    const manifest = await readManifest(this.#disk, dir, source)
    if (manifest !== null && manifest !== 'damaged') return this.#current(manifest)
    const newest = await this.#newest()
    if (newest === null) {
      await this.#decide(null, [])
    } else {
      // It cannot be known whether it was written here.
      await this.#lock(newest)
      const opening = await this.#inspect(newest, 0)
      await this.#setAside(newest, opening, { code: 'no-manifest', args: {} })
    }
    await this.#first(this.#next as Next | null)
  }

  /** The newest log that holds anything. */
  async #newest(): Promise<string | null> {
    const { dir, source } = this.#options
    for (const log of (await listLogs(this.#disk, dir, source)).reverse()) {
      if ((await look(this.#disk, join(dir, log))).segments.length > 0) return log
    }
    return null
  }

  async #current(manifest: Manifest): Promise<void> {
    const { log, size, root, replaces, unaccepted } = manifest
    const { dir } = this.#options
    const home = await this.#disk.entry(join(dir, log))
    if (home?.kind !== 'directory') {
      await this.#decide({ log, code: 'gone', args: {}, size, root }, unaccepted)
      return this.#first(this.#next)
    }
    await this.#lock(log)
    const opening = await this.#inspect(log, manifest.segment?.number ?? 0)
    const wrong = (await isOriginal(this.#disk, dir, manifest))
      ? notAsLeft(opening, manifest)
      : { code: 'copied' as const, args: {} }
    if (opening.how === 'quarantine' || wrong) {
      const known = opening.how === 'quarantine' ? { ...opening, unaccepted } : opening
      await this.#setAside(log, known, wrong)
      return this.#first(this.#next)
    }
    this.#tail.manifest = manifest
    if (opening.how !== 'empty') return this.#resume(log, opening, replaces)
    // Begun, but not one commit was kept.
    this.#next = { log, replaces, unaccepted }
    return this.#first(this.#next, opening)
  }

  async #inspect(log: string, own: number): Promise<Opening> {
    try {
      return await inspect(this.#disk, join(this.#options.dir, log), this.#keys(log), own)
    } catch (error) {
      if (isPassing(error)) throw error
      return {
        how: 'quarantine',
        reason: { code: 'unreadable', args: { errno: errorCode(error) } },
        unaccepted: [],
        strays: [],
      }
    }
  }

  #keys(log: string): SigningKey[] {
    return this.#keyObjects.map((key) => signingKey(originOf(log), key))
  }

  async #setAside(log: string, opening: Opening, wrong: Reason | null): Promise<void> {
    const found = opening.how === 'quarantine' ? opening.reason : null
    const end = 'end' in opening ? endOf(opening.end) : null
    const reason = wrong ?? found ?? { code: 'missing' as const, args: {} }
    const unaccepted = opening.how === 'empty' ? [] : opening.unaccepted
    await this.#decide({ log, ...found, ...end, ...reason }, unaccepted)
  }

  /** From here on another log is the one to begin. */
  async #decide(replaces: Quarantine | null, unaccepted: readonly Quarantine[]): Promise<void> {
    const { env, dir, source } = this.#options
    await this.release()
    this.#tail.forget()
    const others = await listLogs(this.#disk, dir, source)
    const ordinals = [...others, ...(replaces ? [replaces.log] : [])].map(ordinalOf)
    const mark = Buffer.from(env.random(4)).toString('hex')
    const log = `${source}-${Math.max(0, ...ordinals) + 1}-${mark}`
    this.#next = { log, replaces, unaccepted }
  }

  async #first(
    next: Next | null,
    opening: {
      readonly highest: number
      readonly voids: readonly VoidRange[]
      readonly strays: readonly string[]
    } = { highest: 0, voids: [], strays: [] },
  ): Promise<void> {
    if (!next) throw new Error('no log was chosen')
    const { log, replaces, unaccepted } = next
    const { dir, source } = this.#options
    const tail = this.#tail
    const key = this.#keys(log)[0]
    if (!key) throw Object.assign(new Error('there is no key to sign with'), { code: 'ENOKEY' })
    await this.#disk.makeDir(join(dir, log))
    await this.#disk.syncDir(dir)
    await this.#lock(log)
    const frontier = new Frontier()
    const start = { ...endOf({ position: 0, frontier }), segment: null }
    const now = { log, replaces, unaccepted: [...unaccepted], ...start }
    tail.manifest = await writeManifest(this.#disk, dir, source, now)
    const records: NewRecord[] = replaces
      ? [{ kind: 'quarantine', body: replaces, outcome: { ok: false, reason: replaces.code } }]
      : []
    tail.log = log
    tail.unaccepted = unaccepted
    tail.replaces = replaces
    tail.strays = opening.strays
    tail.clock = new LogClock()
    this.#now()
    try {
      await tail.begin({
        number: opening.highest + 1,
        why: 'first',
        from: { position: 0, frontier, key },
        replay: new Uint8Array(),
        end: null,
        voids: opening.voids,
        records,
      })
      this.#next = null
    } catch (error) {
      tail.log = null
      throw error
    }
  }

  async #resume(log: string, opening: Good & Opening, replaces: Quarantine | null): Promise<void> {
    const tail = this.#tail
    const keyOf = (text: string) => this.#keys(log).find((key) => key.verifier.text === text)
    const key = keyOf(opening.end.key.text)
    if (!key) throw Object.assign(new Error('the key of the log is not here'), { code: 'ENOKEY' })
    const end = { ...opening.end, key }
    tail.log = log
    tail.unaccepted = opening.unaccepted
    tail.replaces = replaces
    tail.strays = opening.strays
    tail.clock = opening.clock
    this.#now()
    try {
      if (opening.how === 'clean') {
        const month = opening.since.slice(0, 7)
        return await tail.resume(opening.segment, opening.end.offset, month, end)
      }
      await tail.begin({
        number: opening.highest + 1,
        why: 'recovery',
        from: { ...opening.from, key: keyOf(opening.from.key.text) ?? key },
        replay: opening.replay,
        end,
        voids: opening.voids,
      })
    } catch (error) {
      tail.log = null
      throw error
    }
  }

  #now(): void {
    const jump = this.#tail.clock.see(this.#moment())
    if (jump) this.jump = jump
  }

  async #lock(log: string): Promise<void> {
    this.#release ??= await this.#disk.lock(join(this.#options.dir, log, 'lock'))
  }

  async release(): Promise<void> {
    const release = this.#release
    this.#release = null
    await release?.().catch(() => {})
  }
}

/** Null when the log is at least what it was when its manifest was written. */
export function notAsLeft(opening: Opening, { size, root }: Manifest): Reason | null {
  if (opening.how === 'quarantine') return null
  const found = 'end' in opening ? endOf(opening.end) : { size: 0, root }
  if (found.size < size) {
    return { code: 'shorter', args: { found: found.size, left: size } }
  }
  if (found.size > size || found.root === root) return null
  return { code: 'damaged', args: { segment: null, offset: null, position: null } }
}
