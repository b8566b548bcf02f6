// The unit of systemd as text and as systemd judges it, the example of the configuration, and what the program says to
// whoever started it: that it is ready, that it lives, that it ends.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { beat, serviceManager, watchdogMs } from '../../src/base/service-manager.ts'
import { readYamlFile } from '../../src/base/yaml-file.ts'
import { configSchema } from '../../src/host/config.ts'
import { changesOf, SETTINGS } from '../../src/host/reload-table.ts'
import { configuration } from '../../tools/configuration.ts'

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url))
const text = (name: string) => readFileSync(`${deploy}${name}`, 'utf8')
const dir = mkdtempSync(join(tmpdir(), 'wandbridge-service-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('the unit', () => {
  const unit = text('systemd/wandbridge.service')

  it('is OK or better for systemd', ({ skip }) => {
    const file = `${deploy}systemd/wandbridge.service`
    const judged = spawnSync('systemd-analyze', ['security', '--offline=true', file], {
      encoding: 'utf8',
    })
    skip(judged.error !== undefined, 'systemd is not installed')
    expect(judged.stderr).toBe('')
    expect(judged.stdout).toMatch(/Overall exposure level for wandbridge.service: [0-2]\.\d OK/)
  })

  it('may open every kind of line that rules and finder know, and names what the package has', () => {
    for (const kind of ['ttyACM', 'ttyUSB', 'hidraw'])
      expect(unit).toContain(`DeviceAllow=char-${kind} rw`)
    expect(unit).toContain('--config /etc/wandbridge/wandbridge.yaml')
    expect(unit).toMatch(/^User=wandbridge$/m)
    expect(text('systemd/wandbridge.sysusers')).toMatch(/^u wandbridge /m)
    expect(text('systemd/wandbridge.tmpfiles')).toMatch(
      /^z \/etc\/wandbridge\/wandbridge\.yaml 0640/m,
    )
  })
})

describe('the example of the configuration', () => {
  it('is a configuration, and says what the defaults are where it says them', () => {
    const config = readYamlFile(`${deploy}config/wandbridge.yaml`, configSchema)
    const { parts, restart } = changesOf(() => configSchema.parse({}), config)
    expect([[...parts], restart]).toEqual([[], ['serial', 'hid']])
  })

  it('with its commented lines taken in is one, too', () => {
    const all = text('config/wandbridge.yaml').replace(
      /^( *)# (?=(tls|hl7| {2}destinations| {4}- ))/gm,
      '$1',
    )
    expect(all).toMatch(/^hl7:/m)
    const file = join(dir, 'all.yaml')
    spawnSync('tee', [file], { input: all })
    expect(readYamlFile(file, configSchema).hl7.destinations).toHaveLength(1)
  })
})

describe('the document of the configuration', () => {
  it('names every setting, and says of each what becomes of a change', () => {
    const rows = configuration()
      .split('\n')
      .flatMap((line) => [/^\| `([^`]+)` \|(?:[^|]|\\\|)*\|(?:[^|]|\\\|)*\| ([^|]*) \|/.exec(line)])
      .filter((row) => row !== null)
    expect(rows.length).toBeGreaterThan(60)
    for (const [row, path, change] of rows)
      expect([row, path, change !== '']).toEqual([row, path, true])
    for (const { key, parts } of SETTINGS) {
      const own = rows.filter(([, path]) => `${path}.`.replace('[', '.').startsWith(`${key}.`))
      expect(own, key).not.toEqual([])
      for (const [, , change] of own) expect(change === 'restart').toBe(parts.length === 0)
    }
  })
})

describe('what systemd is told', () => {
  it('is how often it asks, of this process alone', () => {
    expect(watchdogMs({ WATCHDOG_USEC: '30000000' }, 7)).toBe(30_000)
    expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7)).toBe(30_000)
    expect(watchdogMs({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7)).toBeNull()
    for (const no of ['', '0', '-1', 'x']) expect(watchdogMs({ WATCHDOG_USEC: no }, 7)).toBeNull()
    expect(watchdogMs({}, 7)).toBeNull()
  })

  it('is that it lives, four times in each period, until it does not', async () => {
    const env = new VirtualEnv()
    const said: string[] = []
    const cancel = beat(env, 30_000, (...lines) => void said.push(...lines))
    await env.advance(30_000)
    expect(said).toEqual(Array.from({ length: 5 }, () => 'WATCHDOG=1'))
    cancel()
    await env.advance(60_000)
    expect(said).toHaveLength(5)
  })

  it('comes by its own library, and nothing is loaded where it did not start us', async ({
    skip,
  }) => {
    skip(!existsSync('/usr/bin/socat'), 'socat is not installed')
    const socket = join(dir, 'notify')
    serviceManager(new VirtualEnv(), {})('READY=1')
    const heard = spawn('socat', ['-u', `UNIX-RECVFROM:${socket}`, '-'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const all = new Promise<string>((resolve) => {
      let got = ''
      heard.stdout.setEncoding('utf8').on('data', (part: string) => {
        got += part
      })
      heard.on('close', () => resolve(got))
    })
    for (let left = 200; left > 0 && !existsSync(socket); left -= 1)
      await new Promise((resolve) => setTimeout(resolve, 20))
    process.env['NOTIFY_SOCKET'] = socket
    try {
      serviceManager(new VirtualEnv())('READY=1', 'STATUS=Reading a wand.')
    } finally {
      delete process.env['NOTIFY_SOCKET']
    }
    expect(await all).toBe('READY=1\nSTATUS=Reading a wand.')
  })
})
