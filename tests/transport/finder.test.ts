// `auto`: wands are found, lost and found again, keep their names, are opened on one path at a time,
// and nobody looks for more while bytes come.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { startSimulator } from '../../simulator/index.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { FINGERPRINTS } from '../../src/drivers/open-wand/fingerprints.ts'
import type { Device } from '../../src/transport/discovery.ts'
import { Finder } from '../../src/transport/finder.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'
import {
  type Fingerprint,
  PortError,
  type PortSource,
  type WandPort,
} from '../../src/transport/port.ts'
import { readSysfs } from '../../src/transport/sysfs.ts'
import { said } from '../words/said.ts'
import { DESCRIPTORS, FakeSys, SIMULATED } from './plugged.ts'

let sys: FakeSys
beforeEach(() => {
  sys = new FakeSys()
})
afterEach(() => sys.remove())

const BOTH = ['serial', 'hid'] as const

/** Sources of scripted ports: what opens, what is open, and what was tried. */
function scripted(refuse: (path: string) => PortError | null = () => null) {
  const tried: string[] = []
  const open = new Set<string>()
  const source = (way: Device): PortSource => ({
    path: way.path,
    create: (): WandPort => ({
      path: way.path,
      framing: way.kind === 'hid' ? REPORTS : LINES,
      async open() {
        tried.push(way.path)
        const refusal = refuse(way.path)
        if (refusal) throw refusal
        open.add(way.path)
      },
      write() {},
      async close() {
        open.delete(way.path)
      },
    }),
  })
  return { tried, open, source }
}

function finder(env: VirtualEnv, more: Partial<ConstructorParameters<typeof Finder>[0]> = {}) {
  let looks = 0
  const made = new Finder({
    fingerprints: FINGERPRINTS,
    env,
    kinds: BOTH,
    list: async () => {
      looks += 1
      return { devices: await readSysfs(sys.root), notes: [] }
    },
    ...more,
  })
  return { finder: made, looks: () => looks }
}

const nobody = { data() {}, ended() {} }

