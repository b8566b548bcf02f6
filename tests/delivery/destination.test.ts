// One destination in virtual time, with a peer that does as it is told: what retention, another log, a
// full disk and a peer that never answers make of what is owed. Nothing is lost without a record.

import { expect, it } from 'vitest'
import { destinationSaid } from '../words/said.ts'
import { control, world } from './world.ts'

it('over 40 logs and many interruptions every message arrives in order, or is told as never sent', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const { made, got, told, peer, begin, pass, until } = await world({ seed, since: '1900-01-01' })
    made.note()
    let destination = begin()
    await until(() => destination.status().state === 'idle')
    for (let i = 0; i < 12; i += 1) {
      await made.happen()
      peer.up = made.chance(3) > 0
      await pass(100)
      if (made.chance(3) > 0) continue
      await destination.stop()
      destination = begin()
    }
    peer.up = true
    await until(() => destination.status().state === 'idle' && destination.idle, 600_000)
    await destination.stop()
    const order = [...new Set(got)]
    for (const [log, records] of made.written) {
      const sendable = records.filter((one) => one?.kind === 'live').map(control)
      const inGap = (position: number) =>
        told.gaps.some(
          (gap) =>
            gap.log === log && gap.from <= position && (gap.to === null || position <= gap.to),
        )
      // A log that came and went while nobody looked has left nothing by which it could be known.
      if (made.lost.has(log) && !told.gaps.some((gap) => gap.log === log)) continue
      const expected = sendable.filter((id) => order.includes(id))
      expect(order.filter((id) => id.startsWith(`${log}.`))).toEqual(expected)
      for (const one of records) {
        if (one?.kind !== 'live' || order.includes(control(one))) continue
        expect(inGap(one.position), `seed ${seed}: ${control(one)} is lost`).toBe(true)
      }
    }
  }
}, 120_000)

it('what retention drops before it was ever taken is a gap that is recorded', async () => {
  const { made, got, told, peer, begin, pass, until, read, ids } = await world()
  peer.up = false
  const destination = begin()
  await pass(100)
  const all: number[] = []
  for (let i = 0; i < 30; i += 1) all.push(...(await read(20)))
  await pass(60_000)
  expect(got).toEqual([])
  // It holds a portion of them; of what is behind that, some is dropped.
  expect(destination.status()).toMatchObject({ state: 'waiting', waiting: 200 })
  for (let i = 0; i < 100; i += 1) made.drop()
  const oldest = made.kept()[0]?.position as number
  expect(oldest).toBeGreaterThan(500)
  peer.up = true
  await until(() => destination.idle, 600_000)
  const [gap] = told.gaps
  expect(told.gaps).toEqual([
    { log: made.current, from: gap?.from, to: oldest - 1, why: 'dropped' },
  ])
  expect(gap?.from).toBeGreaterThan(200)
  expect(got).toEqual(ids(all.filter((at) => at < (gap?.from ?? 0) || at >= oldest)))
})

it('a bridge that starts again after retention records what its destination never had', async () => {
  const { made, got, told, peer, begin, pass, until, read, ids } = await world()
  peer.up = false
  const destination = begin()
  await pass(100)
  const from = made.log.state.size
  const all: number[] = []
  for (let i = 0; i < 60; i += 1) all.push(...(await read()))
  await destination.stop()
  for (let i = 0; i < 100; i += 1) made.drop()
  const oldest = made.kept()[0]?.position as number
  peer.up = true
  const again = begin()
  await until(() => again.idle)
  expect(got).toEqual(ids(all.filter((at) => at >= oldest)))
  expect(told.gaps).toEqual([{ log: made.current, from, to: oldest - 1, why: 'dropped' }])
})

it('a log that is not gone on with is a gap, noted before anything newer is sent', async () => {
  const noted: number[] = []
  const { made, got, told, begin, pass, until, read, kept } = await world({
    notes: {
      async gap(gap) {
        told.gaps.push(gap)
        noted.push(got.length)
        return noted.length > 2
      },
    },
  })
  const destination = begin()
  await pass(100)
  await read()
  await until(() => destination.idle)
  const [old, size] = [made.current, made.log.state.size]
  await made.setAside()
  await read()
  await pass(9_000)
  expect(got.length).toBe(1)
  expect(destination.idle).toBe(false)
  await until(() => destination.idle)
  const gap = { log: old, from: size, to: null, why: 'other-log' }
  expect(told.gaps).toEqual([gap, gap, gap])
  expect(noted).toEqual([1, 1, 1])
  expect(got.at(-1)).toBe(control({ log: made.current, position: made.log.state.size - 1 }))
  expect(kept().place?.log).toBe(made.current)
})

