// A log at a real broker: every durable record once, in order, compared with the files, through everything
// that may happen to the broker, to its store, to the connection and to the log.
import { once } from 'node:events'
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { DiscardPolicy } from '@nats-io/jetstream'
import { nkeys } from '@nats-io/transport-node'
import { afterEach, describe, expect, it } from 'vitest'
import { parseCheckpoint } from '../../src/audit/format/checkpoint.ts'
import { Frontier, leafHash, sameHash } from '../../src/audit/format/merkle.ts'
import { parseVerifierKey, signerOf, type VerifierKey } from '../../src/audit/format/note.ts'
import { sleep } from '../../src/base/env.ts'
import type { Cursor } from '../../src/feed/cursor.ts'
import type { Feed } from '../../src/feed/feed.ts'
import type { HistoryQuery } from '../../src/feed/passes.ts'
import { openBroker } from '../../src/fleet/stream/broker.ts'
import { streamOf } from '../../src/fleet/stream/names.ts'
import {
  broker,
  caughtUp,
  cleanUp,
  env,
  linesOf,
  live,
  messagesOf,
  type Node,
  onCleanUp,
  type Room,
  removeStream,
  room,
  sending,
  some,
  temporary,
  until,
} from './world.ts'

afterEach(cleanUp)

const SITE = 'clinic-a'
const pair = nkeys.createUser()
const USER = pair.getPublicKey()
const SEED = Buffer.from(pair.getSeed())
const nameOf = ({ name }: Room) => streamOf({ site: SITE, log: name })
const linesAt = (url: string, one: Room) => linesOf(url, nameOf(one))

it('a sender that is ended while brokers say nothing ends at once', async () => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1')
  await once(mute, 'listening')
  onCleanUp(async () => void mute.close())
  const { port } = mute.address() as AddressInfo
  const sent = sending(await room(), Array(4).fill(`nats://127.0.0.1:${port}`), SITE)
  await once(mute, 'connection')
  await sent.stop()
}, 4_000)

/** A log that was set aside while nobody sent, with 30 records that the broker lacks, and the one behind it. */
async function setAside(node: Node) {
  const dir = temporary()
  const old = await room(dir)
  await old.append(some(20))
  const sent = sending(old, node.url, SITE)
  await caughtUp(sent)
  await sent.stop()
  await old.append(some(30, 20))
  await old.close()
  const lines = await old.lines()
  const manifests = readdirSync(join(dir, 'audit', old.name)).filter((one) => /manifest/.test(one))
  for (const one of manifests) rmSync(join(dir, 'audit', old.name, one))
  return { old, lines, one: await room(dir) }
}

