// A driver in a process of its own, one for each port. When it hangs, floods or dies, its process is ended, its port
// closed, its wands are said to be lost, and it is tried again; nothing else of the bridge notices.
//
// It promises: the process has no way to a wand but the bytes that are moved for it here, behind the list of what it
// may send; what it tells is of its own port; the order of events is the bridge's.
import { type ChildProcess, fork } from 'node:child_process'
import { type Cancel, utc } from '../../base/env.ts'
import type { BridgeEvent, SessionOpenEvent } from '../../model/event.ts'
import { type Statement, statement } from '../../model/statement.ts'
import { PortError, type WandPort } from '../../transport/port.ts'
import {
  type Driver,
  type DriverCounters,
  type DriverKind,
  type DriverOptions,
  isOnPath,
} from '../driver.ts'
import type { FromChild, ToChild } from './messages.ts'

export interface ApartOptions {
  /** The file that exports the kind, as JavaScript, and its name there. */
  readonly module: string
  readonly name: string
  /** `child.js` beside this file. */
  readonly child: string
  readonly limits?: Partial<ApartLimits>
}

export interface ApartLimits {
  /** A driver that has not answered for so long hangs. */
  readonly hangMs: number
  /** A driver that says more in a second floods. */
  readonly perSecond: number
  /** Before it is tried again: doubled each time, up to sixteen times as long. */
  readonly retryMs: number
}

const LIMITS: ApartLimits = { hangMs: 3_000, perSecond: 1_000, retryMs: 1_000 }
const PING_MS = 500
const STOP_MS = 2_500

/** The kind, each of its drivers in a process of its own. */
export const apart = (kind: DriverKind, options: ApartOptions): DriverKind => ({
  ...kind,
  create: (given) => new Apart(given, options),
})

const nothing = (): DriverCounters => ({
  ...{ opens: 0, bytesIn: 0, bytesOut: 0, requests: 0, retries: 0, 'no-answer': 0, held: 0 },
  ...{ accepted: { frames: 0, bytes: 0 }, discarded: {} },
})

class Apart implements Driver {
  counters = nothing()
  readonly #o: DriverOptions
  readonly #how: ApartOptions
  readonly #limits: ApartLimits
  #child: ChildProcess | null = null
  readonly #ports = new Map<number, WandPort>()
  /** Sessions that it has opened and not said to have ended, by port. */
  readonly #sessions = new Map<string, SessionOpenEvent>()
  /** Names under which its wands were told of. */
  readonly #told = new Set<string>()
  #stopped = false
  #failures = 0
  #heardAt = 0
  #said = 0
  #saidSince = 0
  #tick: Cancel = () => {}
  #retry: Cancel = () => {}
  #onStopped: () => void = () => {}

  constructor(options: DriverOptions, how: ApartOptions) {
    this.#o = options
    this.#how = how
    this.#limits = { ...LIMITS, ...how.limits }
  }

