// Which of the devices of this computer are wands, judged by what they say of themselves without being
// opened. The fingerprints of the drivers are the whole knowledge; what is not among them is never opened by
// `auto`, however alike it looks. That something is a wand is known from its answer only.
import type { Fingerprint } from './port.ts'

/** One way into one device, as the system lists it. What the system does not tell is null. */
export interface Device {
  readonly kind: 'serial' | 'hid'
  /** What is opened. */
  readonly path: string
  /** A name that stays when the device comes back under another path. */
  readonly byId: string | null
  /** Four hexadecimal digits, lower case, as everybody writes them. */
  readonly vendorId: string | null
  readonly productId: string | null
  readonly manufacturer: string | null
  readonly product: string | null
  readonly serialNumber: string | null
  /** The kernel's driver. */
  readonly driver: string | null
  /** The USB socket, `1-2`: the same for all interfaces of one device. */
  readonly place: string | null
  /** The interface, `1-2:1.2`: how libusb names a HID device. */
  readonly usbInterface: string | null
  /** Of the first collection of a HID device. */
  readonly usagePage: number | null
  readonly usage: number | null
  /** Whether the report descriptor is the wand's, byte for byte. */
  readonly wandDescriptor: boolean | null
}

/** What each match adds. The numbers alone are shared test numbers: they do not reach ASK. */
export const WEIGHTS = { ids: 40, manufacturer: 20, product: 20, name: 20 } as const
/** From here on `auto` opens a device and asks it who it is. */
export const ASK = 60
/** A serial port on USB that nobody knows: a wand may be behind it, so it can be named. */
const NAMEABLE = 10

export interface Verdict {
  /** 0 to 100. */
  readonly score: number
  /** What it is taken for; null = unknown. */
  readonly name: string | null
}

export function judge(device: Device, prints: readonly Fingerprint[]): Verdict {
  let best: Verdict = { score: device.kind === 'serial' && device.place ? NAMEABLE : 0, name: null }
  for (const print of prints) {
    const score = scoreOf(device, print)
    if (score > best.score) best = { score, name: print.name }
  }
  return best
}

function scoreOf(device: Device, print: Fingerprint): number {
  // A HID device must be the wand's interface, whatever else it says.
  if (device.kind === 'hid' && !isWandInterface(device, print)) return 0
  const is = {
    ids: device.vendorId === hex4(print.vendorId) && device.productId === hex4(print.productId),
    manufacturer: device.manufacturer === print.manufacturer,
    product: device.product === print.product,
    name:
      print.serialNumber.test(device.serialNumber ?? '') ||
      print.path.test(device.byId ?? device.path),
  }
  const matches = Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[]
  return matches.reduce((sum, what) => sum + (is[what] ? WEIGHTS[what] : 0), 0)
}

function isWandInterface(device: Device, { hid }: Fingerprint): boolean {
  if (hid === null || (hid.openDescriptor && device.wandDescriptor === false)) return false
  return device.usagePage === hid.usagePage && device.usage === hid.usage
}

export const hex4 = (n: number) => n.toString(16).padStart(4, '0')

/** One wand with every way into it. */
export interface FoundWand {
  /** Its USB serial number; where there is none, or two have the same, where it is plugged in. */
  readonly id: string
  /** Where it is plugged in, as far as the system tells. */
  readonly place: string
  /** Its USB serial number; null = it has none. */
  readonly serial: string | null
  /** The serial port first: the kernel locks it for one program and loses nothing on it. */
  readonly ways: readonly Device[]
}

/** The wands among `devices`. HID and serial port of one device are one wand. */
export function wandsAmong(
  devices: readonly Device[],
  prints: readonly Fingerprint[],
): readonly FoundWand[] {
  const groups = new Map<string, Device[]>()
  for (const device of devices.filter((d) => judge(d, prints).score >= ASK)) {
    const ids = [device.vendorId, device.productId, device.serialNumber]
    const key = device.place ?? (device.serialNumber ? ids.join(':') : device.path)
    groups.set(key, [...(groups.get(key) ?? []), device])
  }
  const serials = [...groups.values()].map((ways) => ways[0]?.serialNumber)
  return [...groups].map(([key, ways]) => {
    const serial = ways[0]?.serialNumber
    const alone = serial && serials.filter((s) => s === serial).length === 1
    ways.sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1))
    return { id: alone ? serial : key, place: key, serial: serial || null, ways }
  })
}

const rank = (device: Device) => (device.kind === 'serial' ? 0 : 1)
