// What is at the other end of a port may be no wand at all, or one that means harm: whatever it sends, and
// however much, nothing leaves the port but read requests, nothing it says is shown, and memory stays level.
import { describe, expect, it } from 'vitest'
import { encodePdu, FLAG_REPLY, FLAG_SIMULATOR } from '../../protocol/codec/pdu.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import { mulberry32, VirtualEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import type { PortEvents, PortSource } from '../../src/transport/port.ts'
import { rig } from './rig.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
/** Bytes of each hostile wand: twenty send 200 MB. */
const BYTES = LONG ? 10_000_000 : 100_000
/** Requests to wands whose replies are damaged. */
const REQUESTS = LONG ? 401_429 : 2_000
const CHUNK = 4_096

const latin = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const repeated = (text: string) => () => latin(text.repeat(Math.ceil(CHUNK / text.length)))
const pdu = (change: Partial<Parameters<typeof encodePdu>[0]> = {}) =>
  encodeLine(
    encodePdu({
      ...{ major: 1, type: 2, flags: FLAG_REPLY | FLAG_SIMULATOR, code: 0, seq: 1, link: 1 },
      ...{ session: 0, payload: new Uint8Array() },
      ...change,
    }),
  )

/** What each sends, again and again; `next` is chance. */
const HOSTILE: Readonly<Record<string, (next: () => number) => Uint8Array>> = {
  zeros: () => new Uint8Array(CHUNK),
  'all ones': () => new Uint8Array(CHUNK).fill(0xff),
  chance: (next) => Uint8Array.from({ length: CHUNK }, () => next() & 0xff),
  'line ends only': repeated('\n'),
  'colons only': repeated(':'),
  'colons and line ends': repeated(':\r\n'),
  'one line without end': repeated('A'),
  'digits that begin a line without end': repeated(':'.concat('A'.repeat(5_000))),
  'half lines': repeated(pdu().slice(0, 20)),
  'lines without CR': repeated(pdu().replace('\r', '')),
  'lines in lower case': repeated(pdu().toLowerCase()),
  'good lines of a link that is not ours': repeated(pdu({ link: 7 })),
  requests: repeated(pdu({ flags: 0 })),
  'programming commands': repeated(pdu({ type: 0x50, flags: 0 })),
  'replies of an unknown type': repeated(pdu({ type: 0x99 })),
  'the longest lines': repeated(pdu({ payload: new Uint8Array(232).fill(0xee) })),
  'another major version': repeated(':02'.concat(pdu().slice(3))),
  'bad checksums': repeated(pdu().replace(/..\r/, '00\r')),
  'another protocol': repeated('HTTP/1.1 200 OK\r\nServer: x\r\n\r\n<html></html>\r\n'),
  'a terminal': repeated('\u001b[2J\u001b]0;x\u0007login: \r\n'),
}

const isSendable = (bytes: Uint8Array) => {
  const text = Buffer.from(bytes).toString('latin1')
  return openWand.sends.some(({ pattern }) => pattern.test(text))
}

function heap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

describe('a wand that sends', () => {
  it.each(Object.keys(HOSTILE))('%s', { timeout: LONG ? 600_000 : 60_000 }, async (name) => {
    const env = new VirtualEnv({ seed: 1 })
    const next = mulberry32(1)
    const make = HOSTILE[name] as (next: () => number) => Uint8Array
    const sent: Uint8Array[] = []
    const opened: { port: PortEvents | null } = { port: null }
    const source: PortSource = {
      path: 'hostile',
      create: () => ({
        path: 'hostile',
        framing: LINES,
        async open(events) {
          opened.port = events
        },
        write: (bytes) => {
          if (sent.length < 10_000 || !isSendable(bytes)) sent.push(Uint8Array.from(bytes))
        },
        async close() {
          opened.port = null
        },
      }),
    }
    const bridge = new Bridge({ env, driver: openWand, ports: [source], policy: 'on-placement' })
    bridge.start()
    await env.advance(10)
    let before = heap()
    for (let bytes = 0; bytes < BYTES; bytes += CHUNK) {
      opened.port?.data(make(next))
      if (bytes % (16 * CHUNK) === 0) await env.advance(50)
      // The first tenth fills what is bounded.
      if (bytes < BYTES / 10) before = Math.max(before, heap())
    }
    await env.advance(2_000)
    const { wands, pumps } = bridge.status()
    expect(pumps).toEqual([])
    expect(wands[0]?.serial ?? null).toBeNull()
    expect(sent.length).toBeGreaterThan(0)
    expect(sent.filter((bytes) => !isSendable(bytes))).toEqual([])
    expect(heap()).toBeLessThan(before + 30)
    const stopping = bridge.stop()
    await env.advance(4_000)
    await stopping
  })

  it('is twenty kinds', () => expect(Object.keys(HOSTILE)).toHaveLength(20))
})

it(`only read requests go to wands whose replies are damaged, over ${REQUESTS} of them`, {
  timeout: LONG ? 3_600_000 : 60_000,
}, async () => {
  let requests = 0
  for (let seed = 1; requests < REQUESTS; seed += 1) {
    const next = mulberry32(seed)
    const bad: string[] = []
    const r = await rig({
      seed,
      liveMs: 250,
      framing: seed % 3 === 0 ? 'report' : 'line',
      tap: (direction, bytes) => {
        if (direction !== 'sent') return
        requests += 1
        if (!isSendable(bytes)) bad.push(Buffer.from(bytes).toString('hex'))
      },
      mutate: (bytes) => {
        if (next() % 6 !== 0) return bytes
        const out = Uint8Array.from(bytes)
        for (let n = next() % 4; n >= 0; n -= 1) out[next() % out.length] = next() & 0xff
        return next() % 8 === 0 ? out.subarray(0, next() % out.length) : out
      },
    })
    r.bridge.start()
    await r.env.advance(30_000)
    await r.stop()
    expect(bad, `seed ${seed}`).toEqual([])
  }
})
