// A /sys as the kernel lays it out, with the devices a test wants in it: directories under `devices`,
// links under `class`, the descriptors as the devices give them.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { REPORT_DESCRIPTOR } from '../../protocol/framing/hid-report.ts'

/** Report descriptors of real kinds of devices. */
export const DESCRIPTORS = {
  wand: REPORT_DESCRIPTOR,
  // A security key (FIDO's own page): two 64-byte reports like the wand's.
  securityKey: hex('06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0'),
  // Another maker's vendor page 0xFF00, usage 1, 64-byte reports: alike in all that is listed.
  vendor: hex('0600ff0901a101150026ff00750895400901810209019102c0'),
  // A keyboard, as the HID specification has it in appendix B.1.
  keyboard: hex(
    '05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503910195067508150025650507190029658100c0',
  ),
} as const

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

export interface UsbStrings {
  readonly idVendor: string
  readonly idProduct: string
  readonly manufacturer?: string
  readonly product?: string
  readonly serial?: string
}

export class FakeSys {
  readonly root = mkdtempSync(join(tmpdir(), 'wandbridge-sys-'))

  /** A USB device in the socket `place`; gives the directory of its interface `n`. */
  usb(place: string, strings: UsbStrings, n: number, driver: string): string {
    const device = join(this.root, 'sys/devices/pci0000:00/0000:00:02.0/usb1', place)
    for (const [name, text] of Object.entries(strings)) this.#write(join(device, name), `${text}\n`)
    const dir = join(device, `${place}:1.${n}`)
    this.#link(join(dir, 'driver'), join(this.root, 'sys/bus/usb/drivers', driver))
    return dir
  }

  /** An adapter's port has a directory of its own below the interface, a modem's has not. */
  tty(name: string, dir: string, own = false): void {
    this.#link(join(this.root, 'sys/class/tty', name, 'device'), own ? join(dir, name) : dir)
  }

  hidraw(name: string, dir: string, id: string, uevent: string, descriptor: Uint8Array): void {
    const device = join(dir, id)
    this.#write(join(device, 'uevent'), uevent)
    this.#write(join(device, 'report_descriptor'), descriptor)
    this.#link(join(device, 'driver'), join(this.root, 'sys/bus/hid/drivers/hid-generic'))
    this.#link(join(this.root, 'sys/class/hidraw', name, 'device'), device)
  }

  byId(link: string, name: string): void {
    this.#link(join(this.root, 'dev/serial/by-id', link), join(this.root, 'dev', name))
  }

  /** The whole of a simulated wand: HID on interface 2, CDC-ACM on 0. */
  wand(place: string, serial: string, n: number, tty = `ttyACM${n}`, hidraw = `hidraw${n}`): void {
    const strings = { ...SIMULATED, serial }
    this.tty(tty, this.usb(place, strings, 0, 'cdc_acm'))
    const dir = this.usb(place, strings, 2, 'usbhid')
    const uevent = `DRIVER=hid-generic\nHID_ID=0003:00001209:00000001\nHID_NAME=Wandbridge Simulated wand\nHID_UNIQ=${serial}\n`
    this.hidraw(hidraw, dir, `0003:1209:0001.000${n + 1}`, uevent, DESCRIPTORS.wand)
    this.byId(`usb-Wandbridge_Simulated_wand_${serial}-if00`, tty)
  }

  clear(): void {
    rmSync(join(this.root, 'sys'), { recursive: true, force: true })
    rmSync(join(this.root, 'dev'), { recursive: true, force: true })
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  #write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }

  #link(path: string, target: string): void {
    mkdirSync(dirname(path), { recursive: true })
    mkdirSync(target, { recursive: true })
    rmSync(path, { force: true })
    symlinkSync(relative(dirname(path), target), path)
  }
}

export const SIMULATED: UsbStrings = {
  idVendor: '1209',
  idProduct: '0001',
  manufacturer: 'Wandbridge',
  product: 'Simulated wand',
}
