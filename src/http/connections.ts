// How many connections there are. When there are too many, the one goes that has been open longest
// without anybody having shown a token on it; where there is none, the oldest of whoever holds most:
// nobody keeps others out by holding connections.
import type { Server, Socket } from 'node:net'

/** Requests that one connection may ever send before the answer to the one before. */
const MOST_AHEAD = 16

export class Connections {
  readonly #ahead = new WeakMap<Socket, number>()
  /** In the order in which they came. */
  readonly #strangers = new Set<Socket>()
  /** With whose they are. */
  readonly #known = new Map<Socket, string>()

  constructor(server: Server, most: number) {
    server.on('connection', (socket) => {
      const one = this.size < most ? null : this.#dispensable()
      this.#strangers.add(socket)
      socket.once('close', () => this.#forget(socket))
      if (!one) return
      one.destroy()
      this.#forget(one)
    })
  }

  get size(): number {
    return this.#strangers.size + this.#known.size
  }

  /** `whose` may read and has asked through it. `socket` is the one below TLS, if there is TLS. */
  know(socket: Socket, whose: string): void {
    if (this.#strangers.delete(socket)) this.#known.set(socket, whose)
  }

  /**
   * A request came before the answer to the one before it. Answers wait in memory for their turn, behind
   * a stream for ever: where that happens often the connection is ended. True = it is.
   */
  ahead(socket: Socket): boolean {
    const n = (this.#ahead.get(socket) ?? 0) + 1
    this.#ahead.set(socket, n)
    if (n > MOST_AHEAD) socket.destroy()
    return n > MOST_AHEAD
  }

  /** Ends them all, whatever state they are in: also those in the middle of a handshake of TLS. */
  end(): void {
    for (const socket of [...this.#strangers, ...this.#known.keys()]) socket.destroy()
  }

  #forget(socket: Socket): void {
    this.#strangers.delete(socket)
    this.#known.delete(socket)
  }

  #dispensable(): Socket | null {
    for (const stranger of this.#strangers) return stranger
    const held = new Map<string, number>()
    for (const whose of this.#known.values()) held.set(whose, (held.get(whose) ?? 0) + 1)
    const most = Math.max(...held.values())
    for (const [socket, whose] of this.#known) if (held.get(whose) === most) return socket
    return null
  }
}
