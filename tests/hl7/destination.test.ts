// One destination in virtual time, with a peer that does as it is told: what retention, another log, a
// full disk and a peer that never answers make of what is owed. Nothing is lost without a record.
import { expect, it } from 'vitest'
import { sleep, VirtualEnv } from '../../src/base/env.ts'
import type { Gap } from '../../src/hl7/backlog.ts'
import type { Parked } from '../../src/hl7/cursor.ts'
import { Destination, type DestinationOptions } from '../../src/hl7/destination.ts'
import type { Dial } from '../../src/hl7/line.ts'
import { controlId, PROFILE } from '../../src/hl7/messages.ts'
import { Deframer, frame } from '../../src/hl7/mllp.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import { interrogations, recordsOf } from '../fhir/readings.ts'
import { MemoryRecords } from '../http/world.ts'

const fullDisk = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })

interface Wish extends Partial<DestinationOptions> {
  /** Code of the reply; null = silence. */
  readonly answer?: (n: number) => string | null
}

async function world({ answer = () => 'AA', ...options }: Wish = {}) {
  const env = new VirtualEnv()
  const [reading] = interrogations(await recordsOf('mixture'))
  if (!reading) throw new Error('no reading')
  const records = new MemoryRecords()
  const disk = { text: null as string | null, full: false, unreadable: false }
  const got: string[] = []
  const told: { parked: Parked[]; resent: Parked[]; gaps: Gap[]; said: string[] } = {
    parked: [],
    resent: [],
    gaps: [],
    said: [],
  }
  const peer = { up: true, connections: 0, closed: 0 }
  const dial: Dial = (events) => {
    peer.connections += 1
    const deframer = new Deframer()
    let open = true
    env.after(1, () => (peer.up ? events.connected() : events.closed('ECONNREFUSED')))
    return {
      send(bytes) {
        for (const text of deframer.push(bytes)) {
          const control = text.split('|')[9] ?? ''
          const code = answer(got.length)
          got.push(control)
          if (code !== null)
            env.after(1, () => open && events.data(frame(`MSH|^~\\&|\rMSA|${code}|${control}\r`)))
        }
      },
      close() {
        open = false
        peer.closed += 1
        env.after(0, () => events.closed('closed'))
      },
    }
  }
  const begin = () =>
    new Destination({
      env,
      name: 'emr',
      address: 'tcp://emr:1',
      alarms: false,
      sources: ['simulator'],
      profile: PROFILE,
      dial,
      records,
      store: {
        async load() {
          if (disk.unreadable) throw new Error('EIO: i/o error')
          return disk.text
        },
        async save(text) {
          if (disk.full) throw fullDisk
          disk.text = text
        },
      },
      notes: {
        parked: async (_, one) => told.parked.push(one) > 0,
        resent: async (_, one) => told.resent.push(one) > 0,
        gap: async (one) => told.gaps.push(one) > 0,
      },
      log: (text) => void told.said.push(text),
      ...options,
    })
  const destination = begin()
  records.records$.subscribe((record) => destination.take(record))
  /** A reading is recorded now. */
  const read = (change: Partial<InterrogationRecord> = {}) =>
    records.push({ ...reading, ...change, at: new Date(env.wall()).toISOString() })
  const ids = (...positions: number[]) =>
    positions.map((position) => controlId({ log: records.log, position }))
  const kept = () => JSON.parse(disk.text ?? 'null') as { logs: Record<string, number> }
  return { env, records, disk, got, told, peer, destination, begin, read, ids, kept }
}

it('what retention drops before it was ever taken is a gap that is recorded, also at the very first', async () => {
  const { env, records, got, told, peer, destination, read, ids } = await world()
  peer.up = false
  destination.start()
  for (let i = 0; i < 300; i += 1) read()
  await env.advance(60_000)
  expect(got).toEqual([])
  // It holds a portion of them; what is behind that is dropped.
  expect(destination.status()).toMatchObject({ state: 'waiting', waiting: 200 })
  records.first = 250
  peer.up = true
  await env.until(() => got.length === 250, 120_000)
  await env.advance(1_000)
  expect(got).toEqual(
    ids(...Array.from({ length: 300 }, (_, i) => i).filter((i) => i < 200 || i >= 250)),
  )
  expect(told.gaps).toEqual([{ source: 'simulator', log: records.log, from: 200, to: 249 }])
})

