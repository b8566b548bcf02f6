// Ports as the system gives them: a real pseudo-terminal, a real socket. Every failure is said once, in
// words, and a port that has ended is quiet.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startSimulator } from '../../simulator/index.ts'
import { systemEnv } from '../../src/base/env.ts'
import type { PortEnd, PortError, WandPort } from '../../src/transport/port.ts'
import { refusal } from '../../src/transport/serial.ts'
import { sourceFor } from '../../src/transport/source.ts'

const HELLO = ':010100000100010078563412000000000077143936\r\n'

interface Heard {
  text: string
  ends: PortEnd[]
}

async function open(port: WandPort): Promise<Heard> {
  const heard: Heard = { text: '', ends: [] }
  await port.open({
    data: (bytes) => {
      heard.text += Buffer.from(bytes).toString('latin1')
    },
    ended: (end) => void heard.ends.push(end),
  })
  return heard
}

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanup.splice(0).reverse()) await clean()
})

async function terminal() {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-port-'))
  const link = join(dir, 'wand')
  const simulator = await startSimulator({ ports: [{ kind: 'pty', link }] })
  cleanup.push(
    () => rmSync(dir, { recursive: true }),
    () => simulator.stop(),
  )
  return { link, simulator }
}

async function listener(serve: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return `tcp://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const failure = (port: WandPort) =>
  open(port).then(
    () => {
      throw new Error('it opened')
    },
    (error: PortError) => error,
  )

const env = systemEnv()

describe('a serial port', () => {
  it('carries bytes both ways and ends once when it is closed', async () => {
    const { link } = await terminal()
    const port = sourceFor(link, env).create()
    const heard = await open(port)
    port.write(Buffer.from(HELLO))
    await vi.waitUntil(() => heard.text.endsWith('\r\n'), 3_000)
    expect(heard.text).toMatch(/^:0101/)
    await port.close()
    await port.close()
    port.write(Buffer.from(HELLO))
    expect(heard.ends).toEqual(['closed'])
  })

  it('can be opened and closed again and again without a pause', async () => {
    // A terminal whose master blocked on reading stopped the whole process here, one time in ten.
    const { link } = await terminal()
    for (let i = 0; i < 40; i += 1) {
      const port = sourceFor(link, env).create()
      const heard = await open(port)
      await port.close()
      expect(heard.ends).toEqual(['closed'])
    }
  })

  it('closed before it was open never opens', async () => {
    const { link } = await terminal()
    const port = sourceFor(link, env).create()
    const opening = failure(port)
    await port.close()
    expect((await opening).end).toBe('closed')
    const next = sourceFor(link, env).create()
    await vi.waitFor(() => open(next), 2_000)
    await next.close()
  })

  it('says unplugged, once, whatever the moment', async () => {
    const { link, simulator } = await terminal()
    for (let i = 0; i < 6; i += 1) {
      const port = sourceFor(link, env).create()
      const heard = await open(port)
      port.write(Buffer.from(HELLO))
      if (i % 2 === 0) await vi.waitUntil(() => heard.text.endsWith('\r\n'), 3_000)
      await simulator.command({ do: 'unplug' })
      // With nobody reading, the system says so at the next write.
      const nudge = setInterval(() => port.write(Buffer.from(HELLO)), 100)
      await vi.waitUntil(() => heard.ends.length > 0, 3_000)
      clearInterval(nudge)
      await port.close()
      expect(heard.ends).toEqual(['unplugged'])
      await simulator.command({ do: 'plug' })
    }
  })

  it('is busy while another program holds it, and free afterwards', async () => {
    const { link } = await terminal()
    const first = sourceFor(link, env).create()
    await open(first)
    const error = await failure(sourceFor(link, env).create())
    expect(error.end).toBe('busy')
    expect(error.message).toContain('held by another program')
    await first.close()
    const second = sourceFor(link, env).create()
    await open(second)
    await second.close()
  })

  it('is absent where there is none, and failed where there is something else', async () => {
    expect((await failure(sourceFor('/dev/no-such-wand', env).create())).end).toBe('absent')
    expect((await failure(sourceFor(tmpdir(), env).create())).end).toBe('failed')
  })
})

it.each(['linux', 'win32', 'darwin'] as const)(
  'a port that is refused is told on %s',
  (platform) => {
    const here = process.platform
    Object.defineProperty(process, 'platform', { value: platform })
    try {
      const { end, message } = refusal('/dev/wand', new Error('Error: Access denied'))
      expect(end).toBe('denied')
      expect(/group|dialout|Linux/.test(message)).toBe(platform === 'linux')
    } finally {
      Object.defineProperty(process, 'platform', { value: here })
    }
  },
)

describe('a TCP port', () => {
  it('carries bytes both ways and ends once', async () => {
    const spec = await listener((socket) => socket.pipe(socket))
    const port = sourceFor(spec, env).create()
    const heard = await open(port)
    port.write(Buffer.from(HELLO))
    await vi.waitUntil(() => heard.text === HELLO, 3_000)
    await port.close()
    port.write(Buffer.from(HELLO))
    expect(heard.ends).toEqual(['closed'])
  })

  it.each(['end', 'destroy', 'resetAndDestroy'] as const)(
    'says unplugged when the other side does %s',
    async (how) => {
      const spec = await listener((socket) => void socket.once('data', () => socket[how]()))
      const port = sourceFor(spec, env).create()
      const heard = await open(port)
      port.write(Buffer.from(HELLO))
      await vi.waitUntil(() => heard.ends.length > 0, 3_000)
      await port.close()
      expect(heard.ends).toEqual(['unplugged'])
    },
  )

  it('closed before it was open never opens', async () => {
    const spec = await listener(() => {})
    const port = sourceFor(spec, env).create()
    const opening = failure(port)
    await port.close()
    expect((await opening).end).toBe('closed')
  })

  it('is absent where nobody listens', async () => {
    expect((await failure(sourceFor('tcp://127.0.0.1:1', env).create())).end).toBe('absent')
  })
})

describe('sourceFor', () => {
  it.each([
    '',
    ' ',
    'http://x:1/',
    'tcp://',
    'tcp://host',
    'tcp://host:0',
    'tcp://host:70000',
    'tcp://a b:1',
    'udp://h:1',
    'a\0b',
  ])('refuses %j with what to write', (spec) => {
    expect(() => sourceFor(spec, env)).toThrow(/tcp:\/\/HOST:PORT/)
  })

  it('takes paths and addresses', () => {
    for (const spec of [
      '/dev/ttyUSB0',
      'COM3',
      './wand',
      'tcp://[::1]:4001',
      'TCP://host.example:1',
    ]) {
      expect(sourceFor(spec, env).path).toBe(spec)
    }
  })
})
