// What is taken for a wand and what is not, from /sys and from lists; and who has it open.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSimulator } from '../../simulator/index.ts'
import { FINGERPRINTS } from '../../src/drivers/open-wand/fingerprints.ts'
import { ASK, judge, wandsAmong } from '../../src/transport/discovery.ts'
import { holdersOf } from '../../src/transport/holders.ts'
import { listByLibraries, listDevices } from '../../src/transport/inventory.ts'
import { readSysfs, topUsage } from '../../src/transport/sysfs.ts'
import { DESCRIPTORS, FakeSys, SIMULATED } from './plugged.ts'

let sys: FakeSys
beforeEach(() => {
  sys = new FakeSys()
})
afterEach(() => sys.remove())

const scores = async () =>
  (await readSysfs(sys.root)).map((d) => [d.path, judge(d, FINGERPRINTS).score])
const ids = async () => wandsAmong(await readSysfs(sys.root), FINGERPRINTS).map((wand) => wand.id)

describe('/sys', () => {
  it('is read with nothing opened: a composite wand is two devices and one wand', async () => {
    sys.wand('1-2', 'SIMW-0007', 0)
    const devices = await readSysfs(sys.root)
    expect(devices).toEqual([
      {
        kind: 'hid',
        path: '/dev/hidraw0',
        byId: null,
        vendorId: '1209',
        productId: '0001',
        manufacturer: 'Wandbridge',
        product: 'Simulated wand',
        serialNumber: 'SIMW-0007',
        driver: 'hid-generic',
        place: '1-2',
        usbInterface: '1-2:1.2',
        usagePage: 0xff00,
        usage: 1,
        wandDescriptor: true,
      },
      {
        kind: 'serial',
        path: '/dev/ttyACM0',
        byId: '/dev/serial/by-id/usb-Wandbridge_Simulated_wand_SIMW-0007-if00',
        vendorId: '1209',
        productId: '0001',
        manufacturer: 'Wandbridge',
        product: 'Simulated wand',
        serialNumber: 'SIMW-0007',
        driver: 'cdc_acm',
        place: '1-2',
        usbInterface: '1-2:1.0',
        usagePage: null,
        usage: null,
        wandDescriptor: null,
      },
    ])
    expect(wandsAmong(devices, FINGERPRINTS)).toMatchObject([
      { id: 'SIMW-0007', ways: [devices[1], devices[0]] },
    ])
  })

  it('that is empty, or not there, has nothing in it', async () => {
    expect(await readSysfs(sys.root)).toEqual([])
    expect(await readSysfs(join(sys.root, 'nowhere'))).toEqual([])
  })

  it('of this computer can be read', async () => {
    const { devices, notes } = await listDevices()
    expect(notes).toEqual([])
    for (const device of devices) expect(device.path).toMatch(/^\/dev\//)
  })
})

describe('what is asked', () => {
  const strange = { idVendor: 'cafe', idProduct: '4001', manufacturer: 'Acme', product: 'Thing' }
  const put = (
    strings: typeof strange | typeof SIMULATED,
    descriptor: Uint8Array,
    uevent = 'HID_NAME=x\n',
  ) => sys.hidraw('hidraw0', sys.usb('1-1', strings, 0, 'usbhid'), 'a.1', uevent, descriptor)

  it.each([
    ['a security key', strange, DESCRIPTORS.securityKey],
    ['another maker on the same vendor page', strange, DESCRIPTORS.vendor],
    ['another maker with the wand’s descriptor', strange, DESCRIPTORS.wand],
    ['a keyboard', strange, DESCRIPTORS.keyboard],
    ['the wand’s strings on another interface', SIMULATED, DESCRIPTORS.keyboard],
    ['the wand’s strings on an alike descriptor', SIMULATED, DESCRIPTORS.vendor],
    [
      'the shared test numbers alone',
      { ...strange, idVendor: '1209', idProduct: '0001' },
      DESCRIPTORS.wand,
    ],
    ['no descriptor at all', SIMULATED, new Uint8Array()],
  ])('is not %s', async (_, strings, descriptor) => {
    put(strings, descriptor)
    const [[path, score]] = (await scores()) as [[string, number]]
    expect(path).toBe('/dev/hidraw0')
    expect(score).toBeLessThan(ASK)
    expect(await ids()).toEqual([])
  })

  it('is a wand with less than all strings', async () => {
    put({ ...SIMULATED, product: '' }, DESCRIPTORS.wand)
    expect(await scores()).toEqual([['/dev/hidraw0', ASK]])
    expect(await ids()).toEqual(['1-1'])
  })

  it('is not a USB adapter that nobody knows, but it may be named', async () => {
    const adapter = {
      idVendor: '0403',
      idProduct: '6001',
      manufacturer: 'QEMU',
      product: 'QEMU USB SERIAL',
      serial: '1',
    }
    sys.tty('ttyUSB0', sys.usb('2-1', adapter, 0, 'ftdi_sio'), true)
    const [device] = await readSysfs(sys.root)
    expect(device).toMatchObject({ path: '/dev/ttyUSB0', driver: 'ftdi_sio', place: '2-1' })
    expect(await scores()).toEqual([['/dev/ttyUSB0', 10]])
    expect(await ids()).toEqual([])
  })

  it('is not a device of the kernel’s own making without USB strings', async () => {
    const uevent = 'HID_ID=0003:00001209:00000001\nHID_NAME=Acme Thing\nHID_UNIQ=\n'
    sys.hidraw(
      'hidraw0',
      join(sys.root, 'sys/devices/virtual/misc/uhid'),
      'b.2',
      uevent,
      DESCRIPTORS.wand,
    )
    const [device] = await readSysfs(sys.root)
    expect(device).toMatchObject({ vendorId: '1209', product: 'Acme Thing', place: null })
    expect(await ids()).toEqual([])
  })
})

describe('which wand is which', () => {
  it('is said by the serial number, whatever the socket and the path', async () => {
    sys.wand('1-1', 'SIMW-0001', 0)
    sys.wand('1-2', 'SIMW-0002', 1)
    expect(await ids()).toEqual(['SIMW-0001', 'SIMW-0002'])
    sys.clear()
    sys.wand('1-1', 'SIMW-0002', 0)
    sys.wand('1-2', 'SIMW-0001', 1)
    const wands = wandsAmong(await readSysfs(sys.root), FINGERPRINTS)
    expect(wands.map((w) => [w.id, w.ways.map((d) => d.path)])).toEqual([
      ['SIMW-0002', ['/dev/ttyACM0', '/dev/hidraw0']],
      ['SIMW-0001', ['/dev/ttyACM1', '/dev/hidraw1']],
    ])
  })

  it('is said by the socket where two have the same number', async () => {
    sys.wand('1-1', 'SIMW-0001', 0)
    sys.wand('1-2', 'SIMW-0001', 1)
    expect(await ids()).toEqual(['1-1', '1-2'])
  })

  it('is known by the serial number where the system tells no socket', async () => {
    const { devices } = await listByLibraries({
      serial: async () => [
        { path: 'COM4', vendorId: '1209', productId: '0001', serialNumber: 'SIMW-0003' },
        { path: 'COM5', vendorId: '0403', productId: '6001' },
        { path: 'COM1' },
      ],
      hid: async () => [
        {
          path: 'HID#1',
          vendorId: 0x1209,
          productId: 1,
          manufacturer: 'Wandbridge',
          product: 'Simulated wand',
          serialNumber: 'SIMW-0003',
          usagePage: 0xff00,
          usage: 1,
        },
        {
          path: 'HID#2',
          vendorId: 0x1209,
          productId: 1,
          manufacturer: 'Wandbridge',
          product: 'Simulated wand',
          usagePage: 1,
          usage: 6,
        },
        { vendorId: 1, productId: 1 },
      ],
    })
    expect(devices.map((d) => d.path)).toEqual(['COM1', 'COM4', 'COM5', 'HID#1', 'HID#2'])
    expect(wandsAmong(devices, FINGERPRINTS).map((w) => [w.id, w.ways.map((d) => d.path)])).toEqual(
      [['SIMW-0003', ['COM4', 'HID#1']]],
    )
  })

  it('says what stood in the way of a list, and gives the other', async () => {
    const { devices, notes } = await listByLibraries({
      serial: () => Promise.reject(new Error('spawn udevadm ENOENT')),
      hid: () => Promise.reject(new Error('libusb-1.0.so.0: cannot open shared object file\nx')),
    })
    expect(devices).toEqual([])
    expect(notes).toEqual([
      'Serial ports cannot be listed: spawn udevadm ENOENT. Name the wand with --serial.',
      'HID devices cannot be listed: libusb-1.0.so.0: cannot open shared object file. Name the wand with --hid.',
    ])
  })
})

describe('a report descriptor', () => {
  it('gives its first usage, and null for whatever else it is', () => {
    expect(topUsage(DESCRIPTORS.wand)).toEqual({ usagePage: 0xff00, usage: 1 })
    expect(topUsage(DESCRIPTORS.keyboard)).toEqual({ usagePage: 1, usage: 6 })
    expect(topUsage(DESCRIPTORS.securityKey)).toEqual({ usagePage: 0xf1d0, usage: 1 })
    // A usage of four bytes carries its page.
    expect(topUsage(Uint8Array.from([0x0b, 1, 0, 0, 0xff, 0xa1, 1]))).toEqual({
      usagePage: 0xff00,
      usage: 1,
    })
    expect(topUsage(new Uint8Array())).toEqual({ usagePage: null, usage: null })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const { usagePage, usage } = topUsage(bytes)
        expect([usagePage ?? 0, usage ?? 0].every((n) => n >= 0 && n < 2 ** 32)).toBe(true)
      }),
    )
  })
})

describe('who has a port', () => {
  it('is found by its open files, another process included', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'wandbridge-held-'))
    const link = join(dir, 'wand')
    const simulator = await startSimulator({ ports: [{ kind: 'pty', link }] })
    const child = spawn('sleep', ['30'], { stdio: 'ignore' })
    const holder = spawn('sh', ['-c', `exec 3<>${link}; echo; exec sleep 30`])
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve))
      const { of, hidden } = await holdersOf([link, '/dev/null-no-such'])
      expect(of.get(link)).toEqual([{ pid: holder.pid, name: 'sleep' }])
      expect(of.get('/dev/null-no-such')).toEqual([])
      expect(hidden).toBeGreaterThanOrEqual(0)
    } finally {
      child.kill()
      holder.kill()
      await simulator.stop()
      rmSync(dir, { recursive: true })
    }
  })

  it('is not known where the system does not tell', async () => {
    const { of, hidden } = await holdersOf(['/dev/x'], join(tmpdir(), 'no-proc-here'))
    expect([of.get('/dev/x'), hidden]).toEqual([[], null])
  })
})