it('a bridge that starts again after retention records what its destination never had', async () => {
  const { env, records, got, told, peer, destination, begin, read, ids } = await world()
  peer.up = false
  destination.start()
  for (let i = 0; i < 5; i += 1) read()
  await env.advance(10_000)
  await destination.stop()
  records.first = 3
  peer.up = true
  const again = begin()
  again.start()
  await env.until(() => got.length === 2, 10_000)
  expect(got).toEqual(ids(3, 4))
  expect(told.gaps).toEqual([{ source: 'simulator', log: records.log, from: 0, to: 2 }])
})

it('a log that is not gone on with is a gap; what stands in the new one is sent', async () => {
  const { env, records, got, told, destination, read, kept } = await world()
  destination.start()
  read()
  await env.advance(1_000)
  expect(got.length).toBe(1)
  const old = records.log
  Object.assign(records, { log: 'simulator-2-0000000a', all: [], size: 0 })
  read()
  destination.wake()
  await env.advance(1_000)
  expect(got[1]).toBe(controlId({ log: records.log, position: 0 }))
  expect(told.gaps).toEqual([{ source: 'simulator', log: old, from: 1, to: null }])
  expect(kept().logs).toEqual({ [records.log]: 0 })
})

it('what was set aside and is not kept any more is a gap when it is asked for; while its log is closed it stays', async () => {
  const { env, records, got, told, destination, read } = await world({
    answer: (n) => (n < 2 ? 'AR' : 'AA'),
  })
  destination.start()
  read()
  read()
  await env.advance(1_000)
  expect(told.parked.map((one) => one.position)).toEqual([0, 1])
  const { log } = records
  records.log = ''
  expect(destination.resend()).toBe(2)
  await env.advance(1_000)
  expect(destination.status().parked).toBe(2)
  Object.assign(records, { log, first: 1 })
  expect(destination.resend()).toBe(2)
  await env.advance(1_000)
  expect(told.gaps).toEqual([{ source: 'simulator', log, from: 0, to: 0 }])
  expect(told.resent.map((one) => one.position)).toEqual([1])
  expect(got[2]).toBe(got[1])
  expect(destination.status()).toMatchObject({ parked: 0, state: 'idle' })
})

it('without a place on the disk nothing is sent, which is said; it goes on by itself', async () => {
  const { env, disk, got, told, destination, read, ids } = await world()
  disk.full = true
  destination.start()
  read()
  await env.advance(20_000)
  expect(got).toEqual([])
  expect(destination.status()).toMatchObject({ state: 'failed', lagMs: 20_000 })
  expect(destination.status().sentence).toContain('ENOSPC')
  expect(told.said.length).toBe(1)
  expect(destination.idle).toBe(false)
  disk.full = false
  await env.advance(6_000)
  expect(got).toEqual(ids(0))
  expect(destination.status()).toMatchObject({ state: 'idle', lagMs: 0 })
})

it('a log that cannot be read for a while keeps nothing back for good, and is never called done', async () => {
  const { env, records, got, told, destination, read, ids } = await world({ since: '2020-01-01' })
  for (let i = 0; i < 3; i += 1) read()
  const whole = records.read.bind(records)
  let broken = 3
  records.read = async function* (query) {
    if (broken-- > 0) throw new Error('EIO: i/o error, read')
    yield* whole(query)
  }
  destination.start()
  expect(destination.status().state).toBe('failed')
  await env.advance(9_000)
  expect(got).toEqual([])
  expect(destination.idle).toBe(false)
  expect(destination.status()).toMatchObject({ state: 'failed', lagMs: 9_000 })
  expect(destination.status().sentence).toContain('EIO')
  expect(told.said.length).toBe(1)
  await env.advance(7_000)
  expect(got).toEqual(ids(0, 1, 2))
  expect(destination.status()).toMatchObject({ state: 'idle', lagMs: 0 })
})

