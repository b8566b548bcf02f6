// A wand behind a pass-through: whoever holds it speaks with the wand on another port, and all of it is seen. Only
// read requests get through, whole lines of the list that this program itself keeps to: anything else ends it, is
// told, and never reaches the wand.
import { LINES } from '../../protocol/framing/line-stream.ts'
import { LINE_MAX } from '../../protocol/framing/serial-line.ts'
import type { Env } from '../base/env.ts'
import { allowed, type Stopped } from '../bridge/allowed.ts'
import { tapped } from '../bridge/tapped.ts'
import { openWand } from '../drivers/open-wand/driver.ts'
import type { PortFact, PortSource, WandPort } from '../transport/port.ts'

/** How long a wand that is gone is not there for the other program either, in ms. */
const AWAY_MS = 1_000

export interface ThroughOptions {
  readonly env: Env
  readonly port: PortSource
  tap(fact: PortFact): void
  /** The other program sent what is not on the list. The wand is closed to it from now on. */
  stopped(what: Stopped): void
}

interface Holder {
  data(bytes: Uint8Array): void
}

/** It has the shape of a simulated wand's path, so that a terminal can be made of it. */
export class Through {
  readonly framing = LINES
  readonly #o: ThroughOptions
  readonly #ports: PortSource
  readonly #listeners = new Set<(plugged: boolean) => void>()
  #plugged = true
  #shut = false
  #port: WandPort | null = null
  #closing: Promise<void> = Promise.resolve()

  constructor(options: ThroughOptions) {
    const { port, tap, stopped } = options
    this.#o = options
    this.#ports = allowed(tapped(port, tap), openWand.sends, (what) => {
      this.#shut = true
      stopped(what)
    })
  }

  get plugged(): boolean {
    return this.#plugged
  }

  onPlug(changed: (plugged: boolean) => void): () => void {
    this.#listeners.add(changed)
    return () => void this.#listeners.delete(changed)
  }

  hold(holder: Holder): { write(bytes: Uint8Array): void; release(): void } {
    const port = this.#ports.create()
    this.#port = port
    let held = ''
    let open = false
    const pass = () => {
      for (let end = lineEnd(held); open && end > 0; end = lineEnd(held)) {
        port.write(Buffer.from(held.slice(0, end), 'latin1'))
        held = held.slice(end)
      }
    }
    const gone = () => {
      if (this.#port === port) this.#away()
    }
    const opening = this.#closing.then(async () => {
      // Released while the port before it was being closed: opened now, nobody would close it.
      if (this.#port !== port) return
      await port.open({ data: (bytes) => holder.data(bytes), ended: gone })
    })
    opening.then(() => {
      if (this.#port !== port) return
      if (port.framing !== LINES) return gone()
      open = true
      pass()
    }, gone)
    return {
      write: (bytes) => {
        held += Buffer.from(bytes).toString('latin1')
        pass()
      },
      release: () => {
        if (this.#port === port) this.#port = null
        this.#closing = Promise.allSettled([this.#closing, port.close()]).then(() => {})
      },
    }
  }

  async stop(): Promise<void> {
    this.#shut = true
    this.#listeners.clear()
    const port = this.#port
    this.#port = null
    await port?.close()
    await this.#closing
  }

  /** The wand is gone, so its terminal is, and comes again after a while. */
  #away(): void {
    this.#plug(false)
    if (this.#shut) return
    this.#o.env.after(AWAY_MS, () => {
      if (!this.#shut) this.#plug(true)
    })
  }

  #plug(plugged: boolean): void {
    this.#plugged = plugged
    for (const changed of [...this.#listeners]) changed(plugged)
  }
}

/** Where the first line ends; of what is longer than any line all of it, for the list to judge. */
function lineEnd(text: string): number {
  const end = text.indexOf('\n') + 1
  return end > 0 ? end : text.length > LINE_MAX ? text.length : 0
}
