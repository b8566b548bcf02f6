// Writes captures of a bridge's raw traffic (src/capture/README.md) and keeps them within their budget.
// They are support evidence: whatever happens to them never disturbs a reading or the audit log.

import { join } from 'node:path'
import type { NewRecord } from '../audit/format/record.ts'
import { digest } from '../audit/read/files.ts'
import { type Disk, type DiskFile, nodeDisk } from '../base/disk.ts'
import { type Cancel, type Env, utc } from '../base/env.ts'
import { overlooked } from '../base/failures.ts'
import { CAPTURE_ENDING, type CapturedPort } from '../capture/format.ts'
import { type CaptureWriter, captureWriter } from '../capture/writer.ts'
import type { Stamp } from '../model/event.ts'
import type { HowRead } from '../model/policy.ts'
import type { PortFact } from '../transport/port.ts'

/** How much is kept, and how long. */
export interface CaptureLimits {
  readonly budgetBytes?: number
  readonly keepDays?: number
}

export interface CaptureOptions extends CaptureLimits {
  readonly env: Env
  readonly stateDir: string
  readonly boot: string
  readonly bridge: HowRead
  readonly append: (record: NewRecord) => Promise<unknown>
  /** False while the disk has no room but for the audit log. */
  readonly allowed: () => boolean
  readonly disk?: Disk
}

/** A capture that is ended. */
export interface Sealed {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

const FLUSH_MS = 250
/** What may wait in memory for a disk that does not answer. */
const MOST_WAITING = 4 << 20
/** With less room than this the disk belongs to the audit log. */
const LEAST_FREE = 64 << 20
const BUDGET = 64 << 20
const KEEP_DAYS = 30
/** What goes by age and budget: captures that are ended, and whatever lies there of an earlier format. */
const TRIMMED = /\.(wcap|jsonl|jsonl\.part)$/

interface Open {
  readonly name: string
  readonly file: DiskFile
  readonly writer: CaptureWriter
  readonly began: Stamp
  written: number
}

export class Captures {
  readonly #options: CaptureOptions
  readonly #disk: Disk
  /** Where captures are. */
  readonly dir: string
  /** How each port carries PDUs, as long as it is open. */
  readonly #ports = new Map<string, CapturedPort['framing']>()
  #on = false
  #open: Open | null = null
  #lost = 0
  #timer: Cancel = () => {}
  #limits: CaptureLimits
  /** One thing at a time is done to the files. */
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: CaptureOptions) {
    this.#options = options
    this.#limits = options
    this.#disk = options.disk ?? nodeDisk
    this.dir = join(options.stateDir, 'captures')
    this.#work = this.#leftBehind().catch((error) => overlooked('capture', error))
  }

  get on(): boolean {
    return this.#on
  }

  /** Other limits, from the next trimming on. */
  limit(limits: CaptureLimits): void {
    this.#limits = limits
  }

  /** Begins a capture; false when the disk has no room for one. */
  async start(): Promise<boolean> {
    if (this.#on) return true
    this.#on = await this.#queue(async () => this.#open !== null || (await this.#begin()))
    if (this.#on) this.#tick()
    return this.#on
  }

  /** Ends the capture and seals it; null when there was none, or it could not be ended well. */
  async stop(): Promise<Sealed | null> {
    this.#on = false
    this.#timer()
    return this.#queue(async () => {
      // A start that was under way has raised it again.
      this.#on = false
      this.#timer()
      const open = this.#open
      this.#open = null
      return open && this.#seal(open)
    })
  }

