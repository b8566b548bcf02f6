// One log read at a position: forward, and backward from the newest record. What counts of a segment ends
// where the next opened one begins, so each position is given once, also where a commit was written again.
// Segments may be packed or dropped meanwhile: what is dropped is told as missing, anything else that cannot
// be read rejects. It remembers where segments begin and which moments they span, and nothing of records.
import { basename, join } from 'node:path'
import { type Disk, errorCode } from '../../base/disk.ts'
import { Lines } from '../format/lines.ts'
import { Walk } from '../format/walk.ts'
import { readEntries, type SegmentFiles, segmentFiles } from './files.ts'
import { type Place, Scan, type Stored, type Wanted } from './scan.ts'
import { type Found, type Intros, seek } from './seek.ts'

/** How often in a row a segment may be packed, dropped or ended under the reader. */
const TRIES = 5

export interface Range extends Wanted {
  /** Positions: from this one on (0), and before that one. */
  readonly first?: number
  readonly before?: number
  /** Records in the log, at a commit: nothing behind it is looked at. */
  readonly until: number
  /** Where an earlier pass ended: reading goes on there when it begins at that position. */
  readonly place?: Place | null
}

export interface Batch {
  /** In the order of the pass. */
  readonly records: readonly Stored[]
  /** The pass goes on at this position (forward), or before it (backward). */
  readonly next: number
  /** The same place in the files, if it is one between two commits. */
  readonly place: Place | null
  /** Entries that are not kept any more: these positions. */
  readonly missing: { readonly from: number; readonly to: number } | null
}

/** Moments of the records of one segment; their order in it may be another, because clocks jump. */
interface Span {
  readonly earliest: string
  readonly latest: string
}

interface Walked {
  readonly walk: Walk
  readonly lines: Lines
  bytes: number
  file: number
}

/** Bytes that begin at this one of a segment and are durable, as their writer has them; null = it does not. */
export type Newest = (log: string, segment: number, offset: number) => Uint8Array | null

export class LogReader {
  readonly log: string
  readonly #disk: Disk
  readonly #dir: string
  readonly #newest: Newest
  readonly #intros: Intros = new Map()
  readonly #spans = new Map<number, Span>()
  /** By segment: the last opened one, and those behind it. */
  readonly #walked = new Map<number, Walked>()
  #size = 0
  #measuring: Promise<number> | null = null

  /** `dir`: `<state>/audit/<log>`. */
  constructor(disk: Disk, dir: string, newest: Newest = () => null) {
    this.#disk = disk
    this.#newest = newest
    this.#dir = dir
    this.log = basename(dir)
  }

