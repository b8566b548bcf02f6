// Care for the segments that are ended: their leaf hashes are kept aside, old ones are packed, and
// entries older than the rule are dropped, hashes never. Everything it does to the log's evidence is
// recorded first. It works beside the writer, on files the writer has left, and says what it did, what
// it could not do, and why nothing is dropped that is old by the wall clock.
import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Lines } from '../audit/format/lines.ts'
import { HASH_BYTES, type Hash } from '../audit/format/merkle.ts'
import type { AuditRecord, NewRecord } from '../audit/format/record.ts'
import { segmentName } from '../audit/format/segment.ts'
import { Walk } from '../audit/format/walk.ts'
import type { Age } from '../audit/log/clock.ts'
import type { Receipt } from '../audit/log/queue.ts'
import { readEntries, type SegmentFiles, segmentFiles, walkSegment } from '../audit/read/files.ts'
import { type Disk, errorCode, readAll, replaceFile } from '../base/disk.ts'
import { keyChanges } from './key-changes.ts'

const pack = promisify(gzip)
const DAY_MS = 86_400_000

/** Entries older than `keepDays` are dropped. */
export interface Retention {
  readonly keepDays: number
  /** The log's age now; `AuditLog.age`. */
  readonly age: () => Age
  /** The wall clock: it decides nothing, but says when the log's age holds something back. */
  readonly wall: () => number
  /** Lowest position that a follower is still owed. Default: nothing is owed. */
  readonly owed?: () => number
}

export interface UpkeepOptions {
  readonly disk: Disk
  /** `<state>/audit/<log id>` */
  readonly dir: string
  /** Records what was done, durably; `AuditLog.append`. */
  readonly append: (record: NewRecord) => Promise<Receipt | null>
  /** Plain segments to keep besides the one that is written. Default 1. */
  readonly plain?: number
  /** Default: nothing is ever dropped. */
  readonly retention?: Retention
}

/** What could not be done, with the system's code; the next round tries again. */
export interface UpkeepFailure {
  readonly step: 'leaves' | 'pack' | 'drop'
  readonly code: string
}

export interface UpkeepResult {
  readonly packed: readonly number[]
  /** Everything below this position was dropped now; null = nothing was. */
  readonly dropped: number | null
  /**
   * Why a segment stays that is old enough by the wall clock: `clock` = by the log's own age it is not,
   * `owed` = a follower has not had it, `leaves` = its leaf hashes are not kept aside, `not-recorded` =
   * the record of it could not be kept.
   */
  readonly held: {
    readonly why: 'clock' | 'owed' | 'leaves' | 'not-recorded'
    readonly segment: number
  } | null
  readonly failures: readonly UpkeepFailure[]
}

/** One round. Never rejects: a step that fails does not keep the others from being done. */
export async function upkeep(options: UpkeepOptions): Promise<UpkeepResult> {
  const { disk, dir, retention, plain = 1 } = options
  const failures: UpkeepFailure[] = []
  const packed: number[] = []
  const attempt = async <T>(step: UpkeepFailure['step'], work: () => Promise<T>) => {
    try {
      return await work()
    } catch (error) {
      failures.push({ step, code: errorCode(error) })
      return null
    }
  }
  const all = (await attempt('leaves', () => segmentFiles(disk, dir))) ?? []
  await attempt('leaves', () => writeLeaves(disk, dir, all))
  // The last one is being written.
  const ended = all.slice(0, -1)
  for (const files of ended.slice(0, Math.max(0, ended.length - plain))) {
    if (!files.entries || files.entries.packed) continue
    if (await attempt('pack', () => packOne(options, files))) packed.push(files.number)
  }
  const found = retention && (await attempt('drop', () => drop(options, retention)))
  return { packed, failures, dropped: found?.dropped ?? null, held: found?.held ?? null }
}

/** Hashes of the records that count: from a segment's beginning to the next opened one's. */
async function writeLeaves(disk: Disk, dir: string, all: readonly SegmentFiles[]): Promise<void> {
  let next: number | null = null
  for (const files of [...all].reverse()) {
    if (!files.entries) continue
    // A segment is looked at only if it, or the one before it, is not done yet.
    const earlier = all[files.number - 2]
    if (files.leaves && (earlier?.leaves || !earlier?.entries)) {
      next = null
      continue
    }
    const leaves: Hash[] = []
    const walk = await walkSegment(readEntries(disk, dir, files.entries), {
      log: basename(dir),
      segment: files.number,
      record: (_line, _start, _end, _kind, _offset, leaf) => void leaves.push(leaf),
    })
    const from = walk.opened ? (walk.header?.frontier.size ?? null) : null
    if (next !== null && !files.leaves) {
      // One that was never opened has no records.
      const kept = from === null ? [] : leaves.slice(0, next - from)
      if (from !== null && kept.length !== next - from) {
        throw new Error(`segment ${files.number} has lost records`)
      }
      await replaceFile(disk, join(dir, `${segmentName(files.number)}.leaves`), Buffer.concat(kept))
    }
    next = from ?? next
  }
}

async function packOne(options: UpkeepOptions, files: SegmentFiles): Promise<boolean> {
  const { disk, dir, append } = options
  if (!files.entries) return false
  const plain = join(dir, files.entries.name)
  const bytes = await pack(await readAll(disk, plain))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const said = await append({
    kind: 'packed',
    body: { segment: files.number, bytes: bytes.length, sha256 },
  })
  if (!said) return false
  await replaceFile(disk, `${plain}.gz`, bytes)
  await disk.remove(plain)
  await disk.syncDir(dir)
  return true
}

