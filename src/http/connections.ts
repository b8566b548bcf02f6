// How many connections there are. When there are too many, the one goes that has been open longest
// without anybody having shown a token on it: nobody keeps others out by holding connections.
import type { Server, Socket } from 'node:net'

export class Connections {
  /** In the order in which they came. */
  readonly #strangers = new Set<Socket>()
  readonly #known = new Set<Socket>()

  constructor(server: Server, most: number) {
    server.on('connection', (socket) => {
      this.#strangers.add(socket)
      socket.once('close', () => {
        this.#strangers.delete(socket)
        this.#known.delete(socket)
      })
      if (this.size <= most) return
      const [oldest = socket] = this.#strangers
      oldest.destroy()
      this.#strangers.delete(oldest)
    })
  }

  get size(): number {
    return this.#strangers.size + this.#known.size
  }

  /** Somebody who may read has asked through it. `socket` is the one below TLS, if there is TLS. */
  know(socket: Socket): void {
    if (this.#strangers.delete(socket)) this.#known.add(socket)
  }
}
