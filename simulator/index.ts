// The simulator as a whole: wands over pumps, made reachable, steered by commands. What tests, the
// demo and `wandbridge sim` start.
//
// Deterministic over loopback: the same scenario, seed and requests at the same times of the same
// `VirtualEnv` give the same bytes.
import { type Env, mulberry32, systemEnv } from '../src/base/env.ts'
import { type CommandInput, type CommandResult, readCommand } from './commands.ts'
import type { WandPath } from './ports/path.ts'
import { PortFaultError, type PortKind, type SimulatedPort, type UsbPlace } from './ports/port.ts'
import { servePty } from './ports/pty.ts'
import { serveTcp } from './ports/tcp.ts'
import { serveUsbip } from './ports/usbip.ts'
import type { ScenarioInput } from './scenarios/schema.ts'
import { Station } from './station.ts'
import { type World, worldOf } from './world.ts'

export {
  type CommandInput,
  type CommandResult,
  CommandSchema,
  type SimulatorCommand,
} from './commands.ts'
export { scenarioNames } from './scenarios/load.ts'
export { serveCommands } from './serve.ts'
export type { World } from './world.ts'

export type PortOptions =
  /** A pseudo-terminal; `link` is kept pointing at it. */
  | { readonly kind: 'pty'; readonly link?: string }
  /** Default 127.0.0.1, any free port. */
  | { readonly kind: 'tcp'; readonly host?: string; readonly port?: number }
  /**
   * A USB device, HID and CDC-ACM, over USB/IP: default 127.0.0.1, 3240. All wands are on one server.
   * Unless `attach` is false they plug themselves into this machine, where they may.
   */
  | {
      readonly kind: 'usbip'
      readonly host?: string
      readonly port?: number
      readonly attach?: boolean
    }

export interface SimulatorOptions {
  /** A name, a .yaml file, or what such a file says; default `normal-refill`. */
  readonly scenario?: string | ScenarioInput
  /** Instead of a scenario: what lies under the wands, made by the caller. */
  readonly world?: World
  /** Of everything random; default 1. */
  readonly seed?: number
  /** How many times faster the pumps live; the wand and its cable do not. Default 1. */
  readonly speed?: number
  /** Lease of a session, ms; default the protocol's. */
  readonly leaseMs?: number
  /** Each over its own pump of its own serial number; default 1. */
  readonly wands?: number
  /** Default: the real one. */
  readonly env?: Env
  /**
   * Of each wand; default none: it is reached by its `paths` only. With N wands a `link` gets -1, -2, …
   * and a TCP port the numbers that follow.
   */
  readonly ports?: readonly PortOptions[]
}

/** How a host can reach one wand. */
export interface DeviceLine {
  readonly simulator: true
  readonly kind: PortKind
  /** Serial number of the wand. */
  readonly wand: string
  /** Of the pump under it; null = none. */
  readonly pump: string | null
  /** What a host opens: the link if there is one. A USB device gets its names from the kernel. */
  readonly path: string
  readonly usb?: UsbPlace
}

export interface SimulatedWand {
  readonly serial: string
  /** Of the pump under it at this moment; null = none. */
  readonly implantSerial: string | null
  readonly paths: { readonly line: WandPath; readonly report: WandPath }
  /** `path` is empty while a terminal without a link is unplugged. */
  readonly devices: readonly Pick<SimulatedPort, 'kind' | 'path' | 'usb'>[]
  /** What is true of the pump under it and the pump cannot know, in nL. */
  truth(): {
    readonly actualVolume: number
    readonly reportedVolume: number
    readonly infused: number
  } | null
}

export interface Simulator {
  readonly wands: readonly SimulatedWand[]
  /** Does one thing to one wand or its pump. What is wrong is in the message. */
  command(command: CommandInput | object): Promise<CommandResult>
  /** One object per device made. */
  describe(): readonly DeviceLine[]
  /** Idempotent; nothing is left: no timer, no socket, no terminal, no link. */
  stop(): Promise<void>
}

/** Why the simulator could not start, in a sentence. */
export type SimulatorFault = 'no-pty' | 'link' | 'listen' | 'scenario'

export class SimulatorError extends Error {
  readonly reason: SimulatorFault
  constructor(reason: SimulatorFault, message: string) {
    super(message)
    this.reason = reason
  }
}

