// A receiver of HL7 over MLLP, as small as one can be: it keeps every message and answers it, or does what
// receivers do that do not answer well.
import { createServer, type Socket } from 'node:net'
import { Deframer, frame } from '../../src/delivery/mllp.ts'

/** `lost`: the line is cut instead of an answer; `half`: in the middle of one. `wrong`: it names another message. */
export const MLLP_DEEDS = ['lost', 'half', 'wrong', 'silent', 'slow'] as const
type Deed = (typeof MLLP_DEEDS)[number]

const isDeed = (text: string): text is Deed => MLLP_DEEDS.some((one) => one === text)

/** Answers every message with the code that `answerOf` says, by its number and its control id, or does that. */
export async function receiver(
  answerOf: (n: number, control: string) => string = () => 'AA',
  slowMs = 500,
) {
  const got: string[] = []
  /** Control ids, each once, in the order in which they came first. */
  const first = new Set<string>()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const deframer = new Deframer()
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    const answer = (code: string, control: string) =>
      socket.write(frame(`MSH|^~\\&|R\rMSA|${code}|${control}|because\r`))
    socket.on('data', (bytes) => {
      for (const text of deframer.push(bytes)) {
        const control = text.split('|')[9] ?? ''
        const what = answerOf(got.length, control)
        got.push(text)
        first.add(control)
        if (!isDeed(what)) answer(what, control)
        else if (what === 'lost') socket.destroy()
        else if (what === 'half')
          socket.end(frame(`MSH|^~\\&|R\rMSA|AA|${control}`).subarray(0, -6))
        else if (what === 'wrong') answer('AA', `${control}0`)
        else if (what === 'slow') setTimeout(() => answer('AA', control), slowMs)
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    got,
    first,
    port: (server.address() as { port: number }).port,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