it('while it looks for what is owed, it does not say that nothing is', async () => {
  const { env, records, destination, read } = await world({ since: '2020-01-01' })
  read()
  const whole = records.read.bind(records)
  records.read = async function* (query) {
    await sleep(env, 2_000)
    yield* whole(query)
  }
  destination.start()
  await env.advance(1_000)
  expect(destination.idle).toBe(false)
  expect(destination.status()).toMatchObject({ state: 'waiting', lagMs: 1_000 })
  expect(destination.status().sentence).toContain('being looked up')
  await env.advance(2_000)
  expect(destination.status()).toMatchObject({ state: 'idle', sent: 1 })
})

it('a disk that is full later costs no message its time, and the place is kept when there is room', async () => {
  const { env, disk, got, destination, read, ids, kept, records } = await world()
  destination.start()
  await env.advance(100)
  disk.full = true
  for (let i = 0; i < 10; i += 1) read()
  await env.advance(1_000)
  expect(got).toEqual(ids(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
  expect(kept().logs[records.log] ?? -1).toBe(-1)
  disk.full = false
  await env.advance(6_000)
  expect(kept().logs[records.log]).toBe(9)
})

it.each([
  ['is nonsense', '{'],
  [
    'is of another destination',
    '{"v":1,"destination":"x","since":"2026-01-01T00:00:00.000Z","logs":{},"parked":[]}',
  ],
  ['is empty', ''],
])('a place that %s is not begun anew: nothing is sent twice', async (_, text) => {
  const { env, disk, got, destination, read } = await world()
  disk.text = text
  destination.start()
  read()
  await env.advance(30_000)
  expect(got).toEqual([])
  expect(disk.text).toBe(text)
  expect(destination.status()).toMatchObject({ state: 'failed' })
  expect(destination.status().sentence).toContain('how far emr is')
})

it('a record of which no message can be made is set aside, and the rest go on', async () => {
  const { env, got, told, destination, read, ids } = await world()
  destination.start()
  read()
  read({ infusion: null as never })
  read()
  await env.advance(1_000)
  expect(got).toEqual(ids(0, 2))
  expect(told.parked).toMatchObject([{ position: 1, code: 'none', attempts: 0 }])
  expect(destination.status()).toMatchObject({
    parked: 1,
    aside: [{ position: 1, code: 'none' }],
    state: 'idle',
  })
})

it('a peer that never answers is tried for ever, and holds no more than a portion', async () => {
  const { env, got, peer, told, destination, read } = await world({ answer: () => null })
  destination.start()
  for (let i = 0; i < 1_000; i += 1) read()
  await env.advance(3_600_000)
  expect(new Set(got).size).toBe(1)
  expect(got.length).toBeGreaterThan(30)
  expect(got.length).toBeLessThan(130)
  expect(peer.closed).toBeGreaterThanOrEqual(peer.connections - 1)
  expect(destination.status()).toMatchObject({ waiting: 200, lagMs: 3_600_000 })
  expect(told.parked).toEqual([])
  await destination.stop()
  const { connections } = peer
  await env.advance(600_000)
  expect(peer.connections).toBe(connections)
})

it('whoever is stopped before setting aside was recorded, has not set it aside', async () => {
  let recorded: (done: boolean) => void = () => {}
  const { env, destination, read, kept, records } = await world({
    answer: () => 'AR',
    notes: {
      parked: () =>
        new Promise((done) => {
          recorded = done
        }),
      resent: async () => true,
      gap: async () => true,
    },
  })
  destination.start()
  read()
  await env.advance(1_000)
  const stopped = destination.stop()
  recorded(false)
  await stopped
  await env.advance(20_000)
  expect(kept()).toMatchObject({ parked: [], logs: { [records.log]: -1 } })
})

it('a destination begins with what is recorded from now on, or since when it was told', async () => {
  for (const [since, sent] of [
    [undefined, 0],
    ['2026-01-01', 3],
  ] as const) {
    const { env, got, destination, read } = await world({ since })
    for (let i = 0; i < 3; i += 1) read()
    await env.advance(10)
    destination.start()
    await env.advance(1_000)
    expect(got.length, since ?? 'now').toBe(sent)
  }
})
