// What an unfriendly client can cost: each attack is refused or bounded, the log is not filled, and a
// good client goes on as if nobody else were there.

import { EventEmitter } from 'node:events'
import { Agent, request, type ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Connections } from '../../src/http/connections.ts'
import { RateLimit } from '../../src/http/rate.ts'
import { Seats } from '../../src/http/seats.ts'
import { LIMITS } from '../../src/http/sources.ts'
import { eventually, raw, starter, type World } from './world.ts'

const start = starter()
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const sockets: Socket[] = []
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  agent.destroy()
})

function open(w: World, text = ''): Socket {
  const socket = connect(w.port, '127.0.0.1', () => text !== '' && socket.write(text))
  socket.on('error', () => {})
  // What is said before the end is read, or the end would not be seen.
  socket.resume()
  sockets.push(socket)
  return socket
}

/** A good client, one request after another on its connection; gives the 99th percentile in ms. */
async function p99(w: World, n = 200): Promise<number> {
  const times: number[] = []
  const path = `/api/v1/pumps/${w.pump.pump.id}`
  for (let i = 0; i < n; i += 1) {
    const began = performance.now()
    const code = await new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${w.token}`, host: w.host }
      const asked = request({ host: '127.0.0.1', port: w.port, path, headers, agent }, (reply) => {
        reply.resume()
        reply.on('end', () => resolve(reply.statusCode ?? 0))
      })
      asked.on('error', reject)
      asked.end()
    })
    expect(code).toBe(200)
    times.push(performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return times.sort((a, b) => a - b)[Math.floor(n * 0.99)] ?? 0
}

/**
 * Every request of a good client is answered; in test:long, on a machine that does nothing else, its
 * p99 is within three times its quiet value, too.
 */
async function stays(w: World, during: () => Promise<void> | void): Promise<void> {
  const quiet = await p99(w)
  await during()
  if (!LONG) return void (await p99(w))
  // What else this computer does only makes it slower: one good measurement is enough.
  const loud: number[] = []
  for (let i = 0; i < 3 && (loud.at(-1) ?? Infinity) > 3 * quiet; i += 1) loud.push(await p99(w))
  expect(Math.min(...loud)).toBeLessThanOrEqual(3 * quiet)
}

const HEAD = (w: World) => `Host: ${w.host}\r\nAuthorization: Bearer ${w.token}\r\n`

describe('a good client is served as before while', () => {
  const many = LONG ? 10_000 : 2_000
  it(`${many} idle connections are held`, { timeout: 120_000 }, async () => {
    const w = await start({ limits: { connections: 300, headersMs: 1_000 } })
    const last = `GET /healthz HTTP/1.1\r\nHost: ${w.host}\r\nConnection: close\r\n\r\n`
    await stays(w, async () => {
      let closed = 0
      for (let i = 0; i < many; i += 1) {
        open(w).on('close', () => {
          closed += 1
        })
        // They are accepted in order: an answer to a later one says that all have come in. Without it
        // the kernel's queue runs over, and it makes the last step for some up to a minute later.
        if (i % 100 === 99) expect(await raw(w.port, last)).toMatch(/^HTTP\/1\.1 200 /)
      }
      await eventually(() => closed >= many - 300, 60_000)
      // And a new one still gets in.
      expect((await w.get('/healthz')).status).toBe(200)
    })
    // The rest goes when its time for a request is over.
    await eventually(() => sockets.every((socket) => socket.closed), 10_000)
  })

  it('headers come one byte at a time', { timeout: 60_000 }, async () => {
    expect(LIMITS.headersMs).toBe(5_000)
    const w = await start({ limits: { headersMs: 1_000 } })
    const slow = Array.from({ length: 100 }, () => open(w, 'GET /healthz HTTP/1.1\r\nHost: '))
    const timer = setInterval(() => {
      for (const socket of slow) if (!socket.destroyed) socket.write('x')
    }, 100)
    try {
      await stays(w, () => {})
      // However often a byte comes: the time is for the whole head.
      await eventually(() => slow.every((socket) => socket.closed), 6_000)
    } finally {
      clearInterval(timer)
    }
  })

  it('replies are not read', { timeout: 60_000 }, async () => {
    const w = await start()
    for (let i = 0; i < 500; i += 1) w.records.push(w.interrogation)
    const path = `/api/v1/pumps/${w.pump.pump.id}/readings?limit=10000`
    await stays(w, () => {
      for (let i = 0; i < 20; i += 1) {
        open(w, `GET ${path} HTTP/1.1\r\n${HEAD(w)}Accept: application/x-ndjson\r\n\r\n`).pause()
      }
    })
  })

  it('refusals are asked for in a flood, which costs the log nothing', {
    timeout: 60_000,
  }, async () => {
    const w = await start()
    let going = true
    let answers = 0
    const flood = Array.from({ length: 50 }, async () => {
      while (going) {
        const reply = await fetch(`${w.url}/api/v1/pumps`, {
          headers: { authorization: 'Bearer x' },
        })
        await reply.arrayBuffer()
        answers += 1
      }
    })
    const began = performance.now()
    await stays(w, () => {})
    const seconds = (performance.now() - began) / 1_000
    going = false
    await Promise.all(flood)
    // At once 100 and 50 a second; from then on each of the fifty waits a second.
    expect(answers).toBeLessThan(100 + 110 * seconds + 60)
    // Each is counted, none is a read.
    expect(w.state.refused).toBe(answers)
    expect(w.state.reads.filter((line) => line.startsWith('anyone'))).toEqual([])
  })
})

describe('what is too large', () => {
  it('is refused: headers, addresses, many of either', async () => {
    const w = await start()
    const big = `GET /healthz HTTP/1.1\r\n${HEAD(w)}X: ${'x'.repeat(20_000)}\r\n\r\n`
    const reply = await raw(w.port, big)
    expect(reply).toMatch(/^HTTP\/1\.1 431 /)
    expect(reply).toContain('urn:wandbridge:problem:headers-too-large')
    const many = `GET /healthz HTTP/1.1\r\n${HEAD(w)}${'X: y\r\n'.repeat(20_000)}\r\n`
    expect(await raw(w.port, many)).toMatch(/^HTTP\/1\.1 431 /)
    const long = `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${HEAD(w)}\r\n`
    expect(await raw(w.port, long)).toMatch(/^HTTP\/1\.1 4(14|31|00) /)
    for (const nonsense of [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc',
      '\0\0\0\0',
      'GET\r\n\r\n',
      '\r\n'.repeat(10_000),
    ]) {
      expect(await raw(w.port, nonsense, 500)).not.toContain(' 200 ')
    }
    expect((await w.get('/healthz')).status).toBe(200)
  })
})

describe('connections', () => {
  it('over the most make room: first the oldest nobody has shown a token on', () => {
    const server = new EventEmitter() as unknown as Server
    const connections = new Connections(server, 3)
    const gone: number[] = []
    const made = Array.from({ length: 7 }, (_, i) => {
      const socket = new EventEmitter() as unknown as Socket
      socket.destroy = () => {
        gone.push(i)
        socket.emit('close')
        return socket
      }
      return socket
    })
    const come = (i: number) => (server as unknown as EventEmitter).emit('connection', made[i])
    for (const i of [0, 1, 2]) come(i)
    connections.know(made[0] as Socket, 'a')
    come(3)
    expect(gone).toEqual([1])
    come(4)
    expect(gone).toEqual([1, 2])
    connections.know(made[3] as Socket, 'b')
    connections.know(made[4] as Socket, 'b')
    // Everybody is known: who holds most makes room, so that no token keeps the others out.
    come(5)
    expect(gone).toEqual([1, 2, 3])
    expect(connections.size).toBe(3)
    // And strangers only ever put out each other.
    come(6)
    expect(gone).toEqual([1, 2, 3, 5])
  })
})

describe('seats', () => {
  const reply = () => Object.assign(new EventEmitter(), { destroyed: false }) as ServerResponse
  const leave = (one: ServerResponse) => {
    Object.assign(one, { destroyed: true })
    one.emit('close')
  }

  it('are not given to those who have gone, who wait no longer either', async () => {
    const seats = new Seats(1, 2)
    const [first, second, third, fourth] = [reply(), reply(), reply(), reply()]
    await seats.enter(first)
    const waits = [seats.enter(second), seats.enter(third)]
    await expect(seats.enter(fourth)).rejects.toThrow('Too many requests')
    leave(second)
    await expect(waits[0]).rejects.toThrow()
    // There is room for one more to wait, and the seat goes to who is there.
    const last = seats.enter(fourth)
    leave(first)
    await waits[1]
    leave(third)
    await last
    const gone = reply()
    leave(fourth)
    Object.assign(gone, { destroyed: true })
    await expect(seats.enter(gone)).rejects.toThrow()
    await seats.enter(reply())
  })
})

describe('rate', () => {
  it('gives a burst, then so many a second, to each apart, in bounded memory', () => {
    const rate = new RateLimit({ perSecond: 10, burst: 3 })
    expect([0, 0, 0, 0].map(() => rate.take('a', 0))).toEqual([0, 0, 0, 100])
    expect(rate.take('b', 0)).toBe(0)
    expect(rate.take('a', 50)).toBe(50)
    expect(rate.take('a', 100)).toBe(0)
    expect(rate.take('a', 10_000)).toBe(0)
    expect([0, 0, 0].map(() => rate.take('a', 10_000))).toEqual([0, 0, 100])
    // Never used up by a clock that stands still or by strangers.
    for (let i = 0; i < 5_000; i += 1) rate.take(`other ${i}`, 10_001 + i)
    expect(rate.take('a', 20_000)).toBe(0)
  })
})
