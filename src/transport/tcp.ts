// A wand behind a TCP device server: the serial line's bytes over a socket.

import { connect, type Socket } from 'node:net'
import { LINES } from '../../protocol/framing/line-stream.ts'
import type { Cancel, Env } from '../base/env.ts'
import { Pace } from './pace.ts'
import { type PortEnd, PortError, type PortEvents, type PortSource, type WandPort } from './port.ts'

const CONNECT_MS = 3_000
/** A peer that vanished without a word is found by the system within about this. */
const KEEPALIVE_MS = 5_000

/** `tcp://HOST:PORT`, IPv6 in brackets. Throws RangeError with a sentence on anything else. */
export function tcpSource(spec: string, env: Env): PortSource {
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
  #cancel: Cancel = () => {}
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
      const pace = new Pace()
      socket.on('data', (bytes) => {
        events.data(bytes)
        const rest = pace.taken(bytes.length, this.#env.monotonic())
        if (rest === 0) return
        socket.pause()
        this.#cancel = this.#env.after(rest, () => socket.resume())
      })
      socket.on('end', () => socket.destroy())
      socket.once('close', () => {
        this.#cancel()
        if (!open) {
          reject(new PortError('closed', `${this.path}: closed before it was open`))
          return
        }
        const ours = this.#socket === null
        events.ended(ours ? 'closed' : 'unplugged', ours ? 'closed by the host' : why)
      })
    })
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
