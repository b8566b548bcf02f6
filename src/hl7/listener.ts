// Listens for HL7 over MLLP, with the care of the sender: only from whom the configuration names, one message at
// a time on a connection, answered when what it says is written down, and within bounds of bytes, of time and of
// connections. What is logged names no patient.
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { type Cancel, type Env, utc } from '../base/env.ts'
import { Deframer, frame } from '../delivery/mllp.ts'
import { type AdtSettings, type Heading, type Heard, hear, type Person } from './adt.ts'
import { header, message, segment } from './text.ts'

/** What becomes of what a message says. */
export type Taken = 'told' | 'nothing' | 'refused' | 'unrecorded'

export interface ListenerOptions {
  readonly env: Env
  readonly host: string
  readonly port: number
  readonly tls?: TlsOptions
  /** Addresses that are listened to; none = every one. */
  readonly peers: readonly string[]
  readonly encoding: 'utf-8' | 'iso-8859-1'
  readonly mostBytes: number
  settings(): AdtSettings
  /** Resolves when it is durable. */
  take(people: readonly Person[]): Promise<Taken>
  log(text: string): void
  readonly limits?: Partial<typeof LIMITS>
}

const LIMITS = {
  connections: 16,
  /** A frame that has begun must end within so many ms. */
  frameMs: 30_000,
  /** A connection that says nothing for so many ms is closed. */
  idleMs: 600_000,
}

export interface Answers {
  accepted: number
  errors: number
  rejected: number
}

/** `AA` and so on, by what is asked for in MSH-15 and MSH-16; null = no answer is. */
export function ackCode(
  { acceptAck, applicationAck }: Heading,
  how: 'A' | 'E' | 'R',
): string | null {
  if (acceptAck === '' && applicationAck === '') return `A${how}`
  const wanted = (when: string) =>
    when === 'AL' || (when === 'SU' && how === 'A') || (when === 'ER' && how !== 'A')
  if (wanted(applicationAck)) return `A${how}`
  return wanted(acceptAck) ? `C${how}` : null
}

