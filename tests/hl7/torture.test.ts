// A server of another make that loses connections, delays, refuses, halves and doubles its answers and
// names the wrong message, and a sender that is killed: every message arrives, in order, those that come
// twice can be told, none is lost, and what it refuses is set aside while the rest go on.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { listLogs } from '../../src/audit/read/files.ts'
import { readRecords } from '../../src/audit/read/reader.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { mulberry32 } from '../../src/base/env.ts'
import { packed } from '../audit/packed.ts'
import { hasPythonHl7 } from './parsers.ts'
import { filledLog } from './readings.ts'

const MESSAGES = process.env['WANDBRIDGE_LONG'] === '1' ? 10_000 : 300
const KILLS = process.env['WANDBRIDGE_LONG'] === '1' ? 40 : 4
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const running = new Set<ChildProcess>()
const dirs: string[] = []
afterEach(async () => {
  const left = [...running]
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => new Promise((done) => child.once('close', done))))
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})

interface Seen {
  readonly control: string
  readonly position: number
  readonly what: string
  readonly size: number
}

function child(command: string, args: readonly string[]): ChildProcess {
  const made = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  running.add(made)
  made.once('close', () => running.delete(made))
  return made
}

const linesOf = (of: ChildProcess) => createInterface({ input: of.stdout as never })

/** A folder for what the sender keeps. */
function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-torture-'))
  dirs.push(dir)
  return dir
}

describe('under torture', () => {
  it(
    `${MESSAGES} messages arrive, whole, in order, none lost, over ${KILLS} kills`,
    async ({ skip }) => {
      skip(!hasPythonHl7() && process.env['CI'] !== 'true', 'python3-hl7 is not installed')
      const dir = folder()
      const state = join(dir, 'state')
      mkdirSync(join(state, 'delivery'), { recursive: true })
      // Its place is before everything: the destination was there before the first reading.
      const saved = {
        v: 3,
        destination: 'torture',
        since: '2020-01-01T00:00:00.000Z',
        place: null,
        parked: [],
        disabled: null,
      }
      writeFileSync(join(state, 'delivery/torture.json'), JSON.stringify(saved))
      const positions = await filledLog(state, MESSAGES)
      const poison = positions[Math.floor(MESSAGES / 3)] as number
      const hopeless = positions[Math.floor(MESSAGES / 2)] as number

      const python = join(ROOT, 'tests/hl7/torture.py')
      const server = child('/usr/bin/python3', [python, '11', String(poison), String(hopeless)])
      const seen: Seen[] = []
      const port = await new Promise<number>((resolve) => {
        linesOf(server).on('line', (line) => {
          const said = JSON.parse(line) as Partial<Seen> & { port?: number }
          if (said.port !== undefined) resolve(said.port)
          else seen.push(said as Seen)
        })
      })

      const random = mulberry32(5)
      const main = packed('sender', 'tests/hl7/sender.child.ts')
      for (let kills = 0; ; kills += 1) {
        const sender = child(process.execPath, [main, state, String(port)])
        const before = seen.length
        const share = MESSAGES / (KILLS + 1)
        const until = kills < KILLS ? before + share * (0.5 + random() / 2 ** 32) : Infinity
        let idle = 0
        linesOf(sender).on('line', (line) => {
          const { idle: done, sent } = JSON.parse(line) as { idle: boolean; sent: number }
          idle = done && sent + before > 0 ? idle + 1 : 0
        })
        while (seen.length < until && idle < 10) await setTimeout(5)
        const closed = new Promise((done) => sender.once('close', done))
        sender.kill('SIGKILL')
        await closed
        if (kills >= KILLS) break
      }

      const [log = ''] = await listLogs(nodeDisk, join(state, 'audit'))
      const first = new Map<number, Seen>()
      const order: number[] = []
      for (const one of seen) {
        const known = first.get(one.position)
        // Those that come twice have the same id and the same bytes.
        if (known) expect([one.control, one.size]).toEqual([known.control, known.size])
        else {
          first.set(one.position, one)
          order.push(one.position)
        }
      }
      expect(order).toEqual(positions)
      expect(new Set(seen.map((one) => one.control)).size).toBe(MESSAGES)
      for (const { control } of seen) expect(control.length).toBeLessThanOrEqual(20)
      // Everything that can happen has happened.
      const kinds = new Set(seen.map((one) => one.what))
      expect(kinds.size).toBeGreaterThan(MESSAGES > 1_000 ? 11 : 8)
      expect(seen.length).toBeGreaterThan(MESSAGES)
      // What it refused is set aside, with a record, and nothing else is.
      const kept = JSON.parse(readFileSync(join(state, 'delivery/torture.json'), 'utf8')) as {
        place: { log: string; position: number }
        parked: { position: number; code: string }[]
      }
      expect(kept.parked.map((one) => one.position)).toEqual([poison, hopeless])
      expect(kept.place.log).toBe(log)
      expect(kept.place.position).toBeGreaterThanOrEqual(positions.at(-1) as number)
      // Each kill may come between its answer and the record of it.
      const tries = seen.filter((one) => one.position === poison).length
      expect(tries).toBeLessThanOrEqual(1 + KILLS)
      const recorded: number[] = []
      const kinds2 = { kinds: ['delivery-parked'] }
      for await (const { record } of readRecords(nodeDisk, join(state, 'audit', log), kinds2)) {
        if (record.kind === 'delivery-parked') recorded.push(record.body.position)
      }
      expect(new Set(recorded)).toEqual(new Set([poison, hopeless]))
    },
    // Where other tests take the machine's time, each of the processes needs many seconds to begin.
    180_000 + MESSAGES * 100,
  )
})