it('what was set aside is sent again, and what is not kept any more is a gap when it is asked for', async () => {
  const { made, got, told, begin, until, read, pass, ids } = await world({
    answer: (n) => (n < 40 ? 'refused' : 'accepted'),
  })
  const destination = begin()
  await pass(100)
  const all: number[] = []
  for (let i = 0; i < 40; i += 1) all.push(...(await read()))
  await until(() => destination.idle)
  expect(told.parked.map((one) => one.position)).toEqual(all)
  made.drop()
  const oldest = made.kept()[0]?.position as number
  expect(destination.resend()).toBe(40)
  await until(() => destination.idle)
  expect(told.gaps.map(({ from, to }) => [from, to])).toEqual(
    all.filter((at) => at < oldest).map((at) => [at, at]),
  )
  const left = all.filter((at) => at >= oldest)
  expect(told.resent.map((one) => one.position)).toEqual(left)
  expect(got.slice(40)).toEqual(ids(left))
  expect(destination.status()).toMatchObject({ parked: 0, state: 'idle' })
})

it('what was set aside holds no retention back, and is told by its number once it is not kept any more', async () => {
  const { made, got, told, said, begin, until, read, pass, kept } = await world({
    answer: () => 'refused',
  })
  const destination = begin()
  await pass(100)
  const all: number[] = []
  for (let i = 0; i < 40; i += 1) all.push(...(await read()))
  await until(() => destination.idle)
  expect(destination.owed).toBeGreaterThan(all.at(-1) ?? 0)
  const oldest = all[12] as number
  const lost = all.slice(0, 12)
  await Promise.all([destination.keptFrom(made.current, oldest), pass(500)])
  expect(told.gaps).toEqual(
    lost.map((at) => ({ log: made.current, from: at, to: at, why: 'dropped' })),
  )
  const last = said.filter((text) => text.includes('cannot be sent again'))
  expect(last).toHaveLength(lost.length)
  expect(last[0]).toContain(`record (${lost[0]} of ${made.current})`)
  expect(destination.status().parked).toBe(all.length - lost.length)
  await until(() => kept().parked.length === all.length - lost.length)
  // It is told once, and nothing of it is sent.
  await Promise.all([destination.keptFrom(made.current, oldest), pass(500)])
  expect(told.gaps).toHaveLength(lost.length)
  expect(got.length).toBe(all.length)
  // Of another log nothing is kept here.
  await destination.stop()
  const again = begin()
  await Promise.all([again.keptFrom('simulator-2-00000000', 0), pass(500)])
  expect(told.gaps).toHaveLength(all.length)
  expect(again.status().parked).toBe(0)
})

it('a place that cannot be read holds nobody up that tells of retention, and is looked at when it can be', async () => {
  const { made, disk, told, begin, until, read, pass } = await world({ answer: () => 'refused' })
  const destination = begin()
  await pass(100)
  const all = await read(3)
  await until(() => destination.idle)
  await destination.stop()
  disk.unreadable = true
  const again = begin()
  const heard: string[] = []
  void again.keptFrom(made.current, 0).then(() => heard.push('first'))
  void again.keptFrom(made.current, all[2] ?? 0).then(() => heard.push('second'))
  await pass(1_000)
  expect([heard, told.gaps]).toEqual([['first', 'second'], []])
  disk.unreadable = false
  await until(() => again.idle && again.status().parked === 1)
  expect(told.gaps.map(({ from }) => from)).toEqual(all.slice(0, 2))
})

