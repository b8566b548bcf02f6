// A capture told again: the bridge of today over what was captured then, as source `replay`. No port is opened,
// nothing is recorded, and time is that of the capture.

import { map, type Observable } from 'rxjs'
import { type Env, sleep } from '../base/env.ts'
import { Bridge } from '../bridge/bridge.ts'
import { watchLines } from '../bridge/watch.ts'
import { type About, portAt, type Traffic } from '../capture/format.ts'
import type { Part } from '../capture/reader.ts'
import type { Reply } from '../control/messages.ts'
import type { DriverCounters, DriverKind, Overhearing } from '../drivers/driver.ts'
import { openWand } from '../drivers/open-wand/driver.ts'
import type { Stamp } from '../model/event.ts'
import type { PortSource } from '../transport/port.ts'
import type { Words } from '../words/words.ts'
import { lineTold } from './telling.ts'

export interface ReplayHooks {
  /** What the file itself says between what was captured; `at` = time of the capture, null before any. */
  damaged?(part: Extract<Part, { kind: 'damage' | 'cut' }>, at: Stamp | null): void
  lost?(bytes: number, at: Stamp): void
  /** Another part of the file was replayed. The next one waits for it. */
  progress?(part: Part): Promise<void> | void
}

export class Replay {
  readonly bridge: Bridge
  readonly #env: Env
  readonly #hearings = new Map<string, Overhearing>()
  #find: (port: PortSource) => void = () => {}
  #about: About | null = null
  #now: Stamp | null = null

  /** `env`: the real time, for a replay that takes its time. */
  constructor(env: Env, kind: DriverKind = openWand) {
    const { overhear } = kind
    if (!overhear) throw new RangeError(`What the driver ${kind.name} reads cannot be replayed.`)
    this.#env = env
    this.bridge = new Bridge({
      env: {
        ...env,
        wall: () => this.#now?.wall ?? 0,
        monotonic: () => this.#now?.mono ?? 0,
      },
      driver: {
        ...kind,
        create: ({ port: { path }, shared, event }) => {
          const bridge = this.#about?.bridge ?? null
          this.#hearings.set(path, overhear({ path, bridge, shared, event }))
          const nothing = async () => {}
          return { counters: COUNTERS, start: () => {}, read: () => {}, stop: nothing }
        },
      },
      source: 'replay',
      ports: [],
      policy: 'manual',
      finder: {
        path: 'capture',
        start: (found) => {
          this.#find = found
        },
        introduced: () => {},
        stop: () => {},
      },
    })
    this.bridge.start()
  }

  /** The live stream as `watch` has it. */
  watch(words: Words): Observable<Reply<'watch'>> {
    return watchLines(this.bridge).pipe(map((line) => lineTold(words, line)))
  }

  /** `speed`: so many times as fast as it was; as fast as it can if not given. */
  async play(
    parts: AsyncIterable<Part>,
    hooks: ReplayHooks = {},
    speed = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    for await (const part of parts) {
      if (part.kind === 'about') this.#about = part.about
      else if (part.kind === 'traffic') {
        for (const one of part.traffic) {
          if (speed !== Number.POSITIVE_INFINITY) await this.#passing(one.at, speed)
          this.#take(one, hooks)
        }
      } else {
        hooks.damaged?.(part, this.#now)
        if (part.kind === 'damage') this.#gap()
      }
      await hooks.progress?.(part)
    }
    await this.bridge.stop()
  }

  /** Lets the time up to `at` pass, in steps, so that what runs out in between is told when it does. */
  async #passing(at: Stamp, speed: number): Promise<void> {
    for (let now = this.#now ?? at; now.mono < at.mono; now = this.#now ?? at) {
      const step = Math.min(at.mono - now.mono, 100 * speed)
      await sleep(this.#env, step / speed)
      const mono = now.mono + step
      this.#runOut(mono)
      this.#now = { mono, wall: now.wall + step }
    }
  }

  #take(one: Traffic, hooks: ReplayHooks): void {
    this.#runOut(one.at.mono)
    this.#now = one.at
    if (one.port === null) hooks.lost?.(one.lost, one.at)
    else this.#hearing(one.port, one.at).fact(one.fact, one.at)
  }

  #hearing(port: number, at: Stamp): Overhearing {
    const { path, framing } = portAt(this.#about, port)
    const known = this.#hearings.get(path)
    if (known) return known
    this.#find({ path, create: () => neverOpened() })
    const made = this.#hearings.get(path)
    if (!made) throw new Error(`${path} has no driver`)
    if (framing !== null) made.opened(framing, at)
    return made
  }

  #runOut(until: number): void {
    for (;;) {
      const [next] = [...this.#hearings.values()]
        .map((hearing) => ({ hearing, at: hearing.wakeAt() ?? Number.POSITIVE_INFINITY }))
        .sort((a, b) => a.at - b.at)
      if (!next || next.at > until || !this.#now) return
      const mono = Math.max(next.at, this.#now.mono)
      // Whole milliseconds, as the clock of the wall has them.
      const passed = Math.floor(mono) - Math.floor(this.#now.mono)
      this.#now = { mono, wall: this.#now.wall + passed }
      next.hearing.wake(this.#now)
    }
  }

  #gap(): void {
    if (!this.#now) return
    for (const hearing of this.#hearings.values()) hearing.gap(DAMAGED, this.#now)
  }
}

const DAMAGED = 'the capture is damaged here, so what happened then is not known'

const COUNTERS: DriverCounters = {
  ...{ opens: 0, bytesIn: 0, bytesOut: 0, requests: 0, retries: 0, 'no-answer': 0, held: 0 },
  accepted: { frames: 0, bytes: 0 },
  discarded: {},
}

function neverOpened(): never {
  throw new Error('a replay opens no port')
}