interface Made {
  readonly station: Station
  readonly ports: SimulatedPort[]
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const env = options.env ?? systemEnv()
  const rng = mulberry32(options.seed ?? 1)
  const world = options.world ?? loaded(options.scenario, env)
  const count = options.wands ?? 1
  const made: Made[] = []
  const stop = async () => {
    for (const { station, ports } of made.splice(0)) {
      for (const port of ports) await port.stop()
      station.stop()
    }
  }
  try {
    for (let i = 0; i < count; i += 1) {
      const seed = rng()
      const station = new Station({
        env,
        seed,
        serial: `SIMW-${String(i + 1).padStart(4, '0')}`,
        speed: options.speed ?? 1,
        ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
        implants: world.implants(i, seed),
        place: world.place,
        timeline: world.timeline,
      })
      station.command({ do: 'noise', wand: i, level: world.noise })
      made.push({ station, ports: [] })
    }
    for (const port of options.ports ?? []) await serve(env, made, port)
  } catch (error) {
    await stop()
    if (error instanceof PortFaultError) throw new SimulatorError(error.reason, error.message)
    throw error
  }
  return simulator(made, stop)
}

function loaded(scenario: string | ScenarioInput | undefined, env: Env): World {
  const clock = new Date(env.wall()).toISOString().slice(0, 19)
  try {
    return worldOf(scenario ?? 'normal-refill', clock)
  } catch (error) {
    throw new SimulatorError('scenario', error instanceof Error ? error.message : String(error))
  }
}

/** Makes one kind of port for every wand. */
async function serve(env: Env, made: readonly Made[], port: PortOptions): Promise<void> {
  if (port.kind === 'usbip') {
    const wands = made.map(({ station }, i) => ({
      serial: station.wand.serial,
      paths: station.paths,
      faults: station.usb,
      pull: () => void station.command({ do: 'unplug', wand: i }),
    }))
    const served = await serveUsbip(wands, { ...port, env })
    for (const [i, one] of served.entries()) made[i]?.ports.push(one)
    return
  }
  for (const [i, { station, ports }] of made.entries()) {
    ports.push(await serveOne(env, station, made.length === 1 ? port : numbered(port, i)))
  }
}

type OwnPort = Exclude<PortOptions, { kind: 'usbip' }>

async function serveOne(env: Env, station: Station, port: OwnPort): Promise<SimulatedPort> {
  const { line } = station.paths
  if (port.kind === 'tcp') return serveTcp(line, port)
  return servePty(line, { env, ...(port.link === undefined ? {} : { link: port.link }) })
}

function numbered(port: OwnPort, i: number): OwnPort {
  if (port.kind === 'pty')
    return port.link === undefined ? port : { ...port, link: `${port.link}-${i + 1}` }
  return port.port ? { ...port, port: port.port + i } : port
}

function shown({ kind, path, usb }: SimulatedPort): SimulatedWand['devices'][number] {
  return usb ? { kind, path, usb } : { kind, path }
}

function simulator(made: readonly Made[], stop: () => Promise<void>): Simulator {
  const wands = made.map(({ station, ports }) => ({
    serial: station.wand.serial,
    get implantSerial() {
      return station.implant?.serial ?? null
    },
    paths: station.paths,
    get devices() {
      return ports.map(shown)
    },
    truth: () => station.implant?.truth() ?? null,
  }))
  const stations = made.map(({ station }) => station)
  return {
    wands,
    async command(input) {
      const command = readCommand(input)
      if (typeof command === 'string') return { ok: false, message: command }
      const station = stations[command.wand]
      if (station) {
        try {
          return station.command(command)
        } catch (error) {
          // Plugging in may find that there is no terminal left, or the link's place taken.
          if (error instanceof PortFaultError) return { ok: false, message: error.message }
          throw error
        }
      }
      return {
        ok: false,
        message: `There is no wand ${command.wand}: they are numbered from 0 to ${stations.length - 1}.`,
      }
    },
    describe: () =>
      wands.flatMap((wand) =>
        wand.devices.map(({ kind, ...where }) => ({
          simulator: true as const,
          kind,
          wand: wand.serial,
          pump: wand.implantSerial,
          ...where,
        })),
      ),
    stop,
  }
}
