// doctor and devices as people start them, on this computer as it is.
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { endAll, eventually, MAIN, run, serve, sim, start, temporary } from './programs.ts'

afterAll(endAll)

const doctor = (...args: string[]) => start(['doctor', '--state-dir', temporary(), ...args])

describe.concurrent('doctor', () => {
  it('names the program that holds the port, and exits with 1', async () => {
    const { port } = await sim('pty')
    const holder = run('sh', ['-c', `exec 3<>${port}; echo; exec sleep 60`])
    await eventually(holder.out, (text) => text === '\n', 20_000)
    const program = doctor('--json', '--serial', port)
    expect(await program.exit).toBe(1)
    const held = program.json().filter((line) => line['topic'] === 'Port')
    expect(held).toMatchObject([{ level: 'wrong' }])
    expect(held[0]?.['says']).toContain(
      `held by another program: sleep (process ${holder.child.pid})`,
    )
    expect(held[0]?.['todo']).toContain(`ps -fp ${holder.child.pid}`)
  })

  it('does not take the bridge of its state directory for another program', async () => {
    const { port } = await sim('pty')
    const dir = temporary()
    const { bridge } = await serve([port], { state: dir, listen: 'none', policy: 'manual' })
    await eventually(bridge.err, (text) => text.includes('The wand answers.'), 10_000)
    const program = start(['doctor', '--json', '--serial', port, '--state-dir', dir])
    await program.exit
    const found = program.json().filter((line) => line['topic'] === 'Port')
    expect(found).toMatchObject([{ level: 'ok', says: `${port} is left to the running bridge.` }])
    // Another state directory: another program.
    const other = doctor('--json', '--serial', port)
    expect(await other.exit).toBe(1)
    expect(other.out()).toContain(`(process ${bridge.child.pid})`)
  })

  it('says that a port may not be opened, to a user who may not', async ({ skip }) => {
    const root = process.getuid?.() === 0
    skip(!root && process.env['CI'] !== 'true', 'only root can become another user')
    const { port } = await sim('pty')
    // The doctor, in a user of its own without rights.
    const program = run('setpriv', [
      ...['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath],
      ...[MAIN, 'doctor', '--json', '--serial', port, '--state-dir', '/tmp'],
    ])
    expect(await program.exit).toBe(1)
    const access = program.json().find((line) => line['topic'] === 'Access')
    expect(access?.['level']).toBe('wrong')
    expect(access?.['says']).toContain('may not be opened by this user')
  })

  it('writes one page to be filed, never over another', async () => {
    const file = join(temporary(), 'page.txt')
    const program = doctor('--report', file)
    await program.exit
    const page = readFileSync(file, 'utf8')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(page).toContain('wandbridge doctor')
    expect(page).toContain(program.out().trim().split('\n')[0])
    for (const line of page.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
    const again = doctor('--report', file)
    expect(await again.exit).toBe(2)
    expect(again.err()).toContain('cannot be written')
  })
})

describe.concurrent('devices', () => {
  it('gives one JSON object a line, and text that fits a terminal', async () => {
    const json = start(['devices', '--json'])
    expect(await json.exit).toBe(0)
    for (const line of json.json()) {
      expect(line).toMatchObject({ path: expect.any(String), score: expect.any(Number) })
      expect(Array.isArray(line['holders'])).toBe(true)
    }
    const text = start(['devices'])
    expect(await text.exit).toBe(0)
    for (const line of text.out().split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('loads no native part: it works where none can be loaded', () => {
    const traced = spawnSync(process.execPath, ['--no-addons', MAIN, 'devices', '--json'], {
      encoding: 'utf8',
    })
    expect([traced.status, traced.stderr]).toEqual([0, ''])
  })
})

it('a bridge on a serial port never loads the HID driver', async () => {
  const { port } = await sim('pty')
  const dir = temporary()
  const { bridge } = await serve([port], { state: dir, listen: 'none', policy: 'manual' })
  await eventually(bridge.err, (text) => text.includes('The wand answers.'), 10_000)
  const maps = readFileSync(`/proc/${bridge.child.pid}/maps`, 'utf8')
  expect(maps).toContain('bindings')
  expect(maps).not.toMatch(/HID_hidraw|libusb/)
})