describe('a log at the broker', () => {
  it('every record once, in order; no serial in a subject; the checkpoint that the last record ends with', async () => {
    const node = await broker()
    const one = await room()
    await one.append(some(700))
    const sent = sending(one, node.url, SITE)
    await caughtUp(sent)
    await one.append(some(20, 700))
    await caughtUp(sent)
    const messages = await messagesOf(node.url, nameOf(one))
    expect(messages.map(({ line }) => line)).toEqual(await one.lines())
    expect(messages.filter(({ subject }) => subject.includes('SIM'))).toEqual([])
    const subjects = new Set(messages.map(({ subject }) => subject.split('.').slice(4).join(' ')))
    expect([...subjects].filter((text) => /^live [0-9a-f]{16}$/.test(text))).toHaveLength(3)
    expect(subjects).toContain('segment -')
    const last = parseCheckpoint(messages.at(-1)?.checkpoint ?? '')
    if (typeof last === 'string') throw new Error(last)
    const tree = new Frontier()
    for (const { line } of messages) tree.append(leafHash(Buffer.from(line)))
    expect(last.size).toBe(messages.length)
    expect(sameHash(last.root, tree.root())).toBe(true)
    const key = parseVerifierKey(one.log.state.key ?? '') as VerifierKey
    expect(signerOf(last.note, [key])).toEqual(key)
  })

  it('a broker that is killed, cut off and started again, and a sender that begins anew', async () => {
    const node = await broker()
    const one = await room()
    let n = 0
    const write = async (more: number) => {
      await one.append(some(more, n))
      n += more
    }
    await write(300)
    let sent = sending(one, node.url, SITE, { window: 50 })
    await until(() => sent.publisher.counts.sent > 50, 'some records were taken')
    await node.kill()
    await write(200)
    expect(sent.publisher.status().state).not.toBe('failed')
    await node.start()
    await caughtUp(sent)
    node.pause()
    await write(100)
    await until(() => sent.publisher.status().state === 'waiting', 'the broker is missed', 40)
    expect(sent.publisher.lag).toBeGreaterThan(0)
    expect(sent.publisher.status().lagMs).toBeGreaterThan(0)
    node.resume()
    await caughtUp(sent)
    const writing = write(200)
    await sent.stop()
    await writing
    sent = sending(one, node.url, SITE)
    await caughtUp(sent)
    expect(await linesAt(node.url, one)).toEqual(await one.lines())
  })

  it('what the broker lacks of a log that was set aside while nobody sent comes with the next one', async () => {
    const node = await broker()
    const { old, lines, one } = await setAside(node)
    expect(one.name).not.toBe(old.name)
    await caughtUp(sending(one, node.url, SITE))
    expect(lines.length).toBeGreaterThanOrEqual(50)
    expect(await linesAt(node.url, old)).toEqual(lines)
    expect(await linesAt(node.url, one)).toEqual(await one.lines())
  })

  it('a broker that takes nothing more of a log that was set aside is tried again, and it is not said that all is there', async () => {
    const node = await broker()
    const { old, lines, one } = await setAside(node)
    // As an account does that has no room left.
    const open = await openBroker({ servers: [node.url] }, 'test')
    onCleanUp(() => open.close())
    const limit = async (max_msgs: number) => {
      const { config } = await open.manager.streams.info(nameOf(old))
      const discard = max_msgs < 0 ? DiscardPolicy.Old : DiscardPolicy.New
      await open.manager.streams.update(nameOf(old), { ...config, max_msgs, discard })
    }
    await limit(25)
    const next = sending(one, node.url, SITE)
    await until(() => next.said.some((text) => text.includes('maximum messages')), 'it is told', 10)
    // That is the fault of one stream: the log that is written now goes on.
    await one.append(some(10))
    const mine = await one.lines()
    const there = async () => (await linesAt(node.url, one)).length === mine.length
    await until(() => there().catch(() => false), 'it goes on', 5)
    expect(await linesAt(node.url, one)).toEqual(mine)
    expect(next.publisher.status()).toMatchObject({ state: 'waiting', code: 'fleet.connecting' })
    await limit(-1)
    await caughtUp(next)
    expect(await linesAt(node.url, old)).toEqual(lines)
  })

  it('a sender that is ended in the middle of a backlog ends, and the next one goes on', async () => {
    const node = await broker()
    const one = await room()
    await one.append(some(3_000))
    const sent = sending(one, node.url, SITE, { window: 10 })
    await until(() => sent.publisher.counts.sent > 20, 'some records were taken')
    node.pause()
    await sent.stop()
    node.resume()
    await caughtUp(sending(one, node.url, SITE))
    expect(await linesAt(node.url, one)).toEqual(await one.lines())
  })

  it('a sender that is ended while it waits for the disk ends, too', async () => {
    const node = await broker()
    const one = await room()
    await one.append(some(100))
    let reads = 0
    const feed = {
      ...{ head: () => one.feed.head(), look: () => one.feed.look() },
      oldest: () => one.feed.oldest(),
      async *follow({ log }: Cursor, { signal }: { readonly signal: AbortSignal }) {
        for (; !signal.aborted; reads += 1) await sleep(env, 10)
        yield { kind: 'caught-up', cursor: { log, position: -1 } }
      },
    } as unknown as Feed
    const sent = sending({ ...one, feed }, node.url, SITE)
    await until(() => reads > 1, 'it waits')
    await sent.stop()
    expect(sent.publisher.lag).toBe(101)
  })

  it('a user who may not publish is told so, and nothing is waited for', async () => {
    const permissions = '{ publish: { allow: ["$JS.API.>"] }, subscribe: ["_INBOX.>"] }'
    const node = await broker(
      `authorization { users: [{ nkey: ${USER}, permissions: ${permissions} }] }`,
    )
    const one = await room()
    await one.append(some(3))
    const nkey = join(temporary(), 'seed')
    writeFileSync(nkey, SEED)
    const sent = sending(one, node.url, SITE, { nkey })
    await until(
      () => sent.said.some((text) => text.includes('Permissions Violation')),
      'it is told',
      4,
    )
  })

  it('a stream that was restored from an old backup gets what it lacks; one that was removed is filled anew', async () => {
    const node = await broker()
    const one = await room()
    await one.append(some(60))
    const sent = sending(one, node.url, SITE)
    await caughtUp(sent)
    await node.kill()
    const backup = temporary()
    cpSync(node.store, backup, { recursive: true })
    await node.start()
    await one.append(some(60, 60))
    await caughtUp(sent)
    await node.kill()
    rmSync(node.store, { recursive: true })
    cpSync(backup, node.store, { recursive: true })
    await node.start()
    await one.append([live(120)])
    await caughtUp(sent)
    expect(await linesAt(node.url, one)).toEqual(await one.lines())
    expect(sent.publisher.counts.resent).toBeGreaterThanOrEqual(60)
    await removeStream(node.url, nameOf(one))
    await one.append([live(121)])
    await until(() => sent.publisher.counts.epochs === 2, 'the stream is made again')
    await caughtUp(sent)
    expect(await linesAt(node.url, one)).toEqual(await one.lines())
  })

  it('a log that was put back from a copy, and one that was written on from it, are told, and nothing is added', async () => {
    const node = await broker()
    const one = await room()
    await one.append(some(30))
    const sent = sending(one, node.url, SITE)
    await caughtUp(sent)
    const before = await linesAt(node.url, one)
    await sent.stop()
    // The same log by name, with a history of its own: it is shorter first, and then as long as the other.
    const other = await room()
    const head = () => ({ log: one.name, size: other.log.state.size })
    const feed = {
      ...{ head, look: async () => head(), oldest: () => other.feed.oldest() },
      read: (query: HistoryQuery) => other.feed.read(query),
    } as unknown as Feed
    await other.append(some(10))
    const again = sending({ ...other, feed }, node.url, SITE)
    await until(() => again.publisher.status().code === 'fleet.ahead', 'an older copy is told')
    await again.stop()
    await other.append(some(40))
    const forked = sending({ ...other, feed }, node.url, SITE)
    await until(() => forked.publisher.status().code === 'fleet.fork', 'a fork is told')
    expect(forked.publisher.status()).toMatchObject({ state: 'failed', kind: 'nats' })
    expect(await linesAt(node.url, one)).toEqual(before)
  })
})
