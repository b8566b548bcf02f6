// Three nodes on this computer, as the script of deploy/ starts them, with what stands between them: nodes are
// killed, hung, parted from the others, and started again; their clocks are set. And a stream's backup, as the broker makes it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { clocksOf } from './clock/clocks.ts'
import { bare, onCleanUp, temporary, until } from './world.ts'

const SCRIPT = fileURLToPath(new URL('../../deploy/nats/cluster.sh', import.meta.url))
const NODES = [0, 1, 2] as const

/** What happens to a node, and is undone by `mend`. */
export const HARMS = ['killed', 'hung', 'parted'] as const
export type Harm = (typeof HARMS)[number]

const PATIENCE_S = process.env['WANDBRIDGE_LONG'] === '1' ? 300 : 60

export interface Cluster {
  readonly urls: readonly string[]
  harm(node: number, harm: Harm): void
  /** Sets the wall clock of a node so many seconds off, while it runs and when it is started again. */
  setClock(node: number, seconds: number): void
  /** Everything is as it was, and every node answers. */
  mend(): Promise<void>
}

export async function cluster(): Promise<Cluster> {
  const dir = temporary()
  const port = clearPort()
  const between = await gates(port + 1_000)
  const confOf = (node: number) => join(dir, `node${node}.conf`)
  const clocks = clocksOf(dir, NODES, confOf)
  const environment = { ...process.env, ...clocks.environment, VIA: String(between.port) }
  const script = spawn(SCRIPT, [dir, String(port)], { stdio: 'ignore', env: environment })
  const own = new Map<number, ChildProcess>()
  const pidOf = (node: number) =>
    own.get(node)?.pid ?? Number(readFileSync(join(dir, `node${node}.pid`), 'utf8'))
  const signal = (node: number, what: NodeJS.Signals) => {
    try {
      process.kill(pidOf(node), what)
    } catch {
      // It has ended already.
    }
  }
  onCleanUp(async () => {
    for (const node of NODES) if (!own.has(node)) signal(node, 'SIGCONT')
    for (const child of own.values()) await ended(child, 'SIGKILL')
    await ended(script, 'SIGTERM')
    await between.close()
  })
  const urls = NODES.map((n) => `nats://127.0.0.1:${port + n}`)
  let harmed: { readonly node: number; readonly harm: Harm } | null = null
  const settled = (after: string) =>
    until(() => allAnswer(urls), `all three nodes answer after ${after}`, PATIENCE_S)
  await settled('their start')
  return {
    urls,
    setClock: clocks.set,
    harm(node, harm) {
      harmed = { node, harm }
      if (harm === 'killed') signal(node, 'SIGKILL')
      if (harm === 'hung') signal(node, 'SIGSTOP')
      if (harm === 'parted') between.part(node)
    },
    async mend() {
      if (harmed?.harm === 'killed') {
        const { node } = harmed
        const args = ['-c', confOf(node), '-l', join(dir, `node${node}.log`)]
        own.set(node, spawn('nats-server', args, { stdio: 'ignore', env: environment }))
      }
      if (harmed?.harm === 'hung') signal(harmed.node, 'SIGCONT')
      between.join()
      const after = harmed === null ? 'nothing' : `node ${harmed.node} was ${harmed.harm}`
      harmed = null
      await settled(after)
    },
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

/** A node that is parted from the others has no answer to what streams there are. */
async function allAnswer(urls: readonly string[]): Promise<boolean> {
  try {
    for (const url of urls) {
      const connection = await connect({ servers: url.slice(7), timeout: 3_000, reconnect: false })
      const manager = await jetstreamManager(connection, { timeout: 3_000 })
      for await (const _ of manager.streams.list()) break
      await connection.close()
    }
    return true
  } catch {
    return false
  }
}

/** Below those that the system gives to connections: one with more behind it free as well, as far as anybody can know. */
const clearPort = () => 10_000 + Math.floor(Math.random() * 20_000)

interface Gates {
  readonly port: number
  /** Nothing passes between this node and the others any more, and no connection ends. */
  part(node: number): void
  /** What was held back passes. */
  join(): void
  close(): Promise<void>
}

/** What stands between the nodes: at `port` + 3 N + M what node N sends to node M, which listens at `routes` + M. */
async function gates(routes: number): Promise<Gates> {
  const servers: Server[] = []
  const pairs = new Map<Socket, { readonly other: Socket; readonly of: readonly number[] }>()
  let parted: number | null = null
  const held = (of: readonly number[]) => parted !== null && of.includes(parted)
  const port = clearPort()
  for (const n of NODES) {
    for (const m of NODES.filter((one) => one !== n)) {
      const server = createServer((from) => {
        const to = connectTo(routes + m, '127.0.0.1')
        pair(from, to, [n, m])
      })
      servers.push(server.listen(port + 3 * n + m, '127.0.0.1'))
      await once(server, 'listening')
    }
  }
  function pair(from: Socket, to: Socket, of: readonly number[]): void {
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      pairs.set(one, { other, of })
      one.on('error', () => {})
      one.on('data', (bytes) => other.write(bytes))
      one.once('close', () => {
        pairs.delete(one)
        other.destroy()
      })
      if (held(of)) one.pause()
    }
  }
  return {
    port,
    part(node) {
      parted = node
      for (const [socket, { of }] of pairs) if (held(of)) socket.pause()
    },
    join() {
      parted = null
      for (const socket of pairs.keys()) socket.resume()
    },
    async close() {
      for (const socket of pairs.keys()) socket.destroy()
      await Promise.all(servers.map((one) => once(one.close(), 'close')))
    },
  }
}

/** A stream as it was: its configuration and state, and the bytes that the broker gave. */
export interface Backup {
  readonly stream: string
  readonly how: object
  readonly bytes: readonly Uint8Array[]
}

/** The broker has so long for one step, in ms. */
const STEP = { timeout: 10_000 }

interface Answer {
  readonly error?: { readonly description: string }
  readonly config?: object
  readonly state?: object
  readonly deliver_subject?: string
}

async function asked(to: NatsConnection, subject: string, body: object): Promise<Answer> {
  const reply = (await to.request(subject, JSON.stringify(body), STEP)).json<Answer>()
  if (reply.error) throw new Error(reply.error.description)
  return reply
}

/** As `nats stream backup` asks for it. */
export async function backup(urls: readonly string[], stream: string): Promise<Backup> {
  const connection = await bare(urls)
  const subject = `backup.${stream}`
  const bytes: Uint8Array[] = []
  const messages = connection.subscribe(subject)
  const { config, state } = await asked(connection, `$JS.API.STREAM.SNAPSHOT.${stream}`, {
    ...{ deliver_subject: subject, no_consumers: true, chunk_size: 65_536 },
  })
  for await (const message of messages) {
    if (message.data.length === 0) break
    bytes.push(message.data.slice())
    message.respond()
  }
  await connection.close()
  return { stream, how: { config, state }, bytes }
}

/** Where the bytes go. While the nodes still remove what was there the broker names no place, and is asked again. */
async function where(connection: NatsConnection, stream: string, how: object): Promise<string> {
  let last: Answer = {}
  const named = async () => {
    last = await asked(connection, `$JS.API.STREAM.RESTORE.${stream}`, how)
    return last.deliver_subject !== undefined
  }
  await until(named, 'the broker takes a backup', PATIENCE_S).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last)}`)
  })
  return last.deliver_subject as string
}

/** In the place of what is there. */
export async function restore(urls: readonly string[], { stream, how, bytes }: Backup) {
  const connection = await bare(urls)
  await (await jetstreamManager(connection)).streams.delete(stream)
  const to = await where(connection, stream, how)
  for (const piece of bytes) await connection.request(to, piece, STEP)
  const done = (await connection.request(to, new Uint8Array(), STEP)).json<Answer>()
  if (done.error) throw new Error(done.error.description)
  await connection.close()
}
