// What commands say, refuse and leave alone: exit codes, wands and state directories of another kind, the demo.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pumpStatusSchema } from '../../src/model/status.ts'
import { endAll, eventually, type Program, sim, start, temporary } from './programs.ts'

const MS = 60_000

afterAll(endAll)

const status = (port: string, ...more: string[]): Program =>
  start([
    ...['status', '--json', '--source', 'simulator', '--serial', port],
    ...['--state-dir', temporary(), ...more],
  ])

describe.concurrent('exit codes', () => {
  it('0: says its version, which is the package’s', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    const program = start(['--version'])
    expect(await program.exit).toBe(0)
    expect(program.out()).toBe(`${version}\n`)
  })

  it('1: the thing checked is not so', async () => {
    const file = join(temporary(), 'config.yaml')
    writeFileSync(file, 'serial:\n  - /dev/ttyUSB0\npolicy: sometimes\nbaud: 9600\n')
    const program = start(['config', 'check', file])
    expect(await program.exit).toBe(1)
    expect(program.err()).toContain(`${file}:3: policy`)
    expect(program.err()).toContain(`${file}:4: baud`)
  })

  it.each([
    [['status', '--nonsense'], 'nonsense'],
    [['status', '--state-dir', '/tmp/none-here'], '--serial'],
    [['status', '--serial', 'http://x/'], 'tcp://HOST:PORT'],
    [['status', '--serial', 'tcp://localhost'], 'tcp://HOST:PORT'],
    [['status', '--serial', '/dev/a', '--serial', '/dev/a'], 'given twice'],
    [['watch', '--policy', 'always', '--serial', '/dev/a'], 'policy'],
    [['serve', '--serial', '/dev/a', '--state-dir', '/proc/none/here'], 'cannot be used'],
    [['serve', '--serial', '/dev/a', '--state-dir', '/etc/passwd/here'], 'cannot be used'],
    [['demo', '--state-dir', '/proc/none'], 'cannot be used'],
    [['sim', '--wands', '0'], 'whole number'],
    [['sim', '--scenario', 'no-such'], 'normal-refill'],
    [['unknown'], 'unknown'],
  ])('2: usage, with what to do: %j', async (args, says) => {
    const program = start(args)
    expect(await program.exit).toBe(2)
    expect(program.err()).toContain(says)
    expect(program.out()).toBe('')
  })

  it('3: no wand answers, on a port that is not there and on one that is silent', {
    timeout: MS,
  }, async () => {
    const absent = status('/dev/no-such-port')
    expect(await absent.exit).toBe(3)
    expect(absent.err()).toContain('Is the wand plugged in?')
    expect(absent.out()).toBe('')
    const silent = await sim('pty')
    await silent.command({ do: 'noise', faults: { drop: 1 } })
    const program = status(silent.port)
    expect(await program.exit).toBe(3)
    expect(program.out()).toBe('')
  })

  it('4: the wand answers, the pump does not, or does not confirm the close', {
    timeout: MS,
  }, async () => {
    const lifted = await sim('pty')
    await lifted.command({ do: 'lift' })
    const program = status(lifted.port, '--timeout', '8')
    const stuck = await sim('pty')
    await stuck.command({ do: 'fault', fault: 'stuck-telemetry', on: true })
    const second = status(stuck.port)
    expect(await second.exit).toBe(4)
    expect(pumpStatusSchema.parse(second.json()[0]).session.closeConfirmed).toBe(false)
    expect(second.err()).toContain('Session not confirmed closed. Hold the wand in place again.')
    expect(await program.exit).toBe(4)
    expect(program.out()).toBe('')
    expect(program.err()).toContain('Hold the wand')
  })
})

describe.concurrent('a bridge reads wands of one kind', () => {
  const OF_THE_WAND = /SIMW?-\d|\d mL/

  it('a device bridge refuses a simulated wand, and nothing of it is shown or recorded', {
    timeout: MS,
  }, async () => {
    const { port } = await sim('pty')
    const dir = temporary()
    const program = start(['status', '--json', '--serial', port, '--state-dir', dir])
    expect(await program.exit).toBe(4)
    expect(program.out()).toBe('')
    expect(program.err()).toContain('This wand is refused: nothing of it is shown.')
    expect(program.err()).toContain('Start the bridge with --source simulator')
    expect(program.err()).not.toMatch(OF_THE_WAND)
    const logs = readdirSync(join(dir, 'audit')).filter((name) => !name.includes('.'))
    expect(logs).toEqual([expect.stringMatching(/^device-1-[0-9a-f]{8}$/)])
    const shown = start(['audit', 'show', '--json', '--state-dir', dir])
    expect(await shown.exit).toBe(0)
    const kinds = shown.json().map((line) => line['kind'])
    expect(kinds).toContain('link')
    for (const kind of ['interrogation', 'live', 'session']) expect(kinds).not.toContain(kind)
    expect(shown.out()).not.toMatch(OF_THE_WAND)
  })

  it('a state directory is of one kind, and another bridge has no use of it', {
    timeout: MS,
  }, async () => {
    const { port } = await sim('pty')
    const dir = temporary()
    const files = ['--serial', port, '--state-dir', dir]
    const first = start(['status', '--json', '--source', 'simulator', ...files])
    expect(await first.exit).toBe(0)
    const kept = () => readdirSync(dir, { recursive: true }).map(String).sort()
    const before = kept()
    for (const args of [
      ['status', '--json'],
      ['watch', '--json'],
      ['serve', '--listen', 'none'],
      ['status', '--source', 'replay'],
    ]) {
      const other = start([...args, ...files])
      expect([args, await other.exit]).toEqual([args, 2])
      expect(other.out()).toBe('')
      expect(other.err()).toMatch(/simulator/)
      expect(other.err()).not.toMatch(/ {4}at /)
    }
    expect(kept()).toEqual(before)
  })
})

it('a name that is no command is refused in a sentence', async () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const program = start([name])
    expect(await program.exit).toBe(2)
    expect(program.err()).toContain(`unknown command '${name}'`)
  }
})

it('a state directory of a later release is refused where the configuration names it', async () => {
  const dir = temporary()
  writeFileSync(join(dir, 'state.json'), '{"format":2,"release":"1.4.0"}')
  const config = join(temporary(), 'wandbridge.yaml')
  writeFileSync(config, `stateDir: ${dir}\n`)
  const program = start(['hl7', 'send', '--dry-run', '--config', config])
  expect(await program.exit).toBe(2)
  expect(program.err()).toContain('was written by wandbridge 1.4.0')
})

describe.concurrent('demo', () => {
  const demo = (dir: string) => start(['demo', '--port', '0', '--state-dir', dir])

  it('shows live simulated readings, ends in order, and says when its place is taken', {
    timeout: MS,
  }, async () => {
    const dir = temporary()
    const program = demo(dir)
    await eventually(
      () => program.out(),
      (x) => x.includes('LIVE'),
      30_000,
    )
    expect(program.out()).toContain('[SIMULATOR]')
    const second = demo(dir)
    expect(await second.exit).toBe(2)
    expect(second.err()).toContain('Another bridge is running')
    // Its port, by another state directory: it says so and ends, and leaves nothing behind that runs.
    const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(program.out()) ?? []
    const third = start(['demo', '--port', port, '--state-dir', temporary()])
    expect(await third.exit).toBe(2)
    expect(third.err()).toContain(port)
    program.child.kill('SIGINT')
    expect(await program.exit).toBe(0)
    expect(program.err()).toContain('Session closed. You may now use the pump’s own programmer.')
  })
})
