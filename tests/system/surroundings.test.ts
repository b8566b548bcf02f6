// What lies around the program and is not its own: files without end, and what another start has left behind.
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ask } from '../../src/control/client.ts'
import { endAll, serve, sim, start, stop, temporary } from './programs.ts'

const MS = 60_000

afterAll(endAll)

describe('a configuration file', () => {
  it.each([
    ['without end', () => '/dev/zero', 'it is not a regular file'],
    [
      'with a scalar of 10 MB',
      () => {
        const path = join(temporary(), 'long.yaml')
        writeFileSync(path, `zone: ${'x'.repeat(10_000_000)}\n`)
        return path
      },
      'it is longer than 65536 bytes',
    ],
  ])('%s is refused before it is parsed', { timeout: MS }, async (_, file, why) => {
    const path = file()
    const check = start(['config', 'check', path])
    expect(await check.exit).not.toBe(0)
    expect(check.err()).toContain(`${path} cannot be read: ${why}`)
    expect(check.out()).toBe('')
    const args = ['--serial', 'tcp://127.0.0.1:9', '--state-dir', temporary(), '--config', path]
    const status = start(['status', ...args])
    expect(await status.exit).toBe(2)
    expect(status.err()).toContain(why)
  })
})

it('a bridge starts although a dangling link stands in the place of its lock', {
  timeout: MS,
}, async () => {
  const { port } = await sim('pty')
  const state = temporary()
  symlinkSync('/nowhere/at/all', join(state, 'control.sock.takeover'))
  const served = await serve([port], { state })
  expect((await ask(state, 'status', {}))?.wands).toHaveLength(1)
  expect(await stop(served.bridge)).toBe(0)
})