it('what is sent again while it is recorded that it is not kept any more is recorded once', async () => {
  const recording: ((done: boolean) => void)[] = []
  const gaps: number[] = []
  const { made, got, begin, until, read, pass } = await world({
    answer: () => 'refused',
    notes: {
      gap: ({ from }) => {
        gaps.push(from)
        return new Promise((done) => void recording.push(done))
      },
    },
  })
  const destination = begin()
  await pass(100)
  const all: number[] = []
  for (let i = 0; i < 40; i += 1) all.push(...(await read()))
  await until(() => destination.idle)
  made.drop()
  const oldest = made.kept()[0]?.position as number
  const lost = all.filter((at) => at < oldest)
  expect(lost.length).toBeGreaterThan(0)
  const told = destination.keptFrom(made.current, oldest)
  await until(() => recording.length === 1)
  destination.resend()
  await pass(1_000)
  expect(gaps).toEqual(lost.slice(0, 1))
  await until(() => {
    for (const done of recording.splice(0)) done(true)
    return destination.idle
  })
  await told
  expect(gaps).toEqual(lost)
  expect(destination.status().parked).toBe(all.length - lost.length)
  expect(got).toHaveLength(all.length + all.length - lost.length)
})

it('a log that cannot be read when a message is made of it sets nothing aside: it is tried again, and said once', async () => {
  let times = 3
  const { got, told, said, begin, read, pass, until, ids } = await world({
    async look() {
      if (times-- > 0) throw new Error('EIO: i/o error, read')
    },
  })
  const destination = begin()
  await pass(100)
  const all = await read(2)
  await pass(9_000)
  expect([got, told.parked]).toEqual([[], []])
  expect(destination.status()).toMatchObject({ state: 'failed', waiting: 2 })
  expect(destinationSaid(destination.status())).toContain('EIO')
  await until(() => destination.idle)
  expect(got).toEqual(ids(all))
  expect([told.parked, said.length]).toEqual([[], 1])
  expect(destination.status()).toMatchObject({ state: 'idle', lagMs: 0 })
})

it('what is set aside twice stays set aside once, and is recorded each time', async () => {
  const { told, begin, until, read, pass, kept } = await world({ answer: () => 'refused' })
  const destination = begin()
  await pass(100)
  const [at] = await read()
  await until(() => destination.idle)
  expect(destination.resend()).toBe(1)
  await until(() => destination.idle)
  expect(told.parked.map((one) => one.position)).toEqual([at, at])
  expect(kept().parked.map((one) => one.position)).toEqual([at])
})

it('without a place on the disk nothing is sent, which is said; it goes on by itself', async () => {
  const { disk, got, said, begin, read, pass, until, ids } = await world()
  disk.full = true
  const destination = begin()
  const all = await read()
  await pass(20_000)
  expect(got).toEqual([])
  expect(destination.status()).toMatchObject({ state: 'failed' })
  expect(destination.status().lagMs).toBeGreaterThanOrEqual(20_000)
  expect(destinationSaid(destination.status())).toContain('ENOSPC')
  expect(said.length).toBe(1)
  expect(destination.idle).toBe(false)
  disk.full = false
  await until(() => destination.idle)
  expect(got).toEqual(ids(all))
  expect(destination.status()).toMatchObject({ state: 'idle', lagMs: 0 })
})

it('a log that cannot be read for a while keeps nothing back for good, and is never called done', async () => {
  const { broken, got, said, begin, read, pass, until, ids } = await world({ since: '1900-01-01' })
  const all = await read(3)
  broken.times = 3
  const destination = begin()
  expect(destination.status().state).toBe('failed')
  await pass(9_000)
  expect(got).toEqual([])
  expect(destination.idle).toBe(false)
  expect(destination.status()).toMatchObject({ state: 'failed', lagMs: 9_000 })
  expect(destinationSaid(destination.status())).toContain('EIO')
  expect(said.length).toBe(1)
  await until(() => destination.idle)
  expect(got).toEqual(ids(all))
  expect(destination.status()).toMatchObject({ state: 'idle', lagMs: 0 })
})

it('says from where on it is owed the log: all of it, until its place is known', async () => {
  const { made, peer, begin, pass, until, read } = await world()
  peer.up = false
  const destination = begin()
  expect(destination.owed).toBe(0)
  await pass(100)
  const [first = 0] = await read(20)
  await pass(10_000)
  expect(destination.owed).toBeLessThanOrEqual(first)
  peer.up = true
  await until(() => destination.idle, 600_000)
  expect(destination.owed).toBe(made.log.state.size)
  await destination.stop()
})

