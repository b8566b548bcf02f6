// Following: nothing is lost and nothing comes twice, whatever happens to the log meanwhile and however
// often the follower is interrupted; and a thousand followers cost one read.
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Kind } from '../../src/audit/format/record.ts'
import { cursorText, parseCursor } from '../../src/feed/cursor.ts'
import { Feed, type FeedItem } from '../../src/feed/feed.ts'
import { duringReal } from '../audit/bench-log.ts'
import { DIR, World } from './world.ts'

/** A follower: it takes items, and keeps its place over interruptions. */
class Follower {
  cursor: string | null
  readonly items: FeedItem[] = []
  /** Why it could not be followed at last. */
  failure: Error | null = null
  readonly #kinds: readonly Kind[]
  #running: Promise<void> = Promise.resolve()
  #end = new AbortController()

  constructor(kinds: readonly Kind[], from: string | null) {
    this.#kinds = kinds
    this.cursor = from
  }

  start(feed: Feed): void {
    this.#end = new AbortController()
    this.#running = this.#follow(feed, this.#end.signal)
  }

  stop(): Promise<void> {
    this.#end.abort()
    return this.#running
  }

  /** A file that is broken while it is read rejects: a follower comes again, with its cursor. */
  async #follow(feed: Feed, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const from = this.cursor === null ? null : parseCursor(this.cursor)
      try {
        for await (const item of feed.follow(from, { kinds: this.#kinds, signal })) {
          this.items.push(item)
          this.cursor = cursorText(item.cursor)
        }
      } catch (error) {
        this.failure = error as Error
        await setTimeout(1)
      }
    }
  }
}

/** What was not given, is told; what is told, is so; and no position comes twice. */
function check(world: World, follower: Follower, kinds: readonly Kind[], seed: number): void {
  const seen = new Map<string, Map<number, string | null>>()
  const of = (log: string) => seen.get(log) ?? seen.set(log, new Map()).get(log)
  const put = (log: string, position: number, line: string | null) => {
    expect(of(log)?.has(position), `seed ${seed}: ${log} ${position} comes twice`).toBe(false)
    of(log)?.set(position, line)
  }
  for (const item of follower.items) {
    if (item.kind === 'record') put(item.record.log, item.record.position, item.record.line)
    if (item.kind === 'gap') {
      for (let at = item.from; at <= item.to; at += 1) put(item.log, at, null)
    }
    if (item.kind === 'replaced') {
      const size = world.written.get(item.log)?.length ?? 0
      for (let at = item.from; at < size; at += 1) put(item.log, at, null)
    }
  }
  for (const [log, records] of world.written) {
    // A log that came and went while nobody followed has left nothing by which it could be known.
    if (world.lost.has(log) && !follower.items.some(({ cursor }) => cursor.log === log)) continue
    for (const record of records) {
      if (!record || !(kinds as readonly string[]).includes(record.kind)) continue
      const got = seen.get(log)?.get(record.position)
      expect(got, `seed ${seed}: ${log} ${record.position} is lost`).not.toBe(undefined)
      if (got !== null) expect(got).toBe(record.line)
    }
  }
  // A gap is only told of what is not kept any more.
  for (const { position } of world.kept()) {
    if (follower.items.some((item) => isGap(item, world.current, position)))
      throw new Error(`seed ${seed}: ${position} is kept, and was told as dropped`)
  }
}

const isGap = (item: FeedItem, log: string, at: number) =>
  item.kind === 'gap' && item.log === log && item.from <= at && at <= item.to

const isThere = (world: World, { cursor }: Follower) =>
  cursor === `${world.current}.${world.log.state.size - 1}`

async function caughtUp(world: World, follower: Follower): Promise<void> {
  for (let i = 0; i < 400 && !isThere(world, follower); i += 1) {
    await world.bench.env.advance(600)
    await setTimeout(1)
  }
  expect(isThere(world, follower)).toBe(true)
}

const LOGS = process.env['WANDBRIDGE_LONG'] === '1' ? 200 : 60

