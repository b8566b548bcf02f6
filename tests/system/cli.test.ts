// The commands as people and programs use them: separate processes, a real serial port, real signals. What
// they say and refuse is in commands.test.ts.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pumpStatusSchema } from '../../src/model/status.ts'
import {
  endAll,
  eventually,
  type Program,
  run,
  type Sim,
  serve,
  sim,
  start,
  temporary,
} from './programs.ts'

const STATUS_MS = 60_000

afterAll(endAll)

const status = (port: string, ...more: string[]): Program =>
  start([
    'status',
    '--json',
    '--source',
    'simulator',
    '--serial',
    port,
    '--state-dir',
    temporary(),
    ...more,
  ])

async function readOnce(port: string) {
  const program = status(port)
  const code = await program.exit
  expect(program.err()).toBe('')
  expect(code).toBe(0)
  expect(program.json()).toHaveLength(1)
  return pumpStatusSchema.parse(program.json()[0])
}

function expectGood(pump: Awaited<ReturnType<typeof readOnce>>): void {
  expect(pump.source).toBe('simulator')
  expect(pump.pump.serial).toMatch(/^SIM-/)
  expect(pump.quality).toBe('current')
  expect(pump.reservoir.reportedVolume).toMatchObject({ unit: 'mL', quality: 'current' })
  expect(pump.session).toMatchObject({ state: 'closed', closeConfirmed: true })
}

describe.concurrent('status --json', () => {
  it('reads a pump over a real pty, closes, and says so', { timeout: STATUS_MS }, async () => {
    const pump = await sim('pty')
    const first = await readOnce(pump.port)
    expectGood(first)
    // The port is free again and the wand has been told.
    const second = await readOnce(pump.port)
    expectGood(second)
    expect(second.wand.lastSessionEnd).toBe('closed')
    expect(second.pump).toEqual(first.pump)
  })

  it('gives the same over tcp://', { timeout: STATUS_MS }, async () => {
    const { port } = await sim('tcp')
    expect(port).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
    expectGood(await readOnce(port))
  })

  const socat = spawnSync('socat', ['-V']).status === 0
  it('gives the same with socat in between', { timeout: STATUS_MS }, async ({ skip }) => {
    skip(!socat && process.env['CI'] !== 'true', 'socat is not installed')
    const { port } = await sim('pty')
    const through = join(temporary(), 'through')
    run('socat', [`PTY,link=${through},raw,echo=0`, `${port},raw,echo=0`])
    await eventually(
      () => spawnSync('test', ['-e', through]).status,
      (x) => x === 0,
      20_000,
    )
    expectGood(await readOnce(through))
  })

  it('reads several wands at once, one line each', { timeout: STATUS_MS }, async () => {
    const [a, b] = [await sim('pty', '--seed', '1'), await sim('pty', '--seed', '2')]
    const program = status(a.port, '--serial', b.port)
    expect(await program.exit).toBe(0)
    const read = program.json().map((line) => pumpStatusSchema.parse(line))
    expect(read.map((p) => p.wand.port)).toEqual([a.port, b.port])
  })
})

