// The shell of the link: what it does with a driver that hangs, a machine that sleeps, bytes in pieces.
import { describe, expect, it } from 'vitest'
import { encodePdu, FLAG_REPLY, FLAG_SIMULATOR, MAJOR } from '../../../protocol/codec/pdu.ts'
import { LINES } from '../../../protocol/framing/line-stream.ts'
import { encodeLine } from '../../../protocol/framing/serial-line.ts'
import { startSimulator } from '../../../simulator/index.ts'
import { VirtualEnv } from '../../../src/base/env.ts'
import { tapped } from '../../../src/bridge/tapped.ts'
import { Link, type NewsContext } from '../../../src/drivers/open-wand/link.ts'
import type { LinkNews } from '../../../src/drivers/open-wand/link-state.ts'
import type { Policy } from '../../../src/model/policy.ts'
import { loopbackSource } from '../../../src/transport/loopback.ts'
import {
  PortError,
  type PortEvents,
  type PortFact,
  type PortSource,
  type WandPort,
} from '../../../src/transport/port.ts'

interface Told {
  readonly news: LinkNews
  readonly context: NewsContext
}

function follow(env: VirtualEnv, port: PortSource, policy: Policy) {
  const told: Told[] = []
  const link = new Link({
    env,
    port,
    source: 'simulator',
    policy,
    sink: {
      news: (news, context) => void told.push({ news, context }),
      discarded: () => {},
    },
  })
  const kinds = () => told.map((t) => t.news.kind)
  const causes = () => told.flatMap((t) => (t.news.kind === 'phase' ? [t.news.cause] : []))
  return { link, told, kinds, causes }
}

/** A port that does as it is told; every object made is kept. */
function scripted(open: (events: PortEvents) => Promise<void>, close = async () => {}) {
  const made: {
    port: WandPort
    events: PortEvents | null
    written: Uint8Array[]
    closed: number
  }[] = []
  const source: PortSource = {
    path: 'scripted',
    create() {
      const entry: (typeof made)[number] = {
        events: null,
        written: [],
        closed: 0,
        port: {
          path: 'scripted',
          framing: LINES,
          open(events) {
            entry.events = events
            return open(events)
          },
          write: (bytes) => void entry.written.push(bytes),
          close() {
            entry.closed += 1
            return close()
          },
        },
      }
      made.push(entry)
      return entry.port
    },
  }
  return { source, made }
}

const never = () => new Promise<void>(() => {})

async function stopTime(env: VirtualEnv, link: Link): Promise<number> {
  const began = env.monotonic()
  let done = false
  const stopping = link.stop().then(() => {
    done = true
  })
  await env.until(() => done, 5_000)
  if (done) await stopping
  return env.monotonic() - began
}

async function simulated(
  policy: Policy,
  framing: 'line' | 'report' = 'line',
  tap: (fact: PortFact) => void = () => {},
) {
  const env = new VirtualEnv()
  const simulator = await startSimulator({ env })
  const wand = simulator.wands[0]
  if (!wand) throw new Error('no wand')
  const f = follow(env, tapped(loopbackSource('loop', wand.paths[framing]), tap), policy)
  return { env, simulator, path: wand.paths[framing], ...f }
}

