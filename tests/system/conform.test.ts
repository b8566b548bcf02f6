// The program `wand-conform` on real ports: a simulated wand on a pseudo-terminal, over a pump, and one over TCP
// without an implant; and the kit on the reference firmware, under sanitizers and, in the long run, on an emulated
// microcontroller and over reports. What each check finds is tested in tests/conformance/, in virtual time. Most of
// it is waiting, so all run at once.
import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { SerialPort } from 'serialport'
import { afterAll, expect, it } from 'vitest'
import { CHECKS } from '../../conformance/checks/index.ts'
import { systemClock } from '../../conformance/clock.ts'
import { portOf } from '../../conformance/ports/path.ts'
import type { Port } from '../../conformance/ports/port.ts'
import { run as check } from '../../conformance/run.ts'
import { REPORT_SIZE } from '../../protocol/framing/hid-report.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/index.ts'
import { BUILT, build, emulator, unbuildable } from '../firmware/build.ts'
import { Board } from '../firmware/qemu.ts'
import { endAll, eventually, type Program, run, temporary } from './programs.ts'

const KIT = new URL('../../dist/bin/wand-conform.js', import.meta.url).pathname
/** A computer that runs other tests, too, is late itself; times are judged in virtual time. */
const SLACK_MS = 2_000
const SLACK = ['--slack', String(SLACK_MS)]
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const made: Simulator[] = []
const boards: Board[] = []
const held: number[] = []

afterAll(async () => {
  await endAll()
  for (const simulator of made.splice(0)) await simulator.stop()
  for (const board of boards) await board.off()
  for (const fd of held) closeSync(fd)
})

async function simulated(options: SimulatorOptions): Promise<Simulator> {
  // A short lease makes a short run.
  const simulator = await startSimulator({ seed: 5, leaseMs: 1_500, ...options })
  made.push(simulator)
  return simulator
}

function conform(...args: string[]): Program {
  if (!existsSync(KIT)) throw new Error('dist/ is missing. Run `npm run build`.')
  return run(process.execPath, [KIT, ...args])
}

it.concurrent('passes whole over a pump on a pseudo-terminal, and writes JUnit', {
  timeout: 180_000,
}, async () => {
  const simulator = await simulated({ ports: [{ kind: 'pty' }] })
  const [path = ''] = simulator.describe().map((line) => line.path)
  const junit = join(temporary(), 'report.xml')
  const kit = conform(path, '--junit', junit, ...SLACK)
  expect(await kit.exit, kit.out() + kit.err()).toBe(0)
  expect(kit.out()).toMatch(/^ok +240 /m)
  expect(kit.out()).toMatch(/SIMW-0001, firmware 1\.0\.0 on .*: \d+ passed, 0 failed/)
  expect(readFileSync(junit, 'utf8')).toContain('failures="0"')
})

it.concurrent('passes whole over TCP without an implant, as JSON', {
  timeout: 180_000,
}, async () => {
  const simulator = await simulated({ ports: [{ kind: 'tcp' }] })
  await simulator.command({ do: 'lift' })
  const [path = ''] = simulator.describe().map((line) => line.path)
  const kit = conform(path, '--no-implant', '--sees-openings', '--json', ...SLACK)
  expect(await kit.exit, kit.out() + kit.err()).toBe(0)
  const report = JSON.parse(kit.out())
  expect(report).toMatchObject({ failed: 0, session: 0, wand: { serial: 'SIMW-0001' } })
  expect(report.passed).toBeGreaterThan(50)
})

it.concurrent('exits with 1 when a check fails, and says which', { timeout: 180_000 }, async () => {
  const simulator = await simulated({ ports: [{ kind: 'tcp' }] })
  // Coupling where there must be none.
  const [path = ''] = simulator.describe().map((line) => line.path)
  const kit = conform(path, '--no-implant', ...SLACK)
  expect(await kit.exit).toBe(1)
  expect(kit.out()).toMatch(/^FAIL 100 /m)
  expect(kit.out()).toMatch(/105 .*not run, 100 failed/)
})

it.concurrent('closes the session when it is stopped', { timeout: 60_000 }, async () => {
  const simulator = await simulated({ ports: [{ kind: 'tcp' }], leaseMs: 30_000 })
  const [path = ''] = simulator.describe().map((line) => line.path)
  const kit = conform(path, ...SLACK)
  await expect.poll(() => kit.out(), { timeout: 50_000 }).toMatch(/^ok +206 /m)
  kit.child.kill('SIGINT')
  expect(await kit.exit).toBe(1)
  expect(kit.out()).toContain('not run, stopped')
  expect(kit.out()).not.toContain('not known to be closed')
})