describe.concurrent('watch --json', () => {
  const watch = (port: string, node: string[] = []) =>
    start(
      [
        'watch',
        '--json',
        '--source',
        'simulator',
        '--policy',
        'continuous',
        '--serial',
        port,
        '--state-dir',
        temporary(),
      ],
      node,
    )
  const readings = (program: Program) => program.json().filter((line) => line['kind'] === 'reading')
  const live = (program: Program) =>
    eventually(
      () => readings(program).at(-1)?.['quality'],
      (x) => x === 'current',
      30_000,
    )

  /** How the wand says that its newest session ended. */
  const lastEnd = async (pump: Sim) => (await readOnce(pump.port)).wand.lastSessionEnd

  it('shows the pump live and then stale, within one second of the unplugging', {
    timeout: STATUS_MS,
  }, async () => {
    const pump = await sim('pty')
    const program = watch(pump.port)
    await live(program)
    for (const line of readings(program)) expect(line['source']).toBe('simulator')
    await pump.command({ do: 'unplug' })
    await eventually(
      () => readings(program).at(-1)?.['quality'],
      (x) => x === 'stale',
      1_000,
    )
    expect(readings(program).at(-1)?.['reason']).toBe('wand-lost')
    await pump.command({ do: 'plug' })
    await live(program)
    program.child.kill('SIGTERM')
    expect(await program.exit).toBe(0)
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'ends at %s with a confirmed close inside three seconds',
    { timeout: STATUS_MS },
    async (signal) => {
      const pump = await sim('pty')
      const program = watch(pump.port)
      await live(program)
      const began = performance.now()
      program.child.kill(signal)
      expect(await program.exit).toBe(0)
      expect(performance.now() - began).toBeLessThan(3_500)
      const sessions = program.json().filter((line) => line['kind'] === 'session')
      expect(sessions.at(-1)?.['session']).toMatchObject({ state: 'closed', closeConfirmed: true })
      expect(await lastEnd(pump)).toBe('closed')
    },
  )

  it('closes its session on an error nobody expected', { timeout: STATUS_MS }, async () => {
    const pump = await sim('pty')
    const late = 'data:text/javascript,setTimeout(()=>{throw new Error("made by the test")},9000)'
    const program = watch(pump.port, ['--import', late])
    await live(program)
    expect(await program.exit).toBe(1)
    expect(program.err()).toContain('made by the test')
    expect(await lastEnd(pump)).toBe('closed')
  })

  it('closes its session when whoever read its output has gone', {
    timeout: STATUS_MS,
  }, async () => {
    const pump = await sim('pty')
    const program = watch(pump.port)
    await live(program)
    program.child.stdout?.destroy()
    expect(await program.exit).toBe(0)
    expect(await lastEnd(pump)).toBe('closed')
  })

  it('after kill -9 the wand has closed by its lease, and the next reading says so', {
    timeout: STATUS_MS,
  }, async () => {
    const pump = await sim('pty')
    const program = watch(pump.port)
    await live(program)
    program.child.kill('SIGKILL')
    expect(await program.exit).toBeNull()
    // The next one finds the session open, waits for its lease, and learns how it ended.
    const next = watch(pump.port)
    await live(next)
    const wand = readings(next).at(-1)?.['wand']
    expect(wand).toMatchObject({ lastSessionEnd: 'lease-expired' })
    next.child.kill('SIGKILL')
    await next.exit
    await new Promise((resolve) => setTimeout(resolve, 6_500))
    expect(await lastEnd(pump)).toBe('lease-expired')
  })
})

describe.concurrent('serve', () => {
  it('is what status and watch talk to, and is alone with its state directory', {
    timeout: STATUS_MS,
  }, async () => {
    const pump = await sim('pty')
    const dir = temporary()
    const { bridge } = await serve([pump.port], { state: dir, listen: 'none', policy: 'manual' })
    await eventually(
      () => bridge.err(),
      (x) => x.includes('The wand answers.'),
      10_000,
    )
    const second = start([
      'serve',
      '--listen',
      'none',
      '--source',
      'simulator',
      '--serial',
      pump.port,
      '--state-dir',
      dir,
    ])
    expect(await second.exit).toBe(2)
    expect(second.err()).toContain('Another bridge is running')
    const watching = start(['watch', '--json', '--state-dir', dir])
    await eventually(
      () => watching.out(),
      (x) => x.includes('"kind":"link"'),
      10_000,
    )
    const read = start(['status', '--json', '--state-dir', dir])
    expect(`${await read.exit} ${read.err()}${bridge.err()}`).toMatch(/^0 /)
    expectGood(pumpStatusSchema.parse(read.json()[0]))
    await eventually(
      () => watching.out(),
      (x) => x.includes('"kind":"reading"'),
      10_000,
    )
    bridge.child.kill('SIGTERM')
    expect(await bridge.exit).toBe(0)
    expect(await watching.exit).toBe(3)
  })

  it('never gives up on a wand that is away', { timeout: STATUS_MS }, async () => {
    const pump = await sim('pty')
    const dir = temporary()
    const { bridge } = await serve([pump.port], { state: dir, listen: 'none', policy: 'manual' })
    await eventually(
      () => bridge.err(),
      (x) => x.includes('The wand answers.'),
      10_000,
    )
    const answered = () => bridge.err().split('The wand answers.').length - 1
    for (let i = 1; i <= 3; i += 1) {
      await pump.command({ do: 'unplug' })
      await new Promise((resolve) => setTimeout(resolve, 700 * i))
      await pump.command({ do: 'plug' })
      await eventually(answered, (x) => x === 1 + i, 10_000)
    }
    const read = start(['status', '--json', '--state-dir', dir])
    expect(await read.exit).toBe(0)
  })
})
