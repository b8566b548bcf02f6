// Who watches over a fleet sees a history that was rewritten with the log's own key, an older copy, and a log
// under another key, each with the first checkpoint that shows it; a log that only grows is cosigned.
import { createHash, type KeyObject } from 'node:crypto'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { Subject } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { checkpointText, originOf, parseCheckpoint } from '../../src/audit/format/checkpoint.ts'
import { Frontier, leafHash } from '../../src/audit/format/merkle.ts'
import { signingKey, signNote } from '../../src/audit/format/note.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { Feed } from '../../src/feed/feed.ts'
import { Stored } from '../../src/feed/logs.ts'
import {
  CHECKPOINT,
  descriptionOf,
  KEY,
  streamOf,
  subjectsOf,
} from '../../src/fleet/stream/names.ts'
import type { Found } from '../../src/fleet/watch/watch.ts'
import { foundSentence, startWatch } from '../../src/host/fleet-watch.ts'
import { runWitness } from '../../src/witness/run.ts'
import {
  bare,
  broker,
  caughtUp,
  cleanUp,
  env,
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

async function watching(url: string, dir: string, logs: readonly string[]) {
  const found: Found[] = []
  const log = () => {}
  const witness = await runWitness({
    ...{ env, disk: nodeDisk, dir, logs, host: '127.0.0.1', port: 0, log },
  })
  const watch = await startWatch(env, dir, {
    ...{ broker: { servers: [url] }, source: 'simulator', witness: witness.witness, log },
    found: (one) => void found.push(one),
  })
  let ended: Promise<void> | null = null
  const stop = () => {
    ended ??= watch.close().then(() => witness.close())
    return ended
  }
  onCleanUp(stop)
  const cosigned = async (log: string) => {
    const hash = createHash('sha256').update(originOf(log)).digest('hex')
    const note = parseCheckpoint((await witness.witness.newest(hash)) ?? '')
    return typeof note === 'string' ? 0 : note.size
  }
  return { found, stop, cosigned }
}

/** What somebody puts in the place of a log's stream, signed as they can. */
async function forge(url: string, log: string, lines: readonly string[], key: KeyObject) {
  const connection = await bare(url)
  const ref = { site: SITE, log }
  await (await jetstreamManager(connection)).streams.add({
    name: streamOf(ref),
    description: descriptionOf(0),
    subjects: [subjectsOf(ref)],
    allow_direct: true,
  })
  const origin = originOf(log)
  const tree = new Frontier()
  for (const [i, line] of lines.entries()) {
    tree.append(leafHash(Buffer.from(line)))
    const more = headers()
    if (i === lines.length - 1) {
      const text = checkpointText({ origin, size: tree.size, root: tree.root() })
      const own = signingKey(origin, key)
      const note = signNote(text, [own])
      more.set(CHECKPOINT, Buffer.from(note).toString('base64'))
      more.set(KEY, Buffer.from(own.verifier.text).toString('base64'))
    }
    const subject = subjectsOf(ref).replace('>', 'live.-')
    await jetstream(connection).publish(subject, line, { headers: more })
  }
  await connection.close()
}

/** A room whose log has another record in the place of one, signed anew as if it had always been there. */
function rewritten(lines: readonly string[], at: number, { name, key, dir }: Room) {
  const all = lines.with(at, `${lines[at]} `)
  const wake$ = new Subject<void>()
  const state = () => {
    const tree = new Frontier()
    for (const line of all) tree.append(leafHash(Buffer.from(line)))
    const own = signingKey(originOf(name), key)
    const text = checkpointText({ origin: originOf(name), size: tree.size, root: tree.root() })
    return {
      log: name,
      size: all.length,
      checkpoint: signNote(text, [own]),
      key: own.verifier.text,
    }
  }
  const logs = {
    list: async () => [name],
    of: () => ({
      log: name,
      size: async () => all.length,
      oldest: async () => 0,
      beginOf: async () => 0,
      async *forward({ first = 0, before = all.length }: { first?: number; before?: number }) {
        const records = all
          .slice(first, before)
          .map((line, n) => new Stored(first + n, 'live', '2026-11-24T14:02:11.000Z', line))
        yield { records, next: Math.min(before, all.length), place: null, missing: null }
      },
      backward: () => {
        throw new Error('not asked for')
      },
    }),
  }
  const head = () => ({ log: name, size: all.length })
  const feed = new Feed({ env, source: 'simulator', logs: logs as never, head, wake$ })
  const add = () => {
    all.push(`${lines.at(-1)} and one more`)
    wake$.next()
  }
  const log = {
    get state() {
      return state()
    },
  }
  return { dir, name, key, feed, log, add } as unknown as Room & { add(): void }
}

async function watched(): Promise<{ one: Room; url: string; dir: string; stop(): Promise<void> }> {
  const node = await broker()
  const one = await room()
  await one.append(some(30))
  const sent = sending(one, node.url, SITE)
  await caughtUp(sent)
  return { one, url: node.url, dir: temporary(), stop: () => sent.stop() }
}

/** A room whose log is cosigned to its end, and which sends no more. */
async function cosigned() {
  const { one, url, dir, stop } = await watched()
  const watch = await watching(url, dir, [one.log.state.key ?? ''])
  const { size } = one.log.state
  await until(async () => (await watch.cosigned(one.name)) === size, 'cosigned')
  await stop()
  return { one, url, watch, size }
}

describe('whoever watches over a fleet', () => {
  it('cosigns a log that grows, over a restart, and finds nothing', async () => {
    const { one, url, dir } = await watched()
    const key = one.log.state.key ?? ''
    const first = await watching(url, dir, [key])
    await until(async () => (await first.cosigned(one.name)) === one.log.state.size, 'cosigned')
    await first.stop()
    await one.append(some(25, 30))
    const second = await watching(url, dir, [key])
    await until(async () => (await second.cosigned(one.name)) === one.log.state.size, 'again')
    for (let n = 0; n < 3; n += 1) await one.append(some(3, 60 + n * 3))
    await until(async () => (await second.cosigned(one.name)) === one.log.state.size, 'grown')
    expect([...first.found, ...second.found]).toEqual([])
  })

  it('tells a room that rewrote its log, with the next checkpoint', async () => {
    const { one, url, watch, size } = await cosigned()
    await one.close()
    // The room changes an old record, and signs all of it anew with its own key. It goes on where it was.
    const other = rewritten(await one.lines(), 7, one)
    const sent = sending(other, url, SITE)
    await until(() => sent.publisher.status().state === 'idle', 'the bridge notices nothing')
    other.add()
    await caughtUp(sent)
    await until(() => watch.found.length > 0, 'it is told')
    // By the first checkpoint that covers the change.
    expect(watch.found[0]).toMatchObject({
      site: SITE,
      log: one.name,
      finding: 'rewritten',
      size: size + 1,
    })
    expect(foundSentence(watch.found[0] as Found)).toMatch(
      new RegExp(`^clinic-a: log ${one.name} \\(${size + 1} records\\): its history was rewritten`),
    )
    await sent.stop()
  })

  it('tells a room that rewrote its newest record, too: its bridge sends nothing, and says why', async () => {
    const { one, url, watch, size } = await cosigned()
    await one.close()
    const sent = sending(rewritten(await one.lines(), size - 1, one), url, SITE)
    await until(() => sent.publisher.status().code === 'fleet.fork', 'the bridge sees it')
    await until(() => watch.found.length > 0, 'it is told')
    expect(watch.found).toMatchObject([{ site: SITE, log: one.name, finding: 'rewritten', size }])
  })

  it('tells a history that was rewritten with the right key, an older copy, and another key', async () => {
    const { one, url, watch, size } = await cosigned()
    const lines = await one.lines()
    const stream = streamOf({ site: SITE, log: one.name })
    const told = (finding: Found['finding']) => () =>
      watch.found.some((found) => found.finding === finding && found.log === one.name)
    const changed = [...lines, 'one more'].with(7, `${lines[7]} `)
    await removeStream(url, stream)
    await forge(url, one.name, changed, one.key)
    await until(told('rewritten'), 'a rewritten history is told')
    await removeStream(url, stream)
    await forge(url, one.name, lines.slice(0, 12), one.key)
    await until(told('shorter'), 'an older copy is told')
    await removeStream(url, stream)
    await forge(url, one.name, [...lines, 'one more'], newKey(env))
    await until(told('not-signed'), 'another key is told')
    expect(await watch.cosigned(one.name)).toBe(size)
  })
})
