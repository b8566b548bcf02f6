// What the device tests have in common: a simulated wand on this machine's USB, and what the kernel
// made of it.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { USB_SIMULATOR } from '../../../protocol/usb.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../simulator/index.ts'
import { run, until } from './until.ts'

/** Starts a simulator for one test, which ends with nothing of it left. */
export async function withSimulator(
  options: SimulatorOptions,
  test: (simulator: Simulator) => Promise<void>,
): Promise<void> {
  const simulator = await startSimulator({ seed: 7, ...options })
  try {
    await test(simulator)
  } finally {
    await simulator.stop()
    await until('no wand on USB any more', async () => (await devices()).length === 0)
  }
}

/** A wand as the kernel knows it. */
export interface UsbNode {
  /** Such as `1-1`: the port it is in. */
  readonly name: string
  readonly serial: string
  /** `/dev/hidraw*` and `/dev/ttyACM*`; empty while there is none. */
  readonly hidraw: string
  readonly tty: string
}

const DEVICES = '/sys/bus/usb/devices'

// Never synchronously: the kernel answers some of these only when it has had its answer from the
// device, which may be this very process.
const read = (...path: string[]) =>
  readFile(join(...path), 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
const children = (...path: string[]) => readdir(join(...path)).catch(() => [])

/** Every simulated wand on this machine's USB, from sysfs. */
export async function devices(): Promise<UsbNode[]> {
  const names = (await children(DEVICES)).filter((name) => /^\d+-[\d.]+$/.test(name))
  const found = await Promise.all(names.map(node))
  return found.filter((one) => one !== null)
}

async function node(name: string): Promise<UsbNode | null> {
  const hex = (n: number) => n.toString(16).padStart(4, '0')
  if ((await read(DEVICES, name, 'idVendor')) !== hex(USB_SIMULATOR.vendorId)) return null
  if ((await read(DEVICES, name, 'idProduct')) !== hex(USB_SIMULATOR.productId)) return null
  if ((await read(DEVICES, name, 'manufacturer')) !== USB_SIMULATOR.manufacturer) return null
  if ((await read(DEVICES, name, 'product')) !== USB_SIMULATOR.product) return null
  const inside = (i: number) => join(DEVICES, `${name}:1.${i}`)
  const [tty] = await children(inside(0), 'tty')
  const hid = (await children(inside(2))).find((child) => /^[0-9A-F]{4}:/.test(child))
  const [hidraw] = hid ? await children(inside(2), hid, 'hidraw') : []
  return {
    name,
    serial: await read(DEVICES, name, 'serial'),
    tty: tty ? `/dev/${tty}` : '',
    hidraw: hidraw ? `/dev/${hidraw}` : '',
  }
}

/** The wand of this serial number once the kernel and udev are done with it. */
export async function plugged(serial = 'SIMW-0001', ms = 120_000): Promise<UsbNode> {
  const ready = (one: UsbNode) => one.serial === serial && one.hidraw !== '' && one.tty !== ''
  const found = await until(`wand ${serial} on USB`, async () => (await devices()).find(ready), ms)
  await until(`${found.tty} and ${found.hidraw}`, () =>
    [found.tty, found.hidraw].every((path) => existsSync(path)),
  )
  await run('udevadm', ['settle'])
  return found
}
