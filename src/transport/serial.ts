// A wand on a serial port: RS-232, USB CDC-ACM, FTDI, or a pseudo-terminal. The native library is
// loaded only when a port is opened, so that everything else runs where it cannot be.
//
// What serialport does and what is made of it: an unplugged device gives `close` with
// `disconnected`, or `error` and then `close`, or `close` twice, or, with nobody reading, nothing
// before the next write: all of these end the port once. A callback of a closed port may never come:
// nothing waits for one without a limit.

import type { SerialPort } from 'serialport'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { BAUD } from '../../protocol/framing/serial-line.ts'
import type { Env } from '../base/env.ts'
import { systemEnv } from '../base/env.ts'
import { denied } from './denied.ts'
import { absence } from './listed.ts'
import { type PortEnd, PortError, type PortEvents, type PortSource, type WandPort } from './port.ts'

/** Longest wait for the driver to close a port. */
const CLOSE_MS = 900

export function serialSource(path: string, env: Env = systemEnv()): PortSource {
  return { path, create: () => new SerialWandPort(path, env) }
}

class SerialWandPort implements WandPort {
  readonly path: string
  readonly framing = LINES
  readonly #env: Env
  #port: SerialPort | null = null
  #events: PortEvents | null = null
  #closed = false

  constructor(path: string, env: Env) {
    this.path = path
    this.#env = env
  }

  async open(events: PortEvents): Promise<void> {
    const { SerialPort } = await load(this.path)
    const port = new SerialPort({
      path: this.path,
      baudRate: BAUD,
      dataBits: 8,
      parity: 'none',
      stopBits: 1,
      rtscts: false,
      xon: false,
      xoff: false,
      // Dropping DTR on close resets many USB sticks into their boot loader.
      hupcl: false,
      // Another program on the same port would steal replies.
      lock: true,
      autoOpen: false,
    })
    // Until it is open a failure is the promise's; an error event without a listener would throw.
    port.on('error', (error) => this.#end('unplugged', error.message))
    port.on('close', (error?: Error & { disconnected?: boolean }) => {
      this.#end('unplugged', error?.message ?? 'the device went away')
    })
    port.on('data', (bytes: Buffer) => this.#events?.data(bytes))
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error ? reject(refusal(this.path, error)) : resolve()))
    })
    if (this.#closed) {
      port.close(() => {})
      throw new PortError('closed', `${this.path}: closed before it was open`)
    }
    this.#port = port
    this.#events = events
    raiseLines(port)
  }

  write(bytes: Uint8Array): void {
    const port = this.#port
    if (!port?.isOpen) return
    port.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), (error) => {
      if (error) this.#end('unplugged', error.message)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    const port = this.#port
    this.#port = null
    this.#end('closed', 'closed by the host')
    if (!port?.isOpen) return
    await new Promise<void>((resolve) => {
      const cancel = this.#env.after(CLOSE_MS, resolve, { background: true })
      port.close(() => {
        cancel()
        resolve()
      })
    })
  }

  #end(end: PortEnd, message: string): void {
    const events = this.#events
    this.#events = null
    if (!events) return
    const port = this.#port
    // After an error the driver's handle may still be there; it is let go without waiting for it.
    if (end !== 'closed' && port?.isOpen) port.close(() => {})
    this.#port = end === 'closed' ? this.#port : null
    events.ended(end, `${this.path}: ${message}`)
  }
}

async function load(path: string): Promise<typeof import('serialport')> {
  try {
    return await import('serialport')
  } catch (error) {
    throw new PortError(
      'failed',
      `${path}: the serial driver cannot be loaded on this system (${(error as Error).message}). A wand can still be reached through a TCP device server: tcp://HOST:PORT.`,
    )
  }
}

/** DTR and RTS up, as terminals do; a pseudo-terminal and some USB devices have no such lines. */
function raiseLines(port: SerialPort): void {
  port.set({ dtr: true, rts: true }, () => {})
}

/** The system's words for why a port cannot be opened, in ours. They differ between systems. */
export function refusal(path: string, error: Error): PortError {
  const said = error.message
  if (/cannot lock|EBUSY|busy|temporarily unavailable/i.test(said)) {
    return new PortError(
      'busy',
      `${path} is held by another program. Close it there; this is tried again.`,
    )
  }
  if (/permission|EACCES|access (is )?denied/i.test(said)) {
    return denied(path, 'Add the user to the group of the device (often dialout) and log in again.')
  }
  if (/no such file|ENOENT|not found|ENXIO|ENODEV|no such device/i.test(said)) {
    return new PortError('absent', absence(path))
  }
  return new PortError('failed', `${path}: ${said}`)
}
