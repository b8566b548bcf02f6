// The edge to node-hid. Its native part is loaded at the first use of a HID path and never before: a
// bridge on serial ports runs where it cannot be loaded.
//
// The path says which driver: `/dev/hidrawN` is the kernel's hidraw, `BUS-PORT:CONFIG.INTERFACE`
// (`1-2:1.2`, as `wandbridge devices` shows it) is libusb. A process can use one of them only.
import { constants } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import type HID from 'node-hid'
import { PortError } from './port.ts'

/** What is used of node-hid's HIDAsync. */
export interface HidHandle {
  on(event: 'data', heard: (report: Uint8Array) => void): unknown
  /** Often a string, seldom an Error; nothing follows it, no `close` either. */
  on(event: 'error', heard: (error: unknown) => void): unknown
  /** One report behind its report id. */
  write(report: Buffer): Promise<number>
  close(): Promise<void>
  getDeviceInfo(): Promise<HidInfo>
}

export interface HidInfo {
  readonly path?: string | undefined
  readonly usagePage?: number | undefined
  readonly usage?: number | undefined
}

export interface HidDriver {
  open(path: string): Promise<HidHandle>
  /** Whether the system still lists it. Slow, and slows reports down while it runs. */
  isListed(path: string): Promise<boolean>
}

type Kind = 'hidraw' | 'libusb'
let chosen: Kind | null = null

/** Rejects with PortError when the driver cannot be loaded. */
export async function loadHidDriver(path: string): Promise<HidDriver> {
  const hid = await load(path)
  return {
    async open(given) {
      return hid.HIDAsync.open(await checked(given))
    },
    async isListed(given) {
      const path = await checked(given)
      return (await hid.devicesAsync()).some((device) => device.path === path)
    },
  }
}

async function load(path: string): Promise<typeof HID> {
  const kind: Kind = isLibusbPath(path) ? 'libusb' : 'hidraw'
  if (chosen !== null && chosen !== kind && process.platform === 'linux') {
    throw new PortError(
      'failed',
      `${path}: this program already reads a wand through ${chosen}, and cannot use ${kind} beside it. Name all wands the same way: /dev/hidrawN, or BUS-PORT:1.N.`,
    )
  }
  const { default: hid } = await import('node-hid')
  chosen = kind
  hid.setDriverType(kind)
  // Loads the native part, which may want a library that is missing.
  hid.getHidapiVersion()
  return hid
}

export function isLibusbPath(path: string): boolean {
  return /^\d+-\d+(\.\d+)*:\d+\.\d+$/.test(path)
}

/** The device file itself. The system's own errors (ENOENT, EACCES) are clearer than hidapi's. */
async function checked(path: string): Promise<string> {
  if (!path.startsWith('/')) return path
  await access(path, constants.R_OK | constants.W_OK)
  return realpath(path)
}
