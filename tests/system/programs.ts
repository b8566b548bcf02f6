// Real processes of the command line, each ended by its own id: commands, simulators, bridges.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What people run, as it was built. */
export const MAIN = new URL('../../dist/bin/wandbridge.js', import.meta.url).pathname

export interface Program {
  readonly child: ChildProcess
  out(): string
  err(): string
  /** JSON lines of standard output so far. */
  json(): Record<string, unknown>[]
  say(command: object): void
  /** Exit code; a signal that ended it is a negative number's place: null. */
  readonly exit: Promise<number | null>
}

/** Longest time that a program takes to start or to answer a command; how fast it is, is shown elsewhere. */
const START_MS = process.env['WANDBRIDGE_LONG'] === '1' ? 300_000 : 30_000

const running = new Set<ChildProcess>()
const dirs: string[] = []

/** Waits until `good(get())`; rejects with the last value after `ms`. */
export async function eventually<T>(
  get: () => T,
  good: (x: T) => boolean,
  ms: number,
): Promise<void> {
  const began = performance.now()
  for (let x = get(); !good(x); x = get()) {
    if (performance.now() - began > ms)
      throw new Error(`not within ${ms} ms; last: ${JSON.stringify(x) ?? x}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-system-'))
  dirs.push(dir)
  return dir
}

export function start(args: readonly string[], node: readonly string[] = []): Program {
  if (!existsSync(MAIN))
    throw new Error('dist/ is missing. Run `npm run build`, or the whole `npm test`.')
  return run(process.execPath, [...node, MAIN, ...args])
}

export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  running.add(child)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      running.delete(child)
      resolve(code)
    })
  })
  return {
    child,
    exit,
    out: () => out,
    err: () => err,
    json: () =>
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    say: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
  }
}

/** Ends everything a test has started, and removes its files. */
export async function endAll(): Promise<void> {
  const left = [...running]
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => new Promise((resolve) => child.once('close', resolve))))
  for (const dir of dirs.splice(0))
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

export interface Sim extends Program {
  /** The port of the first wand. */
  readonly port: string
  /** Does a command and waits for its answer. */
  command(command: object): Promise<Record<string, unknown>>
}

/** A simulator on a pty behind a link, or on TCP. */
export async function sim(kind: 'pty' | 'tcp', ...args: string[]): Promise<Sim> {
  const link = join(temporary(), 'wand')
  const where = kind === 'pty' ? ['--serial-link', link] : ['--tcp', '127.0.0.1:0']
  const program = start(['sim', ...where, ...args])
  await eventually(
    () => program.out(),
    (x) => x.includes('\n'),
    START_MS,
  )
  const path = String(program.json()[0]?.['path'])
  const port = kind === 'pty' ? link : path
  return {
    ...program,
    port,
    async command(command) {
      const before = program.json().length
      program.say(command)
      await eventually(
        () => program.json().length,
        (x) => x > before,
        START_MS,
      )
      const answer = program.json()[before] as Record<string, unknown>
      if (answer['ok'] !== true) throw new Error(JSON.stringify(answer))
      return answer
    },
  }
}

export interface Served {
  readonly bridge: Program
  /** Where it listens; empty = nowhere. */
  readonly url: string
  readonly state: string
}

export interface ServeOptions {
  /** Where the bridge keeps its files; its own if not given. */
  readonly state?: string
  /** Default: any port of this computer that is free. */
  readonly listen?: string
  readonly policy?: string
  readonly more?: readonly string[]
  /** Options of Node itself. */
  readonly node?: readonly string[]
}

/** A bridge for simulated wands on these ports, once it is up. */
export async function serve(
  ports: readonly string[],
  {
    state = temporary(),
    listen = '127.0.0.1:0',
    policy = 'on-placement',
    more = [],
    node = [],
  }: ServeOptions = {},
): Promise<Served> {
  const wands = ports.flatMap((port) => ['--serial', port])
  const how = ['--listen', listen, '--source', 'simulator', '--policy', policy]
  const bridge = start(['serve', ...how, ...wands, '--state-dir', state, ...more], node)
  await eventually(
    () => bridge.err(),
    (text) => text.includes(listen === 'none' ? 'Bridge ready' : 'Listening on'),
    START_MS,
  )
  const [url = ''] = /https?:\/\/[^,\s]+/.exec(bridge.err()) ?? []
  return { bridge, url, state }
}

/** Ends it, as a service does or as a power switch would, and gives its exit code. */
export async function stop({ child, exit }: Program, signal: NodeJS.Signals = 'SIGTERM') {
  child.kill(signal)
  return exit
}

/** What a command prints; it must end well. */
export async function printed(...args: readonly string[]): Promise<string> {
  const program = start(args)
  const code = await program.exit
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${program.err()}`)
  return program.out().trim()
}

/** A token for a bridge of simulated wands. */
export const token = (state: string, scope = 'status,history,audit,metrics,fhir') =>
  printed('token', 'create', '--source', 'simulator', '--scope', scope, '--state-dir', state)

/**
 * What a bridge answers to whoever has this token. A token is known a moment after it was made, and on a
 * slow disk a read that cannot be recorded is refused: it is asked again.
 */
export async function ask<T>({ url }: Served, bearer: string, path: string): Promise<T> {
  const headers = { authorization: `Bearer ${bearer}` }
  for (let left = 40; ; left -= 1) {
    const reply = await fetch(`${url}${path}`, { headers })
    if (reply.ok || left === 0) return (await reply.json()) as T
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

/** Takes the wand away, until the bridge has noticed: a wand that is back at once was never lifted. */
export async function lifted(pump: Sim, served: Served, bearer: string): Promise<void> {
  await pump.command({ do: 'lift' })
  for (let left = 100; left > 0; left -= 1) {
    const { wands } = await ask<{
      wands: { link: { connected: boolean }; contact: { fresh: boolean } }[]
    }>(served, bearer, '/api/v1/wands')
    // A bridge that has not found its wand yet has not seen it lifted either.
    const seen = wands.length > 0 && wands.every(({ link }) => link.connected)
    if (seen && wands.every(({ contact }) => !contact.fresh)) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
}
