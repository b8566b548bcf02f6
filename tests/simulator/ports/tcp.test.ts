// The wand over TCP, with real sockets and the real clock.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Simulator, SimulatorError, startSimulator } from '../../../simulator/index.ts'
import { fakeWorld } from '../world.ts'
import { HELLO_LINE, isHelloReply } from './hello.ts'

let running: Simulator[] = []

afterEach(async () => {
  for (const simulator of running) await simulator.stop()
  running = []
})

async function start(wands = 1): Promise<Simulator> {
  const simulator = await startSimulator({ world: fakeWorld(), wands, ports: [{ kind: 'tcp' }] })
  running.push(simulator)
  return simulator
}

function portOf(simulator: Simulator, i = 0): number {
  return Number(simulator.describe()[i]?.path.split(':').at(-1))
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

async function hello(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
  })
  socket.write(HELLO_LINE)
  while (!text.endsWith('\r\n')) await once(socket, 'data')
  return text
}

describe('a wand over TCP', () => {
  it('says where it is and answers', async () => {
    const simulator = await start()
    expect(simulator.describe()).toEqual([
      {
        simulator: true,
        kind: 'tcp',
        wand: 'SIMW-0001',
        pump: 'SIM-0001',
        path: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
      },
    ])
    const socket = await client(portOf(simulator))
    expect(isHelloReply(await hello(socket))).toBe(true)
    socket.destroy()
  })

  it('serves one client at a time, and the next one after it', async () => {
    const simulator = await start()
    const first = await client(portOf(simulator))
    await hello(first)
    const second = await client(portOf(simulator))
    await once(second, 'close')
    first.end()
    await once(first, 'close')
    const third = await client(portOf(simulator))
    expect(isHelloReply(await hello(third))).toBe(true)
    third.destroy()
  })

  it('ends the connection when the cable is pulled, refuses while it is out, and is back where it was', async () => {
    const simulator = await start()
    const port = portOf(simulator)
    const socket = await client(port)
    await hello(socket)
    const closed = once(socket, 'close')
    await simulator.command({ do: 'unplug' })
    await closed
    await expect(client(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await simulator.command({ do: 'plug' })
    await expect
      .poll(() =>
        client(port)
          .then((s) => s.destroy() && true)
          .catch(() => false),
      )
      .toBe(true)
    expect(portOf(simulator)).toBe(port)
  })

  it('gives each wand its port and its serial numbers', async () => {
    const simulator = await start(3)
    const lines = simulator.describe()
    expect(new Set(lines.map((line) => line.path)).size).toBe(3)
    expect(lines.map((line) => line.wand)).toEqual(['SIMW-0001', 'SIMW-0002', 'SIMW-0003'])
  })

  it('says in a sentence that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const failing = startSimulator({ world: fakeWorld(), ports: [{ kind: 'tcp', port }] })
    await expect(failing).rejects.toThrow(SimulatorError)
    await expect(failing).rejects.toMatchObject({
      reason: 'listen',
      message: expect.stringContaining(String(port)),
    })
    other.close()
  })

  it('leaves nothing behind', async () => {
    const simulator = await start()
    const port = portOf(simulator)
    const socket = await client(port)
    const closed = once(socket, 'close')
    await simulator.stop()
    await closed
    await expect(client(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
