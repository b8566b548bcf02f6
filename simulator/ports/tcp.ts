// A simulated wand's serial line over TCP: the line's bytes as they are, one client at a time.
// Pulling the cable ends the connection and the listening; plugging it in listens again.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { WandPath } from './path.ts'
import { PortFaultError, type SimulatedPort } from './port.ts'

/** A client that does not read loses what is behind this many bytes, as on a real line. */
const BACKLOG = 64 * 1024

export interface TcpOptions {
  /** Default 127.0.0.1: whoever reaches it reads the pump. */
  readonly host?: string
  /** Default 0: any free one. */
  readonly port?: number
}

export async function serveTcp(path: WandPath, options: TcpOptions = {}): Promise<SimulatedPort> {
  const host = options.host ?? '127.0.0.1'
  const asked = options.port ?? 0
  let client: Socket | null = null
  let server: Server | null = null

  const take = (socket: Socket) => {
    socket.on('error', () => socket.destroy())
    const held = client
      ? null
      : path.hold({
          data: (bytes) => void (socket.writableLength < BACKLOG && socket.write(bytes)),
          unplugged: () => socket.destroy(),
        })
    if (!held) {
      socket.destroy()
      return
    }
    client = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes) => held.write(bytes))
    socket.on('close', () => {
      client = null
      held.release()
    })
  }

  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const made = createServer(take)
      made.once('error', (error: NodeJS.ErrnoException) => {
        reject(new PortFaultError('listen', `Cannot listen on ${host}:${port}: ${error.message}.`))
      })
      made.listen(port, host, () => {
        server = made
        resolve((made.address() as AddressInfo).port)
      })
    })

  const stopListening = () =>
    new Promise<void>((resolve) => {
      client?.destroy()
      if (!server) return resolve()
      server.close(() => resolve())
      server = null
    })

  const port = await listen(asked)
  let work: Promise<unknown> = Promise.resolve()
  let stopped = false
  const stopHearing = path.onPlug((plugged) => {
    work = work.then(async () => {
      if (stopped || plugged === (server !== null)) return
      // The port may have been taken meanwhile; the next plug tries again.
      await (plugged ? listen(port).catch(() => {}) : stopListening())
    })
  })

  const shownHost = host.includes(':') ? `[${host}]` : host
  return {
    kind: 'tcp',
    path: `tcp://${shownHost}:${port}`,
    async stop() {
      stopped = true
      stopHearing()
      await work
      await stopListening()
    },
  }
}
