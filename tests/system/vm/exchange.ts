// HELLO over whatever the kernel made of a wand: a serial port through serialport, a HID device
// through node-hid, as the host opens them.
import assert from 'node:assert/strict'
import hid, { type HIDAsync } from 'node-hid'
import { SerialPort } from 'serialport'
import { ReportEncoder } from '../../../protocol/hid-report.ts'
import { LineStream } from '../../../protocol/line-stream.ts'
import { MESSAGES } from '../../../protocol/messages/index.ts'
import { encodePdu, MAJOR, type Pdu } from '../../../protocol/pdu.ts'
import { ReportStream } from '../../../protocol/report-stream.ts'
import { encodeLine } from '../../../protocol/serial-line.ts'
import { parse } from '../../../protocol/struct.ts'
import { until } from './wand.ts'

/** A HELLO request; `link` and `seq` are repeated in its reply. */
export function hello(link = 0x5151, seq = 1): Uint8Array {
  return encodePdu({
    ...{ major: MAJOR, type: MESSAGES.HELLO.type, flags: 0, code: 0, seq, link, session: 0 },
    payload: Uint8Array.of(0),
  })
}

/** An open way to a wand, with what has come over it. */
abstract class Opened {
  readonly pdus: Pdu[] = []
  /** Reasons of what was no PDU. */
  readonly discarded: string[] = []
  /** How it ended by itself: in the library's words. */
  gone: string | null = null
  readonly sink = {
    pdu: (pdu: Pdu) => void this.pdus.push(pdu),
    discarded: (reason: string) => void this.discarded.push(reason),
    missing: (reports: number) => void this.discarded.push(`${reports} missing`),
  }

  abstract send(pdu: Uint8Array): Promise<void>
  abstract close(): Promise<void>

  /** The reply with this link and number. */
  answer(link = 0x5151, seq = 1, ms = 5000): Promise<Pdu> {
    const found = () => this.pdus.find((pdu) => pdu.link === link && pdu.seq === seq)
    return until(`a reply with link ${link} and number ${seq}`, found, ms)
  }

  /** One HELLO with its reply: the wand's serial number in it. */
  async hello(link = 0x5151, seq = 1): Promise<string> {
    await this.send(hello(link, seq))
    const fields = parse(MESSAGES.HELLO.reply, (await this.answer(link, seq)).payload)
    assert.ok(fields, 'a HELLO reply')
    return fields.wandSerial ?? ''
  }
}

export class Line extends Opened {
  readonly port: SerialPort

  private constructor(port: SerialPort) {
    super()
    this.port = port
    const stream = new LineStream(this.sink)
    port.on('data', (bytes: Buffer) => stream.push(bytes))
    port.on('error', (error) => {
      this.gone ??= `error ${error.message}`
    })
    port.on('close', (error: (Error & { disconnected?: boolean }) | null) => {
      this.gone ??= error?.disconnected ? 'disconnected' : 'closed'
    })
  }

  static async open(path: string): Promise<Line> {
    const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false, hupcl: false })
    await new Promise<void>((resolve, reject) =>
      port.open((error) => (error ? reject(error) : resolve())),
    )
    return new Line(port)
  }

  /** Sets DTR and RTS; rejects where the device has no such lines. */
  raise(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.port.set({ dtr: true, rts: true }, (error) => (error ? reject(error) : resolve())),
    )
  }

  async send(pdu: Uint8Array): Promise<void> {
    this.port.write(encodeLine(pdu))
  }

  async close(): Promise<void> {
    if (this.port.isOpen) await new Promise<void>((resolve) => this.port.close(() => resolve()))
  }
}

export class Reports extends Opened {
  readonly device: HIDAsync
  readonly #encoder = new ReportEncoder()

  private constructor(device: HIDAsync) {
    super()
    this.device = device
    const stream = new ReportStream(this.sink)
    // The report id, 0, comes with a report or not, as the driver likes.
    device.on('data', (bytes: Buffer) => stream.push(bytes.subarray(bytes.length - 64)))
    device.on('error', (error: unknown) => {
      this.gone ??= String(error)
    })
  }

  /** By its path. The driver is hidraw unless this process has chosen the other one. */
  static async open(path: string): Promise<Reports> {
    return new Reports(await hid.HIDAsync.open(path))
  }

  /** Rejects when a report is not taken. */
  async send(pdu: Uint8Array): Promise<void> {
    const reports = this.#encoder.encode(pdu)
    for (let at = 0; at < reports.length; at += 64) {
      await this.device.write(Buffer.from([0, ...reports.subarray(at, at + 64)]))
    }
  }

  close(): Promise<void> {
    return this.device.close()
  }
}
