// A driver that tries to write outside its list, in every way we could think of: the byte never reaches the port,
// the link ends, it is recorded what was tried, and the other wands notice nothing.
import { describe, expect, it } from 'vitest'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import type { DriverKind, DriverOptions, Sendable } from '../../src/drivers/driver.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import type { BridgeEvent, LinkEvent } from '../../src/model/event.ts'
import { recordOf } from '../../src/recorder/records.ts'
import type { PortEvents, PortSource, WandPort } from '../../src/transport/port.ts'

const ascii = (text: string) => Buffer.from(text, 'latin1')
const GOOD = '?ID\r\n'
const BAD = '!DOSE 5\r\n'
const SENDS: readonly Sendable[] = [
  { what: 'who are you', pattern: /^\?ID\r\n$/ },
  { what: 'a value', pattern: /^\?V[0-9]\r\n$/ },
]

/** A port that keeps what reaches it. */
function fakePort() {
  const reached: string[] = []
  const opened: PortEvents[] = []
  const source: PortSource = {
    path: 'fake',
    create(): WandPort {
      let events: PortEvents | null = null
      return {
        path: 'fake',
        framing: LINES,
        async open(given) {
          events = given
          opened.push(given)
        },
        write: (bytes) => void reached.push(Buffer.from(bytes).toString('latin1')),
        async close() {
          const told = events
          events = null
          told?.ended('closed', 'closed')
        },
      }
    },
  }
  return { source, reached, opened }
}

interface Rogue {
  readonly port: WandPort
  readonly options: DriverOptions
  readonly events: { data: string[]; ended: string[] }
  readonly opened: readonly PortEvents[]
  readonly sends: Sendable[]
  open(port?: WandPort, on?: Partial<PortEvents>): Promise<WandPort>
}

/** Runs a bridge whose driver does `what`, and gives all that came of it. */
async function rogue(what: (r: Rogue) => Promise<void> | void, sends = [...SENDS]) {
  const env = new VirtualEnv()
  const { source, reached, opened } = fakePort()
  const told = { data: [] as string[], ended: [] as string[] }
  let done: Promise<void> = Promise.resolve()
  const kind: DriverKind = {
    ...openWand,
    name: 'rogue',
    sends,
    quietMs: 1_000,
    create(options) {
      const port = options.port.create()
      const open: Rogue['open'] = async (one = port, on = {}) => {
        await one.open({
          data: (bytes) => void told.data.push(Buffer.from(bytes).toString('latin1')),
          ended: (end) => void told.ended.push(end),
          ...on,
        })
        return one
      }
      return {
        counters: {} as never,
        start: () => {
          done = Promise.resolve(what({ port, options, events: told, opened, sends, open }))
        },
        read: () => {},
        stop: async () => {},
      }
    },
  }
  const events: BridgeEvent[] = []
  const bridge = new Bridge({ env, driver: kind, ports: [source], policy: 'manual' })
  bridge.events$.subscribe((event) => void events.push(event))
  bridge.start()
  await env.advance(100)
  await done
  await env.advance(100)
  const stopped = events.filter(
    (event): event is LinkEvent => event.kind === 'link' && event.cause === 'not-allowed',
  )
  return { reached, told, stopped, bridge, env }
}

/** Ways to get BAD, or a part of it, to the port. Each first opens what it writes to. */
const WAYS: Readonly<Record<string, (r: Rogue) => Promise<void>>> = {
  directly: async (r) => (await r.open()).write(ascii(BAD)),
  'byte by byte': async (r) => {
    const port = await r.open()
    for (const c of BAD) port.write(ascii(c))
  },
  'in two pieces, of which the second looks like a request': async (r) => {
    const port = await r.open()
    port.write(ascii('!DOSE 5'))
    port.write(ascii(GOOD))
  },
  'merged behind a good request': async (r) => (await r.open()).write(ascii(GOOD + BAD)),
  'merged in front of a good request': async (r) => (await r.open()).write(ascii(BAD + GOOD)),
  'between two good requests': async (r) => (await r.open()).write(ascii(GOOD + BAD + GOOD)),
  'as the tail of a good request': async (r) => (await r.open()).write(ascii('?ID;!DOSE 5\r\n')),
  'as a good request without its end': async (r) => (await r.open()).write(ascii('?ID')),
  'as two good requests at once': async (r) => (await r.open()).write(ascii(GOOD + GOOD)),
  'in another case': async (r) => (await r.open()).write(ascii('?id\r\n')),
  'with a byte above 127': async (r) =>
    (await r.open()).write(Uint8Array.of(0x3f, 0xc9, 0x44, 13, 10)),
  'as nothing at all': async (r) => (await r.open()).write(new Uint8Array(0)),
  'after a good request': async (r) => {
    const port = await r.open()
    port.write(ascii(GOOD))
    port.write(ascii(BAD))
  },
  'while data are handed over': async (r) => {
    const port = r.port
    await r.open(port, { data: () => port.write(ascii(BAD)) })
    r.opened[0]?.data(ascii('hello'))
  },
  'by another port of the same source': async (r) => {
    await r.open()
    ;(await r.open(r.options.port.create())).write(ascii(BAD))
  },
  'by a port of an earlier opening': async (r) => {
    const first = await r.open()
    await first.close()
    await r.open(r.options.port.create())
    first.write(ascii(BAD))
  },
  'as a view into a larger buffer': async (r) => {
    const all = ascii(GOOD + BAD)
    ;(await r.open()).write(all.subarray(GOOD.length))
  },
  'before the port is open': async (r) => {
    r.port.write(ascii(BAD))
    await r.open().catch(() => {})
  },
  'by a list that it makes longer': async (r) => {
    r.sends.push({ what: 'all', pattern: /[\s\S]*/ })
    ;(await r.open()).write(ascii(BAD))
  },
  'by bytes whose own methods lie': async (r) => {
    class Lying extends Uint8Array {
      override subarray() {
        return new Uint8Array(ascii(GOOD)) as never
      }
      override slice() {
        return new Uint8Array(ascii(GOOD)) as never
      }
      override toString() {
        return GOOD
      }
    }
    ;(await r.open()).write(new Lying(ascii(BAD)))
  },
  'after an error of the port': async (r) => {
    const port = await r.open()
    r.opened[0]?.ended('failed', 'the system said so')
    port.write(ascii(BAD))
  },
}

