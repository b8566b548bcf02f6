// A wand behind a TCP device server: the bytes of the serial line over a socket.
import { connect } from 'node:net'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { type Connection, type Port, PortError } from './port.ts'

const CONNECT_MS = 3_000

export function tcpPort(path: string, host: string, port: number): Port {
  return {
    path,
    framing: LINES,
    open: (heard) =>
      new Promise<Connection>((resolve, reject) => {
        const socket = connect({ host, port, noDelay: true, timeout: CONNECT_MS })
        let open = false
        let closing = false
        let why = 'the other side closed the connection'
        const closed = new Promise<void>((done) => void socket.once('close', () => done()))
        socket.once('timeout', () => {
          if (!open) socket.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`))
        })
        socket.on('error', (error) => {
          why = error.message
        })
        socket.once('close', () => {
          if (!open) reject(new PortError(`${path}: ${why}`))
          else if (!closing) heard.gone(`${path}: ${why}`)
        })
        socket.on('data', (bytes) => heard.data(bytes))
        socket.once('connect', () => {
          open = true
          socket.setTimeout(0)
          resolve({
            write: (bytes) => void socket.write(bytes),
            lines: async () => false,
            close: async () => {
              closing = true
              socket.destroy()
              await closed
            },
          })
        })
      }),
  }
}