describe('a driver', () => {
  it('that never opens is given up, closed, and tried again with a new port', async () => {
    const env = new VirtualEnv()
    const { source, made } = scripted(never)
    const { link, causes } = follow(env, source, 'manual')
    link.start()
    await env.advance(12_000)
    expect(made.length).toBeGreaterThan(1)
    expect(made[0]?.closed).toBe(1)
    expect(causes()).toEqual(['start', 'cannot-open'])
    expect(await stopTime(env, link)).toBeLessThanOrEqual(3_000)
    expect(made.at(-1)?.closed).toBe(1)
  })

  it('that never closes does not hold up the stop', async () => {
    const env = new VirtualEnv()
    const { source } = scripted(async () => {}, never)
    const { link } = follow(env, source, 'manual')
    link.start()
    await env.advance(50)
    expect(await stopTime(env, link)).toBeLessThanOrEqual(3_000)
    expect(link.state.phase).toBe('stopped')
  })

  it('that opens after it was given up is closed and not listened to', async () => {
    const env = new VirtualEnv()
    const slow: (() => void)[] = []
    const { source, made } = scripted(() => new Promise((resolve) => void slow.push(resolve)))
    const { link } = follow(env, source, 'manual')
    link.start()
    await env.advance(5_050)
    slow[0]?.()
    await env.advance(50)
    made[0]?.events?.data(Buffer.from(':00'))
    expect(link.counters.bytesIn).toBe(0)
    expect(link.state.phase).not.toBe('greeting')
    await stopTime(env, link)
  })

  it('that refuses is asked less often when somebody else holds the port', async () => {
    const tries = async (end: 'absent' | 'busy') => {
      const env = new VirtualEnv()
      const { source, made } = scripted(() => Promise.reject(new PortError(end, 'no')))
      const { link } = follow(env, source, 'manual')
      link.start()
      await env.advance(60_000)
      await stopTime(env, link)
      return made.length
    }
    expect(await tries('busy')).toBeLessThan((await tries('absent')) / 3)
  })
})

describe('a connection', () => {
  it('has a port, a link number and a parser of its own, so that nothing is glued across the gap', async () => {
    const env = new VirtualEnv()
    const { source, made } = scripted(async () => {})
    const { link } = follow(env, source, 'manual')
    link.start()
    await env.advance(50)
    const first = link.state.link
    const hello = encodePdu({
      major: MAJOR,
      type: 1,
      flags: FLAG_REPLY | FLAG_SIMULATOR,
      code: 0,
      seq: 1,
      link: first,
      session: 0,
      payload: new Uint8Array(60),
    })
    const line = Buffer.from(encodeLine(hello), 'latin1')
    made[0]?.events?.data(line.subarray(0, 40))
    expect(link.counters.held).toBe(40)
    made[0]?.events?.ended('unplugged', 'pulled')
    expect(link.counters.held).toBe(0)
    await env.advance(300)
    expect(made).toHaveLength(2)
    expect(link.state.link).not.toBe(first)
    made[1]?.events?.data(line.subarray(40))
    // Whole, but of the connection before.
    made[1]?.events?.data(line)
    expect(link.state.hello).toBeNull()
    expect(link.counters.accepted.frames).toBe(0)
    expect(link.counters.discarded).toMatchObject({
      truncated: { frames: 1, bytes: 40 },
      noise: { frames: 1, bytes: line.length - 40 },
      'wrong-link': { frames: 1, bytes: line.length },
    })
    await stopTime(env, link)
  })

  it('is dropped for another version only if the reply is to this link', async () => {
    const env = new VirtualEnv()
    const { source, made } = scripted(async () => {})
    const { link, told } = follow(env, source, 'manual')
    link.start()
    await env.advance(50)
    const other = (nonce: number) =>
      Buffer.from(
        encodeLine(
          encodePdu({
            major: 2,
            type: 1,
            flags: FLAG_REPLY | FLAG_SIMULATOR,
            code: 12,
            seq: 1,
            link: nonce,
            session: 0,
            payload: new Uint8Array(),
          }),
        ),
        'latin1',
      )
    made[0]?.events?.data(other(link.state.link ^ 1))
    expect(link.state.phase).toBe('greeting')
    made[0]?.events?.data(other(link.state.link))
    expect(link.state.phase).toBe('waiting')
    expect(told.at(-1)?.news).toMatchObject({
      cause: 'wrong-version',
      why: { code: 'why.version', args: { major: 2 } },
    })
    await stopTime(env, link)
  })
})