describe('a wand', () => {
  it('with two paths is one, opened on its serial port only', async () => {
    sys.wand('1-1', 'SIMW-0001', 0)
    const { source, tried, open } = scripted()
    const { finder: f } = finder(new VirtualEnv(), { source })
    const wands = await f.look()
    expect(wands.map((w) => w.path)).toEqual(['usb:SIMW-0001'])
    const port = wands[0]?.create()
    await port?.open(nobody)
    expect([tried, port?.framing.name]).toEqual([['/dev/ttyACM0'], 'line'])
    await port?.close()
    expect(open.size).toBe(0)
    expect(await f.look()).toEqual([])
  })

  it('is opened on its other path when the first cannot be, and never on both', async () => {
    sys.wand('1-1', 'SIMW-0001', 0)
    const denied = (path: string) =>
      path.includes('tty') ? new PortError('denied', `${path}: no`) : null
    const { source, tried, open } = scripted(denied)
    const { finder: f } = finder(new VirtualEnv(), { source })
    const port = (await f.look())[0]?.create()
    await port?.open(nobody)
    expect([tried, port?.framing.name]).toEqual([['/dev/ttyACM0', '/dev/hidraw0'], 'report'])
    expect([...open]).toEqual(['/dev/hidraw0'])
    await port?.close()
    expect(open.size).toBe(0)
  })

  it('that cannot be opened at all says why for the path that was wanted', async () => {
    sys.wand('1-1', 'SIMW-0001', 0)
    const { source } = scripted((path) => new PortError('denied', `${path}: no`))
    const { finder: f } = finder(new VirtualEnv(), { source })
    const [wand] = await f.look()
    await expect(wand?.create().open(nobody)).rejects.toMatchObject({
      end: 'denied',
      message: '/dev/ttyACM0: no',
    })
  })

  it('closed while it is looked for never opens', async () => {
    sys.wand('1-1', 'SIMW-0001', 0)
    const { source, tried } = scripted()
    const env = new VirtualEnv()
    const { finder: f } = finder(env, { source })
    const port = (await f.look())[0]?.create()
    await env.advance(1_000)
    const opening = port?.open(nobody)
    await port?.close()
    await expect(opening).rejects.toMatchObject({ end: 'closed' })
    expect(tried).toEqual([])
  })

  it.each([
    ['serial', '/dev/ttyACM0'],
    ['hid', '/dev/hidraw0'],
  ] as const)('is opened by the kind that was asked for: %s', async (kind, path) => {
    sys.wand('1-1', 'SIMW-0001', 0)
    const { source, tried } = scripted()
    const { finder: f } = finder(new VirtualEnv(), { source, kinds: [kind] })
    await (await f.look())[0]?.create().open(nobody)
    expect(tried).toEqual([path])
  })

  it('keeps its name on another socket and path, and is told from another of its model', async () => {
    sys.wand('1-1', 'SIMW-0001', 0)
    sys.wand('1-2', 'SIMW-0002', 1)
    const env = new VirtualEnv()
    const { source, tried } = scripted()
    const { finder: f } = finder(env, { source, kinds: ['serial'] })
    const [one, two] = await f.look()
    expect([one?.path, two?.path]).toEqual(['usb:SIMW-0001', 'usb:SIMW-0002'])
    sys.clear()
    sys.wand('1-1', 'SIMW-0002', 0)
    sys.wand('1-2', 'SIMW-0001', 1)
    await env.advance(1_000)
    await one?.create().open(nobody)
    await two?.create().open(nobody)
    expect(tried).toEqual(['/dev/ttyACM1', '/dev/ttyACM0'])
    // Pulled: absent, not another one that took its path.
    sys.clear()
    sys.wand('1-1', 'SIMW-0002', 1)
    await env.advance(1_000)
    await expect(one?.create().open(nobody)).rejects.toMatchObject({ end: 'absent' })
  })

  it('that shares its USB serial number with another keeps its name, and never gets the other one’s', async () => {
    const { finder: f } = finder(new VirtualEnv(), { kinds: ['serial'] })
    const now = async (...wands: (readonly [string, number])[]) => {
      sys.clear()
      for (const [place, n] of wands) sys.wand(place, '0001', n)
      return (await f.look()).map((w) => w.path)
    }
    expect(await now(['1-2', 0])).toEqual(['usb:0001'])
    expect(await now(['1-2', 0], ['1-3', 1])).toEqual(['usb:1-3'])
    // The first one goes, and comes back elsewhere and then where it was: nothing is renamed.
    expect(await now(['1-3', 1])).toEqual([])
    expect((await f.ways('0001')).map(({ path }) => path)).toEqual([])
    expect(await now(['1-3', 1], ['1-4', 0])).toEqual(['usb:1-4'])
    expect(await now(['1-2', 2], ['1-3', 1])).toEqual([])
    expect((await f.ways('0001')).map(({ path }) => path)).toEqual(['/dev/ttyACM2'])
    expect((await f.ways('1-3')).map(({ path }) => path)).toEqual(['/dev/ttyACM1'])
  })

  it('named beside auto is left to its name, on all its paths', async () => {
    sys.wand('1-1', 'SIMW-0001', 0)
    sys.wand('1-2', 'SIMW-0002', 1)
    for (const named of ['/dev/hidraw0', '/dev/ttyACM0', '1-1:1.2']) {
      const { finder: f } = finder(new VirtualEnv(), { named: [named] })
      expect((await f.look()).map((w) => w.path)).toEqual(['usb:SIMW-0002'])
    }
  })

  it('is never a device that only looks like one', async () => {
    const dir = sys.usb('1-3', { ...SIMULATED, idVendor: 'cafe', serial: 'SIMW-0009' }, 0, 'usbhid')
    sys.hidraw('hidraw5', dir, 'x.1', 'HID_NAME=x\n', DESCRIPTORS.vendor)
    const { finder: f } = finder(new VirtualEnv())
    expect(await f.look()).toEqual([])
  })
})

