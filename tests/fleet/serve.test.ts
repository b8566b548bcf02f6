// A replica over a real broker: what it knows is what the files say, by position in every order; two replicas answer
// alike, and one that ends is not missed at the other. What a token reaches is in replica.test.ts.
import { cpSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { utc, VirtualEnv } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import type { HistoryQuery } from '../../src/feed/passes.ts'
import { Site } from '../../src/fleet/serve/site.ts'
import { Sites } from '../../src/fleet/serve/sites.ts'
import { StreamLog } from '../../src/fleet/serve/stream-log.ts'
import { Way } from '../../src/fleet/serve/way.ts'
import { type Broker, openBroker } from '../../src/fleet/stream/broker.ts'
import { streamOf } from '../../src/fleet/stream/names.ts'
import { Knowledge } from '../../src/knowledge/knowledge.ts'
import type { Overview } from '../../src/model/fleet.ts'
import { clinic, get, replica, tokenIn } from './replicas.ts'
import {
  broker,
  caughtUp,
  cleanUp,
  env,
  onCleanUp,
  type Room,
  room,
  sending,
  some,
  temporary,
  until,
} from './world.ts'

afterEach(cleanUp)

/** Without what runs on by itself. */
const plain = (reply: unknown) =>
  JSON.parse(
    JSON.stringify(reply, (key, value) =>
      /^(asOf|ageMs|lastUpdated|timestamp|url|fullUrl)$/.test(key) ? undefined : value,
    ),
  )

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
  const pulse = { at: '2026-11-24T14:02:11Z', checkpoint: null, key: null, apart: null }
  const heard = async (size: number) => {
    for (let n = 0; n < 4; n += 1) {
      site.hear(ref.log, { ...pulse, size })
      await env.advance(10_000)
    }
    return !site.silent
  }
  expect([await heard(0), await heard(1)]).toEqual([true, false])
  // Nor does a bridge count that is there, and whose log is another than the broker has.
  site.hear(ref.log, { ...pulse, size: 0, apart: 'fork' })
  expect([site.silent, site.apart]).toEqual([true, 'fork'])
  expect([await heard(0), site.apart]).toEqual([true, null])
})

it('a site is silent by its own word when it was not heard since the replica began', async () => {
  const env = new VirtualEnv({ seed: 1 })
  const ref = { site: 'a', log: 'simulator-1-00000000' }
  const siteOf = (ageMs: number | null) => {
    const site = new Site(env, 'a', 'simulator')
    const log = new StreamLog(env, {} as Broker, ref, () => {})
    log.lastAt = ageMs === null ? null : utc(env.wall() - ageMs)
    site.log(ref.log, () => log)
    return site
  }
  const MONTH = 30 * 86_400_000
  const all = [null, MONTH, -MONTH, 20_000, -20_000].map(siteOf)
  expect(all.map(({ silent }) => silent)).toEqual([true, true, true, false, false])
  await env.advance(31_000)
  expect(all.map(({ silent }) => silent)).toEqual([true, true, true, true, true])
  for (const site of all) site.hear(ref.log, null)
  expect(all.map(({ silent }) => silent)).toEqual([false, false, false, false, false])
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
  onCleanUp(async () => log.close())
  await expect(log.take(await facts())).rejects.toThrow('no answer')
  fails = false
  await log.take(await facts())
  await one.append(some(5, 5))
  await caughtUp(sent)
  await until(() => log.known === one.log.state.size, 'the newest came')
})

/** The sites of a broker, read by one connection, which ends with the test. */
async function sitesAt(open: Broker): Promise<Sites> {
  const sites = new Sites({
    env,
    ways: [new Way(env, null, async () => open)],
    source: 'simulator',
    log: () => {},
  })
  onCleanUp(async () => {
    await sites.stop()
    await open.close()
  })
  await sites.start()
  return sites
}

