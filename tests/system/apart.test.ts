// Drivers in processes of their own that hang, flood, die, or write what they may not: their wands are lost, that is
// said, and they are tried again; another wand of the same bridge notices nothing.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { startSimulator } from '../../simulator/index.ts'
import { systemEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import { apart } from '../../src/drivers/apart/apart.ts'
import type { DriverKind } from '../../src/drivers/driver.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import type { BridgeEvent, LinkEvent } from '../../src/model/event.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'
import type { PortSource } from '../../src/transport/port.ts'
import { endAll, eventually, sim, start, stop, temporary } from './programs.ts'

afterAll(endAll)

const ROOT = new URL('../..', import.meta.url).pathname
const MODULE = join(ROOT, 'tests/drivers/apart/rogue.mjs')
const CHILD = join(ROOT, 'dist/src/drivers/apart/child.js')
const { rogue } = (await import(MODULE)) as { rogue: DriverKind }

function port(path: string) {
  const reached: string[] = []
  const now = { open: 0, opens: 0 }
  const source: PortSource = {
    path,
    create() {
      let end = () => {}
      return {
        ...{ path, framing: LINES },
        async open(events) {
          now.open += 1
          now.opens += 1
          end = () => {
            now.open -= 1
            end = () => {}
            events.ended('closed', 'closed')
          }
        },
        write: (bytes) => void reached.push(Buffer.from(bytes).toString('latin1')),
        close: async () => end(),
      }
    },
  }
  return { source, reached, now }
}

async function running(names: readonly string[], test: (w: World) => Promise<void>) {
  const env = systemEnv()
  const ports = Object.fromEntries(names.map((name) => [name, port(name)]))
  const limits = { hangMs: 2_500, retryMs: 200 }
  const driver = apart(rogue, { module: MODULE, name: 'rogue', child: CHILD, limits })
  const sources = Object.values(ports).map(({ source }) => source)
  const bridge = new Bridge({ env, driver, source: 'simulator', ports: sources, policy: 'manual' })
  const events: BridgeEvent[] = []
  bridge.events$.subscribe((event) => void events.push(event))
  bridge.start()
  const lost = (name: string) =>
    events.filter((event): event is LinkEvent => event.kind === 'link' && event.port === name)
  try {
    await test({ ports, events, lost })
  } finally {
    const began = performance.now()
    await bridge.stop()
    expect(performance.now() - began).toBeLessThan(6_000)
  }
  for (const { now } of Object.values(ports)) expect(now.open).toBe(0)
}

interface World {
  readonly ports: Readonly<Record<string, ReturnType<typeof port>>>
  readonly events: readonly BridgeEvent[]
  lost(name: string): LinkEvent[]
}

const WHY = {
  hang: 'why.driver-hung',
  flood: 'why.driver-floods',
  die: 'why.driver-died',
  throw: 'why.driver-died',
}

it(
  'what hangs, floods or dies is lost, said and tried again, and the other wand notices nothing',
  {
    timeout: 60_000,
  },
  () =>
    running(['good', ...Object.keys(WHY)], async ({ ports, events, lost }) => {
      for (const [name, why] of Object.entries(WHY)) {
        await eventually(
          () => lost(name),
          (told) => told.length >= 2,
          30_000,
        )
        for (const event of lost(name)) {
          expect(event).toMatchObject({
            cause: 'driver-lost',
            connected: false,
            why: { code: why },
          })
        }
        await eventually(
          () => ports[name]?.now.opens ?? 0,
          (opens) => opens >= 2,
          10_000,
        )
      }
      expect(lost('good')).toEqual([])
      expect(ports['good']?.now.opens).toBe(1)
      const beats = events.filter(({ port: of }) => of === 'good').map(({ mono }) => mono)
      const gaps = beats.slice(1).map((mono, i) => mono - (beats[i] ?? 0))
      expect(beats.length).toBeGreaterThan(20)
      // One driver in this process that hangs would have stopped all of them for ever.
      expect(Math.max(...gaps)).toBeLessThan(2_000)
      const orders = events.map(({ order }) => order)
      expect(new Set(orders).size).toBe(orders.length)
    }),
)

it('has its port alone, behind its list, and tells of nothing else', { timeout: 60_000 }, () =>
  running(['writes', 'lies', 'good'], async ({ ports, events, lost }) => {
    await eventually(
      () => lost('writes'),
      (told) => told.length > 0,
      20_000,
    )
    expect(lost('writes')[0]).toMatchObject({
      cause: 'not-allowed',
      why: { code: 'why.not-allowed' },
    })
    await eventually(
      () => ports['lies']?.reached.length ?? 0,
      (n) => n > 20,
      20_000,
    )
    expect(events.filter(({ port: of }) => of === 'another port')).toEqual([])
    for (const { reached } of Object.values(ports))
      for (const frame of reached) expect(frame).toBe('?\r')
    expect(lost('good')).toEqual([])
  }),
)

it('reads the open protocol as it does in this process', { timeout: 60_000 }, async () => {
  const simulator = await startSimulator({ seed: 2 })
  const path = simulator.wands[0]?.paths.line
  if (!path) throw new Error('the simulator has no wand')
  const module = join(ROOT, 'dist/src/drivers/open-wand/driver.js')
  const tapped = { in: 0, out: 0 }
  const bridge = new Bridge({
    ...{ env: systemEnv(), source: 'simulator', policy: 'on-placement' },
    driver: apart(openWand, { module, name: 'openWand', child: CHILD }),
    ports: [loopbackSource('loop', path)],
    tap: (_, fact) => {
      if ('bytes' in fact) tapped[fact.kind] += fact.bytes.length
    },
  })
  const events: BridgeEvent[] = []
  bridge.events$.subscribe((event) => void events.push(event))
  bridge.start()
  try {
    const of = (kind: string) => events.filter((event) => event.kind === kind)
    await eventually(
      () => of('session-end'),
      (ended) => ended.length > 0,
      40_000,
    )
    expect(of('session-end')).toMatchObject([{ how: 'confirmed' }])
    expect(of('reading')).toMatchObject([{ pump: { serial: simulator.wands[0]?.implantSerial } }])
    for (const event of events) {
      // Never younger than the truth, by the bridge's own clock.
      if (event.kind === 'reading') expect(event.answeredAt).toBeLessThan(event.mono)
    }
    expect(bridge.counters()['loop']?.requests).toBeGreaterThan(5)
    // For captures, every byte both ways.
    await eventually(
      () => bridge.counters()['loop'],
      (now) => now?.bytesIn === tapped.in && now?.bytesOut === tapped.out,
      10_000,
    )
  } finally {
    await bridge.stop()
    await simulator.stop()
  }
})

it('is chosen by the configuration', { timeout: 60_000 }, async () => {
  const wand = await sim('tcp')
  const config = join(temporary(), 'config.yaml')
  writeFileSync(config, 'apart: true\nsource: simulator\npolicy: continuous\n')
  const program = start([
    'watch',
    '--json',
    '--config',
    config,
    '--serial',
    wand.port,
    '--state-dir',
    temporary(),
  ])
  await eventually(program.out, (text) => text.includes('"kind":"reading"'), 40_000)
  const task = `/proc/${program.child.pid}/task/${program.child.pid}/children`
  const [child = ''] = readFileSync(task, 'utf8').trim().split(' ')
  expect(readFileSync(`/proc/${child}/cmdline`, 'utf8')).toContain('drivers/apart/child.js')
  expect(await stop(program)).toBe(0)
})
