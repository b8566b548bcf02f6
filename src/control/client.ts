// A command's end of the control socket.
import { connect, type Socket } from 'node:net'
import { controlAddress } from './address.ts'
import { type ControlInput, Lines } from './messages.ts'

/** Longest answer line: a status with many pumps. */
const ANSWER_MAX = 64 * 1024 * 1024

export class ControlConnection {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Null when no bridge runs with this state directory. */
  static open(stateDir: string): Promise<ControlConnection | null> {
    return new Promise((resolve) => {
      const socket = connect(controlAddress(stateDir))
      socket.setEncoding('utf8')
      socket.once('connect', () => resolve(new ControlConnection(socket)))
      socket.once('error', () => resolve(null))
    })
  }

  /** The first answer to one request; null when no bridge runs, or it ends without one. */
  static async ask(stateDir: string, request: ControlInput): Promise<unknown> {
    const control = await ControlConnection.open(stateDir)
    if (!control) return null
    control.send(request)
    try {
      for await (const answer of control.answers()) return answer
      return null
    } finally {
      control.close()
    }
  }

  send(request: ControlInput): void {
    this.#socket.write(`${JSON.stringify(request)}\n`)
  }

  /** Everything the bridge says, until it or `close` ends it. */
  async *answers(): AsyncGenerator<unknown> {
    const lines = new Lines(ANSWER_MAX)
    try {
      for await (const text of this.#socket) {
        for (const line of lines.push(String(text))) yield JSON.parse(line)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}
