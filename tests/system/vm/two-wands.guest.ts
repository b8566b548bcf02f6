// Which wand is which, and what is none: two of one model that change their sockets, one by two ways,
// and a foreign HID device that looks alike.
import assert from 'node:assert/strict'
import { readdir, readlink } from 'node:fs/promises'
import { test } from 'node:test'
import { REPORT_DESCRIPTOR } from '../../../protocol/hid-report.ts'
import type { Simulator } from '../../../simulator/index.ts'
import { Bridge } from '../../../src/bridge.ts'
import { systemEnv } from '../../../src/env.ts'
import { Finder } from '../../../src/transport/finder.ts'
import { serialSource } from '../../../src/transport/serial.ts'
import { Command } from './bridge.ts'
import { UHid } from './uhid.ts'
import { until } from './until.ts'
import { devices, plugged, withSimulator } from './wand.ts'

const TWO = { wands: 2, leaseMs: 1_500, ports: [{ kind: 'usbip', port: 0 }] } as const

/** Plugs both in again, in the other order, so that each gets the other's path. */
async function swap(simulator: Simulator): Promise<void> {
  const before = [await plugged('SIMW-0001'), await plugged('SIMW-0002')]
  for (const wand of [0, 1]) await simulator.command({ do: 'unplug', wand })
  await until('both are out', async () => (await devices()).length === 0)
  await simulator.command({ do: 'plug', wand: 1 })
  await plugged('SIMW-0002')
  await simulator.command({ do: 'plug', wand: 0 })
  const after = [await plugged('SIMW-0001'), await plugged('SIMW-0002')]
  assert.deepEqual(
    after.map((wand) => wand.tty),
    before.map((wand) => wand.tty).reverse(),
  )
}

const pairs = (bridge: Bridge) =>
  bridge.status().wands.map((wand) => `${wand.port} ${wand.link.connected ? wand.serial : null}`)

test('two wands of one model that swap their ports keep their names and their pumps', () =>
  withSimulator(TWO, async (simulator) => {
    await plugged('SIMW-0001')
    await plugged('SIMW-0002')
    const env = systemEnv()
    const finder = new Finder({ env, kinds: ['serial', 'hid'] })
    const bridge = new Bridge({ env, ports: [], finder, policy: 'continuous' })
    const read = new Map<string, Set<string>>()
    bridge.events$.subscribe((event) => {
      if (event.kind !== 'reading') return
      const pumps = read.get(event.wand ?? '') ?? new Set()
      read.set(event.wand ?? '', pumps.add(event.pump.serial))
    })
    const live = () => bridge.status().pumps.filter((pump) => pump.quality === 'current').length
    bridge.start()
    try {
      await until('both are read', () => live() === 2, 60_000)
      const names = ['usb:SIMW-0001 SIMW-0001', 'usb:SIMW-0002 SIMW-0002']
      assert.deepEqual(pairs(bridge).sort(), names)
      await swap(simulator)
      await until('both are read again', () => live() === 2, 60_000)
      assert.deepEqual(pairs(bridge).sort(), names)
      const [one, two] = simulator.wands
      assert.deepEqual([...(read.get('SIMW-0001') ?? [])], [one?.implantSerial])
      assert.deepEqual([...(read.get('SIMW-0002') ?? [])], [two?.implantSerial])
    } finally {
      await bridge.stop()
    }
  }))

test('named by path, a port says which wand is on it now', () =>
  withSimulator(TWO, async (simulator) => {
    const [a, b] = [await plugged('SIMW-0001'), await plugged('SIMW-0002')]
    const ports = [serialSource(a.tty), serialSource(b.tty)]
    const bridge = new Bridge({ env: systemEnv(), ports, policy: 'manual' })
    bridge.start()
    try {
      const are = (x: string, y: string) => () =>
        pairs(bridge).join() === `${a.tty} ${x},${b.tty} ${y}`
      await until('each is known', are('SIMW-0001', 'SIMW-0002'), 30_000)
      await swap(simulator)
      await until('each is known as the other', are('SIMW-0002', 'SIMW-0001'), 30_000)
    } finally {
      await bridge.stop()
    }
  }))

test('a wand with two ways has one of them open, never both', () =>
  withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async () => {
    const wand = await plugged()
    const host = new Command(['watch', '--json', '--serial', 'auto', '--hid', 'auto'])
    try {
      await host.line('the wand answers', (line) => line.link?.phase === 'watching')
      const fds = `/proc/${host.child.pid}/fd`
      const open = await Promise.all(
        (await readdir(fds)).map((fd) => readlink(`${fds}/${fd}`).catch(() => '')),
      )
      assert.deepEqual(
        open.filter((path) => [wand.tty, wand.hidraw].includes(path)),
        [wand.tty],
      )
      const list = await new Command(['devices', '--json']).ended()
      const listed = list.out
        .split('\n')
        .filter(Boolean)
        .map((text) => JSON.parse(text))
      const held = listed.find((device) => device.path === wand.tty)
      assert.deepEqual(
        [held.score, held.wand, held.driver, held.holders],
        [100, 'SIMW-0001', 'cdc_acm', [{ pid: host.child.pid, name: held.holders[0]?.name }]],
      )
      await host.stop()
    } finally {
      host.child.kill('SIGKILL')
    }
  }))

test('a foreign HID device that looks alike is listed and not opened', async () => {
  // The very descriptor of the wand, and the shared test number: only the names are others.
  const alike = await UHid.make({
    name: 'Acme Thing',
    vendor: 0x1209,
    product: 0x0001,
    descriptor: REPORT_DESCRIPTOR,
  })
  try {
    const list = await new Command(['devices', '--json']).ended()
    const listed = list.out
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text))
    const found = listed.find((device) => device.path === alike.path)
    assert.equal(found.product, 'Acme Thing')
    assert.ok(found.score < 60, `score ${found.score}`)
    const status = await new Command(['status', '--hid', 'auto', '--serial', 'auto']).ended()
    assert.equal(status.code, 3)
    assert.match(status.err, /No wand is plugged in/)
    assert.equal(alike.opened, 0)
  } finally {
    await alike.destroy()
  }
})
