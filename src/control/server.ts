// The bridge's end of the control socket, which is also its lock: two bridges cannot share a state
// directory, because only one can listen there.
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { type Env, sleep } from '../base/env.ts'
import { Locked, lockFile, type Release } from '../base/lock.ts'
import { controlAddress } from './address.ts'
import {
  type AnswerLine,
  type Args,
  Lines,
  REQUEST_MAX,
  REQUESTS,
  type Reply,
  type RequestName,
  requestSchema,
  type Streamed,
} from './messages.ts'

/** A client that does not read is cut off when so many bytes wait for it. */
const BACKLOG_MAX = 4 * 1024 * 1024
/** How long another process may take to look, remove and bind: it needs milliseconds. */
const TAKEOVER_MS = 5_000

/** Whoever asked. */
export interface Asker<N extends RequestName> {
  /** One more reply, for who asked for many. */
  send(reply: Reply<N>): void
  onLeave(gone: () => void): void
}

/** What a bridge does for each request. What a handler rejects with is told as the error's message. */
export type Handlers = {
  readonly [N in RequestName]: (
    args: Args<N>,
    asker: Asker<N>,
  ) => N extends Streamed ? void | Promise<void> : Reply<N> | Promise<Reply<N>>
}

export class AlreadyRunning extends Error {}

export class ControlServer {
  readonly #server: Server
  readonly #clients = new Set<Socket>()
  readonly #address: string

  private constructor(server: Server, address: string) {
    this.#server = server
    this.#address = address
  }

  /** Takes the state directory. No handlers: the bridge is starting. Rejects with AlreadyRunning while another bridge holds it. */
  static async listen(
    env: Env,
    stateDir: string,
    handlers: () => Handlers | null,
  ): Promise<ControlServer> {
    makeDirectory(stateDir)
    const address = controlAddress(stateDir)
    const server = createServer()
    const control = new ControlServer(server, address)
    server.on('connection', (socket) => control.#serve(socket, handlers))
    const release = process.platform === 'win32' ? async () => {} : await takeover(env, address)
    try {
      if (await answers(address)) {
        throw new AlreadyRunning(`Another bridge is running with the state directory ${stateDir}.`)
      }
      if (process.platform !== 'win32') rmSync(address, { force: true })
      await bind(server, address)
    } finally {
      await release()
    }
    return control
  }

  /** Tells every client that the bridge ends and frees the state directory. */
  async close(): Promise<void> {
    for (const socket of this.#clients) socket.write(`${JSON.stringify({ bye: 'shutdown' })}\n`)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#clients) socket.destroySoon()
    await closed
    if (process.platform !== 'win32') rmSync(this.#address, { force: true })
  }

  #serve(socket: Socket, handlers: () => Handlers | null): void {
    this.#clients.add(socket)
    const lines = new Lines(REQUEST_MAX)
    const left: (() => void)[] = []
    const client: Client = {
      send: (line) => {
        if (socket.destroyed) return
        socket.write(`${JSON.stringify(line)}\n`)
        if (socket.writableLength > BACKLOG_MAX) socket.destroy()
      },
      onLeave: (gone) => void left.push(gone),
    }
    socket.setEncoding('utf8')
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#clients.delete(socket)
      for (const gone of left) gone()
    })
    socket.on('data', (text: string) => {
      try {
        for (const line of lines.push(text)) void answer(line, client, handlers())
      } catch {
        socket.destroy()
      }
    })
  }
}

/** `mkdir -p`. Node's own turns for ever where a file system refuses with ENOENT, as /proc does. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) makeDirectory(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

interface Client {
  send(line: AnswerLine): void
  onLeave(gone: () => void): void
}

async function answer(text: string, client: Client, handlers: Handlers | null): Promise<void> {
  const line = parsed(text)
  if (!line) return client.send({ id: null, error: 'That line is no request.' })
  const { id, do: name, args } = line
  if (!isRequest(name)) {
    const can = Object.keys(REQUESTS).join(', ')
    return client.send({
      id,
      error: `The running bridge does not know ${name}: it is of another version. It can do: ${can}.`,
    })
  }
  if (!handlers) return client.send({ id, error: 'The bridge is starting. Ask again.' })
  await handled(id, name, args, client, handlers)
}

async function handled<N extends RequestName>(
  id: number,
  name: N,
  args: unknown,
  { send, onLeave }: Client,
  handlers: Handlers,
): Promise<void> {
  const asked = REQUESTS[name].args.safeParse(args)
  if (!asked.success) {
    return send({
      id,
      error: `The running bridge takes ${name} in another form: it is of another version.`,
    })
  }
  const asker: Asker<N> = { send: (reply) => send({ id, reply }), onLeave }
  try {
    const reply = await handlers[name](asked.data as Args<N>, asker)
    if (reply !== undefined) send({ id, reply })
  } catch (error) {
    send({ id, error: (error as Error).message })
  }
}

const isRequest = (name: string): name is RequestName => Object.hasOwn(REQUESTS, name)

function parsed(text: string) {
  try {
    return requestSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** Whether somebody listens there. */
export function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function bind(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // The socket is made for its owner only; a later chmod alone would leave it open for a moment.
    const mask = process.platform === 'win32' ? 0 : process.umask(0o177)
    server.once('error', reject)
    server.listen(address, () => {
      if (process.platform !== 'win32') chmodSync(address, 0o600)
      resolve()
    })
    if (process.platform !== 'win32') process.umask(mask)
  })
}

/** Holds the right to look, remove and bind, which no other process may do in between. */
async function takeover(env: Env, address: string): Promise<Release> {
  const path = `${address}.takeover`
  const until = env.monotonic() + TAKEOVER_MS
  for (;;) {
    try {
      return await lockFile(path)
    } catch (error) {
      if (!(error instanceof Locked)) throw error
      if (env.monotonic() > until) {
        throw new AlreadyRunning(
          `Another bridge is being started with this state directory, and does not come to an end: ${error.message} If that is no bridge, remove the file.`,
        )
      }
    }
    await sleep(env, 20)
  }
}