describe.each(['line', 'report'] as const)('over %s framing', (framing) => {
  it('reads, closes with the implant’s word, and every byte is accounted for', async () => {
    let received = 0
    let sent = 0
    const s = await simulated('on-placement', framing, (fact) => {
      if (fact.kind === 'in') received += fact.bytes.length
      if (fact.kind === 'out') sent += fact.bytes.length
    })
    s.link.start()
    await s.env.until(() => s.kinds().includes('session-end'), 60_000)
    const { counters } = s.link
    const refused = Object.values(counters.discarded).reduce((n, c) => n + c.bytes, 0)
    expect(counters.accepted.bytes + refused + counters.held).toBe(received)
    expect(counters).toMatchObject({ bytesIn: received, bytesOut: sent })
    expect(s.told.find((t) => t.news.kind === 'session-end')?.news).toMatchObject({
      how: 'confirmed',
    })
    await stopTime(s.env, s.link)
    await s.simulator.stop()
  })

  it('tells where every piece of news belongs, and when the reading was made', async () => {
    const s = await simulated('continuous', framing)
    s.link.start()
    await s.env.until(() => s.kinds().includes('live'), 60_000)
    for (const { news, context } of s.told) {
      if (news.kind === 'snapshot' || news.kind === 'live') {
        expect(context.link).toBe(s.link.state.link)
        expect(context.session).toBe(news.session.id)
        expect(context.snapshot).toBe(s.link.state.snapshot)
      }
      if (news.kind !== 'snapshot') continue
      const { began, ended } = news.read
      expect(began.earliest).toBeLessThanOrEqual(began.latest)
      expect(ended.latest).toBeLessThanOrEqual(context.at.mono)
      expect(ended.earliest).toBeGreaterThan(began.latest)
      expect(news.read.pdus.length).toBeGreaterThan(11)
    }
    await stopTime(s.env, s.link)
    await s.simulator.stop()
  })
})

describe('a computer', () => {
  it.each([
    // Both clocks went on: it may as well have been busy.
    ['that sleeps', (env: VirtualEnv) => env.suspend(60_000), 'held-up'],
    ['whose clock is set forward', async (env: VirtualEnv) => env.setWall(3_000), 'clock-jumped'],
    ['whose clock is set back', async (env: VirtualEnv) => env.setWall(-3_000), 'clock-jumped'],
  ] as const)('%s takes the link for lost', async (_, upset, cause) => {
    const s = await simulated('continuous')
    s.link.start()
    await s.env.until(() => s.kinds().includes('live'), 60_000)
    await upset(s.env)
    await s.env.advance(510)
    expect(s.causes()).toContain(cause)
    const live = s.told.filter((t) => t.news.kind === 'live').length
    await s.env.until(() => s.told.filter((t) => t.news.kind === 'live').length > live, 60_000)
    expect(s.kinds().filter((k) => k === 'session-open')).toHaveLength(2)
    await stopTime(s.env, s.link)
    await s.simulator.stop()
  })

  it('whose clock is corrected by a second notices nothing', async () => {
    const s = await simulated('continuous')
    s.link.start()
    await s.env.until(() => s.kinds().includes('live'), 60_000)
    s.env.setWall(1_000)
    await s.env.advance(2_000)
    expect(s.causes()).not.toContain('clock-jumped')
    await stopTime(s.env, s.link)
    await s.simulator.stop()
  })
})

describe('whoever hears the news', () => {
  it('may fail, and the link goes on and still closes its session', async () => {
    const s = await simulated('continuous')
    const heard: string[] = []
    const link = new Link({
      env: s.env,
      port: loopbackSource('loop', s.path),
      source: 'simulator',
      policy: 'continuous',
      sink: {
        news(news) {
          heard.push(news.kind === 'session-end' ? news.how : news.kind)
          if (news.kind === 'session-open' && heard.filter((k) => k === news.kind).length === 1) {
            throw new Error('a fault')
          }
        },
        discarded: () => {},
      },
    })
    link.start()
    await expect(s.env.advance(30_000)).rejects.toThrow('a fault')
    await s.env.until(() => heard.includes('live'), 30_000)
    await stopTime(s.env, link)
    expect(heard).toContain('confirmed')
    await s.simulator.stop()
  })
})