describe('a replica', () => {
  it('gives every range of a log as its files do, forward and backward, old and new', async () => {
    const node = await broker()
    const one = await room()
    await one.append(some(2_500))
    await one.append(await clinic('a', 1, 60))
    const sent = sending(one, node.url, 'a')
    await caughtUp(sent)
    const open = await openBroker({ servers: [node.url] }, 'test')
    const sites = await sitesAt(open)
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

  it('tells what the broker has dropped, by its limits, as missing, and goes on behind it', async () => {
    const node = await broker()
    const one = await room()
    await one.append(some(40))
    await one.append(await clinic('a', 5, 60))
    await caughtUp(sending(one, node.url, 'a', { keepDays: 30, keepMiB: 64 }))
    const open = await openBroker({ servers: [node.url] }, 'test')
    const name = streamOf({ site: 'a', log: one.name })
    const { config } = await open.manager.streams.info(name)
    expect([config.max_age, config.max_bytes]).toEqual([30 * 86_400 * 1e9, 64 * 2 ** 20])
    // As these limits do it some day.
    await open.manager.streams.purge(name, { seq: 31 })
    const sites = await sitesAt(open)
    const feed = sites.all[0]?.feed as Feed
    const found: unknown[] = []
    const end = new AbortController()
    for await (const item of feed.follow({ log: one.name, position: 9 }, { signal: end.signal })) {
      if (item.kind === 'gap') found.push([item.from, item.to])
      if (item.kind === 'record') found.push(item.record.position)
      if (item.kind === 'caught-up') end.abort()
    }
    const kept = Array.from({ length: one.log.state.size - 30 }, (_, n) => n + 30)
    expect(found).toEqual([[10, 29], ...kept])
    // What is known is what those records say.
    const knowledge = new Knowledge({ env, disk: null, dir: '', source: 'simulator', feed })
    await knowledge.start()
    await knowledge.stop()
    const serials = (of: Knowledge) =>
      of
        .pumps()
        .map(({ serial }) => serial)
        .filter((text) => text.startsWith('A'))
    expect(serials(knowledge)).toEqual(serials(await known(one)))
  })

  it('knows of each site what its log says, and says the same as another replica', async () => {
    const node = await broker()
    const rooms = { a: await room(), b: await room() }
    for (const [site, one] of Object.entries(rooms)) {
      await one.append(await clinic(site, site === 'a' ? 2 : 3))
      await caughtUp(sending(one, node.url, site))
    }
    const [dir, dir2] = [temporary(), temporary()]
    const tokens = {
      a: await tokenIn(`${dir}/sites/a`),
      b: await tokenIn(`${dir}/sites/b`),
      all: await tokenIn(dir),
    }
    // The same tokens are given to both.
    cpSync(dir, dir2, { recursive: true })
    const first = await replica(node, dir)
    const second = await replica(node, dir2)
    expect(first.sites.toSorted()).toEqual(['a', 'b'])
    const views = (knowledge: Knowledge) =>
      knowledge.pumps().map(({ serial, reading }) => [serial, reading?.at])
    const told = views(await known(rooms.a))
    const { pumps } = (await (await get(first, '/api/v1/pumps', tokens.a)).json()) as {
      pumps: { pump: { id: string; serial: string }; quality: string; readAt: string }[]
    }
    expect(pumps.map(({ pump }) => pump.serial)).toEqual(told.map(([serial]) => serial))
    expect(pumps.every(({ quality }) => quality === 'stale')).toBe(true)
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
    // The snapshot has an id, too.
    const ids = () => heard.split(`id: ${rooms.a.name}.`).length - 1
    await until(() => ids() > 1, 'a record')
    await until(() => first.overview().sites.every(({ silent }) => !silent), 'both are heard')
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
    const answers = (path: string) =>
      Promise.all(
        [first, second].map(async (one) => plain(await (await get(one, path, tokens.a)).json())),
      )
    const alike = async (path: string) => {
      // Each hears of a record in its own time.
      await until(
        async () => new Set((await answers(path)).map((one) => JSON.stringify(one))).size === 1,
        path,
        5,
      ).catch(() => {})
      const [one, other] = await answers(path)
      expect(other, path).toEqual(one)
    }
    for (const { pump } of pumps)
      for (const what of ['', '/readings', '/interrogations', '/refills', '/events'])
        await alike(`/api/v1/pumps/${pump.id}${what}`)
    for (const path of [
      '/api/v1/wands',
      '/api/v1/pumps',
      '/fhir/R4/Device',
      '/fhir/R4/Observation',
    ])
      await alike(path)
    // A client of the second hears of every record once, whatever becomes of the first.
    const stream = await get(second, '/api/v1/events', tokens.a)
    let said = ''
    void (async () => {
      for await (const chunk of stream.body ?? []) said += Buffer.from(chunk).toString()
    })().catch(() => {})
    const positions = () => [...said.matchAll(/^id: .*\.(\d+)$/gm)].map(([, at]) => Number(at))
    await until(() => positions().length > 0, 'a snapshot of the second')
    const more = (await clinic('a', 6, 120)).filter(({ kind }) => kind === 'interrogation')
    const { size: before } = rooms.a.log.state
    await rooms.a.append(more.slice(0, 3))
    await first.close()
    await rooms.a.append(more.slice(3, 6))
    const expected = Array.from({ length: 6 }, (_, n) => before + n)
    await until(() => positions().at(-1) === expected.at(-1), 'the newest record')
    expect(positions().slice(1)).toEqual(expected)
    const now = (await (await get(second, '/api/v1/pumps', tokens.a)).json()) as {
      pumps: unknown[]
    }
    expect(now.pumps.length).toBeGreaterThanOrEqual(pumps.length)
    // What was read was recorded, with the site.
    const reads: string[] = []
    const log = new Feed({
      ...{ env, source: 'simulator', disk: (await import('../../src/base/disk.ts')).nodeDisk },
      dir: `${dir}/audit`,
    })
    for await (const { line } of log.read({ kinds: ['read-access'] })) reads.push(line)
    expect(reads.join('\n')).toContain('/sites/a/api/v1/pumps')
    expect(reads.join('\n')).toContain('"/api/v1/fleet"')
  })
})
