// The program `wand-conform` on real ports: a simulated wand on a pseudo-terminal, over a pump, and one over TCP
// without an implant. What each check finds is tested in tests/conformance/, in virtual time. Most of it is
// waiting, so all run at once.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/index.ts'
import { endAll, type Program, run, temporary } from './programs.ts'

const KIT = new URL('../../dist/bin/wand-conform.js', import.meta.url).pathname
/** A computer that runs other tests, too, is late itself; times are judged in virtual time. */
const SLACK = ['--slack', '2000']
const made: Simulator[] = []

afterAll(async () => {
  await endAll()
  for (const simulator of made.splice(0)) await simulator.stop()
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

const FIRMWARE = new URL('../../firmware', import.meta.url).pathname

// The reference firmware, where there is one: built as a program of this computer, under sanitizers.
for (const folder of [FIRMWARE].filter((one) => existsSync(join(one, 'Makefile')))) {
  it.concurrent('passes whole over the pump of the reference firmware', {
    timeout: 240_000,
  }, async () => {
    const out = temporary()
    const make = run('make', ['-C', folder, 'native', `OUT=${out}`])
    expect(await make.exit, make.err()).toBe(0)
    const [link, store] = [join(out, 'wand'), join(out, 'store')]
    const wand = run(join(out, 'native', 'wand-pty'), [link, store])
    await expect.poll(() => wand.out(), { timeout: 10_000 }).toContain('ready')
    const kit = conform(link, ...SLACK)
    expect(await kit.exit, kit.out() + kit.err()).toBe(0)
    expect(kit.out()).toMatch(/\d+ passed, 0 failed/)
  })
}
