// A simulated wand as a USB device in virtual time, driven by transfers like a host controller does.

import { type Header, type Pdu, wholePdu } from '../../../../protocol/codec/pdu.ts'
import { ReportEncoder } from '../../../../protocol/framing/hid-report.ts'
import { LineStream } from '../../../../protocol/framing/line-stream.ts'
import { ReportStream } from '../../../../protocol/framing/report-stream.ts'
import { encodeLine } from '../../../../protocol/framing/serial-line.ts'
import { type SimulatedWand, type Simulator, startSimulator } from '../../../../simulator/index.ts'
import { UsbDevice } from '../../../../simulator/ports/usb/device.ts'
import { UsbFaults } from '../../../../simulator/ports/usb/faults.ts'
import { VirtualEnv } from '../../../../src/base/env.ts'
import { fakeWorld } from '../../world.ts'

export interface Asked {
  readonly seq: number
  /** How it ended: once or never. */
  readonly ends: { readonly status: number; readonly data: Uint8Array }[]
  torn: boolean
}

export class Bench {
  readonly env: VirtualEnv
  readonly sim: Simulator
  readonly faults: UsbFaults
  readonly device: UsbDevice
  #seq = 0

  private constructor(env: VirtualEnv, sim: Simulator) {
    this.env = env
    this.sim = sim
    this.faults = new UsbFaults(env)
    const { serial, paths } = this.wand
    this.device = new UsbDevice(env, { serial, paths, faults: this.faults })
  }

  static async start(): Promise<Bench> {
    const env = new VirtualEnv()
    return new Bench(env, await startSimulator({ env, world: fakeWorld() }))
  }

  static async configured(): Promise<Bench> {
    const bench = await Bench.start()
    bench.control([0x00, 0x09, 1, 0, 0])
    return bench
  }

  get wand(): SimulatedWand {
    return this.sim.wands[0] as SimulatedWand
  }

  control(
    [type, code, value, index, length]: readonly [number, number, number, number, number],
    data: Uint8Array = new Uint8Array(0),
  ): Uint8Array | null {
    const words = [value, index, length].flatMap((word) => [word & 0xff, word >> 8])
    return this.device.control(Uint8Array.from([type, code, ...words]), data)
  }

  submit(
    direction: 'in' | 'out',
    endpoint: number,
    data: Uint8Array | number,
    then?: (ended: Asked) => void,
  ): Asked {
    this.#seq += 1
    const asked: Asked = { seq: this.#seq, ends: [], torn: false }
    this.device.transfer(direction, endpoint, {
      seq: asked.seq,
      length: typeof data === 'number' ? data : data.length,
      data: typeof data === 'number' ? new Uint8Array(0) : data,
      done: (status, got = new Uint8Array(0)) => {
        asked.ends.push({ status, data: got })
        then?.(asked)
      },
      torn: (got) => {
        asked.torn = true
        asked.ends.push({ status: 0, data: got })
      },
    })
    return asked
  }

  stop(): Promise<void> {
    return this.sim.stop()
  }
}

/** A host on one of the two interfaces that reads for ever and keeps what it hears. */
export class Opener {
  readonly replies: Pdu[] = []
  readonly discarded: Record<string, number> = {}
  /** Reports, or bytes of the line, that were read. */
  read = 0
  missing = 0
  readonly #bench: Bench
  readonly #framing: 'line' | 'report'
  readonly #encoder = new ReportEncoder()
  readonly #stream: LineStream | ReportStream

  constructor(bench: Bench, framing: 'line' | 'report') {
    this.#bench = bench
    this.#framing = framing
    const sink = {
      pdu: (header: Header, raw: Uint8Array) => void this.replies.push(wholePdu(header, raw)),
      discarded: (reason: string, bytes: Uint8Array) => {
        this.discarded[reason] = (this.discarded[reason] ?? 0) + bytes.length
      },
      missing: (reports: number) => {
        this.missing += reports
      },
    }
    this.#stream = framing === 'line' ? new LineStream(sink) : new ReportStream(sink)
    this.#listen()
  }

  get held(): number {
    return this.#stream.held
  }

  /** Each report is a transfer of its own, as hidraw does it; a line is one. */
  send(pdu: Uint8Array): Asked[] {
    if (this.#framing === 'line') {
      return [this.#bench.submit('out', 2, Buffer.from(encodeLine(pdu), 'latin1'))]
    }
    const reports = this.#encoder.encode(pdu)
    return Array.from({ length: reports.length / 64 }, (_, i) =>
      this.#bench.submit('out', 3, reports.subarray(i * 64, i * 64 + 64)),
    )
  }

  #listen(): void {
    const endpoint = this.#framing === 'line' ? 2 : 3
    this.#bench.submit('in', endpoint, this.#framing === 'line' ? 128 : 64, ({ ends }) => {
      const [end] = ends
      if (end?.status !== 0) return
      this.read += this.#framing === 'line' ? end.data.length : 1
      this.#stream.push(end.data)
      this.#listen()
    })
  }
}
