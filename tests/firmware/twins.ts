// The firmware and the simulator's wand over the same pump, at the same times, asked the same: what one of them
// sends, the other must send, byte for byte, on both framings.
//
// The pump is a table of blocks: the firmware has it as bytes, the simulator as an implant that says what
// stands in them. The air is the simulator's own, with two changes: a frame takes whole milliseconds, because
// the firmware's clock has no others, and which frames are lost or damaged follows from a number that both
// reckon alike.
import { emit, parse } from '../../protocol/codec/struct.ts'
import { BLOCKS, type BlockName, type BlockRepr } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import type { FrameDecoder } from '../../protocol/framing/framing.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { POSITIONS } from '../../protocol/messages/ping.ts'
import { Air } from '../../simulator/air/air.ts'
import { IN_PLACE, type Place } from '../../simulator/air/coupling.ts'
import type { Fate } from '../../simulator/air/noise.ts'
import { wandEnd } from '../../simulator/cable/framing.ts'
import type { Implant } from '../../simulator/implant/api.ts'
import { emptyStore, Wand } from '../../simulator/wand/wand.ts'
import type { Firmware } from './bench.ts'

export type Path = 'line' | 'report'
export type Table = Readonly<Record<BlockName, Uint8Array>>

export const NAMES = Object.keys(BLOCKS) as BlockName[]
const SERIAL = 'TWIN-0001'
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** How both pumps behave; the firmware's are `conditions` of implant_table.h. */
interface Conditions {
  absent: boolean
  clings: boolean
  errors: number
  chance: number
  changes: number
  put: 0 | 1
}

class TablePump implements Implant {
  readonly #table: Table
  readonly #conditions: Conditions
  #ms = 0

  constructor(table: Table, conditions: Conditions) {
    this.#table = table
    this.#conditions = conditions
  }

