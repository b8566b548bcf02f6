// The host as people run it, on the devices of this machine: commands as processes of their own, or a
// bridge in this one where only what it reads counts.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Bridge, type BridgeOptions } from '../../../src/bridge.ts'
import { systemEnv } from '../../../src/env.ts'
import { interrogateOnce } from '../../../src/interrogate.ts'
import type { BridgeEvent } from '../../../src/model/event.ts'
import type { PumpStatus } from '../../../src/model/status.ts'
import type { PortSource } from '../../../src/transport/port.ts'
import { until } from './until.ts'

const NOBODY = 65534
const MAIN = join(import.meta.dirname, '../../../src/cli/main.js')

export type Reading = Extract<BridgeEvent, { kind: 'reading' }>

/** A bridge in this process with everything it has told. */
export interface Bench {
  readonly bridge: Bridge
  readonly events: readonly BridgeEvent[]
}

export async function withBridge<T>(
  options: Omit<BridgeOptions, 'env'>,
  test: (bench: Bench) => Promise<T>,
): Promise<T> {
  const bridge = new Bridge({ ...options, env: systemEnv() })
  const events: BridgeEvent[] = []
  bridge.events$.subscribe((event) => void events.push(event))
  bridge.start()
  try {
    return await test({ bridge, events })
  } finally {
    await bridge.stop()
  }
}

/** One interrogation by a bridge in this process: the snapshot, confirmed closed. */
export const readOnce = (source: PortSource): Promise<Reading> =>
  withBridge({ ports: [source], policy: 'manual' }, async ({ bridge, events }) => {
    const outcome = await interrogateOnce(systemEnv(), bridge, source.path, 40_000)
    assert.equal(outcome.kind, 'read', JSON.stringify(outcome))
    assert.ok(outcome.kind === 'read' && outcome.closeConfirmed, 'closed, confirmed')
    // A reply that was late on a busy machine is refused as out of sequence; nothing may be damaged.
    const refused = bridge.counters()[source.path]?.discarded ?? {}
    assert.deepEqual(
      Object.keys(refused).filter((why) => why !== 'out-of-sequence'),
      [],
    )
    const reading = events.find((event) => event.kind === 'reading')
    assert.ok(reading, 'a reading')
    return reading
  })

/** What runs a program as nobody, in these groups. */
export const asNobody = (...groups: string[]): string[] => [
  ...['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`],
  groups.length > 0 ? `--groups=${groups.join()}` : '--clear-groups',
]

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/**
 * A command of the host, in a state directory of its own: in memory, because the machine's root lies
 * over a directory of the host that others change.
 */
export class Command {
  readonly child: ChildProcess
  readonly stateDir = mkdtempSync('/run/state-')
  /** JSON lines of its output with their time of arrival on the monotonic clock. */
  readonly lines: { readonly at: number; readonly line: Line }[] = []
  readonly #ended: Promise<Ended>
  err = ''

  /** `groups`: as nobody, in these groups. */
  constructor(args: readonly string[], groups?: readonly string[]) {
    if (groups) chownSync(this.stateDir, NOBODY, NOBODY)
    const as = groups ? asNobody(...groups) : []
    const all = [...as, process.execPath, MAIN, ...args, '--state-dir', this.stateDir]
    const [program = '', ...rest] = all
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
    let out = ''
    createInterface({ input: child.stdout }).on('line', (text) => {
      out += `${text}\n`
      if (text.startsWith('{')) this.lines.push({ at: performance.now(), line: JSON.parse(text) })
    })
    child.stderr.on('data', (text: Buffer) => {
      this.err += text.toString()
    })
    this.child = child
    this.#ended = new Promise((resolve) => {
      child.once('close', (code) => {
        rmSync(this.stateDir, { recursive: true, force: true })
        resolve({ code, out, err: this.err })
      })
    })
  }

  ended(): Promise<Ended> {
    return this.#ended
  }

  /** Ends it in order; it must have had nothing to complain of. */
  async stop(): Promise<Ended> {
    this.child.kill('SIGTERM')
    const ended = await this.#ended
    assert.equal(ended.code, 0, ended.err)
    return ended
  }

  /** The first line that fits, from the line number `from` on. */
  async line(what: string, fits: (line: Line) => boolean, from = 0, ms = 60_000) {
    const look = () => {
      if (this.child.exitCode !== null) throw new Error(`it has ended: ${this.err}`)
      return this.lines.slice(from).find(({ line }) => fits(line))
    }
    return until(what, look, ms).catch((error: Error) => {
      const last = this.lines.slice(-8).map(({ line }) => JSON.stringify(line).slice(0, 300))
      throw new Error([error.message, ...last, this.err].join('\n'))
    })
  }

  /** Open files, and resident memory in MiB. */
  async footprint(): Promise<{ files: number; memory: number }> {
    const proc = `/proc/${this.child.pid}`
    const files = (await readdir(`${proc}/fd`)).length
    const rss = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`${proc}/status`, 'utf8'))?.[1]
    return { files, memory: Number(rss) / 1024 }
  }
}

/** What `watch --json` prints, as far as these tests look at it. */
export interface Line {
  readonly kind: string
  readonly port?: string
  readonly quality?: string
  readonly reason?: string
  readonly wand?: PumpStatus['wand'] & string
  readonly pump?: PumpStatus['pump']
  readonly link?: { readonly phase: string; readonly sentence: string; readonly detail: string }
}
