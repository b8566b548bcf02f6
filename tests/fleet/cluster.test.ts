// Three nodes on this computer, as the script starts them, and several bridges under load, each a process of its
// own: nodes are killed, hung and parted from the others in turn, bridges are killed, the clocks of bridges and nodes
// are set, each for itself, a stream is put back from an old backup, another is lost. Afterwards each stream holds every durable record exactly once, in
// order, compared with the files. Reduced counts in the gate.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nodeDisk } from '../../src/base/disk.ts'
import { mulberry32 } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import { streamOf } from '../../src/fleet/stream/names.ts'
import { type Backup, backup, type Cluster, cluster, HARMS, restore } from './nodes.ts'
import { bare, cleanUp, env, linesOf, onCleanUp, removeStream, temporary, until } from './world.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const BRIDGES = LONG ? 20 : 3
const ROUNDS = LONG ? 9 : 3
const RECORDS = LONG ? 250 : 60
/** A node is harmed for so long, in ms: longer than the others take to choose another leader. */
const HARM_MS = LONG ? 6_000 : 1_500
const PATIENCE_S = LONG ? 300 : 60

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

afterEach(cleanUp)

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'tests/fleet/bundle.mjs')])
})

interface Standing {
  readonly log: string
  readonly size: number
  readonly state: string
  readonly waiting: number
  readonly code: string
}

interface Bridge {
  readonly site: string
  readonly dir: string
  /** Tells it what to do; how it stands then. */
  tell(line: string): Promise<Standing>
  /** At once, whatever it does. */
  kill(): Promise<void>
  start(): void
  /** Every record, as the files of its newest log have them. */
  lines(): Promise<string[]>
}

function bridge(site: string, servers: readonly string[]): Bridge {
  const dir = temporary()
  const begin = () => {
    const main = join(ROOT, '.cache/fleet/js/bridge.js')
    const child = spawn(process.execPath, [main, dir, servers.join(','), site], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    child.stdin.on('error', () => {})
    const answers: ((one: Standing) => void)[] = []
    createInterface({ input: child.stdout }).on('line', (line) =>
      answers.shift()?.(JSON.parse(line) as Standing),
    )
    const closed = once(child, 'close').then(() => null)
    return { child, answers, closed }
  }
  let now = begin()
  const made: Bridge = {
    site,
    dir,
    async tell(line) {
      const { child, answers, closed } = now
      const answered = new Promise<Standing>((resolve) => void answers.push(resolve))
      child.stdin.write(`${line}\n`)
      return (
        (await Promise.race([answered, closed])) ?? {
          log: '',
          size: 0,
          state: 'killed',
          waiting: 0,
          code: '',
        }
      )
    },
    async kill() {
      now.child.kill('SIGKILL')
      await now.closed
    },
    start() {
      now = begin()
    },
    async lines() {
      const feed = { env, disk: nodeDisk, dir: join(dir, 'audit'), source: 'simulator' } as const
      const all: string[] = []
      for await (const { line } of new Feed(feed).read()) all.push(line)
      return all
    },
  }
  onCleanUp(() => made.kill())
  return made
}

/** What a node writes down when it takes a message is its own clock's. */
async function expectClocks({ urls, setClock }: Cluster): Promise<void> {
  for (const n of [0, 1, 2]) setClock(n, SHIFTS_S[n] as number)
  const connection = await bare(urls)
  const manager = await jetstreamManager(connection)
  const off = new Map<string, number>()
  // Where a stream of one copy lies is the broker's choice.
  for (let tries = 0; off.size < 3 && tries < 40; tries += 1) {
    const name = `clock_${tries}`
    const { cluster } = await manager.streams.add({ name, storage: 'memory', num_replicas: 1 })
    const node = cluster?.leader ?? ''
    await jetstream(connection).publish(name, '')
    const { time } = (await manager.streams.getMessage(name, { seq: 1 })) ?? { time: new Date(0) }
    if (node !== '') off.set(node, Math.round((time.getTime() - Date.now()) / 60_000) * 60 + 0)
    await manager.streams.delete(name)
  }
  await connection.close()
  expect(Object.fromEntries(off)).toEqual({ node0: -3_600, node1: 86_400, node2: 0 })
}

/** By how much the clocks of the nodes are off, in turn. */
const SHIFTS_S = [-3_600, 86_400, 0] as const

describe('a fleet on three nodes', () => {
  it('has every durable record exactly once, in order, whatever happens to nodes, bridges, clocks and streams', async () => {
    const nodes = await cluster()
    if (process.arch === 'x64') await expectClocks(nodes)
    const chance = mulberry32(19)
    const bridges = Array.from({ length: BRIDGES }, (_, n) => bridge(`clinic-${n}`, nodes.urls))
    const one = bridges[0] as Bridge
    const caughtUp = (each: Bridge) => {
      let last = ''
      const idle = async () => {
        const standing = await each.tell('status')
        last = JSON.stringify(standing)
        return standing.state === 'idle' && standing.waiting === 0
      }
      return until(idle, `everything of ${each.site} is there`, PATIENCE_S).catch(
        (error: Error) => {
          throw new Error(`${error.message}: ${last}`)
        },
      )
    }
    const streamAt = async (each: Bridge) =>
      streamOf({ site: each.site, log: (await each.tell('status')).log })
    let old: Backup | null = null
    for (let round = 0; round < ROUNDS; round += 1) {
      const writing = bridges.map((each) => each.tell(`write ${RECORDS}`))
      nodes.harm(round % 3, HARMS[(round + Math.floor(round / 3)) % 3] as (typeof HARMS)[number])
      const killed = bridges[chance() % BRIDGES] as Bridge
      await killed.kill()
      killed.start()
      const early = bridges[chance() % BRIDGES] as Bridge
      await early.tell(`clock ${round % 2 === 0 ? -3_600_000 : 86_400_000}`)
      for (const n of [0, 1, 2]) nodes.setClock(n, SHIFTS_S[(round + n) % 3] as number)
      await Promise.all([...writing, ...bridges.map((each) => each.tell(`write ${RECORDS}`))])
      await new Promise((resolve) => setTimeout(resolve, HARM_MS))
      await nodes.mend()
      if (round === 0) {
        await caughtUp(one)
        old = await backup(nodes.urls, await streamAt(one))
      }
      // An old backup comes while everybody goes on.
      if (round === ROUNDS - 1 && old) {
        await caughtUp(one)
        const others = bridges.slice(1).map((each) => each.tell(`write ${RECORDS}`))
        await restore(nodes.urls, old)
        await Promise.all([...others, one.tell('write 1')])
      }
    }
    for (const each of bridges) await caughtUp(each)
    for (const each of bridges) {
      const lines = await each.lines()
      expect(await linesOf(nodes.urls, await streamAt(each)), each.site).toEqual(lines)
      expect(lines.length, each.site).toBeGreaterThan(RECORDS * ROUNDS)
    }
    // One stream is lost altogether.
    await removeStream(nodes.urls[0] as string, await streamAt(one))
    await one.tell('write 1')
    await caughtUp(one)
    expect(await linesOf(nodes.urls, await streamAt(one))).toEqual(await one.lines())
  })
})
