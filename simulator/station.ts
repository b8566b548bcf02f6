// One wand with its cables, over its pumps: the pure parts put together and driven by one timer.
//
// Whatever reaches the wand or is done to it first brings everything to the present, timeline steps
// included, so that nothing depends on how late a timer fires.
import type { Framing } from '../protocol/framing/framing.ts'
import { LINES } from '../protocol/framing/line-stream.ts'
import { REPORTS } from '../protocol/framing/report-stream.ts'
import { type Cancel, type Env, mulberry32 } from '../src/base/env.ts'
import { Air } from './air/air.ts'
import type { Place } from './air/coupling.ts'
import { Cable } from './cable/cable.ts'
import type { CommandResult, SimulatorCommand } from './commands.ts'
import type { Implant, ImplantCommand } from './implant/api.ts'
import { UsbFaults } from './ports/usb/faults.ts'
import { Pump, ScenarioTime } from './pump.ts'
import { BlockFaults } from './wand/block-faults.ts'
import { ReplyFaults } from './wand/reply-faults.ts'
import { Wand } from './wand/wand.ts'

export interface Step {
  /** Scenario time in ms. */
  readonly at: number
  readonly command: SimulatorCommand
}

export interface StationOptions {
  readonly env: Env
  readonly seed: number
  readonly serial: string
  readonly speed: number
  readonly leaseMs?: number
  /** The first one lies under the wand. */
  readonly implants: readonly Implant[]
  readonly place: Place
  readonly timeline: readonly Step[]
}

const MS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000 } as const

export class Station {
  readonly wand: Wand
  readonly paths: { readonly line: Cable; readonly report: Cable }
  readonly pumps: readonly Pump[]
  readonly usb: UsbFaults
  readonly #env: Env
  readonly #startedAt: number
  readonly #time: ScenarioTime
  readonly #air: Air
  readonly #replies: ReplyFaults
  readonly #blocks = new BlockFaults()
  readonly #timeline: Step[]
  #cancel: Cancel = () => {}
  #wakeAt = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(options: StationOptions) {
    const { env, place } = options
    const rng = mulberry32(options.seed)
    this.#env = env
    this.#startedAt = env.monotonic()
    this.usb = new UsbFaults(env)
    this.#replies = new ReplyFaults(env)
    this.#time = new ScenarioTime(options.speed)
    this.#timeline = [...options.timeline].sort((a, b) => a.at - b.at)
    this.pumps = options.implants.map((implant) => new Pump(implant, this.#time))
    this.#air = new Air(rng(), this.pumps[0] ?? null, place)
    const { serial, leaseMs } = options
    this.wand = new Wand({
      ...{ serial, air: this.#air, freeze: (read) => this.#blocks.freeze(read) },
      ...(leaseMs === undefined ? {} : { leaseMs }),
    })
    const cable = (framing: Framing) =>
      new Cable({
        env,
        seed: rng(),
        framing,
        wand: {
          receive: (raw, reply) => {
            const { name } = framing
            const answer = this.#after(() => this.wand.receive(name, raw, this.#now()))
            if (answer) this.#replies.pass(answer, reply)
          },
          refused: () => this.wand.refused(),
        },
      })
    this.paths = { line: cable(LINES), report: cable(REPORTS) }
    this.#after(() => {})
  }

  /** The pump under the wand, at this moment; null = none. */
  get implant(): Implant | null {
    return this.#after(() => this.#air.pump?.at(this.#now()) ?? null)
  }

  command(command: SimulatorCommand): CommandResult {
    return this.#after(() => this.#do(command, this.#now()))
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
    this.paths.line.unplug()
    this.paths.report.unplug()
  }

  #now(): number {
    return this.#env.monotonic() - this.#startedAt
  }

  /** Brings everything to the present, does `what`, and sets the timer anew. */
  #after<T>(what: () => T): T {
    this.#advance(this.#now())
    const result = what()
    this.#schedule()
    return result
  }

  #advance(now: number): void {
    for (
      let step = this.#timeline[0];
      step && this.#time.when(step.at) <= now;
      step = this.#timeline[0]
    ) {
      this.#timeline.shift()
      const ms = Math.max(0, this.#time.when(step.at))
      this.wand.advanceTo(ms)
      this.#do(step.command, ms)
    }
    this.wand.advanceTo(now)
  }