describe('a follower', () => {
  it(`loses nothing and takes nothing twice, over ${LOGS} logs`, async () => {
    for (let seed = 1; seed <= LOGS; seed += 1) {
      const world = await World.begin(seed)
      const kinds = (['live', 'link', 'start', 'gap'] as const).filter(() => world.chance(3) > 0)
      const follower = new Follower(kinds, `${world.current}.-1`)
      let feed = world.feed(seed % 2 === 0)
      await world.append(1)
      follower.start(feed)
      for (let i = 0; i < 10; i += 1) {
        await world.happen()
        if (world.chance(3) > 0) continue
        await duringReal(world.bench.env, follower.stop())
        if (world.chance(2) === 0) await world.happen()
        if (world.chance(2) === 0) feed = world.feed(world.chance(2) === 0)
        follower.start(feed)
      }
      await caughtUp(world, follower)
      await duringReal(world.bench.env, follower.stop())
      world.note()
      check(world, follower, kinds, seed)
    }
  }, 120_000)

  it('without a cursor begins at the head', async () => {
    const world = await World.begin(1)
    await world.append(5)
    const follower = new Follower(['live', 'link', 'start', 'gap'], null)
    follower.start(world.feed(true))
    await caughtUp(world, follower)
    expect(follower.items.map(({ kind }) => kind)).toEqual(['caught-up'])
    await world.append(2)
    await caughtUp(world, follower)
    expect(follower.items.map(({ kind }) => kind).slice(1, 3)).toEqual(['record', 'record'])
    await duringReal(world.bench.env, follower.stop())
  })

  it('leaves no timer, no subscription and no open file behind', async () => {
    const world = await World.begin(2)
    await world.append(5)
    let open = 0
    const { disk, env } = world.bench
    const read = disk.read.bind(disk)
    disk.read = async function* (path, from) {
      open += 1
      try {
        yield* read(path, from)
      } finally {
        open -= 1
      }
    }
    const timers = new Set<symbol>()
    const after = env.after.bind(env)
    env.after = (ms, fn) => {
      const one = Symbol()
      timers.add(one)
      const cancel = after(ms, () => {
        timers.delete(one)
        fn()
      })
      return () => {
        timers.delete(one)
        cancel()
      }
    }
    for (const inside of [true, false]) {
      const feed = world.feed(inside)
      const followers = [0, 1, 2].map(() => new Follower(['live'], `${world.current}.-1`))
      for (const one of followers) one.start(feed)
      await caughtUp(world, followers[2] as Follower)
      expect(timers.size).toBe(inside ? 0 : 1)
      expect(world.wake$.observed).toBe(inside)
      for (const one of followers) await one.stop()
      expect([timers.size, world.wake$.observed, open]).toEqual([0, false, 0])
      for await (const _ of feed.read()) break
      for await (const _ of feed.read({ gone: () => true })) throw new Error('nobody waits for it')
      expect(open).toBe(0)
    }
  })

  it('is told when an older copy of the log was put back, and when another log is written', async () => {
    const world = await World.begin(3)
    await world.append(6)
    const old = world.current
    const size = world.log.state.size
    const ahead = new Follower(['live'], `${old}.${size + 4}`)
    ahead.start(world.feed(false))
    await caughtUp(world, ahead)
    await ahead.stop()
    expect(ahead.items[0]).toMatchObject({
      kind: 'replaced',
      why: 'ahead',
      from: size + 5,
      by: old,
    })
    // Two logs were begun while it was away.
    await world.setAside()
    const middle = world.current
    await world.setAside()
    const late = new Follower(['live'], `${old}.2`)
    late.start(world.feed(true))
    await caughtUp(world, late)
    await late.stop()
    expect(late.items.filter(({ kind }) => kind === 'replaced')).toMatchObject([
      { log: old, from: 3, by: middle },
      { log: middle, from: 0, by: world.current },
    ])
  })

  it('waits while the writer opens its log, which has no size yet', async () => {
    const world = await World.begin(7)
    await world.append(4)
    const { env, disk } = world.bench
    const { current, wake$ } = world
    let size = 0
    const feed = new Feed({
      ...{ env, disk, dir: DIR, source: 'simulator', wake$ },
      head: () => ({ log: current, size }),
    })
    const follower = new Follower(['live'], `${current}.1`)
    follower.start(feed)
    wake$.next(null)
    await env.advance(1_000)
    expect([follower.items, feed.head()]).toEqual([[], null])
    size = world.log.state.size
    wake$.next(null)
    await caughtUp(world, follower)
    expect(follower.items.some(({ kind }) => kind === 'replaced')).toBe(false)
    await duringReal(env, follower.stop())
  })

  it('rejects when a file cannot be read, and goes on from its cursor afterwards', async () => {
    const world = await World.begin(4)
    for (let i = 0; i < 10; i += 1) await world.append(3)
    const feed = world.feed(true)
    const follower = new Follower(['live', 'link', 'start', 'gap'], `${world.current}.-1`)
    world.bench.disk.fault = (operation, path) => {
      if (operation === 'read' && path.includes('00000003')) throw new Error('EIO: i/o error')
    }
    follower.start(feed)
    await duringReal(world.bench.env, setTimeout(20))
    await duringReal(world.bench.env, follower.stop())
    expect(follower.failure?.message).toContain('EIO')
    world.bench.disk.fault = () => {}
    follower.start(feed)
    await caughtUp(world, follower)
    await duringReal(world.bench.env, follower.stop())
    check(world, follower, ['live', 'link', 'start', 'gap'], 4)
  })
})

