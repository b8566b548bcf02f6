// `--serial auto`, `--hid auto`: every wand that is plugged in, found, lost and found again. A wand
// keeps its name whatever socket and path it comes back on, and is opened on one path only: the next
// one is tried when a path cannot be opened, and they are never open together.
//
// USB may not tell that two paths lead to one wand (an adapter beside the HID interface). HELLO does:
// then the path that was named is kept, else the earlier one, and the other waits until that is gone.
//
// Looking is cheap on Linux; elsewhere it slows reports down. So it is done when a port is to be
// opened, every second while nothing is heard, and every fifth second while something is.

import { realpath } from 'node:fs/promises'
import type { Framing } from '../../protocol/framing/framing.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import type { Cancel, Env } from '../base/env.ts'
import { overlooked, wellAgain } from '../base/failures.ts'
import { type Device, wandsAmong } from './discovery.ts'
import { hidSource } from './hid.ts'
import { type Inventory, listDevices } from './inventory.ts'
import {
  type Fingerprint,
  type PortEnd,
  PortError,
  type PortEvents,
  type PortSource,
  type PortWatch,
  type WandPort,
} from './port.ts'
import { serialSource } from './serial.ts'
import { WandNames } from './wand-names.ts'

const LOOK_MS = 1_000
/** While bytes come, only every so many looks are done. */
const TRAFFIC_SKIPS = 4
/** A look no older than this is good enough to open by. */
const FRESH_MS = 50

export interface FinderOptions {
  readonly env: Env
  /** Of the wands that are looked for: those that the bridge's driver speaks with. */
  readonly fingerprints: readonly Fingerprint[]
  /** Which interfaces are looked at. */
  readonly kinds: readonly Device['kind'][]
  /** Paths of wands that are named beside `auto`: theirs already. */
  readonly named?: readonly string[]
  readonly list?: () => Promise<Inventory>
  readonly source?: (way: Device) => PortSource
}

export class Finder implements PortWatch {
  readonly path: string
  readonly #options: Required<FinderOptions>
  readonly #names = new WandNames()
  readonly #wands = new Map<string, readonly Device[]>()
  /** Serial of the wand on each connected port of the bridge. */
  readonly #serials = new Map<string, string>()
  /** Found wands that are the wand of another port, by their paths. */
  readonly #yielding = new Map<string, string>()
  readonly #ports = new Map<string, FoundPort>()
  #looking: Promise<readonly string[]> | null = null
  #lookedAt = Number.NEGATIVE_INFINITY
  #heardAt = Number.NEGATIVE_INFINITY
  #skipped = 0
  #cancel: Cancel = () => {}
  #stopped = false

  constructor(options: FinderOptions) {
    const source = (way: Device) =>
      way.kind === 'hid'
        ? hidSource(way.path, { env: options.env })
        : serialSource(way.path, options.env)
    this.path = options.kinds.map((kind) => `${kind} auto`).join(', ')
    this.#options = { named: [], list: listDevices, source, ...options }
  }