describe('looking', () => {
  it('finds what is plugged in later, once', async () => {
    const env = new VirtualEnv()
    const { finder: f } = finder(env)
    const found: string[] = []
    f.start((source) => void found.push(source.path))
    const until = async (n: number) => {
      for (let i = 0; i < 100 && found.length < n; i += 1) {
        await env.advance(100)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    await until(1)
    expect(found).toEqual([])
    sys.wand('1-1', 'SIMW-0001', 0)
    await until(1)
    sys.clear()
    await env.advance(3_000)
    sys.wand('1-4', 'SIMW-0001', 3)
    sys.wand('1-2', 'SIMW-0002', 1)
    await until(2)
    expect(found).toEqual(['usb:SIMW-0001', 'usb:SIMW-0002'])
    f.stop()
  })

  it('pauses while bytes come: one look in five, and none for a moment after them', async () => {
    const env = new VirtualEnv()
    let looks = 0
    const f = new Finder({
      fingerprints: FINGERPRINTS,
      env,
      kinds: BOTH,
      list: async () => {
        looks += 1
        return { devices: [], notes: [] }
      },
    })
    f.start(() => {})
    await env.advance(10_000)
    expect(looks).toBe(11)
    for (let i = 0; i < 200; i += 1) {
      f.heard()
      await env.advance(100)
    }
    expect(looks).toBeLessThanOrEqual(11 + 4)
    await env.advance(5_000)
    expect(looks).toBeGreaterThanOrEqual(11 + 4 + 4)
    f.stop()
    const before = looks
    await env.advance(5_000)
    expect(looks).toBe(before)
  })

  it('goes on when a list cannot be had', async () => {
    const env = new VirtualEnv()
    let looks = 0
    const f = new Finder({
      fingerprints: FINGERPRINTS,
      env,
      kinds: BOTH,
      list: () => {
        looks += 1
        return Promise.reject(new Error('no'))
      },
    })
    f.start(() => {})
    await env.advance(3_500)
    expect(looks).toBe(4)
    f.stop()
  })
})

describe('a bridge with auto', () => {
  it('reads wands that are plugged in one after the other, each under its own name', async () => {
    const env = new VirtualEnv()
    const simulator = await startSimulator({ env, wands: 2 })
    let devices: Device[] = []
    const plug = async (i: number) => {
      sys.clear()
      sys.wand('1-1', 'SIMW-0001', 0)
      if (i > 1) sys.wand('1-2', 'SIMW-0002', 1)
      devices = await readSysfs(sys.root)
    }
    const wandOf = (way: Device) =>
      simulator.wands.find((w) => w.serial === way.serialNumber)?.paths ?? null
    const f = new Finder({
      fingerprints: FINGERPRINTS,
      env,
      kinds: BOTH,
      list: async () => ({ devices, notes: [] }),
      source: (way) => {
        const paths = wandOf(way)
        if (!paths) throw new Error(`no ${way.serialNumber}`)
        return loopbackSource(way.path, way.kind === 'hid' ? paths.report : paths.line)
      },
    })
    const bridge = new Bridge({
      env,
      driver: openWand,
      source: 'simulator',
      ports: [],
      finder: f,
      policy: 'continuous',
    })
    bridge.start()
    await env.advance(2_000)
    expect(bridge.status().wands).toEqual([])
    const live = (n: number) => () =>
      bridge.status().pumps.filter((pump) => pump.quality === 'current').length === n
    await plug(1)
    expect(await env.until(live(1), 60_000)).toBe(true)
    await plug(2)
    expect(await env.until(live(2), 60_000)).toBe(true)
    const names = bridge.status().wands.map((w) => [w.port, w.serial])
    expect(names).toEqual([
      ['usb:SIMW-0001', 'SIMW-0001'],
      ['usb:SIMW-0002', 'SIMW-0002'],
    ])
    // Pulled and back: by the same name, without a restart.
    await simulator.command({ do: 'unplug', wand: 0 })
    expect(await env.until(live(1), 1_100)).toBe(true)
    await simulator.command({ do: 'plug', wand: 0 })
    expect(await env.until(live(2), 60_000)).toBe(true)
    expect(bridge.ports).toEqual(['usb:SIMW-0001', 'usb:SIMW-0002'])
    let done = false
    void bridge.stop().then(() => {
      done = true
    })
    expect(await env.until(() => done, 3_100)).toBe(true)
    await simulator.stop()
  })

  it('reads a wand that is two USB devices once: HELLO tells that they are one', async () => {
    const env = new VirtualEnv()
    const simulator = await startSimulator({ env })
    const paths = simulator.wands[0]?.paths
    if (!paths) throw new Error('no wand')
    // A cable with a chip of its own, and the wand's HID interface without its serial number.
    sys.tty('ttyACM0', sys.usb('1-1', SIMULATED, 0, 'cdc_acm'))
    const dir = sys.usb('1-2', SIMULATED, 0, 'usbhid')
    sys.hidraw('hidraw0', dir, 'x.1', 'HID_NAME=x\n', DESCRIPTORS.wand)
    let devices = await readSysfs(sys.root)
    const f = new Finder({
      fingerprints: FINGERPRINTS,
      env,
      kinds: BOTH,
      list: async () => ({ devices, notes: [] }),
      source: (way) => loopbackSource(way.path, way.kind === 'hid' ? paths.report : paths.line),
    })
    const bridge = new Bridge({
      env,
      driver: openWand,
      source: 'simulator',
      ports: [],
      finder: f,
      policy: 'continuous',
    })
    const sessions: string[] = []
    bridge.events$.subscribe((e) => {
      if (e.kind === 'session-open') sessions.push(e.port)
    })
    bridge.start()
    const connected = () => bridge.status().wands.map((w) => w.link.connected)
    expect(await env.until(() => sessions.length > 0, 60_000)).toBe(true)
    await env.advance(20_000)
    expect(bridge.status().wands.map((w) => w.port)).toEqual(['usb:1-2', 'usb:1-1'])
    expect(connected()).toEqual([true, false])
    expect(new Set(sessions).size).toBe(1)
    expect(said(bridge.status().wands[1]?.link.why)).toContain('is read on usb:1-2')
    // The one that has it goes: the other takes over.
    devices = devices.filter((device) => device.kind === 'serial')
    paths.report.hold({ data() {}, unplugged() {} })
    expect(await env.until(() => connected()[1] === true, 30_000)).toBe(true)
    let done = false
    void bridge.stop().then(() => {
      done = true
    })
    expect(await env.until(() => done, 3_100)).toBe(true)
    await simulator.stop()
  })
})

it('finds the wands of the driver that it looks for, and no others', async () => {
  const other: Fingerprint = {
    ...{ name: 'other wand', vendorId: 0x0403, productId: 0x6001, manufacturer: 'FTDI' },
    ...{ product: 'Other', serialNumber: /^OTHER-/, path: /usb-FTDI_Other_/, hid: null },
  }
  sys.wand('1-1', 'SIMW-0001', 0)
  const strings = { idVendor: '0403', idProduct: '6001', manufacturer: 'FTDI', product: 'Other' }
  sys.tty('ttyUSB0', sys.usb('1-2', { ...strings, serial: 'OTHER-7' }, 0, 'ftdi_sio'))
  const { source } = scripted()
  const look = (fingerprints: readonly Fingerprint[]) =>
    finder(new VirtualEnv(), { source, fingerprints }).finder.look()
  expect((await look([other])).map(({ path }) => path)).toEqual(['usb:OTHER-7'])
  expect((await look(FINGERPRINTS)).map(({ path }) => path)).toEqual(['usb:SIMW-0001'])
  expect(await look([])).toEqual([])
})
