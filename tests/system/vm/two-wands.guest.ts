// Which wand is which, and what is none: two of one model that change their sockets, one by two ways,
// and a foreign HID device that looks alike.
import assert from 'node:assert/strict'
import { readdir, readlink } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Simulator } from '../../../simulator/index.ts'
import { systemEnv } from '../../../src/base/env.ts'
import { lookAround, renderDevices } from '../../../src/cli/devices.ts'
import { FINGERPRINTS } from '../../../src/drivers/open-wand/fingerprints.ts'
import type { BridgeEvent } from '../../../src/model/event.ts'
import { ASK } from '../../../src/transport/discovery.ts'
import { Finder } from '../../../src/transport/finder.ts'
import { serialSource } from '../../../src/transport/serial.ts'
import { eventsOf, type Reading, withBridge } from './bridge.ts'
import { note } from './host.ts'
import { UHid } from './uhid.ts'
import { until } from './until.ts'
import { devices, plugged, withSimulator } from './wand.ts'

const env = systemEnv()
const TWO = { wands: 2, leaseMs: 1_500, ports: [{ kind: 'usbip', port: 0 }] } as const
const SERIALS = ['SIMW-0001', 'SIMW-0002']

/** Where each wand is, in the order of SERIALS. */
const ttys = () => Promise.all(SERIALS.map(async (serial) => (await plugged(serial)).tty))

/** Pulls both and plugs them in again, so that each gets the other's path. */
async function swap(simulator: Simulator): Promise<void> {
  const before = await ttys()
  for (const wand of [0, 1]) await simulator.command({ do: 'unplug', wand })
  await until('both are out', async () => (await devices()).length === 0)
  // The lowest path that is free goes to whoever comes first.
  const order = (before[0] ?? '') < (before[1] ?? '') ? [1, 0] : [0, 1]
  for (const wand of order) {
    await simulator.command({ do: 'plug', wand })
    await plugged(SERIALS[wand])
  }
  assert.deepEqual(await ttys(), before.reverse())
}

/** Waits until both ports have read, since event number `from`; gives wand and pump of each. */
async function readBoth(events: readonly BridgeEvent[], ports: readonly string[], from: number) {
  const newest = (port: string) =>
    events.slice(from).findLast((e): e is Reading => e.kind === 'reading' && e.port === port)
  await until('both are read', () => ports.every(newest), 60_000)
  return ports.map((port) => [newest(port)?.wand, newest(port)?.pump.serial])
}

test('two wands of one model that swap their ports keep their names and their pumps', () =>
  withSimulator(TWO, async (simulator) => {
    await ttys()
    const truth = simulator.wands.map((wand) => [wand.serial, wand.implantSerial])
    const finder = new Finder({ env, fingerprints: FINGERPRINTS, kinds: ['serial', 'hid'] })
    await withBridge({ ports: [], finder, policy: 'continuous' }, async (bridge) => {
      const events = eventsOf(bridge)
      const names = SERIALS.map((serial) => `usb:${serial}`)
      assert.deepEqual(await readBoth(events, names, 0), truth)
      const from = events.length
      await swap(simulator)
      assert.deepEqual(await readBoth(events, names, from), truth)
      assert.deepEqual([...bridge.ports].sort(), names)
    })
  }))

test('named by path, a port says which wand is on it now', () =>
  withSimulator(TWO, async (simulator) => {
    const paths = await ttys()
    const truth = simulator.wands.map((wand) => [wand.serial, wand.implantSerial])
    const ports = paths.map((path) => serialSource(path))
    await withBridge({ ports, policy: 'continuous' }, async (bridge) => {
      const events = eventsOf(bridge)
      assert.deepEqual(await readBoth(events, paths, 0), truth)
      const from = events.length
      await swap(simulator)
      assert.deepEqual(await readBoth(events, paths, from), truth.reverse())
    })
  }))

test('a wand with two ways has one of them open, never both, and devices tells who has it', () =>
  withSimulator({ ports: [{ kind: 'usbip', port: 0 }] }, async () => {
    const wand = await plugged()
    const finder = new Finder({ env, fingerprints: FINGERPRINTS, kinds: ['serial', 'hid'] })
    await withBridge({ ports: [], finder, policy: 'manual' }, async (bridge) => {
      const events = eventsOf(bridge)
      await until('the wand answers', () => events.some((event) => event.kind === 'wand'), 20_000)
      const open = await Promise.all(
        (await readdir('/proc/self/fd')).map((fd) =>
          readlink(`/proc/self/fd/${fd}`).catch(() => ''),
        ),
      )
      const ways = open.filter((path) => [wand.tty, wand.hidraw].includes(path))
      assert.deepEqual(ways, [wand.tty])
      const { devices: all, hidden } = await lookAround()
      const shown = renderDevices(all, hidden)
      assert.deepEqual(
        shown.filter((text) => text.length > 80),
        [],
      )
      for (const text of shown) note(text)
      const listed = all.filter((device) => device.wand === 'SIMW-0001')
      assert.deepEqual(
        listed.map(({ path, score, driver, holders }) => [
          ...[path, score, driver],
          holders.map((holder) => holder.pid),
        ]),
        [
          [wand.hidraw, 100, 'hid-generic', []],
          [wand.tty, 100, 'cdc_acm', [process.pid]],
        ],
      )
    })
  }))

test('a foreign HID device that looks alike is listed and not opened', async () => {
  // The very descriptor of the wand, and the shared test number: only the names are others.
  const alike = await UHid.make({ name: 'Acme Thing' })
  try {
    const found = (await lookAround()).devices.find((device) => device.path === alike.path)
    assert.equal(found?.product, 'Acme Thing')
    assert.equal(found?.wandDescriptor, true)
    assert.ok(found.score < ASK, `score ${found.score}`)
    const finder = new Finder({ env, fingerprints: FINGERPRINTS, kinds: ['serial', 'hid'] })
    assert.deepEqual(await finder.look(), [])
    await withBridge({ ports: [], finder, policy: 'manual' }, async (bridge) => {
      await wait(1_500)
      assert.deepEqual(bridge.ports, [])
    })
    assert.equal(alike.opened, 0)
  } finally {
    await alike.destroy()
  }
})