it('what is durable and was not looked at yet is owed', async () => {
  const { made, begin, read, pass, until } = await world()
  const destination = begin()
  await until(() => destination.idle)
  expect(destination.status()).toMatchObject({ state: 'idle', lagMs: 0 })
  // Nobody has told the feed.
  const appended = made.log.append({ kind: 'stop', body: { why: 'test' } })
  await pass(2_000)
  await appended
  expect(destination.idle).toBe(false)
  expect(destination.status()).toMatchObject({ state: 'waiting' })
  expect(destinationSaid(destination.status())).toContain('being looked up')
  await read()
  await until(() => destination.idle)
  expect(destination.status()).toMatchObject({ state: 'idle', sent: 1 })
})

it('a disk that is full later costs no message its time, and the place is kept when there is room', async () => {
  const { made, disk, got, begin, read, pass, ids, kept } = await world()
  begin()
  await pass(100)
  disk.full = true
  const before = kept().place
  const all = await read(10)
  await pass(1_000)
  expect(got).toEqual(ids(all))
  expect(kept().place).toEqual(before)
  disk.full = false
  await pass(6_000)
  expect(kept().place).toEqual({ log: made.current, position: all[9] })
})

it.each([
  ['is nonsense', '{'],
  [
    'is of another destination',
    '{"v":3,"destination":"x","since":"2026-01-01T00:00:00.000Z","place":null,"parked":[],"disabled":null}',
  ],
  ['is empty', ''],
])('a place that %s is not begun anew: nothing is sent twice', async (_, text) => {
  const { disk, got, begin, read, pass } = await world()
  disk.text = text
  const destination = begin()
  await read()
  await pass(30_000)
  expect(got).toEqual([])
  expect(disk.text).toBe(text)
  expect(destination.status()).toMatchObject({ state: 'failed' })
  expect(destinationSaid(destination.status())).toContain('how far emr is')
})

it('a record of which no message can be made is set aside, and the rest go on', async () => {
  let all: number[] = []
  const { got, told, begin, read, pass, until, ids } = await world({ bad: (at) => at === all[1] })
  const destination = begin()
  await pass(100)
  all = await read(3)
  await until(() => destination.idle)
  const [first, second, third] = all as [number, number, number]
  expect(got).toEqual(ids([first, third]))
  expect(told.parked).toMatchObject([{ position: second, code: 'none', attempts: 0 }])
  expect(destination.status()).toMatchObject({
    parked: 1,
    aside: [{ position: second, code: 'none' }],
    state: 'idle',
  })
})

it('a peer that never answers is tried for ever, and holds no more than a portion', async () => {
  const { env, got, peer, told, begin, read, pass } = await world({ answer: () => null })
  const destination = begin()
  await pass(100)
  for (let i = 0; i < 10; i += 1) await read(100)
  await env.advance(3_600_000)
  expect(new Set(got).size).toBe(1)
  expect(got.length).toBeGreaterThan(30)
  expect(got.length).toBeLessThan(130)
  expect(peer.closed).toBeGreaterThanOrEqual(peer.connections - 1)
  expect(destination.status()).toMatchObject({ waiting: 200 })
  expect(destination.status().lagMs).toBeGreaterThanOrEqual(3_600_000)
  expect(told.parked).toEqual([])
  await destination.stop()
  const { connections } = peer
  await env.advance(600_000)
  expect(peer.connections).toBe(connections)
})

it('whoever is stopped before setting aside was recorded, has not set it aside', async () => {
  let recorded: (done: boolean) => void = () => {}
  const { begin, read, pass, kept } = await world({
    answer: () => 'refused',
    notes: {
      parked: () =>
        new Promise((done) => {
          recorded = done
        }),
    },
  })
  const destination = begin()
  await pass(100)
  const before = kept().place
  await read()
  await pass(1_000)
  const stopped = destination.stop()
  recorded(false)
  await stopped
  await pass(20_000)
  expect(kept()).toMatchObject({ parked: [], place: before })
})

it.each([
  [undefined, 0],
  ['1900-01-01', 3],
])('a destination begins with what is recorded from now on, or since %s', async (since, sent) => {
  const { got, begin, read, pass, until } = await world(since === undefined ? {} : { since })
  await read(3)
  await pass(10)
  const destination = begin()
  await until(() => destination.idle)
  expect(got.length).toBe(sent)
})
