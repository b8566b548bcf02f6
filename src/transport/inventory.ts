// What is plugged in, without opening any of it: from /sys on Linux, elsewhere from the libraries that
// also open the devices.
import { type Device, hex4 } from './discovery.ts'
import { readSysfs } from './sysfs.ts'

export interface Inventory {
  readonly devices: readonly Device[]
  /** What stood in the way of looking, in sentences. */
  readonly notes: readonly string[]
}

/** What the serial library gives for one port; the rest of its fields differ between systems. */
export interface ListedPort {
  readonly path: string
  readonly vendorId?: string | undefined
  readonly productId?: string | undefined
  readonly manufacturer?: string | undefined
  readonly serialNumber?: string | undefined
  readonly friendlyName?: string | undefined
}

/** What the HID library gives for one device. */
export interface ListedHid {
  readonly path?: string | undefined
  readonly vendorId: number
  readonly productId: number
  readonly manufacturer?: string | undefined
  readonly product?: string | undefined
  readonly serialNumber?: string | undefined
  readonly usagePage?: number | undefined
  readonly usage?: number | undefined
}

/** Pseudo-terminals are listed by no system. Never rejects. */
export async function listDevices(): Promise<Inventory> {
  if (process.platform === 'linux') return { devices: await readSysfs(), notes: [] }
  return listByLibraries({
    serial: async () => (await import('serialport')).SerialPort.list(),
    hid: async () => (await import('node-hid')).default.devicesAsync(),
  })
}

export async function listByLibraries(list: {
  serial(): Promise<readonly ListedPort[]>
  hid(): Promise<readonly ListedHid[]>
}): Promise<Inventory> {
  const notes: string[] = []
  const or = <T>(what: string, option: string, listing: Promise<readonly T[]>) =>
    listing.catch((error: Error) => {
      const why = error.message.split('\n')[0]
      notes.push(`${what} cannot be listed: ${why}. Name the wand with ${option}.`)
      return []
    })
  const [ports, hids] = await Promise.all([
    or('Serial ports', '--serial', list.serial()),
    or('HID devices', '--hid', list.hid()),
  ])
  const devices = [...ports.map(serialDevice), ...hids.flatMap(hidDevice)]
  return { devices: devices.sort((a, b) => (a.path < b.path ? -1 : 1)), notes }
}

const UNKNOWN = { byId: null, driver: null, place: null, usbInterface: null, wandDescriptor: null }

function serialDevice(port: ListedPort): Device {
  return {
    ...UNKNOWN,
    kind: 'serial',
    path: port.path,
    vendorId: port.vendorId?.toLowerCase() ?? null,
    productId: port.productId?.toLowerCase() ?? null,
    manufacturer: port.manufacturer || null,
    product: port.friendlyName || null,
    serialNumber: port.serialNumber || null,
    usagePage: null,
    usage: null,
  }
}

function hidDevice(device: ListedHid): Device[] {
  if (!device.path) return []
  return [
    {
      ...UNKNOWN,
      kind: 'hid',
      path: device.path,
      vendorId: hex4(device.vendorId),
      productId: hex4(device.productId),
      manufacturer: device.manufacturer || null,
      product: device.product || null,
      serialNumber: device.serialNumber || null,
      usagePage: device.usagePage ?? null,
      usage: device.usage ?? null,
    },
  ]
}