  /** Records in the log, as its files say: reads what is new in them, and takes no torn commit. */
  size(): Promise<number> {
    this.#measuring ??= this.#patiently(() => this.#measure()).finally(() => {
      this.#measuring = null
    })
    return this.#measuring
  }

  /** Position of the first record whose entry is kept; 0 in an empty log. */
  oldest(): Promise<number> {
    return this.#patiently(async () => {
      const { found, next } = await this.#seek(await segmentFiles(this.#disk, this.#dir), 0)
      return (found ?? next)?.begin ?? 0
    })
  }

  /** Position at which the segment begins in which a position stands. */
  beginOf(position: number, until: number): Promise<number> {
    return this.#patiently(async () => {
      const part = await this.#partAt(position, until)
      return part.files ? part.place.position : part.end
    })
  }

  /** The picked records in order, each once, and what is missing between them. */
  async *forward({ first = 0, place = null, ...range }: Range): AsyncGenerator<Batch> {
    const { until, before = until } = range
    const end = Math.min(before, until)
    let next = first
    let known = place
    let tries = 0
    while (next < end) {
      const was = next
      try {
        const part = (await this.#goOn(known, next, until)) ?? (await this.#partAt(next, until))
        known = null
        if (part.files === null) {
          yield hole(next, part.end)
          next = part.end
          continue
        }
        if (this.#isOutside(part, range)) {
          next = Math.min(part.end, end)
          yield { records: [], next, place: null, missing: null }
          continue
        }
        const scan = new Scan({ ...range, log: this.log, before, first: next, ...part })
        for await (const chunk of this.#chunks(part)) {
          scan.push(chunk)
          if (scan.place.position > next) {
            next = Math.min(scan.place.position, end)
            known = scan.place.position === next ? scan.place : null
            yield { records: scan.take(), next, place: known, missing: null }
          }
          if (scan.done) break
        }
        this.#remember(part, scan)
        if (!scan.done && part.hole && next < part.end) {
          yield hole(next, part.end)
          next = part.end
        }
        if (next === was && !part.resumed) throw this.#short(next, until)
      } catch (error) {
        tries = next > was ? 0 : tries + 1
        known = null
        if (!isPassing(error) || tries > TRIES) throw error
      }
    }
  }

  /** The picked records, newest first, each once: a segment at a time. What is missing is not told. */
  async *backward({ first = 0, ...range }: Omit<Range, 'place'>): AsyncGenerator<Batch> {
    const { until, before = until } = range
    let end = Math.min(before, until)
    let tries = 0
    while (end > first) {
      try {
        const part = await this.#partAt(end - 1, until)
        if (part.files === null) return
        const records: Stored[] = []
        if (!this.#isOutside(part, range)) {
          const scan = new Scan({ ...range, log: this.log, before: end, first, ...part })
          for await (const chunk of this.#chunks(part)) {
            scan.push(chunk)
            for (const record of scan.take()) records.push(record)
            if (scan.done) break
          }
          this.#remember(part, scan)
          if (!scan.done && !part.hole) throw this.#short(scan.place.position, until)
        }
        tries = 0
        end = part.place.position
        yield { records: records.reverse(), next: end, place: null, missing: null }
      } catch (error) {
        tries += 1
        if (!isPassing(error) || tries > TRIES) throw error
      }
    }
  }

  async #files(): Promise<readonly SegmentFiles[]> {
    const files = await segmentFiles(this.#disk, this.#dir)
    if (files.length > 0) return files
    throw new Error(
      `Audit log ${this.log} has no segments in ${this.#dir}. Its records cannot be read. ` +
        'Look for where it was moved to.',
    )
  }

  #seek(files: readonly SegmentFiles[], position: number) {
    return seek(this.#disk, this.#dir, files, position, this.#intros)
  }

  /** What counts of the segment in which a position stands. */
  async #partAt(position: number, until: number): Promise<Part | Missing> {
    const all = await this.#files()
    const { found, next } = await this.#seek(all, position)
    const end = Math.min(next?.begin ?? until, until)
    if (!found) return { files: null, end }
    const { files, begin } = found
    const between = all.slice(files.number, next ? next.files.number - 1 : undefined)
    return {
      files,
      place: { segment: files.number, offset: 0, position: begin },
      bytes: null,
      until: end,
      end,
      hole: next !== null && between.some(({ entries }) => entries === null),
      ended: next !== null && end === next.begin,
      resumed: false,
    }
  }

  /**
   * The rest of the last segment, if it still is the last one: no directory is read for it, and no file for what
   * the writer has just written.
   */
  async #goOn(place: Place | null, next: number, until: number): Promise<Part | null> {
    if (place?.position !== next) return null
    const { segment, offset } = place
    const bytes = this.#newest(this.log, segment, offset)
    const name = (n: number) => `${String(n).padStart(8, '0')}.jsonl`
    const size = (n: number) => this.#disk.size(join(this.#dir, name(n)))
    const goesOn = async () =>
      ((await size(segment)) ?? 0) > offset && (await size(segment + 1)) === null
    if (bytes === null && !(await goesOn())) return null
    const files = { number: segment, entries: { name: name(segment), packed: false }, leaves: null }
    const last = { end: until, hole: false, ended: false, resumed: true }
    return { files, place, until, bytes, ...last }
  }

  #chunks({ files, place, bytes }: Part): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
    return bytes ? [bytes] : readEntries(this.#disk, this.#dir, files.entries, place.offset)
  }

  /** A segment was seen from its beginning to where the next one begins: its moments do not change. */
  #remember({ files, place, ended, end }: Part, { earliest, latest, place: at }: Scan): void {
    if (ended && place.offset === 0 && at.position === end && earliest !== '')
      this.#spans.set(files.number, { earliest, latest })
  }

  #isOutside({ files, ended }: Part, { from, to }: Wanted): boolean {
    const span = ended ? this.#spans.get(files.number) : undefined
    if (!span) return false
    return (from !== undefined && span.latest < from) || (to !== undefined && span.earliest >= to)
  }

  #short(at: number, until: number): Error {
    const message =
      `Audit log ${this.log} ends at record ${at} in its files, and it should have ${until}. ` +
      'What is behind cannot be read. Run: wandbridge audit verify'
    return Object.assign(new Error(message), { code: PASSING })
  }

  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await work()
      } catch (error) {
        if (!isPassing(error) || tries >= TRIES) throw error
      }
    }
  }

  async #measure(): Promise<number> {
    const kept = (await segmentFiles(this.#disk, this.#dir)).filter(isKept)
    let size = 0
    for (const files of kept.toReversed()) {
      const { opened, after } = (await this.#walk(files)).walk
      if (!opened || !after) continue
      for (const number of this.#walked.keys())
        if (number < files.number) this.#walked.delete(number)
      size = after.position
      break
    }
    // An older copy was put in its place: what was remembered may be of another log.
    if (size < this.#size) {
      this.#intros.clear()
      this.#spans.clear()
    }
    this.#size = size
    return size
  }

  /** What a crash may have torn is at the end of the last segment: there, hashes are reckoned. */
  async #walk({ number, entries }: Found['files']): Promise<Walked> {
    const file = await this.#disk.size(join(this.#dir, entries.name))
    const known = this.#walked.get(number)
    if (known?.file === file) return known
    const goesOn = known && !known.walk.fault && !entries.packed && (file ?? 0) > known.bytes
    const walked = goesOn ? known : this.#begin(number)
    for await (const chunk of readEntries(this.#disk, this.#dir, entries, walked.bytes)) {
      walked.bytes += chunk.length
      walked.lines.push(chunk)
    }
    walked.file = entries.packed ? (file ?? 0) : walked.bytes
    this.#walked.set(number, walked)
    return walked
  }

  #begin(segment: number): Walked {
    const walk = new Walk({ log: this.log, segment, signed: () => true })
    const lines = new Lines((bytes, start, end, offset) => walk.line(bytes, start, end, offset))
    return { walk, lines, bytes: 0, file: 0 }
  }
}

interface Part {
  readonly files: Found['files']
  readonly place: Place
  /** What begins there, if its writer has it; else it is read. */
  readonly bytes: Uint8Array | null
  /** Position at which the segment stops to count. */
  readonly until: number
  readonly end: number
  /** Segments between it and the next one are not there. */
  readonly hole: boolean
  /** The next segment has begun. */
  readonly ended: boolean
  readonly resumed: boolean
}

interface Missing {
  readonly files: null
  readonly end: number
}

const isKept = (files: SegmentFiles): files is Found['files'] => files.entries !== null

/** Upkeep or the writer changed the files while they were read: another look shows how they are now. */
const PASSING = 'ECHANGED'
const isPassing = (error: unknown) => ['ENOENT', PASSING].includes(errorCode(error))

/** Positions from `from` up to `end` are not kept. */
const hole = (from: number, end: number): Batch => ({
  records: [],
  next: end,
  place: null,
  missing: { from, to: end - 1 },
})
