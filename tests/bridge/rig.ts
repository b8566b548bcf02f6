// A bridge and the simulator in one process, over loopback, in virtual time: the whole house but for
// the drivers, the same every time from one seed.
import { afterEach } from 'vitest'
import { startSimulator } from '../../simulator/index.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Bridge, type BridgeOptions, type Change } from '../../src/bridge/bridge.ts'
import type { Recorder } from '../../src/bridge/gate.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import type { Policy } from '../../src/model/policy.ts'
import type { Source } from '../../src/model/reading.ts'
import type { Coded, PumpStatus, WandStatus } from '../../src/model/status.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'
import type { PortSource, WandPort } from '../../src/transport/port.ts'

export interface RigOptions {
  readonly scenario?: string
  readonly seed?: number
  readonly policy?: Policy
  /** What the bridge reads; simulated wands if not given. */
  readonly source?: Source
  readonly wands?: number
  readonly liveMs?: number
  readonly speed?: number
  readonly framing?: 'line' | 'report'
  readonly recorder?: Recorder | ((env: VirtualEnv) => Recorder)
  /** Sees every byte both ways, as the port sees it. */
  readonly tap?: (direction: 'sent' | 'received', bytes: Uint8Array, port: string) => void
  /** Sees all that happens at the ports, as captures do. */
  readonly facts?: NonNullable<BridgeOptions['tap']>
  /** What becomes of bytes from the wand before the port sees them. */
  readonly mutate?: (bytes: Uint8Array) => Uint8Array
}

export type Rig = Awaited<ReturnType<typeof rig>>

export async function rig(options: RigOptions = {}) {
  const env = new VirtualEnv({ seed: options.seed ?? 1 })
  const simulator = await startSimulator({
    env,
    seed: options.seed ?? 1,
    wands: options.wands ?? 1,
    ...(options.scenario === undefined ? {} : { scenario: options.scenario }),
    ...(options.speed === undefined ? {} : { speed: options.speed }),
  })
  const ports = simulator.wands.map((wand, i) =>
    tapped(
      loopbackSource(`loop-${i}`, wand.paths[options.framing ?? 'line']),
      options.tap,
      options.mutate,
    ),
  )
  const { recorder } = options
  const bridge = new Bridge({
    env,
    driver: openWand,
    source: options.source ?? 'simulator',
    ports,
    policy: options.policy ?? 'continuous',
    ...(options.facts && { tap: options.facts }),
    ...(options.liveMs === undefined ? {} : { liveMs: options.liveMs }),
    ...(recorder === undefined
      ? {}
      : { recorder: typeof recorder === 'function' ? recorder(env) : recorder }),
  })
  const events: BridgeEvent[] = []
  const changes: Change[] = []
  bridge.events$.subscribe((event) => void events.push(event))
  bridge.changes$.subscribe((change) => void changes.push(change))
  const pump = (i = 0): Coded<PumpStatus> | undefined => {
    const id = bridge.status().wands[i]?.pump
    return bridge.status().pumps.find((p) => p.pump.id === id)
  }
  return {
    env,
    simulator,
    bridge,
    events,
    changes,
    /** The pump last read through a wand. */
    pump,
    wand: (i = 0): Coded<WandStatus> | undefined => bridge.status().wands[i],
    /** Does a command that must succeed. */
    async command(command: object): Promise<void> {
      const { ok, message } = await simulator.command(command as never)
      if (!ok) throw new Error(message)
    },
    /** Virtual time until `done`; throws when it takes longer. Returns the time it took, in ms. */
    async until(done: () => boolean, limitMs = 60_000): Promise<number> {
      const began = env.monotonic()
      if (!(await env.until(done, limitMs))) {
        const { wands } = bridge.status()
        throw new Error(
          `not within ${limitMs} ms; the link says: ${JSON.stringify(wands[0]?.link)}`,
        )
      }
      return env.monotonic() - began
    },
    async live(i = 0): Promise<void> {
      await this.until(() => pump(i)?.quality === 'current')
    },
    /** Stops everything; virtual time runs until it is done. */
    async stop(): Promise<number> {
      const began = env.monotonic()
      let stopped = false
      const stopping = bridge.stop().then(() => {
        stopped = true
      })
      await env.until(() => stopped, 5_000)
      await stopping
      await simulator.stop()
      return env.monotonic() - began
    },
  }
}

/** Starts one rig a test, and stops it after the test. */
export function starter(): (options?: RigOptions) => Promise<Rig> {
  let running: Rig | null = null
  afterEach(async () => {
    await running?.stop()
    running = null
  })
  return async (options = {}) => {
    running = await rig(options)
    running.bridge.start()
    return running
  }
}

export function tapped(
  source: PortSource,
  tap: RigOptions['tap'] = () => {},
  mutate: RigOptions['mutate'] = (bytes) => bytes,
): PortSource {
  return {
    ...source,
    create: (): WandPort => {
      const port = source.create()
      return {
        path: port.path,
        framing: port.framing,
        open: (events) =>
          port.open({
            ...events,
            data: (bytes) => {
              // A Buffer's own slice would share its memory.
              const made = mutate(Uint8Array.from(bytes))
              tap('received', made, port.path)
              events.data(made)
            },
          }),
        write: (bytes) => {
          tap('sent', Uint8Array.from(bytes), port.path)
          port.write(bytes)
        },
        close: () => port.close(),
      }
    },
  }
}
