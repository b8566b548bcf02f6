// Reading a stream at a real broker: every message up to the last one that was asked for, whatever their number,
// and also while the newest ones come.
import { afterEach, expect, it } from 'vitest'
import { StreamLog } from '../../src/fleet/serve/stream-log.ts'
import { openBroker } from '../../src/fleet/stream/broker.ts'
import { streamOf } from '../../src/fleet/stream/names.ts'
import { pulled } from '../../src/fleet/stream/pull.ts'
import { broker, caughtUp, cleanUp, env, onCleanUp, room, sending, some, until } from './world.ts'

afterEach(cleanUp)

/** A log of so many records at a broker, and a replica's connection to it. */
async function filled(records: number) {
  const node = await broker()
  const one = await room()
  await one.append(some(records))
  const sent = sending(one, node.url, 'a')
  await caughtUp(sent)
  const open = await openBroker({ servers: [node.url] }, 'test')
  onCleanUp(() => open.close())
  const ref = { site: 'a', log: one.name }
  return { one, sent, open, ref, stream: streamOf(ref) }
}

it('gives every message of a span, in order, and no other', async () => {
  const { open, stream } = await filled(1_400)
  for (const [first, last] of [
    [1, 1],
    [1, 255],
    [7, 262],
    [1, 1_024],
    [3, 1_300],
    [1, 1_401],
  ] as const) {
    const all: number[] = []
    for await (const piece of pulled(env, open, stream, { first, last }))
      for (const { seq } of piece) all.push(seq)
    expect(all).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i))
  }
  const { consumer_count: left } = (await open.manager.streams.info(stream)).state
  expect(left).toBeLessThan(2)
})

it('rejects when the connection is lost while it waits', async () => {
  const { open, stream } = await filled(3)
  const read = async () => {
    for await (const _ of pulled(env, open, stream, { first: 1, last: 9 }));
  }
  const reading = read().catch((error: Error) => error.message)
  const readers = async () => (await open.manager.streams.info(stream)).state.consumer_count
  await until(async () => (await readers()) > 0, 'it reads')
  await open.connection.reconnect()
  expect(await reading).toContain('connection was lost')
})

it('goes on for a reader whom the broker has forgotten meanwhile', async () => {
  const { open, stream } = await filled(1_400)
  let now = 0
  const all: number[] = []
  const slow = { ...env, monotonic: () => now }
  for await (const piece of pulled(slow, open, stream, { first: 1, last: 1_401 })) {
    all.push(...piece.map(({ seq }) => seq))
    if (now > 0) continue
    now += 31_000
    for await (const { name } of open.manager.consumers.list(stream))
      await open.manager.consumers.delete(stream, name)
  }
  expect(all).toEqual(Array.from({ length: 1_401 }, (_, i) => 1 + i))
})

it('what was dropped since the last look, all of a span, is told as missing, and what is behind it is given', async () => {
  const { open, ref, stream } = await filled(600)
  const log = new StreamLog(env, open, ref, () => {})
  onCleanUp(async () => log.close())
  const { config, created, state } = await open.manager.streams.info(stream)
  const { first_seq: firstSeq, last_seq: lastSeq } = state
  await log.take({ created: `${created}`, description: config.description, firstSeq, lastSeq })
  await open.manager.streams.purge(stream, { seq: 401 })
  const found: unknown[] = []
  for await (const { missing, records } of log.forward({ first: 100, before: 300, until: 601 })) {
    found.push(missing ?? records.length)
    if (found.length > 3) break
  }
  expect(found).toEqual([{ from: 100, to: 299 }])
  const { consumer_count: left } = (await open.manager.streams.info(stream)).state
  expect(left).toBeLessThan(4)
})

it('records that come while older ones are read leave none out', async () => {
  const { one, sent, open, ref, stream } = await filled(600)
  const log = new StreamLog(env, open, ref, () => {})
  onCleanUp(async () => log.close())
  const { config, created, state } = await open.manager.streams.info(stream)
  const { first_seq: firstSeq, last_seq: lastSeq } = state
  await log.take({ created: `${created}`, description: config.description, firstSeq, lastSeq })
  await one.append(some(3, 600))
  await until(() => log.known === 604, 'the newest came')
  const lines: string[] = []
  for await (const { records } of log.forward({ until: 604 })) {
    if (lines.length === 0) {
      await one.append(some(2_100, 603))
      await caughtUp(sent)
      await until(() => log.known === 2_704, 'the newest came')
    }
    lines.push(...records.map(({ line }) => line))
  }
  expect(lines).toEqual((await one.lines()).slice(0, 604))
})
