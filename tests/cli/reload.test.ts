// What becomes of each setting of the schema when the configuration is read again: every change is used by the parts
// that the table names, or a restart is asked for, and nothing is said to be used that was not.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { Journal } from '../../src/base/journal.ts'
import { settings } from '../../src/cli/options.ts'
import { reloader } from '../../src/cli/reload.ts'
import type { Changes } from '../../src/host/changes.ts'
import { configSchema } from '../../src/host/config.ts'
import { PartGone } from '../../src/host/part.ts'
import { PARTS, SETTINGS } from '../../src/host/reload-table.ts'

const dir = mkdtempSync(join(tmpdir(), 'wandbridge-reload-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const WAND = 'tcp://127.0.0.1:1'
const HOOK = { name: 'a', url: 'http://127.0.0.1:9/', secretFiles: ['/x'] }
const CODING = {
  of: 'MDCX_PUMP_RESERVOIR_VOLUME_REPORTED',
  system: 'urn:x',
  code: '1',
  display: 'x',
}

/** One change of each setting, and what the bridge is given of it: `restart`, or one entry for each part that uses it. */
const CHANGES: Readonly<Record<string, readonly [change: object, given: object | 'restart']>> = {
  source: [{ source: 'simulator' }, 'restart'],
  serial: [{ serial: [WAND, 'tcp://127.0.0.1:2'] }, { ports: [WAND, 'tcp://127.0.0.1:2'] }],
  hid: [{ hid: ['/dev/hidraw7'] }, { ports: [WAND, '/dev/hidraw7'] }],
  apart: [{ apart: true }, 'restart'],
  policy: [{ policy: 'manual' }, 'restart'],
  stateDir: [{ stateDir: '/elsewhere' }, 'restart'],
  'audit.keepDays': [{ audit: { keepDays: 400 } }, { keepDays: 400 }],
  'audit.keepDaysBelowFloor': [
    { audit: { keepDaysBelowFloor: 'I accept that a yearly audit will miss records' } },
    { keepDays: undefined },
  ],
  'audit.witnesses': [{ audit: { witnesses: [] } }, 'restart'],
  'capture.on': [{ capture: { on: true } }, 'restart'],
  'capture.budgetMiB': [{ capture: { budgetMiB: 1 } }, { captureLimits: { budgetBytes: 1 << 20 } }],
  'capture.keepDays': [{ capture: { keepDays: 3 } }, { captureLimits: { keepDays: 3 } }],
  http: [{ http: { listen: '127.0.0.1:2' } }, { http: { port: 2 } }],
  log: [{ log: { level: 'error' } }, {}],
  hl7: [
    { hl7: { destinations: [{ name: 'emr', host: '127.0.0.1', port: 1 }] } },
    { delivery: { destinations: { hl7: [{ name: 'emr' }] } } },
  ],
  delivery: [
    { delivery: { webhooks: [HOOK] } },
    { delivery: { destinations: { webhooks: [{ name: 'a' }] } } },
  ],
  codings: [
    { codings: [CODING] },
    { delivery: { destinations: { codings: {} } }, http: { codings: {} } },
  ],
  fleet: [{ fleet: { servers: ['nats://127.0.0.1:4222'], site: 'a' } }, 'restart'],
  patients: [{ patients: { file: '/t.csv', system: 'urn:x' } }, { patients: { config: {} } }],
  refill: [{ refill: { clinic: 'A' } }, {}],
  locale: [
    { locale: 'en-GB' },
    { locale: 'en-GB', delivery: {}, http: { page: { locale: 'en-GB' } } },
  ],
  zone: [{ zone: 'Europe/London' }, { http: { page: { zone: 'Europe/London' } } }],
}

function bridge(first: object = {}) {
  const config = join(dir, 'wandbridge.yaml')
  const write = (next: object) =>
    writeFileSync(
      config,
      JSON.stringify({ stateDir: dir, serial: [WAND], http: { listen: '127.0.0.1:1' }, ...next }),
    )
  write(first)
  const wrong = new Map<string, Error>()
  const given: Changes[] = []
  const reconfigure = async (next: Changes) => {
    for (const part of Object.keys(next)) {
      const error = wrong.get(part)
      if (error) throw error
    }
    given.push(next)
  }
  const lines: string[] = []
  const journal = new Journal({
    ...{ env: new VirtualEnv(), systemd: false, format: 'text', level: 'info' },
    write: (line) => void lines.push(line),
  })
  const flags = { config }
  const env = new VirtualEnv()
  const reload = reloader(env, flags, settings(flags), journal, () => ({ reconfigure }))
  return { write, wrong, given, lines, reload }
}

it('has an example of every setting here', () => {
  expect(Object.keys(CHANGES)).toEqual(SETTINGS.map(({ key }) => key))
  expect([...new Set(SETTINGS.map(({ key }) => key.split('.')[0]))]).toEqual(
    expect.arrayContaining(Object.keys(configSchema.shape)),
  )
  expect(new Set(SETTINGS.flatMap(({ parts }) => parts))).toEqual(new Set(PARTS))
})

it.each(Object.entries(CHANGES))(
  '%s is used, or asks for a restart',
  async (key, [change, given]) => {
    const { write, reload, given: got } = bridge()
    write(change)
    const told = await reload()
    if (given === 'restart') {
      expect(told).toEqual({ applied: [], restart: [key] })
      expect(got).toEqual([])
      // It is told again as long as it is so.
      expect(await reload()).toEqual(told)
      return
    }
    expect(told).toEqual({ applied: [key], restart: [] })
    const all: Changes = Object.assign({}, ...got)
    const { ports, ...rest } = all
    expect({ ...rest, ...(ports && { ports: ports.map(({ path }) => path) }) }).toMatchObject(given)
    expect(Object.keys(all).sort()).toEqual(Object.keys(given).sort())
    expect(await reload()).toEqual({ applied: [], restart: [] })
  },
)

it('reads no wand less without a restart, and none beside those it finds by itself', async () => {
  const { write, reload, given } = bridge({ serial: [WAND, 'tcp://127.0.0.1:2'] })
  write({ serial: [WAND] })
  expect(await reload()).toEqual({ applied: [], restart: ['serial'] })
  write({ serial: ['tcp://127.0.0.1:3', WAND] })
  expect(await reload()).toEqual({ applied: [], restart: ['serial'] })
  write({ serial: ['auto', WAND, 'tcp://127.0.0.1:2'] })
  expect(await reload()).toEqual({ applied: [], restart: ['serial'] })
  expect(given).toEqual([])
})

it('uses each part for itself, and says what runs and what does not', async () => {
  const { write, wrong, given, lines, reload } = bridge()
  const done = () => given.splice(0).flatMap((next) => Object.keys(next))
  const table = { patients: { file: '/t.csv', system: 'urn:x' } }
  const hook = { delivery: { webhooks: [HOOK] } }

  wrong.set('patients', new PartGone('No table.')).set('http', new Error('Taken.'))
  write({ http: { listen: '127.0.0.1:2' }, locale: 'en-GB', ...table, ...hook })
  await expect(reload()).rejects.toThrow(
    'patients: No table.\nhttp, locale: Taken.\nIn use now: delivery.\nAs before: http.\n' +
      'In use in part, as before in part: locale.\nDoes not run now: patients. ',
  )
  expect(lines.at(-1)).toContain('error: patients: No table. http, locale: Taken. In use now: del')
  expect(done()).toEqual(['locale', 'delivery'])

  // As it was at the start: the destination goes again, and the table, which does not run, is begun.
  wrong.clear()
  write({})
  await expect(reload()).resolves.toEqual({
    applied: ['delivery', 'patients', 'locale'],
    restart: [],
  })
  expect(done()).toEqual(['locale', 'delivery', 'patients'])
  await expect(reload()).resolves.toEqual({ applied: [], restart: [] })

  write({ http: { listen: '127.0.0.1' } })
  await expect(reload()).rejects.toThrow(/is not HOST:PORT.*\nNothing has changed\.$/)
})
