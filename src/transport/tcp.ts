// A wand behind a TCP device server: the serial line's bytes over a socket.

import { connect, type Socket } from 'node:net'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { type Env, systemEnv } from '../base/env.ts'
import { type PortEnd, PortError, type PortEvents, type PortSource, type WandPort } from './port.ts'

const CONNECT_MS = 3_000
/** A peer that vanished without a word is found by the system within about this. */
const KEEPALIVE_MS = 5_000
/**
 * What a peer may send a second, and at once: three times what a serial line of 115200 baud carries. A peer
 * that sends without end waits in its own socket, and costs no other wand its time.
 */
const BYTES_PER_SECOND = 36_000
const BYTES_AT_ONCE = 72_000

/** `tcp://HOST:PORT`, IPv6 in brackets. Throws RangeError with a sentence on anything else. */
export function tcpSource(spec: string, env: Env = systemEnv()): PortSource {
  const match = /^tcp:\/\/(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(spec)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RangeError(`${spec}: write tcp://HOST:PORT, such as tcp://192.0.2.7:4001.`)
  }
  return { path: spec, create: () => new TcpPort(spec, host, port, env) }
}

const ENDS: Readonly<Record<string, PortEnd>> = {
  ECONNREFUSED: 'absent',
  ENOTFOUND: 'absent',
  EHOSTUNREACH: 'absent',
  ENETUNREACH: 'absent',
  EAI_AGAIN: 'absent',
  EACCES: 'denied',
}

class TcpPort implements WandPort {
  readonly path: string
  readonly framing = LINES
  readonly #host: string
  readonly #port: number
  readonly #env: Env
  #socket: Socket | null = null
  #closed: Promise<void> = Promise.resolve()

  constructor(path: string, host: string, port: number, env: Env) {
    this.#env = env
    this.path = path
    this.#host = host
    this.#port = port
  }

  open(events: PortEvents): Promise<void> {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    this.#socket = socket
    socket.setKeepAlive(true, KEEPALIVE_MS)
    socket.setTimeout(CONNECT_MS)
    this.#closed = new Promise((resolve) => void socket.once('close', () => resolve()))
    return new Promise((resolve, reject) => {
      let why = 'the other side closed the connection'
      let open = false
      socket.once('timeout', () => {
        if (!open) socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`))
      })
      socket.on('error', (error: NodeJS.ErrnoException) => {
        why = error.message
        if (!open) reject(new PortError(ENDS[error.code ?? ''] ?? 'failed', `${this.path}: ${why}`))
      })
      socket.once('connect', () => {
        open = true
        socket.setTimeout(0)
        resolve()
      })
      const slow = this.#slowed(socket)
      socket.on('data', (bytes) => {
        slow(bytes.length)
        events.data(bytes)
      })
      socket.on('end', () => socket.destroy())
      socket.once('close', () => {
        if (!open) {
          reject(new PortError('closed', `${this.path}: closed before it was open`))
          return
        }
        const ours = this.#socket === null
        events.ended(ours ? 'closed' : 'unplugged', ours ? 'closed by the host' : why)
      })
    })
  }

  /** Reads no faster than a wand may send. */
  #slowed(socket: Socket): (bytes: number) => void {
    let left = BYTES_AT_ONCE
    let at = this.#env.monotonic()
    return (bytes) => {
      const now = this.#env.monotonic()
      left = Math.min(BYTES_AT_ONCE, left + ((now - at) / 1_000) * BYTES_PER_SECOND) - bytes
      at = now
      if (left >= 0) return
      socket.pause()
      const ms = (-left / BYTES_PER_SECOND) * 1_000
      this.#env.after(ms, () => socket.resume(), { background: true })
    }
  }

  write(bytes: Uint8Array): void {
    this.#socket?.write(bytes)
  }

  async close(): Promise<void> {
    this.#socket?.destroy()
    this.#socket = null
    await this.#closed
  }
}
