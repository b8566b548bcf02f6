// Bytes without end: no more than so many a second are taken, however they come; a wand is never kept waiting.
import { createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { startSimulator } from '../../simulator/index.ts'
import { systemEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { Pace } from '../../src/transport/pace.ts'
import { sourceFor } from '../../src/transport/source.ts'

const env = systemEnv()
let server: Server | null = null
afterEach(() => void server?.close())

describe('the pace', () => {
  it('takes a burst and then 128 KiB a second, whatever the pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 65_536 }), { minLength: 10 }), (pieces) => {
        const pace = new Pace()
        let now = 1_000
        let sum = 0
        for (const bytes of pieces) {
          sum += bytes
          now += pace.taken(bytes, now)
        }
        expect(sum).toBeLessThanOrEqual(32_768 + ((now - 1_000) * 131_072) / 1_000 + 1)
      }),
    )
  })

  it('never makes a serial line wait', () => {
    const pace = new Pace()
    for (let now = 0; now < 60_000; now += 10) expect(pace.taken(115, now)).toBe(0)
  })
})

/** Sends `noise` to everybody for as long as they take it. */
async function flooder(noise: Buffer): Promise<string> {
  const flood = (socket: Socket) => {
    const more = () => {
      while (socket.writable && socket.write(noise)) {
        // Until the socket is full.
      }
    }
    socket.on('drain', more).on('error', () => {})
    more()
  }
  server = createServer(flood).unref()
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return `tcp://127.0.0.1:${port}`
}

describe('a wand that sends without end', () => {
  it.each([
    ['lines', 'y\n'],
    ['beginnings', ':'],
    ['one line that does not end', 'y'],
  ])('in %s does not take the time of a good one', { timeout: 60_000 }, async (_, noise) => {
    const flooded = await flooder(Buffer.from(noise.repeat(65_536 / noise.length)))
    const simulator = await startSimulator({
      seed: 2,
      ports: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
    })
    const good = simulator.describe()[0]?.path ?? ''
    const bridge = new Bridge({
      env,
      driver: openWand,
      source: 'simulator',
      ports: [sourceFor(flooded, env), sourceFor(good, env)],
      policy: 'continuous',
    })
    const lost: string[] = []
    let lives = 0
    let stopping = false
    bridge.events$.subscribe((event) => {
      if (event.port !== good || stopping) return
      if (event.kind === 'live') lives += 1
      if (event.kind === 'link' && !event.connected && event.cause !== 'start')
        lost.push(event.cause)
      if (event.kind === 'contact' && event.changed && !event.fresh) lost.push(event.loss)
    })
    bridge.start()
    const began = env.monotonic()
    while (lives < 5 && env.monotonic() - began < 40_000) {
      await new Promise((resolve) => void env.after(50, () => resolve(undefined)))
    }
    stopping = true
    const took = bridge.counters()[flooded]?.bytesIn ?? 0
    const seconds = (env.monotonic() - began) / 1_000
    await bridge.stop()
    await simulator.stop()
    expect([lives >= 5, lost]).toEqual([true, []])
    expect(took).toBeGreaterThan(0)
    // Each opening has a burst of its own.
    expect(took).toBeLessThan(131_072 * seconds + 40 * 98_304)
  })
})