  #schedule(): void {
    const [step] = this.#timeline
    const next = Math.min(
      this.wand.nextEventAt,
      step ? this.#time.when(step.at) : Number.POSITIVE_INFINITY,
    )
    if (next === this.#wakeAt || this.#stopped) return
    this.#cancel()
    this.#wakeAt = next
    if (next === Number.POSITIVE_INFINITY) return
    // Real timers hold at most 2³¹ ms; one that fires early finds nothing due and sets itself again.
    const wait = Math.min(2 ** 31 - 1, next - this.#now())
    this.#cancel = this.#env.after(
      wait,
      () => {
        this.#wakeAt = Number.POSITIVE_INFINITY
        this.#after(() => {})
      },
      { background: true },
    )
  }

  #do(command: SimulatorCommand, ms: number): CommandResult {
    switch (command.do) {
      case 'move':
        return this.#put(without({ gap: command.gap, depth: command.depth, angle: command.angle }))
      case 'lift':
        return this.#put({ lifted: true })
      case 'place':
        return this.#put({ lifted: false, gap: command.gap ?? 5, angle: command.angle ?? 0 })
      case 'present':
        return this.#present(command.pump, ms)
      case 'unplug':
      case 'plug':
        this.paths.line[command.do]()
        this.paths.report[command.do]()
        return done(command.do === 'plug' ? 'The cable is plugged in.' : 'The cable is unplugged.')
      case 'usb-drop':
      case 'usb-stall':
      case 'usb-nak':
      case 'usb-pull':
        return this.usb.command(command)
      case 'reply':
        return this.#replies.command(command)
      case 'block':
        return this.#blocks.command(command)
      case 'noise':
        for (const cable of Object.values(this.paths)) cable.setNoise(command.level, command.faults)
        this.#air.noise = command.air ?? command.level
        return done(`Noise is ${command.level} on the cable and ${this.#air.noise} on air.`)
      case 'advance':
        return this.#skip(command, ms)
      case 'restart-wand':
        this.wand.restart()
        return done(`The wand has restarted: boot ${this.wand.store.boot}.`)
      default: {
        const { wand: _, ...what } = command
        const pump = this.#air.pump
        if (!pump) return { ok: false, message: 'There is no pump under the wand.' }
        return pump.at(ms).command(without(what) as ImplantCommand)
      }
    }
  }

  #put(change: Partial<Place>): CommandResult {
    this.#air.place = { ...this.#air.place, ...change }
    const { depth, gap, angle, lifted } = this.#air.place
    if (lifted) return done('The wand is lifted.')
    return done(
      `The wand is ${gap} mm over the skin, the pump ${depth} mm under it, at ${angle} degrees.`,
    )
  }

  #present(which: number | string | null, ms: number): CommandResult {
    if (which === null) {
      this.#air.pump = null
      return done('There is no pump under the wand.')
    }
    const pump = this.pumps.find((one, i) => i === which || one.implant.serial === which)
    if (!pump) {
      const known = this.pumps.map((one, i) => `${i} (${one.implant.serial})`).join(', ')
      return { ok: false, message: `There is no pump ${which}. This scenario has ${known}.` }
    }
    this.#air.pump = pump
    return done(`Pump ${pump.at(ms).serial} is under the wand.`)
  }

  #skip(command: Extract<SimulatorCommand, { do: 'advance' }>, ms: number): CommandResult {
    const units = Object.entries(MS) as [keyof typeof MS, number][]
    const by = units.reduce((sum, [unit, size]) => sum + (command[unit] ?? 0) * size, 0)
    const end = this.#time.at(ms) + Math.round(by)
    for (let step = this.#timeline[0]; step && step.at <= end; step = this.#timeline[0]) {
      this.#timeline.shift()
      this.#time.jump(step.at, ms)
      this.#do(step.command, ms)
    }
    this.#time.jump(end, ms)
    for (const pump of this.pumps) pump.at(ms)
    return done(
      `${this.pumps.length === 1 ? 'The pump has' : 'The pumps have'} lived on by ${shown(by)}.`,
    )
  }
}

function done(message: string): CommandResult {
  return { ok: true, message }
}

function shown(ms: number): string {
  const [unit, size] = (Object.entries(MS).find(([, s]) => ms >= s) ?? ['seconds', 1000]) as [
    string,
    number,
  ]
  return `${ms / size} ${unit}`
}

/** The object without what is undefined. */
function without<T extends object>(from: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(from).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
