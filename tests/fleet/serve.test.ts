// A replica over a real broker: what it knows is what the files say, by position in every order; a token of
// one site reads nothing of another; two replicas answer alike, and one that ends is not missed at the other.
import { afterEach, describe, expect, it } from 'vitest'
import { TokenStore } from '../../src/access/store.ts'
import { SCOPES } from '../../src/access/token.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import type { HistoryQuery } from '../../src/feed/passes.ts'
import { Site, Sites } from '../../src/fleet/serve/sites.ts'
import { StreamLog } from '../../src/fleet/serve/stream-log.ts'
import { type Broker, openBroker } from '../../src/fleet/stream/broker.ts'
import { streamOf } from '../../src/fleet/stream/names.ts'
import { type Replica, startReplica } from '../../src/host/replica.ts'
import { Knowledge } from '../../src/knowledge/knowledge.ts'
import type { Overview } from '../../src/model/fleet.ts'
import { WORDS } from '../../src/words/words.ts'
import { randomRecords } from '../knowledge/records.ts'
import {
  broker,
  caughtUp,
  cleanUp,
  env,
  type Node,
  onCleanUp,
  type Room,
  room,
  sending,
  some,
  temporary,
  until,
} from './world.ts'

afterEach(cleanUp)

const READS = { label: 'test', scopes: [...SCOPES], lifeMs: null }

/** Records of a clinic whose pumps are called after it. */
async function clinic(site: string, seed: number, n = 160): Promise<NewRecord[]> {
  const records = await randomRecords(seed, n)
  return records.map((one) =>
    one.pump ? { ...one, pump: one.pump.replace('P', site.toUpperCase()) } : one,
  )
}

async function replica(node: Node, dir = temporary()): Promise<Replica> {
  const made = await startReplica(env, dir, {
    ...{ broker: { servers: [node.url] }, source: 'simulator', words: WORDS['en-US'] },
    page: { locale: 'en-US', zone: 'UTC' },
    http: { host: '127.0.0.1', port: 0 },
    log: () => {},
  })
  onCleanUp(() => made.close())
  return made
}

const tokenIn = async (dir: string) =>
  (await new TokenStore(env, dir, 'simulator').create(READS)).text

async function get(one: Replica, path: string, token: string | null): Promise<Response> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
  return fetch(`${one.url}${path}`, { headers, signal: AbortSignal.timeout(10_000) })
}

async function known(from: Room): Promise<Knowledge> {
  const own = { env, disk: null, dir: '', source: 'simulator', feed: from.feed } as const
  const knowledge = new Knowledge(own)
  await knowledge.start()
  await knowledge.stop()
  return knowledge
}

it('a site whose pulse tells of records that are not here is silent', async () => {
  const env = new VirtualEnv({ seed: 1 })
  const site = new Site(env, 'a', 'simulator')
  const ref = { site: 'a', log: 'simulator-1-00000000' }
  site.log(ref.log, () => new StreamLog(env, {} as Broker, ref, () => {}))
  const pulse = { at: '2026-11-24T14:02:11Z', checkpoint: null, key: null }
  const heard = async (size: number) => {
    for (let n = 0; n < 4; n += 1) {
      site.hear(ref.log, { ...pulse, size })
      await env.advance(10_000)
    }
    return !site.silent
  }
  expect([await heard(0), await heard(1)]).toEqual([true, false])
})

it('a stream that could not be read is followed at the next look', async () => {
  const node = await broker()
  const one = await room()
  await one.append(some(5))
  const sent = sending(one, node.url, 'a')
  await caughtUp(sent)
  const open = await openBroker({ servers: [node.url] }, 'test')
  onCleanUp(() => open.close())
  const ref = { site: 'a', log: one.name }
  const facts = async () => {
    const { config, created, state } = await open.manager.streams.info(streamOf(ref))
    const [firstSeq, lastSeq] = [state.first_seq, state.last_seq]
    return { created: String(created), description: config.description, firstSeq, lastSeq }
  }
  const manager = Object.create(open.manager)
  const streams = Object.create(open.manager.streams)
  let fails = true
  streams.getMessage = (...asked: Parameters<typeof streams.getMessage>) => {
    if (fails) throw new Error('no answer')
    return open.manager.streams.getMessage(...(asked as [string, { seq: number }]))
  }
  Object.defineProperty(manager, 'streams', { value: streams })
  const log = new StreamLog(env, { ...open, manager }, ref, () => {})
  onCleanUp(() => log.close())
  await expect(log.take(await facts())).rejects.toThrow('no answer')
  fails = false
  await log.take(await facts())
  await one.append(some(5, 5))
  await caughtUp(sent)
  await until(() => log.known === one.log.state.size, 'the newest came')
})