export class AdtListener {
  readonly answers: Answers = { accepted: 0, errors: 0, rejected: 0 }
  readonly #options: ListenerOptions
  readonly #limits: typeof LIMITS
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  #strangers = 0

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#limits = { ...LIMITS, ...options.limits }
  }

  /** Rejects when it cannot listen there. Gives the port. */
  async listen(): Promise<number> {
    const { host, port, tls } = this.#options
    const met = (socket: Socket) => this.#met(socket)
    const server = tls ? createTlsServer(tls, met) : createServer(met)
    server.maxConnections = this.#limits.connections
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
    server.removeAllListeners('error').on('error', () => {})
    this.#server = server
    return (server.address() as { port: number }).port
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
    if (server) await new Promise((done) => server.close(done))
  }

  #met(socket: Socket): void {
    const { env, peers, mostBytes, log } = this.#options
    const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    socket.on('error', () => {})
    if (peers.length > 0 && !peers.includes(peer)) {
      socket.destroy()
      this.#strangers += 1
      if (this.#strangers === 1) log(`ADT: ${peer} is not among the peers, and is not listened to.`)
      return
    }
    this.#sockets.add(socket)
    const deframer = new Deframer(mostBytes)
    let cancel: Cancel = () => {}
    const wait = () => {
      cancel()
      const ms = deframer.open ? this.#limits.frameMs : this.#limits.idleMs
      cancel = env.after(ms, () => socket.destroy(), { background: true })
    }
    wait()
    let begun = false
    socket.on('data', async (chunk: Buffer) => {
      socket.pause()
      const before = deframer.strays
      const frames = deframer.frames(chunk)
      // A frame has one time for all of it, however it trickles in.
      if (frames.length > 0 || deframer.open !== begun) wait()
      begun = deframer.open
      for (const bytes of frames) {
        if (socket.destroyed) return
        const reply = await this.#answer(bytes, peer)
        if (reply !== null && !socket.destroyed) socket.write(frame(reply))
      }
      if (deframer.strays - before > mostBytes / 2) {
        log(`ADT: ${peer} sent a message that is too long, or none; the connection was closed.`)
        socket.destroy()
      }
      socket.resume()
    })
    socket.on('close', () => {
      cancel()
      this.#sockets.delete(socket)
    })
  }

  async #answer(bytes: Buffer, peer: string): Promise<string | null> {
    const { env, log, take } = this.#options
    const heard = this.#heard(bytes)
    const { heading } = heard
    if (heard.kind !== 'people') {
      log(`ADT: ${peer} sent ${heading.event || 'a message'} that was not taken: ${heard.text}.`)
      const how = heard.kind === 'reject' ? 'R' : 'E'
      return this.#ack(env, heading, how, heard)
    }
    const taken = await take(heard.people).catch((): Taken => 'unrecorded')
    if (taken === 'refused') {
      const text = 'MRG-1: the identifiers would become each other'
      log(`ADT: ${peer} sent ${heading.event} that was not taken: ${text}.`)
      return this.#ack(env, heading, 'R', { code: '207', text })
    }
    if (taken === 'unrecorded') {
      return this.#ack(env, heading, 'E', { code: '207', text: 'it could not be recorded' })
    }
    return this.#ack(env, heading, 'A', null)
  }

  #heard(bytes: Buffer): Heard {
    const { encoding, settings } = this.#options
    const asked = settings()
    const latin = bytes.toString('latin1')
    const first = latin.split(/[\r\n]/, 1)[0] ?? ''
    const named = (first.split(first[3] ?? '|')[17] ?? '').split(first[4] ?? '^')[0]?.trim()
    const is = named === '' || named === undefined ? encoding : CHARSETS[named.toUpperCase()]
    if (is === 'iso-8859-1') return hear(latin, asked)
    const refused = (text: string): Heard => {
      const { heading } = hear(latin, asked)
      return { kind: 'reject', heading, code: '102', text }
    }
    if (is === undefined) return refused('MSH-18: this character set is not read')
    try {
      return hear(new TextDecoder('utf-8', { fatal: true }).decode(bytes), asked)
    } catch {
      return refused('it is not UTF-8, and MSH-18 names no other character set')
    }
  }

  #ack(
    env: Env,
    heading: Heading,
    how: 'A' | 'E' | 'R',
    wrong: { readonly code: string; readonly text: string } | null,
  ): string | null {
    this.answers[({ A: 'accepted', E: 'errors', R: 'rejected' } as const)[how]] += 1
    const code = ackCode(heading, how)
    if (code === null) return null
    const { control, event, version, application, facility } = heading
    const at = utc(env.wall())
    const msh = header({
      ...{ 3: 'WANDBRIDGE', 5: application, 6: facility },
      7: `${at.slice(0, 19).replace(/[-:T]/g, '')}+0000`,
      9: event === '' ? 'ACK' : ['ACK', event, 'ACK'],
      // Of this answer, and told from every other.
      10: Buffer.from(env.random(8)).toString('hex'),
      ...{ 11: 'P', 12: version, 18: 'UNICODE UTF-8' },
    })
    const msa = segment('MSA', { 1: code, 2: control, ...(wrong && { 3: wrong.text }) })
    const err = wrong && segment('ERR', { 3: [wrong.code], 4: 'E', 8: wrong.text })
    return message(err ? [msh, msa, err] : [msh, msa])
  }
}

const CHARSETS: Readonly<Record<string, 'utf-8' | 'iso-8859-1' | undefined>> = {
  ASCII: 'utf-8',
  'UNICODE UTF-8': 'utf-8',
  'UTF-8': 'utf-8',
  '8859/1': 'iso-8859-1',
  'ISO-8859-1': 'iso-8859-1',
}