  at(ms: number): Implant {
    this.advanceTo(ms)
    return this
  }
  advanceTo(ms: number): void {
    this.#ms = ms
  }
  get serial() {
    return this.#said('identity').serial ?? ''
  }
  get model() {
    return this.#said('identity').model ?? ''
  }
  get firmware() {
    return this.#said('identity').firmware ?? ''
  }
  get stateCounter() {
    return ((this.#said('status').stateCounter ?? 0) + this.#conditions.changes) >>> 0
  }
  deviceTime() {
    return (this.#said('clock').deviceTime ?? 0) + Math.floor(this.#ms / 1000)
  }
  block<N extends BlockName>(name: N): BlockRepr<N> {
    const said: object = this.#said(name)
    if (name === 'status') return { ...said, stateCounter: this.stateCounter } as BlockRepr<N>
    if (name === 'clock') return { ...said, deviceTime: this.deviceTime() } as BlockRepr<N>
    return said as BlockRepr<N>
  }
  beginTelemetry() {}
  endTelemetry() {
    return !this.#conditions.clings
  }
  truth() {
    return { actualVolume: 0, reportedVolume: 0, infused: 0 }
  }
  command() {
    return { ok: false, message: 'A table does nothing.' }
  }

  #said<N extends BlockName>(name: N): BlockRepr<N> {
    const said = parse(BLOCKS[name].struct as Struct, this.#table[name])
    if (!said) throw new Error(`${name} is malformed`)
    return said as BlockRepr<N>
  }
}

class WholeAir extends Air {
  readonly #conditions: Conditions

  constructor(conditions: Conditions, pump: TablePump) {
    super(1, pump)
    this.#conditions = conditions
  }

  override duration(bytes: number): number {
    return Math.ceil(super.duration(bytes))
  }

  override frame(): Fate {
    if (this.sense(0).position === 'no-implant') return 'lost'
    const c = this.#conditions
    c.chance = (Math.imul(c.chance, 1664525) + 1013904223) >>> 0
    if (c.chance >>> 24 >= c.errors) return 'ok'
    return (c.chance >>> 16) & 1 ? 'lost' : 'corrupt'
  }
}

export class Twins {
  now = 0
  readonly #firmware: Firmware
  readonly #conditions: Conditions
  readonly #pumps: readonly [TablePump, TablePump]
  readonly #air: WholeAir
  readonly #wand: Wand
  #ends: Record<Path, FrameDecoder>
  #sent: string[] = []
  /** What the firmware is still to be told. */
  #commands: string[]

  constructor(firmware: Firmware, tables: readonly [Table, Table]) {
    this.#firmware = firmware
    this.#conditions = { absent: false, clings: false, errors: 0, chance: 1, changes: 0, put: 0 }
    this.#pumps = [
      new TablePump(tables[0], this.#conditions),
      new TablePump(tables[1], this.#conditions),
    ]
    this.#air = new WholeAir(this.#conditions, this.#pumps[0])
    this.#wand = new Wand({ serial: SERIAL, air: this.#air, store: emptyStore() })
    this.#ends = this.#cables()
    this.#commands = [
      'fresh',
      ...tables.flatMap((table, i) =>
        NAMES.map((name, n) => `block ${i} ${n + 1} ${hex(table[name])}`),
      ),
      `start ${SERIAL} SIM-WAND 1.0.0 0`,
      ...['absent 0', 'clings 0', 'errors 0', 'chance 1', 'changes 0'],
    ]
    this.place(IN_PLACE)
  }

  #cables(): Record<Path, FrameDecoder> {
    const end = (path: Path, framing: typeof LINES) =>
      wandEnd(
        framing,
        {
          receive: (raw, reply) => {
            const answer = this.#wand.receive(path, raw, this.now)
            if (answer) reply(answer)
          },
          refused: () => this.#wand.refused(),
        },
        (frame) => void this.#sent.push(`${path} ${hex(frame)}`),
      )
    return { line: end('line', LINES), report: end('report', REPORTS) }
  }

  #until(ms: number): void {
    this.now = ms
    this.#wand.advanceTo(ms)
    this.#commands.push(`until ${ms}`)
  }

  wait(ms: number): void {
    this.#until(this.now + ms)
  }

  /** The wand loses its power for a moment, when it next senses the implant. */
  restart(): void {
    this.#until(Math.ceil(this.now / 200) * 200)
    this.#wand.restart()
    this.#ends = this.#cables()
    this.#commands.push(`start ${SERIAL} SIM-WAND 1.0.0 ${this.#conditions.put}`)
  }

  place(place: Place): void {
    this.#air.place = place
    this.#told()
  }

  set<K extends keyof Conditions>(name: K, value: Conditions[K]): void {
    this.#conditions[name] = value
    this.#air.pump = this.#conditions.absent ? null : this.#pumps[this.#conditions.put]
    this.#commands.push(`${name} ${Number(value)}`)
    this.#told()
  }

  /** Coupling and advice are reckoned by the simulator, and measured by a wand. */
  #told(): void {
    const { coupling, position } = this.#air.sense(this.now)
    const code = Object.entries(POSITIONS).find(([, name]) => name === position)?.[0]
    if (this.#air.pump) this.#commands.push(`coupling ${coupling}`, `position ${code}`)
  }

  /** Bytes of one path, now; what both sent, or an error that shows where they differ. */
  async send(path: Path, bytes: Uint8Array): Promise<string[]> {
    this.#sent = []
    const frames = path === 'line' ? [bytes] : reportsOf(bytes)
    for (const frame of frames) {
      this.#ends[path].push(frame)
      this.#commands.push(`${path === 'line' ? 'bytes' : 'report'} ${hex(frame)}`)
    }
    const commands = this.#commands
    this.#commands = []
    const sent = await this.#firmware.ask(...commands)
    if (sent.join('\n') !== this.#sent.join('\n'))
      throw new Error(
        `at ${this.now} ms, asked ${hex(bytes)} on ${path}\nsimulator: ${this.#sent.join('\n')}\nfirmware:  ${sent.join('\n')}`,
      )
    return sent
  }
}

const reportsOf = (bytes: Uint8Array) =>
  Array.from({ length: Math.ceil(bytes.length / 64) }, (_, i) =>
    bytes.subarray(64 * i, 64 * i + 64),
  )

/** The blocks of an implant as it is now. */
export const tableOf = (implant: Implant): Table =>
  Object.fromEntries(
    NAMES.map((name) => [name, emit(BLOCKS[name].struct as Struct, implant.block(name))]),
  ) as Table