it.concurrent('exits with 3 where no wand answers, and with 2 when it is asked wrongly', {
  timeout: 60_000,
}, async () => {
  const mute = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1')
  await new Promise((resolve) => mute.once('listening', resolve))
  const { port } = mute.address() as { port: number }
  const silent = conform(`tcp:127.0.0.1:${port}`)
  expect(await silent.exit).toBe(3)
  expect(silent.err()).toContain('Nothing came from')
  await new Promise((resolve) => mute.close(resolve))
  const nobody = conform(`tcp:127.0.0.1:${port}`)
  expect(await nobody.exit).toBe(3)
  for (const wrong of [[], ['a', 'b'], ['tcp:x'], ['--slack', 'long', 'a'], ['--what']])
    expect(await conform(...wrong).exit).toBe(2)
})

/** Reports over a terminal, one behind the other, as the firmware gives them where there is no USB. */
function reportsOver(path: string): Port {
  return {
    ...{ path, framing: REPORTS },
    async open(heard) {
      const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false })
      let rest = Buffer.alloc(0)
      port.on('data', (bytes: Buffer) => {
        const all = Buffer.concat([rest, bytes])
        const whole = all.length - (all.length % REPORT_SIZE)
        rest = all.subarray(whole)
        if (whole > 0) heard.data(all.subarray(0, whole))
      })
      await new Promise<void>((done, failed) => {
        port.open((error) => (error ? failed(error) : done()))
      })
      return {
        write: (bytes) => void port.write(Buffer.from(bytes)),
        lines: async () => false,
        close: () => new Promise((done) => port.close(() => done())),
      }
    },
  }
}

interface Wand {
  readonly line: string
  readonly reports: string
  lift(): void
}

async function native(): Promise<Wand> {
  const dir = temporary()
  const [line, store, reports] = [join(dir, 'wand'), join(dir, 'store'), join(dir, 'reports')]
  const wand = run(join(BUILT, 'native', 'wand-pty'), [line, store, reports])
  await eventually(wand.out, (text) => text.includes('ready'), 10_000)
  return { line, reports, lift: () => void wand.child.kill('SIGUSR1') }
}

async function emulated(): Promise<Wand> {
  const qemu = emulator()
  if (!qemu) throw new Error('QEMU for ARM is not there: bash firmware/qemu.sh .cache/firmware')
  const board = new Board(qemu, temporary())
  boards.push(board)
  await board.on()
  // The emulator takes a second or two to see that a terminal was opened, and drops what it says before: they stay
  // open.
  for (const path of [board.port, board.reports])
    held.push(openSync(path, constants.O_RDWR | constants.O_NOCTTY))
  await setTimeout(5_000)
  return { line: board.port, reports: board.reports, lift: () => board.lift(true) }
}

const MACHINES = { native, arm: emulated } as const
/** The clock of an emulated microcontroller falls behind on a busy computer: its ticks are lost. */
const BEHIND_MS = { native: SLACK_MS, arm: 8_000 } as const
/** Reasons of checks that are for another run of the same wand. */
const ELSEWHERE = /^only (?:over|without|a wand that sees) |^this port has no such lines/

// In the gate, the program of this computer over lines.
for (const target of LONG ? (['native', 'arm'] as const) : (['native'] as const)) {
  for (const framing of LONG ? ['line', 'report'] : ['line']) {
    for (const noImplant of [false, true]) {
      const over = `over ${framing}s, ${noImplant ? 'without an implant' : 'over its pump'}`
      it.concurrent(`the firmware passes whole: ${target}, ${over}`, {
        timeout: 300_000,
      }, async ({ expect, skip }) => {
        const why = unbuildable(target)
        skip(why !== false, String(why))
        build(target)
        const wand = await MACHINES[target]()
        if (noImplant) wand.lift()
        const port = framing === 'line' ? portOf(wand.line) : reportsOver(wand.reports)
        const report = await check({
          ...{ port, clock: systemClock, checks: CHECKS },
          ...{ noImplant, seesOpenings: false, slackMs: BEHIND_MS[target] },
        })
        const of = (result: string) => report.results.filter((one) => one.result === result)
        expect(of('failed').map(({ check, why }) => `${check.number}: ${why}`)).toEqual([])
        for (const { why } of of('not-run')) expect(why).toMatch(ELSEWHERE)
        expect(report.session).toBe(0)
        console.log(`${target}, ${over}: ${of('passed').length} passed`)
      })
    }
  }
}
