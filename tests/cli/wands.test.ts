// Which ports the options and the configuration come to.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { settings, wandsOf } from '../../src/cli/options.ts'

const dir = mkdtempSync(join(tmpdir(), 'wandbridge-wands-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

it('refuses one port under two names, and says which', () => {
  const tty = join(dir, 'ttyUSB0')
  const byId = join(dir, 'usb-Maker_Wand-if00')
  writeFileSync(tty, '')
  symlinkSync(tty, byId)
  const ports = (...serial: string[]) => wandsOf(settings({ serial }), new VirtualEnv()).ports
  expect(() => ports(tty, byId)).toThrow(
    `${tty} and ${byId} are two names of one port. One wand is read on one path: leave one of them out.`,
  )
  expect(() => ports(byId, byId)).toThrow(`${byId} is given twice.`)
  expect(() => wandsOf(settings({ serial: [tty], hid: [byId] }), new VirtualEnv())).toThrow(
    'two names of one port',
  )
  expect(ports(byId, join(dir, 'ttyUSB1')).map(({ path }) => path)).toHaveLength(2)
})
