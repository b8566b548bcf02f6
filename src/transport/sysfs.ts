// What is plugged in, from Linux's /sys: no helper program, no library, no device is opened, and a HID
// device's whole report descriptor can be compared. `root` is for tests.
import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { REPORT_DESCRIPTOR } from '../../protocol/framing/hid-report.ts'
import type { Device } from './discovery.ts'

/** Devices by path. Never rejects: what cannot be read is not there. */
export async function readSysfs(root = '/'): Promise<Device[]> {
  const byId = await byIdNames(root)
  const found = await Promise.all([
    ...(await names(join(root, 'sys/class/tty'))).map((name) => serial(root, name, byId)),
    ...(await names(join(root, 'sys/class/hidraw'))).map((name) => hid(root, name)),
  ])
  return found.filter((d) => d !== null).sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function serial(
  root: string,
  name: string,
  byId: ReadonlyMap<string, string>,
): Promise<Device | null> {
  // Consoles and the halves of pseudo-terminals have no device behind them.
  if (/^(tty\d*|console|ptmx|pty.*)$/.test(name)) return null
  const at = join(root, 'sys/class/tty', name)
  const device = await real(join(at, 'device'))
  // Type 0: a place for a chip where there is none.
  if (device === null || (await text(join(at, 'type'))) === '0') return null
  const { usb, interfaceDir } = await usbOf(root, device)
  return {
    kind: 'serial',
    path: `/dev/${name}`,
    byId: byId.get(name) ?? null,
    ...usb,
    driver: await driverOf(interfaceDir ?? device),
    usagePage: null,
    usage: null,
    wandDescriptor: null,
  }
}

async function hid(root: string, name: string): Promise<Device | null> {
  const device = await real(join(root, 'sys/class/hidraw', name, 'device'))
  if (device === null) return null
  const said = await text(join(device, 'uevent'))
  const [, vendor, product] =
    /^HID_ID=[0-9A-F]+:0*([0-9A-F]{4}):0*([0-9A-F]{4})$/im.exec(said) ?? []
  const { usb } = await usbOf(root, device)
  const descriptor = await readFile(join(device, 'report_descriptor')).catch(() => null)
  return {
    kind: 'hid',
    path: `/dev/${name}`,
    byId: null,
    ...usb,
    vendorId: usb.vendorId ?? vendor?.toLowerCase() ?? null,
    productId: usb.productId ?? product?.toLowerCase() ?? null,
    product: usb.product ?? (/^HID_NAME=(.+)$/m.exec(said)?.[1] || null),
    serialNumber: usb.serialNumber ?? (/^HID_UNIQ=(.+)$/m.exec(said)?.[1] || null),
    driver: await driverOf(device),
    ...topUsage(descriptor ?? new Uint8Array()),
    wandDescriptor: descriptor?.equals(REPORT_DESCRIPTOR) ?? null,
  }
}

const NOT_USB = {
  vendorId: null,
  productId: null,
  manufacturer: null,
  product: null,
  serialNumber: null,
  place: null,
  usbInterface: null,
}

/** What the USB device says that `device`, a directory, belongs to. */
async function usbOf(root: string, device: string) {
  const top = await realpath(join(root, 'sys')).catch(() => join(root, 'sys'))
  let interfaceDir: string | null = null
  for (let dir = device; dir.startsWith(`${top}/`); dir = dirname(dir)) {
    if (/^\d+-[\d.]+:\d+\.\d+$/.test(basename(dir))) interfaceDir = dir
    const of = async (name: string) => (await text(join(dir, name))) || null
    const vendorId = await of('idVendor')
    if (vendorId === null) continue
    const usb = {
      vendorId,
      productId: await of('idProduct'),
      manufacturer: await of('manufacturer'),
      product: await of('product'),
      serialNumber: await of('serial'),
      place: basename(dir),
      usbInterface: interfaceDir && basename(interfaceDir),
    }
    return { usb, interfaceDir }
  }
  return { usb: NOT_USB, interfaceDir }
}

/** Usage page and usage of the first collection of a report descriptor; null where it has none. */
export function topUsage(descriptor: Uint8Array) {
  let usagePage: number | null = null
  let usage: number | null = null
  for (let at = 0; at < descriptor.length; ) {
    const prefix = descriptor[at] ?? 0
    const size = [0, 1, 2, 4][prefix & 3] ?? 0
    const data = descriptor.subarray(at + 1, at + 1 + size)
    const value = data.reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0)
    const tag = prefix & 0xfc
    if (tag === 0x04) usagePage = value
    // A usage of four bytes carries its page.
    if (tag === 0x08)
      [usage, usagePage] =
        size === 4 ? [value % 65536, Math.floor(value / 65536)] : [value, usagePage]
    if (tag === 0xa0) break
    at += 1 + size
  }
  return { usagePage, usage }
}

async function byIdNames(root: string): Promise<Map<string, string>> {
  const links = await names(join(root, 'dev/serial/by-id'))
  const pairs = await Promise.all(
    links.map(async (link) => {
      const target = await real(join(root, 'dev/serial/by-id', link))
      return [basename(target ?? ''), `/dev/serial/by-id/${link}`] as const
    }),
  )
  return new Map(pairs)
}

const driverOf = async (dir: string) => {
  const driver = await real(join(dir, 'driver'))
  return driver && basename(driver)
}
const names = (dir: string) => readdir(dir).catch(() => [] as string[])
const real = (path: string) => realpath(path).catch(() => null)
const text = async (path: string) => (await readFile(path, 'utf8').catch(() => '')).trim()
