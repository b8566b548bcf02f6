// What the fleet's tests share: a real nats-server on this computer, ended by its own id; a log on the disk
// as a bridge writes it; and what a stream holds, message by message.
import { type ChildProcess, spawn } from 'node:child_process'
import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Subject } from 'rxjs'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { AuditLog } from '../../src/audit/log/log.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { systemEnv } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import { Publisher } from '../../src/fleet/publish/publisher.ts'
import { type FleetConfig, fleetSchema } from '../../src/fleet/stream/config.ts'
import { olderLogs } from '../../src/host/fleet-host.ts'

export { live, some } from './records.ts'

export const env = systemEnv()
const dirs: string[] = []
const children = new Set<ChildProcess>()
const closing: (() => Promise<unknown>)[] = []

export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-fleet-'))
  dirs.push(dir)
  return dir
}

/** Ends what this file's tests have started. */
export async function cleanUp(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close().catch(() => {})
  const ended = [...children].map(async (child) => {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  })
  await Promise.all(ended)
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
}

export const onCleanUp = (close: () => Promise<unknown>) => void closing.push(close)

export async function until(good: () => boolean | Promise<boolean>, what: string, seconds = 30) {
  const began = performance.now()
  while (!(await good())) {
    if (performance.now() - began > seconds * 1_000)
      throw new Error(`not within ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

export interface Node {
  readonly url: string
  readonly store: string
  /** Its lines so far. */
  said(): string
  start(): Promise<void>
  /** At once, as a power cut does. */
  kill(): Promise<void>
  /** It hangs, or is cut off: nothing answers and no connection ends. */
  pause(): void
  resume(): void
}

export async function broker(more = ''): Promise<Node> {
  const dir = temporary()
  const port = await freePort()
  const store = join(dir, 'store')
  mkdirSync(store)
  const conf = join(dir, 'nats.conf')
  writeFileSync(
    conf,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${store}", max_mem: 64M, max_file: 4G }\n${more}\n`,
  )
  return node(`nats://127.0.0.1:${port}`, store, ['-c', conf])
}

/** A broker that runs with these arguments once it was started. */
export async function node(url: string, store: string, args: readonly string[]): Promise<Node> {
  let child: ChildProcess | null = null
  let said = ''
  const { port } = new URL(url)
  const made: Node = {
    url,
    store,
    said: () => said,
    async start() {
      child = spawn('nats-server', args, { stdio: ['ignore', 'ignore', 'pipe'] })
      children.add(child)
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-20_000)
      })
      const own = child
      child.once('exit', () => void children.delete(own))
      said = ''
      await until(() => said.includes('Server is ready'), `nats-server on ${port}: ${said}`)
    },
    async kill() {
      if (!child) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  }
  await made.start()
  return made
}

export interface Message {
  readonly seq: number
  readonly subject: string
  readonly line: string
  readonly checkpoint: string | null
}

/** The bare client. */
export const bare = (url: string | readonly string[]) =>
  connect({ servers: [url].flat().map((one) => one.replace('nats://', '')) })

/** Messages asked for at once. */
const TOGETHER = 100

/** All messages of a stream in order. */
export async function messagesOf(
  url: string | readonly string[],
  stream: string,
): Promise<Message[]> {
  const connection = await bare(url)
  try {
    const manager = await jetstreamManager(connection)
    const { state } = await manager.streams.info(stream)
    const all: Message[] = []
    for (let from = state.first_seq; from <= state.last_seq; from += TOGETHER) {
      const length = Math.min(TOGETHER, state.last_seq - from + 1)
      const asked = Array.from({ length }, (_, i) =>
        manager.streams.getMessage(stream, { seq: from + i }),
      )
      for (const one of await Promise.all(asked)) {
        if (!one) continue
        const header = one.header.get('Wandbridge-Checkpoint')
        all.push({
          ...{ seq: one.seq, subject: one.subject, line: Buffer.from(one.data).toString() },
          checkpoint: header === '' ? null : Buffer.from(header, 'base64').toString(),
        })
      }
    }
    return all
  } finally {
    await connection.close()
  }
}

export const linesOf = async (url: string | readonly string[], stream: string) =>
  (await messagesOf(url, stream)).map(({ line }) => line)

export async function removeStream(url: string, stream: string): Promise<void> {
  const connection = await bare(url)
  await (await jetstreamManager(connection)).streams.delete(stream)
  await connection.close()
}

export interface Room {
  readonly dir: string
  readonly log: AuditLog
  readonly feed: Feed
  readonly name: string
  /** What signs it. */
  readonly key: KeyObject
  /** Resolves when they are durable. */
  append(records: readonly NewRecord[]): Promise<void>
  /** All lines of its records, as the files have them. */
  lines(): Promise<string[]>
  close(): Promise<void>
}

/** A log as a bridge writes it, on the disk. */
export async function room(dir = temporary()): Promise<Room> {
  const wake$ = new Subject<void>()
  const key = newKey(env)
  const audit = join(dir, 'audit')
  const log = await AuditLog.open({
    ...{ env, disk: nodeDisk, dir: audit, source: 'simulator', boot: 'test' },
    keys: async () => [key],
    limits: { ballastBytes: 4_096 },
    onState: () => wake$.next(),
  })
  const head = () => {
    const { log: name, size } = log.state
    return name === null ? null : { log: name, size }
  }
  const own = { env, disk: nodeDisk, dir: audit, source: 'simulator' } as const
  const feed = new Feed({ ...own, head, wake$ })
  const close = () => log.close()
  onCleanUp(close)
  return {
    ...{ dir, log, feed, key, close },
    name: log.state.log as string,
    async append(records) {
      await Promise.all(records.map((record) => log.append(record)))
    },
    async lines() {
      const all: string[] = []
      for await (const { line } of new Feed(own).read()) all.push(line)
      return all
    },
  }
}

export interface Sending {
  readonly publisher: Publisher
  readonly said: string[]
  stop(): Promise<void>
}

/** Starts to send a room's log to a broker. */
export function sending(
  from: Room,
  url: string | readonly string[],
  site: string,
  more: Partial<FleetConfig> = {},
): Sending {
  const said: string[] = []
  const servers = [url].flat()
  const publisher = new Publisher({
    env,
    config: fleetSchema.parse({ servers, site, replicas: 1, ...more }),
    feed: from.feed,
    older: olderLogs(env, { disk: nodeDisk, dir: join(from.dir, 'audit'), source: 'simulator' }),
    pumpKey: Buffer.alloc(32, site),
    newest() {
      const { log, size, checkpoint, key } = from.log.state
      return log === null || checkpoint === null ? null : { log, size, checkpoint, key }
    },
    log: (text) => void said.push(text),
  })
  publisher.start()
  let stopped: Promise<void> | null = null
  const stop = () => {
    stopped ??= publisher.stop()
    return stopped
  }
  onCleanUp(stop)
  return { publisher, said, stop }
}

export const caughtUp = ({ publisher }: Sending, what = 'everything is at the broker') =>
  until(() => publisher.lag === 0 && publisher.status().state === 'idle', what)