describe('a write outside the list', () => {
  it.each(Object.entries(WAYS))('never reaches the port: %s', async (_, way) => {
    const { reached, stopped } = await rogue(way)
    expect(reached.join('')).not.toMatch(/DOSE|!|id|\u00c9/)
    for (const frame of reached) expect(frame).toBe(GOOD)
    expect(stopped).toHaveLength(1)
    const [event] = stopped as [LinkEvent]
    expect(event).toMatchObject({ connected: false, why: { code: 'why.not-allowed' } })
    expect(recordOf(event)).toMatchObject({ kind: 'link', body: { cause: 'not-allowed' } })
  })

  it('says what was tried, and how much', async () => {
    const { stopped } = await rogue(async (r) => (await r.open()).write(ascii(BAD)))
    const args = { bytes: BAD.length, hex: ascii(BAD).toString('hex') }
    expect(stopped[0]?.why).toEqual({ code: 'why.not-allowed', args })
  })

  it('ends the link for good: nothing good goes out any more, and no port opens', async () => {
    const { reached, told, stopped } = await rogue(async (r) => {
      const port = await r.open()
      port.write(ascii(BAD))
      port.write(ascii(GOOD))
      port.write(ascii(BAD))
      const again = await r.open(r.options.port.create()).catch((error) => error)
      expect(again).toMatchObject({ end: 'denied' })
    })
    expect(reached).toEqual([])
    expect(told.ended).toEqual(['denied'])
    expect(stopped).toHaveLength(1)
  })

  it('judges the bytes that are sent: what is changed afterwards is not', async () => {
    const { reached, stopped } = await rogue(async (r) => {
      const bytes = new Uint8Array(ascii(GOOD))
      ;(await r.open()).write(bytes)
      bytes.set(ascii('!DOSE'))
    })
    expect([reached, stopped.length]).toEqual([[GOOD], 0])
  })

  it.each([/\?ID\r\n/, /^\?ID\r\n$/gm, /\?ID\r\n/gy, /x|\?ID\r\n/])(
    'is not let through by a pattern that is written carelessly: %s',
    async (pattern) => {
      const sends = [{ what: 'who', pattern }]
      for (const text of [GOOD + BAD, BAD + GOOD, `\n${GOOD}`]) {
        const bad = await rogue(async (r) => (await r.open()).write(ascii(text)), sends)
        expect([bad.reached, bad.stopped.length]).toEqual([[], 1])
      }
      const good = await rogue(async (r) => {
        const port = await r.open()
        for (let n = 0; n < 3; n += 1) port.write(ascii(GOOD))
      }, sends)
      expect([good.reached, good.stopped.length]).toEqual([[GOOD, GOOD, GOOD], 0])
    },
  )

  it('costs the other wand of the bridge nothing', async () => {
    const env = new VirtualEnv()
    const [one, two] = [fakePort(), fakePort()]
    const kind: DriverKind = {
      ...{ ...openWand, name: 'half', sends: SENDS, quietMs: 1_000 },
      create({ port: source }) {
        const port = source.create()
        return {
          counters: {} as never,
          start: () => void port.open({ data: () => {}, ended: () => {} }),
          read: () => port.write(ascii(source.path === 'one' ? BAD : GOOD)),
          stop: async () => {},
        }
      },
    }
    const ports = [
      { ...one.source, path: 'one' },
      { ...two.source, path: 'two' },
    ]
    const bridge = new Bridge({ env, driver: kind, ports, policy: 'manual' })
    bridge.start()
    await env.advance(10)
    bridge.interrogate()
    await env.advance(10)
    bridge.interrogate('two')
    expect(one.reached).toEqual([])
    expect(two.reached).toEqual([GOOD, GOOD])
  })
})
