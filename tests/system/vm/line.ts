// A wand's serial port through serialport, as the host opens it.
import { SerialPort } from 'serialport'
import { LineStream } from '../../../protocol/framing/line-stream.ts'
import { encodeLine } from '../../../protocol/framing/serial-line.ts'
import { Opened } from './exchange.ts'

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