  /** Looks once; gives a source for each wand that was not known before. Never rejects. */
  async look(): Promise<readonly PortSource[]> {
    return (await this.#look()).map((id) => this.#sourceOf(id))
  }

  /** Looks again and again until `stop`; `found` gets each wand once. */
  start(found: (source: PortSource) => void): void {
    const next = async () => {
      if (this.#mayLook()) for (const source of await this.look()) if (!this.#stopped) found(source)
      if (!this.#stopped) this.#cancel = this.#options.env.after(LOOK_MS, next)
    }
    void next()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** Every way into a wand as it is plugged in now; none = it is not. */
  async ways(id: string): Promise<readonly PortSource[]> {
    if (this.#options.env.monotonic() - this.#lookedAt > FRESH_MS) await this.#look()
    return (this.#wands.get(id) ?? []).map(this.#options.source)
  }

  introduced(port: string, serial: string | null): void {
    if (serial === null) {
      this.#serials.delete(port)
      for (const [path, to] of this.#yielding) if (to === port) this.#yielding.delete(path)
      return
    }
    const other = [...this.#serials].find(([path, s]) => s === serial && path !== port)?.[0]
    this.#serials.set(port, serial)
    if (other === undefined) return
    const [keeps, yields] = this.#ports.has(port) ? [other, port] : [port, other]
    const found = this.#ports.get(yields)
    if (!found) return
    this.#yielding.set(yields, keeps)
    found.yield(keeps)
  }

  /** The port that has the wand of `path` already; null = none. */
  yieldsTo(path: string): string | null {
    return this.#yielding.get(path) ?? null
  }

  heard(): void {
    this.#heardAt = this.#options.env.monotonic()
  }

  #mayLook(): boolean {
    const traffic = this.#options.env.monotonic() - this.#heardAt < LOOK_MS
    this.#skipped = traffic && this.#skipped < TRAFFIC_SKIPS ? this.#skipped + 1 : 0
    return this.#skipped === 0
  }

  #sourceOf(id: string): PortSource {
    const path = `usb:${id}`
    const create = () => {
      const port = new FoundPort(path, id, this)
      this.#ports.set(path, port)
      return port
    }
    return { path, create }
  }

  /** Names of wands that are new. Looks that overlap are one. */
  #look(): Promise<readonly string[]> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #lookNow(): Promise<readonly string[]> {
    const { kinds, list, named, env, fingerprints } = this.#options
    const devices = await listed(list)
    const taken = await Promise.all(named.map((path) => realpath(path).catch(() => path)))
    const isNamed = (d: Device) => taken.some((t) => t === d.path || t === d.usbInterface)
    this.#lookedAt = env.monotonic()
    const known = [...this.#wands.keys()]
    for (const id of known) this.#wands.set(id, [])
    for (const [{ ways }, id] of this.#names.name(wandsAmong(devices, fingerprints))) {
      const open = ways.filter((way) => kinds.includes(way.kind))
      if (open.length > 0 && !ways.some(isNamed)) this.#wands.set(id, open)
    }
    return [...this.#wands.keys()].filter((id) => !known.includes(id))
  }
}

/** What is plugged in; nothing when the system does not say it, which is counted. */
async function listed(list: () => Promise<Inventory>): Promise<readonly Device[]> {
  try {
    const { devices } = await list()
    wellAgain('device-list')
    return devices
  } catch (error) {
    overlooked('device-list', error)
    return []
  }
}

/** One connection to a found wand, by the first of its ways that opens. */
class FoundPort implements WandPort {
  readonly path: string
  readonly #id: string
  readonly #finder: Finder
  #port: WandPort | null = null
  #events: PortEvents | null = null
  #closed = false

  constructor(path: string, id: string, finder: Finder) {
    this.path = path
    this.#id = id
    this.#finder = finder
  }

  get framing(): Framing {
    return this.#port?.framing ?? LINES
  }

  async open(events: PortEvents): Promise<void> {
    const taken = this.#finder.yieldsTo(this.path)
    if (taken !== null) throw new PortError('busy', sameWand(this.path, taken))
    let failed: unknown = null
    for (const way of await this.#finder.ways(this.#id)) {
      if (this.#closed) throw new PortError('closed', `${this.path}: closed before it was open`)
      this.#port = way.create()
      try {
        await this.#port.open({
          data: (bytes) => {
            this.#finder.heard()
            events.data(bytes)
          },
          ended: (end, message) => this.#end(end, message),
        })
        this.#events = events
        return
      } catch (error) {
        failed ??= error
      }
    }
    throw failed ?? new PortError('absent', `${this.path} is not plugged in.`)
  }

  write(bytes: Uint8Array): void {
    this.#port?.write(bytes)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#port?.close()
  }

  /** Lets the port have the wand that has it already. */
  yield(to: string): void {
    this.#end('busy', sameWand(this.path, to))
    void this.#port?.close()
  }

  #end(end: PortEnd, message: string): void {
    const events = this.#events
    this.#events = null
    events?.ended(end, message)
  }
}

const sameWand = (path: string, to: string) =>
  `${path} is the wand that is read on ${to}. It is opened here when that has ended.`