  start(): void {
    const { module, name, child: program } = this.#how
    const child = fork(program, [module, name], {
      ...{ serialization: 'advanced', execArgv: [], env: {} },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child = child
    this.#heardAt = this.#o.env.monotonic()
    child.on('message', (message: FromChild) => {
      if (this.#child === child) this.#heard(message)
    })
    child.on('error', () => {})
    child.once('exit', (code, signal) => {
      const how = code === null ? String(signal) : String(code)
      if (this.#child === child) this.#lost(statement('why.driver-died', { how }))
    })
    this.#watch(child)
  }

  read(port?: string): void {
    this.#say({ do: 'read', port })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#retry()
    if (this.#child?.connected) {
      await new Promise<void>((resolve) => {
        const cancel = this.#o.env.after(STOP_MS, resolve)
        this.#onStopped = () => {
          cancel()
          resolve()
        }
        this.#say({ do: 'stop' })
      })
    }
    await this.#end()
  }

  #say(message: ToChild): void {
    if (this.#child?.connected) this.#child.send(message, () => {})
  }

  /** Asks whether it is there, again and again. */
  #watch(child: ChildProcess): void {
    this.#tick = this.#o.env.after(
      PING_MS,
      () => {
        if (this.#child !== child) return
        const silent = this.#o.env.monotonic() - this.#heardAt
        if (silent > this.#limits.hangMs) {
          return this.#lost(statement('why.driver-hung', { seconds: Math.round(silent / 1_000) }))
        }
        this.#say({ do: 'ping' })
        this.#watch(child)
      },
      { background: true },
    )
  }

  #heard(message: FromChild): void {
    const { env, path, source, policy, liveMs } = { ...this.#o, path: this.#o.port.path }
    const now = env.monotonic()
    if (now - this.#saidSince > 1_000) {
      this.#saidSince = now
      this.#said = 0
    }
    this.#said += 1
    if (this.#said > this.#limits.perSecond) return this.#lost(statement('why.driver-floods'))
    switch (message.is) {
      case 'ready':
        return this.#say({ do: 'start', path, source, policy, liveMs, mono: env.monotonic() })
      case 'pong':
        // That it can speak is no answer: it must have taken what it was asked.
        this.#heardAt = now
        this.counters = message.counters
        return
      case 'event':
        return this.#tell(message.event)
      case 'open':
        return void this.#open(message.id)
      case 'write':
        return this.#ports.get(message.id)?.write(message.bytes)
      case 'close':
        return void this.#close(message.id)
      case 'stopped':
        return this.#onStopped()
    }
  }

  #tell(event: BridgeEvent): void {
    if (!isOnPath(this.#o.port.path, event.port)) return
    if (event.kind === 'reading') this.#failures = 0
    if (event.kind === 'session-open') this.#sessions.set(event.port, event)
    if (event.kind === 'session-end') this.#sessions.delete(event.port)
    this.#told.add(event.port)
    const { shared, source } = this.#o
    this.#o.event({ ...event, source, order: shared.nextOrder() })
  }

  async #open(id: number): Promise<void> {
    const child = this.#child
    const port = this.#o.port.create()
    this.#ports.set(id, port)
    const here = () => this.#child === child
    try {
      await port.open({
        data: (bytes) => {
          if (here()) this.#say({ do: 'data', id, bytes })
        },
        ended: (end, message) => {
          if (here()) this.#say({ do: 'ended', id, end, message })
        },
      })
      if (here()) this.#say({ do: 'opened', id, framing: port.framing.name })
      else await port.close()
    } catch (error) {
      if (!(error instanceof PortError)) throw error
      if (here()) this.#say({ do: 'ended', id, end: error.end, message: error.message })
    }
  }

  async #close(id: number): Promise<void> {
    const child = this.#child
    await this.#ports.get(id)?.close()
    this.#ports.delete(id)
    if (this.#child === child) this.#say({ do: 'closed', id })
  }

  /** Ends the process and its ports. */
  async #end(): Promise<void> {
    const child = this.#child
    this.#child = null
    this.#tick()
    // The channel goes with its process; what is on its way still is heard by nobody.
    child?.kill('SIGKILL')
    const ports = [...this.#ports.values()]
    this.#ports.clear()
    await Promise.all(ports.map((port) => port.close()))
  }

  /** The driver is no use any more: its wands are lost, and it is tried again. */
  #lost(why: Statement): void {
    const { env, shared, source, port } = this.#o
    void this.#end()
    this.#onStopped()
    if (this.#stopped) return
    const at = () => {
      const receivedAt = utc(env.wall())
      return { order: shared.nextOrder(), source, receivedAt, mono: env.monotonic() }
    }
    for (const name of this.#told.size > 0 ? this.#told : [port.path]) {
      const open = this.#sessions.get(name)
      const { pump } = open ?? {}
      if (open && pump) this.#o.event({ ...open, ...at(), kind: 'session-end', pump, how: 'lost' })
      this.#o.event({
        ...{ ...at(), kind: 'link', phase: 'waiting', cause: 'driver-lost', why, connected: false },
        ...{ port: name, wand: null, link: 0, session: null, snapshot: null },
      })
    }
    this.#sessions.clear()
    const ms = this.#limits.retryMs * 2 ** Math.min(4, this.#failures)
    this.#failures += 1
    this.#retry = env.after(ms, () => this.start(), { background: true })
  }
}
