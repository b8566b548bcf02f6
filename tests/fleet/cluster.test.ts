// Three nodes on this computer, as the script starts them, and several bridges under load: nodes are killed,
// hung and started again in turn, bridges end and begin anew, a stream is lost. Afterwards each stream holds
// every durable record exactly once, in order, compared with the files. Reduced counts in the gate.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterEach, describe, expect, it } from 'vitest'
import { mulberry32 } from '../../src/base/env.ts'
import { streamOf } from '../../src/fleet/stream/names.ts'
import {
  caughtUp,
  cleanUp,
  freePort,
  linesOf,
  onCleanUp,
  type Room,
  removeStream,
  room,
  type Sending,
  sending,
  some,
  temporary,
  until,
} from './world.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const BRIDGES = LONG ? 20 : 2
const ROUNDS = LONG ? 12 : 2
const RECORDS = LONG ? 400 : 60

afterEach(cleanUp)

const SCRIPT = fileURLToPath(new URL('../../deploy/nats/cluster.sh', import.meta.url))

interface Cluster {
  readonly urls: readonly string[]
  /** The node's process. */
  signal(node: number, signal: NodeJS.Signals): void
  /** Starts a node that was killed. */
  again(node: number): void
  /** Every node says that it is well. */
  settled(): Promise<void>
}

async function cluster(): Promise<Cluster> {
  const dir = temporary()
  const port = await clearPort()
  const script = spawn(SCRIPT, [dir, String(port)], { stdio: 'ignore' })
  const own = new Map<number, ChildProcess>()
  onCleanUp(async () => {
    for (const node of [0, 1, 2]) if (!own.has(node)) kill(pidOf(node), 'SIGCONT')
    for (const child of own.values()) {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    const exit = once(script, 'exit')
    script.kill('SIGTERM')
    await exit
  })
  const urls = [0, 1, 2].map((n) => `nats://127.0.0.1:${port + n}`)
  const pidOf = (node: number) =>
    own.get(node)?.pid ?? Number(readFileSync(join(dir, `node${node}.pid`), 'utf8'))
  const kill = (pid: number, signal: NodeJS.Signals) => {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended already.
    }
  }
  const made: Cluster = {
    urls,
    signal: (node, signal) => kill(pidOf(node), signal),
    again(node) {
      const args = ['-c', join(dir, `node${node}.conf`), '-l', join(dir, `node${node}.log`)]
      own.set(node, spawn('nats-server', args, { stdio: 'ignore' }))
    },
    settled: () =>
      until(
        async () => {
          try {
            for (const url of urls) {
              const connection = await connect({
                servers: url.slice(7),
                timeout: 1_000,
                reconnect: false,
              })
              const manager = await jetstreamManager(connection, { timeout: 1_000 })
              for await (const _ of manager.streams.list()) break
              await connection.close()
            }
            return true
          } catch {
            return false
          }
        },
        'all three nodes answer',
        60,
      ),
  }
  await made.settled()
  return made
}

/** One with the routes' ports behind it free as well, as far as anybody can know. */
async function clearPort(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (port < 60_000) return port
  }
}

describe('a fleet on three nodes', () => {
  it('has every durable record exactly once, in order, whatever happens to nodes and bridges', async () => {
    const nodes = await cluster()
    const chance = mulberry32(19)
    const rooms: Room[] = []
    const sends: Sending[] = []
    const site = (n: number) => `clinic-${n}`
    const begin = (n: number) => sending(rooms[n] as Room, nodes.urls, site(n), { replicas: 3 })
    for (let n = 0; n < BRIDGES; n += 1) {
      rooms.push(await room())
      sends.push(begin(n))
    }
    let written = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      const writing = Promise.all(rooms.map((one) => one.append(some(RECORDS, written))))
      written += RECORDS
      const node = round % 3
      const hangs = round % 2 === 1
      nodes.signal(node, hangs ? 'SIGSTOP' : 'SIGKILL')
      const bridge = chance() % BRIDGES
      const ends = sends[bridge]?.stop()
      await writing
      await ends
      sends[bridge] = begin(bridge)
      await Promise.all(rooms.map((one) => one.append(some(RECORDS, written))))
      written += RECORDS
      await new Promise((resolve) => setTimeout(resolve, LONG ? 5_000 : 1_000))
      if (hangs) nodes.signal(node, 'SIGCONT')
      else nodes.again(node)
      await nodes.settled()
    }
    for (const sent of sends)
      await caughtUp(sent, `everything is there: ${JSON.stringify(sent.publisher.status())}`)
    const streams = rooms.map(({ name }, n) => streamOf({ site: site(n), log: name }))
    for (const [n, one] of rooms.entries())
      expect(await linesOf(nodes.urls, streams[n] as string), site(n)).toEqual(await one.lines())
    // One stream is lost altogether.
    await removeStream(nodes.urls[0] as string, streams[0] as string)
    await rooms[0]?.append(some(1, written))
    await until(() => (sends[0] as Sending).publisher.counts.epochs > 0, 'it is made again', 60)
    await caughtUp(sends[0] as Sending)
    expect(await linesOf(nodes.urls, streams[0] as string)).toEqual(await rooms[0]?.lines())
  })
})
