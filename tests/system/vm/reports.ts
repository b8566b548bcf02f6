// A wand's HID interface through node-hid, as the host opens it.
import hid, { type HIDAsync } from 'node-hid'
import { ReportEncoder } from '../../../protocol/framing/hid-report.ts'
import { ReportStream } from '../../../protocol/framing/report-stream.ts'
import { Opened } from './exchange.ts'

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
