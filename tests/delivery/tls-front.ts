// A front that ends TLS before a receiver, and does to connections what goes wrong with TLS: a certificate that is
// not trusted, one that has ended, a handshake that is cut, and a plain answer to a TLS hello. Every other
// connection fails, beginning with the first, each in its turn.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { certificate, expiredCertificate } from '../http/certificate.ts'

export const TLS_FAULTS = ['untrusted', 'expired', 'cut', 'plain'] as const
export type TlsFault = (typeof TLS_FAULTS)[number]

/** `most`: so many connections fail. */
export async function tlsFront(target: number, most: number) {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-tls-'))
  const [good, untrusted] = [certificate(dir, 'good'), certificate(dir, 'untrusted')]
  const expired = expiredCertificate(dir, 'expired')
  // What has ended would be trusted, had it not.
  const ca = join(dir, 'ca.crt')
  writeFileSync(ca, [good, expired].map(({ cert }) => readFileSync(cert, 'utf8')).join(''))
  const pem = ({ cert, key }: typeof good) => ({ cert: readFileSync(cert), key: readFileSync(key) })
  const certificates = { good: pem(good), untrusted: pem(untrusted), expired: pem(expired) }

  const faults: TlsFault[] = []
  /** Connections that were let in though their TLS was wrong. */
  const wrong: TlsFault[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  function keep<T extends Socket>(socket: T): T {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const secured = (socket: Socket, which: keyof typeof certificates) =>
    keep(new TLSSocket(socket, { isServer: true, ...certificates[which] }))

  const server = createServer((socket) => {
    keep(socket)
    const n = connections++
    if (n % 2 === 1 || faults.length >= most) {
      const inside = secured(socket, 'good')
      const behind = keep(connect(target, '127.0.0.1'))
      const end = () => [socket, inside, behind].forEach((one) => void one.destroy())
      for (const one of [inside, behind]) one.once('close', end)
      inside.pipe(behind).pipe(inside)
      return
    }
    const fault = TLS_FAULTS[faults.length % TLS_FAULTS.length] as TlsFault
    faults.push(fault)
    if (fault === 'cut') socket.once('data', () => void socket.destroy())
    else if (fault === 'plain')
      socket.once('data', () => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    else {
      const inside = secured(socket, fault)
      inside.once('data', () => void wrong.push(fault))
      inside.once('close', () => void socket.destroy())
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as { port: number }).port,
    ca,
    faults,
    wrong,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