describe('a replica', () => {
  it('gives every range of a log as its files do, forward and backward, old and new', async () => {
    const node = await broker()
    const one = await room()
    await one.append(some(2_500))
    await one.append(await clinic('a', 1, 60))
    const sent = sending(one, node.url, 'a')
    await caughtUp(sent)
    const open = await openBroker({ servers: [node.url] }, 'test')
    const sites = new Sites({ env, broker: open, source: 'simulator', log: () => {} })
    onCleanUp(async () => {
      await sites.stop()
      await open.close()
    })
    await sites.start()
    await one.append(some(40, 2_500))
    await caughtUp(sent)
    const there = sites.all[0]?.feed as Feed
    await until(() => there.head()?.size === one.log.state.size, 'the newest came')
    expect(there.head()?.log).toBe(one.name)
    const queries: HistoryQuery[] = [
      {},
      { order: 'desc', limit: 30 },
      { after: 2_000, before: 2_610 },
      { order: 'desc', kinds: ['interrogation'] },
      { kinds: ['alarm'], after: 100 },
      { order: 'desc', before: 700, limit: 3 },
    ]
    for (const query of queries) {
      const lines = async (feed: Feed) => {
        const all: string[] = []
        for await (const { position, kind, at, line } of feed.read(query))
          all.push(`${position} ${kind} ${at} ${line}`)
        return all
      }
      expect(await lines(there)).toEqual(await lines(one.feed))
    }
  })

  it('knows of each site what its log says, and a token of one site reads nothing of another', async () => {
    const node = await broker()
    const rooms = { a: await room(), b: await room() }
    for (const [site, one] of Object.entries(rooms)) {
      await one.append(await clinic(site, site === 'a' ? 2 : 3))
      await caughtUp(sending(one, node.url, site))
    }
    const dir = temporary()
    const tokens = {
      a: await tokenIn(`${dir}/sites/a`),
      b: await tokenIn(`${dir}/sites/b`),
      all: await tokenIn(dir),
    }
    const first = await replica(node, dir)
    const second = await replica(node)
    expect(first.sites.toSorted()).toEqual(['a', 'b'])
    const views = (knowledge: Knowledge) =>
      knowledge.pumps().map(({ serial, reading }) => [serial, reading?.at])
    const told = views(await known(rooms.a))
    const { pumps } = (await (await get(first, '/api/v1/pumps', tokens.a)).json()) as {
      pumps: { pump: { id: string; serial: string }; quality: string; readAt: string }[]
    }
    expect(pumps.map(({ pump }) => pump.serial)).toEqual(told.map(([serial]) => serial))
    expect(pumps.every(({ quality }) => quality === 'stale')).toBe(true)
    const others = (await (await get(first, '/api/v1/pumps', tokens.b)).json()) as typeof pumps & {
      pumps: typeof pumps
    }
    const [foreign] = others.pumps
    const paths = ['/api/v1/wands', '/api/v1/pumps', '/fhir/R4/Device', '/fhir/R4/Observation']
    const perPump = (id: string) => [
      ...['', '/readings', '/interrogations', '/refills', '/events'].map(
        (what) => `/api/v1/pumps/${id}${what}`,
      ),
      `/fhir/R4/Device/${id}`,
    ]
    for (const path of [...paths, ...perPump(foreign?.pump.id ?? '')]) {
      const reply = await get(first, path, tokens.a)
      const text = await reply.text()
      expect(text, path).not.toMatch(/"B-\d/)
      if (path.includes(foreign?.pump.id ?? '-')) expect([404, 200]).toContain(reply.status)
      expect((await get(first, path, null)).status, path).toBe(401)
      // The token of all is for the overview, and for nothing of one site.
      expect((await get(first, path, tokens.all)).status, path).toBe(404)
    }
    const own = await get(first, `/api/v1/pumps/${pumps[0]?.pump.id}/interrogations`, tokens.a)
    expect(((await own.json()) as { interrogations?: unknown[] }).interrogations ?? []).not.toEqual(
      [],
    )
    // The stream of events goes on with what a site records, and with nothing of another.
    const events = await get(first, '/api/v1/events', tokens.a)
    let heard = ''
    void (async () => {
      for await (const chunk of events.body ?? []) heard += Buffer.from(chunk).toString()
    })().catch(() => {})
    await until(() => heard.includes('event: snapshot'), 'a snapshot')
    await rooms.b.append(some(3, 900))
    await rooms.a.append(await clinic('a', 4, 20))
    await until(() => heard.includes(`id: ${rooms.a.name}.`), 'a record')
    expect(heard).not.toContain(rooms.b.name)
    expect(heard).not.toMatch(/"B-\d/)
    // The overview is for the token of all.
    expect((await get(first, '/api/v1/fleet', tokens.a)).status).toBe(404)
    const overview = (await (await get(first, '/api/v1/fleet', tokens.all)).json()) as Overview
    expect(new Set(overview.pumps.map(({ site }) => site))).toEqual(new Set(['a', 'b']))
    expect(overview.sites.map(({ site, silent }) => [site, silent])).toEqual([
      ['a', false],
      ['b', false],
    ])
    // Another replica says the same, and goes on when this one has ended.
    const same = (one: Overview) => one.pumps.map(({ ageMs: _, ...pump }) => pump)
    await until(
      () => JSON.stringify(same(second.overview())) === JSON.stringify(same(first.overview())),
      'both say the same',
    )
    await first.close()
    expect(second.overview().pumps).not.toEqual([])
    // What was read was recorded, with the site.
    const reads: string[] = []
    const log = new Feed({
      ...{ env, source: 'simulator', disk: (await import('../../src/base/disk.ts')).nodeDisk },
      dir: `${dir}/audit`,
    })
    for await (const { line } of log.read({ kinds: ['read-access'] })) reads.push(line)
    expect(reads.join('\n')).toContain('/sites/a/api/v1/pumps')
    expect(reads.join('\n')).toContain('/sites/b/api/v1/pumps')
  })
})