  /** What happened at a port. Never waits. */
  take(path: string, fact: PortFact, at: Stamp): void {
    if (fact.kind === 'opened') this.#ports.set(path, fact.framing)
    if (fact.kind === 'ended') this.#ports.set(path, null)
    if (!this.#on) return
    const writer = this.#open?.writer
    if (!writer || writer.waiting > MOST_WAITING) {
      if ('bytes' in fact) this.#lost += fact.bytes.length
      return
    }
    if (this.#lost > 0) writer.lost(this.#lost, at)
    this.#lost = 0
    writer.put(path, fact, at)
  }

  #queue<T>(work: () => Promise<T>): Promise<T | Fallback<T>> {
    const done = this.#work.then(work).catch((error) => {
      // The disk refuses: a capture ends, nothing else.
      overlooked('capture', error)
      this.#on = false
      return null as Fallback<T>
    })
    this.#work = done
    return done
  }

  #tick(): void {
    this.#timer()
    this.#timer = this.#options.env.after(FLUSH_MS, () => void this.#round(), { background: true })
  }

  async #round(): Promise<void> {
    await this.#queue(async () => {
      const open = this.#open
      if (!open) return
      await this.#flush(open)
      const room = await this.#hasRoom()
      if (room && open.written <= this.#budget / 8) return
      // The next one is there before this one is sealed, so that nothing falls between them.
      // Only lowered here: it may have been stopped meanwhile, and then what was begun is what `stop` seals.
      if (!(room && (await this.#begin()))) {
        this.#on = false
        this.#open = null
      }
      await this.#seal(open)
    })
    if (this.#on) this.#tick()
  }

  get #budget(): number {
    return this.#limits.budgetBytes ?? BUDGET
  }

  async #hasRoom(): Promise<boolean> {
    const free = await this.#disk.free(this.#options.stateDir)
    return this.#options.allowed() && (free ?? LEAST_FREE) >= LEAST_FREE
  }

  async #begin(): Promise<boolean> {
    const { env, boot, bridge } = this.#options
    await this.#disk.makeDir(this.dir)
    if (!(await this.#hasRoom())) return false
    const began = { wall: env.wall(), mono: env.monotonic() }
    const writer = captureWriter({ boot, bridge, began })
    for (const [path, framing] of this.#ports) writer.include(path, framing)
    const mark = Buffer.from(env.random(2)).toString('hex')
    const name = `${utc(began.wall).replaceAll(/[:.]/g, '-')}-${mark}${CAPTURE_ENDING}`
    const file = await this.#disk.create(join(this.dir, `${name}.part`))
    const open: Open = { name, file, writer, began, written: 0 }
    await this.#flush(open)
    this.#open = open
    return true
  }

  async #flush(open: Open): Promise<void> {
    const bytes = open.writer.take()
    if (bytes.length === 0) return
    open.written += bytes.length
    await open.file.append(bytes)
  }

  async #seal(open: Open): Promise<Sealed> {
    await this.#flush(open)
    await open.file.sync()
    await open.file.close()
    const sealed = await this.#record(open.name, open.began.wall)
    await this.#trim()
    return sealed
  }

  /** The digest goes into the log before the file gets its final name. */
  async #record(name: string, from: number): Promise<Sealed> {
    const part = join(this.dir, `${name}.part`)
    const { bytes, sha256 } = await digest(this.#disk.read(part))
    const to = utc(this.#options.env.wall())
    const body = { file: name, bytes, sha256, from: utc(from), to }
    await this.#options.append({ kind: 'capture-seal', body })
    await this.#disk.rename(part, join(this.dir, name))
    return { file: join(this.dir, name), bytes, sha256 }
  }

  /** What a killed bridge left, sealed as it was found. */
  async #leftBehind(): Promise<void> {
    for (const name of await this.#disk.list(this.dir)) {
      if (!name.endsWith(`${CAPTURE_ENDING}.part`)) continue
      const own = name.slice(0, -'.part'.length)
      await this.#record(own, beganAt(own) ?? this.#options.env.wall())
    }
    await this.#trim()
  }

  async #trim(): Promise<void> {
    const names = (await this.#disk.list(this.dir)).filter((name) => TRIMMED.test(name)).sort()
    const oldest = this.#options.env.wall() - (this.#limits.keepDays ?? KEEP_DAYS) * 86_400_000
    let spent = 0
    for (const name of names.reverse()) {
      const path = join(this.dir, name)
      spent += (await this.#disk.size(path)) ?? 0
      if (spent > this.#budget || (beganAt(name) ?? oldest) < oldest) await this.#disk.remove(path)
    }
  }
}

type Fallback<T> = T extends boolean ? false : null

/** The moment in a capture's name. */
function beganAt(name: string): number | null {
  const [, day, h, m, s, ms] = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d)-(\d{3})Z-/.exec(name) ?? []
  const at = Date.parse(`${day}${h}:${m}:${s}.${ms}Z`)
  return Number.isNaN(at) ? null : at
}
