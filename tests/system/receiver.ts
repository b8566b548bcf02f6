// A receiver of HL7 over MLLP, as small as one can be: it keeps every message and answers it.
import { createServer, type Socket } from 'node:net'
import { Deframer, frame } from '../../src/delivery/mllp.ts'

/** Answers every message with what `codeOf` says, by its number. */
export async function receiver(codeOf: (n: number) => string = () => 'AA') {
  const got: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const deframer = new Deframer()
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      for (const text of deframer.push(bytes)) {
        const control = text.split('|')[9] ?? ''
        const code = codeOf(got.length)
        got.push(text)
        socket.write(frame(`MSH|^~\\&|R\rMSA|${code}|${control}|because\r`))
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    got,
    port: (server.address() as { port: number }).port,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