/** Where and when a segment begins. */
interface Beginning {
  readonly position: number
  /** The log's age then. */
  readonly age: Age
  /** The wall clock then, and whether a time service kept it. */
  readonly at: number
  readonly kept: boolean
}

/** Null when the segment was never opened. */
async function beginning(disk: Disk, dir: string, files: SegmentFiles): Promise<Beginning | null> {
  if (!files.entries) return null
  let first: AuditRecord | null = null
  const walk = new Walk({
    log: basename(dir),
    segment: files.number,
    record: (line, start, end, kind) => {
      if (kind !== 'segment') return
      // One of a smaller number may come with a commit that was written again; its own is the last.
      first = JSON.parse(Buffer.from(line.subarray(start, end)).toString())
    },
  })
  const lines = new Lines((bytes, start, end, offset) => {
    if (!walk.opened) walk.line(bytes, start, end, offset)
  })
  for await (const chunk of readEntries(disk, dir, files.entries)) {
    lines.push(chunk)
    if (walk.opened || walk.fault) break
  }
  const own = first as AuditRecord | null
  if (!walk.opened || !walk.header || own?.kind !== 'segment') return null
  const { age } = own.body
  const kept = own.clock === 'synchronised'
  return { position: walk.header.frontier.size, age, at: Date.parse(own.at), kept }
}

/** How many leaf hashes are kept aside for these segments. */
async function leavesOf(disk: Disk, dir: string, all: readonly SegmentFiles[]): Promise<number> {
  let bytes = 0
  for (const { leaves } of all) if (leaves) bytes += (await disk.size(join(dir, leaves))) ?? 0
  return bytes / HASH_BYTES
}

/** How segments begin, each looked at once, and only when it is asked for. */
class Beginnings {
  readonly #found: (Beginning | null)[] = []
  readonly #look: (files: SegmentFiles) => Promise<Beginning | null>
  readonly #all: readonly SegmentFiles[]

  constructor(disk: Disk, dir: string, all: readonly SegmentFiles[]) {
    this.#all = all
    this.#look = (files) => beginning(disk, dir, files)
  }

  async at(i: number): Promise<Beginning | null> {
    for (let k = this.#found.length; k <= i; k += 1) {
      const files = this.#all[k]
      this.#found.push(files ? await this.#look(files) : null)
    }
    return this.#found[i] ?? null
  }

  /** What surely passed since the beginning of segment `i`: by either count of clock.ts. */
  async passed(i: number, now: Age): Promise<number> {
    const ms = now.ms - ((await this.at(i))?.age.ms ?? Number.POSITIVE_INFINITY)
    if (now.confirmed === null) return ms
    let next = i
    while (next < this.#all.length && !(await this.at(next))?.kept) next += 1
    if (next === this.#all.length) return ms
    // A clock that was set back made some of them look older than they are.
    const walls = this.#found.slice(0, next + 1).flatMap((one) => (one?.kept ? one.at : []))
    return Math.max(ms, now.confirmed - Math.max(...walls))
  }
}

/**
 * Drops from the oldest segment on, without holes. A segment is as old as the beginning of the next one
 * says, so nothing in it is younger. The record of it names everything that was ever dropped, because
 * the records of earlier rounds are dropped in their turn.
 */
async function drop(
  { disk, dir, append }: UpkeepOptions,
  { keepDays, age, wall, owed = () => Number.POSITIVE_INFINITY }: Retention,
): Promise<Pick<UpkeepResult, 'dropped' | 'held'>> {
  const all = await segmentFiles(disk, dir)
  const keepMs = keepDays * DAY_MS
  let held: UpkeepResult['held'] = null
  let through = 0
  let position = 0
  let waiting: SegmentFiles[] = []
  const beginnings = new Beginnings(disk, dir, all)
  for (const [i, files] of all.entries()) {
    const begins = await beginnings.at(i)
    const segment = waiting[0]?.number
    if (begins && segment !== undefined) {
      const old = (await beginnings.passed(i, age())) > keepMs
      if (!old && wall() - begins.at > keepMs) held = { why: 'clock', segment }
      if (old && begins.position > owed()) held = { why: 'owed', segment }
      else if (old && (await leavesOf(disk, dir, waiting)) !== begins.position - position) {
        held = { why: 'leaves', segment }
      }
      if (!old || held !== null) break
      through = files.number - 1
      position = begins.position
      waiting = []
    }
    if (!files.entries) continue
    if (begins && waiting.length === 0) position = begins.position
    waiting.push(files)
  }
  if (through === 0) return { dropped: null, held }
  const said = await append({
    kind: 'retention',
    action: 'D',
    body: {
      ...{ through, position, keepDays },
      keyChanges: await keyChanges(disk, dir, all, { through, position }),
    },
  })
  if (!said) return { dropped: null, held: { why: 'not-recorded', segment: through } }
  const gone = all.filter(({ number, entries }) => entries !== null && number <= through)
  for (const { number } of gone) {
    await disk.remove(join(dir, `${segmentName(number)}.jsonl`))
    await disk.remove(join(dir, `${segmentName(number)}.jsonl.gz`))
  }
  await disk.syncDir(dir)
  // The copies of what was set aside go with what they were copied from, and not before it.
  for (const name of await disk.list(dir)) {
    const number = Number(/^(\d{8})\.void$/.exec(name)?.[1] ?? 0)
    if (number > 0 && number <= through + 1) await disk.remove(join(dir, name))
  }
  await disk.syncDir(dir)
  return { dropped: position, held }
}