it.each([
  ['one read of what is new', 1, false],
  ['none where the writer gives it', 0, true],
] as const)('a thousand followers cost %s', async (_, most, given) => {
  const world = await World.begin(5, 1 << 20)
  await world.append(5)
  const feed = world.feed(true, given)
  const followers = Array.from({ length: 1_000 }, () => new Follower(['live', 'link'], null))
  for (const one of followers) one.start(feed)
  await world.append(1)
  for (const one of followers) await caughtUp(world, one)
  let reads = 0
  let bytes = 0
  const { disk } = world.bench
  const read = disk.read.bind(disk)
  disk.read = async function* (path, from) {
    reads += 1
    for await (const chunk of read(path, from)) {
      bytes += chunk.length
      yield chunk
    }
  }
  const before = [...disk.files.values()].reduce((sum, file) => sum + file.bytes.length, 0)
  await world.append(1)
  for (const one of followers) await caughtUp(world, one)
  const after = [...disk.files.values()].reduce((sum, file) => sum + file.bytes.length, 0)
  expect(reads).toBe(most)
  // No byte that was there before was read again.
  expect(bytes).toBe(most * (after - before))
  const records = followers.map(({ items }) => items.findLast(({ kind }) => kind === 'record'))
  const distinct = new Set(records.map((item) => item?.kind === 'record' && item.record))
  expect(distinct.size).toBe(1)
  for (const one of followers) await one.stop()
})

it('who is far behind what the newest records are kept for takes them from the files', async () => {
  const world = await World.begin(6, 300_000)
  const feed = world.feed(true)
  const end = new AbortController()
  const kinds = ['live', 'link', 'start', 'gap'] as const
  const quick = new Follower(kinds, `${world.current}.-1`)
  quick.start(feed)
  let go = () => {}
  const stalled: string[] = []
  const slow = (async () => {
    for await (const item of feed.follow(parseCursor(`${world.current}.-1`), {
      kinds,
      signal: end.signal,
    })) {
      if (item.kind !== 'record') continue
      if (stalled.length === 20) await new Promise<void>((resolve) => (go = resolve))
      stalled.push(item.record.line)
    }
  })()
  for (let i = 0; i < 6; i += 1) await world.append(1_500)
  await caughtUp(world, quick)
  go()
  const wanted = world.kept().filter(({ kind }) => (kinds as readonly string[]).includes(kind))
  while (stalled.length < wanted.length) await world.bench.env.advance(10)
  end.abort()
  await Promise.all([slow, quick.stop()])
  expect(stalled).toEqual(wanted.map(({ line }) => line))
  const lines = quick.items.map((item) => (item.kind === 'record' ? item.record.line : ''))
  expect(lines.filter((line) => line !== '')).toEqual(stalled)
})

it('a cursor is its text', () => {
  const cursor = { log: 'device-12-0123abcd', position: -1 }
  expect(parseCursor(cursorText(cursor))).toEqual(cursor)
  for (const text of [
    '',
    '7',
    'device-1-0123abcd',
    'device-1-0123abcd.-2',
    '../x.1',
    'a-1-0123abcd.01',
  ])
    expect(parseCursor(text)).toBeNull()
})
