// Captures of real programs on real terminals: of a bridge that was killed, and through a pass-through. Both replay
// to what the audit log holds; a capture is played on a terminal; a large one costs no memory.
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Traffic } from '../../src/capture/format.ts'
import { captureWriter } from '../../src/capture/writer.ts'
import { decoder } from '../../src/drivers/open-wand/decoder.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { deviceTimeText } from '../../src/model/value.ts'
import { partsOf, trafficOf } from '../capture/files.ts'
import { captured } from '../capture/runs.ts'
import {
  endAll,
  eventually,
  MAIN,
  printed,
  serve,
  sim,
  start,
  stop,
  temporary,
} from './programs.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

afterAll(endAll)

interface Shown {
  readonly at: string
  readonly source: string
  readonly wand: string
  readonly pump: { readonly serial: string }
  readonly values: unknown
}

const replayed = async (file: string): Promise<Shown[]> =>
  (await printed('replay', file, '--json'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** What the audit log holds of every interrogation, as values. */
async function recorded(state: string) {
  const lines = await printed('audit', 'show', '--json', '--last', '10000', '--state-dir', state)
  return lines
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((record) => record.kind === 'interrogation')
    .map(({ at, pump, body: { blocks }, wand }) => {
      const deviceTime = deviceTimeText(blocks.clock.deviceTime)
      const values = decoder.reading(blocks, { deviceTime, receivedAt: at })
      return { serial: pump, wand, values: JSON.parse(JSON.stringify(values)) }
    })
}

/** The same but for when: a millisecond may pass between a port and what reads it. */
const untimed = (value: unknown) =>
  JSON.parse(
    JSON.stringify(value, (key, own) => (['receivedAt', 'readAt', 'at'].includes(key) ? '' : own)),
  ) as JsonObject

/** A pass-through whose terminal is there: `link` leads to it, and what passes is kept in `passed`. */
async function passThrough(scenario: string) {
  const pump = await sim('pty', '--scenario', scenario)
  const dir = temporary()
  const [passed, link] = [join(dir, 'passed.wcap'), join(dir, 'wand')]
  const through = start(['capture', 'through', pump.port, passed, '--link', link])
  await eventually(
    () => through.out(),
    (text) => text.includes('\n'),
    20_000,
  )
  return { dir, passed, link, through }
}

describe('a capture of a bridge that was killed', () => {
  it('and one of a pass-through before it replay to what the log holds; one plays the wand', async () => {
    const { dir, passed, link, through } = await passThrough('mixture')
    const config = join(dir, 'config.yaml')
    writeFileSync(config, 'capture: { on: true }\n')
    const { bridge, state } = await serve([link], { listen: 'none', more: ['--config', config] })
    await eventually(
      () => bridge.err(),
      (text) => text.includes('Session closed'),
      30_000,
    )
    await new Promise((resolve) => setTimeout(resolve, 600))
    await stop(bridge, 'SIGKILL')
    expect(await stop(through, 'SIGINT')).toBe(0)
    const [part = ''] = readdirSync(join(state, 'captures'))
    expect(part).toMatch(/\.wcap\.part$/)
    const file = join(state, 'captures', part)
    const log = await recorded(state)
    expect(log).toHaveLength(1)
    for (const one of [file, passed]) {
      const shown = await replayed(one)
      expect(shown).toHaveLength(1)
      expect(shown[0]?.source).toBe('replay')
      expect(shown[0]?.pump.serial).toBe(log[0]?.serial)
      expect(shown[0]?.wand).toBe(log[0]?.wand)
      expect(untimed(shown[0]?.values)).toEqual(untimed(log[0]?.values))
    }
    // Cut in the middle of a part, it opens.
    const cut = join(dir, 'cut.wcap')
    writeFileSync(cut, readFileSync(file).subarray(0, -7))
    const opened = start(['replay', cut])
    expect(await opened.exit).toBe(0)
    expect(opened.err()).toContain('the program was ended while it wrote')
    for (const line of opened.out().split('\n').slice(3, -1)) expect(line).toMatch(/^\[REPLAY\] /)
    // Kept by one version, compared by another.
    const kept = join(dir, 'kept.jsonl')
    const text = await printed('replay', file, '--json')
    writeFileSync(kept, `${text}\n`)
    expect(await start(['replay', file, '--diff', kept]).exit).toBe(0)
    writeFileSync(kept, `${text.replace('"model":"', '"model":"X')}\n`)
    const differs = start(['replay', file, '--diff', kept])
    expect(await differs.exit).toBe(1)
    expect(differs.out()).toContain('pump.model: "X')
    // As a wand on a terminal: refused where devices are read, read where replays are.
    const played = join(dir, 'played')
    const player = start(['replay', file, '--as-device', '--speed', '4', '--link', played])
    await eventually(
      () => player.out(),
      (out) => out.includes(played),
      20_000,
    )
    const ask = (source: string) =>
      start([
        ...['status', '--json', '--source', source, '--serial', played, '--timeout', '20'],
        ...['--state-dir', temporary()],
      ])
    const device = ask('device')
    expect(await device.exit).toBe(4)
    expect(device.out()).toBe('')
    expect(device.err()).toContain('plays back a recording')
    const replay = ask('replay')
    expect(await replay.exit).toBe(0)
    const [status] = replay.json()
    expect(status).toMatchObject({ source: 'replay', pump: { serial: log[0]?.serial } })
    expect(status?.['reservoir']).toMatchObject(
      untimedIn(log[0]?.values.reservoir as JsonObject, status?.['reservoir'] as JsonObject),
    )
    await stop(player)
  }, 120_000)
})

/** Of each value of `log` what it says, as far as `shown` has it. */
function untimedIn(log: JsonObject, shown: JsonObject): object {
  return Object.fromEntries(
    Object.entries(log).flatMap(([name, value]) =>
      name in shown && value && typeof value === 'object' && 'value' in value
        ? [[name, { value: value.value }]]
        : [],
    ),
  )
}

describe('a pass-through', () => {
  it('lets no byte through that is no read request, and ends', async () => {
    const { passed, link, through } = await passThrough('worked-example')
    const host = await open(link, 'r+')
    await host.write(':0140000001000000785634120000000000000000\r\n')
    expect(await through.exit).toBe(1)
    await host.close()
    expect(through.err()).toContain('Nothing of them reached the wand')
    const traffic = trafficOf(await partsOf(readFileSync(passed)))
    const kinds = traffic.map((one) => (one.port === null ? 'lost' : one.fact.kind))
    expect(kinds).toContain('ended')
    expect(kinds).not.toContain('out')
  }, 60_000)
})

/**
 * A capture of so many bytes, written as a bridge writes them: visits of one run, one after the other, at one port,
 * and at another one something that floods.
 */
async function large(path: string, size: number): Promise<{ bytes: number; visits: number }> {
  const run = await captured({ scenario: 'mixture' }, ({ env }) => env.advance(8_000))
  const visit = trafficOf(await partsOf(run.bytes))
  const began = { wall: Date.UTC(2026, 0, 5), mono: 0 }
  const bridge = { source: 'simulator', policy: 'on-placement', liveMs: null } as const
  const writer = captureWriter({ boot: 'test', bridge, began })
  const file = await open(path, 'w')
  const noise = randomBytes(1 << 20)
  let [bytes, visits] = [0, 0]
  while (bytes < size) {
    const late = visits * 10_000
    let flushed = 0
    for (const one of visit as Extract<Traffic, { port: number }>[]) {
      const at = { mono: one.at.mono + late, wall: one.at.wall + late }
      writer.put('/dev/wand', one.fact, at)
      if (one.at.mono < flushed + 250) continue
      flushed = one.at.mono
      const from = (bytes * 7) % (1 << 19)
      writer.put('/dev/noisy', { kind: 'in', bytes: noise.subarray(from, from + (1 << 13)) }, at)
      const chunk = writer.take()
      bytes += chunk.length
      await file.write(chunk)
    }
    visits += 1
  }
  await file.write(writer.take())
  await file.close()
  return { bytes, visits }
}

describe('a large capture', () => {
  it(
    'is replayed in constant memory, with progress',
    async () => {
      const path = join(temporary(), 'large.wcap')
      const { bytes, visits } = await large(path, LONG ? 1_000_000_000 : 1 << 23)
      const child = spawn(process.execPath, [MAIN, 'replay', path, '--json'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let readings = 0
      let said = ''
      const bodies = new Set<string>()
      let rest = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        readings += lines.length
        if (bodies.size < 50)
          for (const line of lines) {
            const values = JSON.stringify(untimed(JSON.parse(line).values))
            bodies.add(createHash('sha256').update(values).digest('hex'))
          }
      })
      const memory: number[] = []
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (!text.includes('%')) return
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
        memory.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
      })
      const code = await new Promise((resolve) => child.once('close', resolve))
      expect(said).toContain(`${visits} readings replayed. The file is whole.`)
      expect(code).toBe(0)
      expect(readings).toBe(visits)
      expect(bodies.size).toBe(1)
      expect(said.match(/\d+ % of \d+ bytes/g)).toHaveLength(10)
      expect(bytes).toBeGreaterThanOrEqual(LONG ? 1e9 : 1 << 23)
      const [early = 0, late = 0] = [Math.max(...memory.slice(1, 5)), Math.max(...memory.slice(5))]
      expect(late).toBeLessThan(early * 1.3 + 20)
      if (LONG)
        console.log(`${bytes} bytes, ${visits} visits, MiB by tenth: ${memory.map(Math.round)}`)
    },
    LONG ? 3_600_000 : 120_000,
  )
})
