// `hl7 test`: a message of training about nobody, and the whole dialogue shown, whatever the other side does.
import { createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { Deframer, frame } from '../../src/delivery/mllp.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { trial } from '../../src/hl7/trial.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function asked(answer: (socket: Socket, text: string) => void) {
  const got: string[] = []
  const server = createServer((socket) => {
    const deframer = new Deframer()
    closing.push(() => socket.destroy())
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      for (const text of deframer.push(bytes)) {
        got.push(text)
        answer(socket, text)
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => server.close())
  const { port } = server.address() as { port: number }
  const said: string[] = []
  const at = {
    name: 'emr',
    host: '127.0.0.1',
    port,
    ackSeconds: 1,
    receivingApplication: 'EMR^1.2^ISO',
  }
  const ok = await trial(systemEnv(), destinationSchema.parse(at), (text) => void said.push(text))
  return { ok, said: said.join('\n'), got }
}
const control = (text: string) => text.split('|')[9] ?? ''

it('is marked as of training, is about nobody, and says what was answered', async () => {
  const { ok, said, got } = await asked((socket, text) =>
    socket.write(frame(`MSH|^~\\&|R\rMSA|AA|${control(text)}|thanks\r`)),
  )
  expect(ok).toBe(true)
  const [msh = [], pid = []] = (got[0] ?? '').split('\r').map((line) => line.split('|'))
  expect([msh[4], msh[8], msh[10], msh[11]]).toEqual(['EMR^1.2^ISO', 'ORU^R01^ORU_R01', 'T', '2.6'])
  expect(pid[3]).toBe('')
  expect(got[0]).not.toContain('SIM')
  for (const part of ['Connected.', '> MSH|', '> NTE|', '< MSA|AA|', 'Accepted (AA thanks).']) {
    expect(said).toContain(part)
  }
})

it('hears what the sender of readings hears: an acknowledgment without a frame, and with a byte-order mark', async () => {
  for (const before of ['', '\uFEFF']) {
    const { ok, said } = await asked((socket, text) =>
      socket.write(`${before}MSH|^~\\&|R\rMSA|AA|${control(text)}|bare\r`),
    )
    expect(said).toContain('Accepted (AA bare).')
    expect(ok).toBe(true)
  }
})

it.each<[string, (socket: Socket, text: string) => void, string]>([
  [
    'refuses',
    (s, t) => s.write(frame(`MSH|^~\\&|R\rMSA|AR|${control(t)}|no\r`)),
    'Not accepted (AR no)',
  ],
  ['errs', (s, t) => s.write(frame(`MSH|^~\\&|R\rMSA|ae|${control(t)}\r`)), 'Not accepted (AE)'],
  ['is silent', () => {}, 'our own time-out'],
  ['closes', (s) => s.destroy(), 'was closed before an answer came'],
  ['names another', (s) => s.write(frame('MSH|^~\\&|R\rMSA|AA|other\r')), 'acknowledges other'],
  ['is no HL7', (s) => s.write('HTTP/1.1 400\r\n\u0007'), 'HTTP/1.1 400<0D><0A><07>'],
])('when the other %s, that is what is said', async (_, answer, told) => {
  const { ok, said } = await asked(answer)
  expect(ok).toBe(false)
  expect(said).toContain(told)
})

it('when nobody is there, it says so', async () => {
  const said: string[] = []
  const at = destinationSchema.parse({ name: 'emr', host: '127.0.0.1', port: 1, ackSeconds: 1 })
  expect(await trial(systemEnv(), at, (text) => void said.push(text))).toBe(false)
  expect(said.join('\n')).toContain('could not be made (ECONNREFUSED)')
})
