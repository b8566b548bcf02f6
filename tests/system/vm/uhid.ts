// A HID device of the kernel's own making, out of /dev/uhid, with the wand's descriptor and number: its
// name and what it sends are the test's. It has hidraw's real queue in front of the host.
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { REPORT_DESCRIPTOR } from '../../../protocol/framing/hid-report.ts'
import { USB_SIMULATOR } from '../../../protocol/usb.ts'
import { run, until } from './until.ts'

// linux/uhid.h. An event is its type and a union of at most 4372 bytes, packed.
const EVENT_SIZE = 4376
const DESTROY = 1
const OPEN = 4
const OUTPUT = 6
const CREATE2 = 11
const INPUT2 = 12
const BUS_USB = 3

export interface UHidOptions {
  readonly name: string
  /** A report of the host, without its report id. */
  readonly output?: (report: Uint8Array) => void
}

export class UHid {
  readonly path: string
  /** How often a program has opened it. */
  opened = 0
  readonly #file: FileHandle
  readonly #output: (report: Uint8Array) => void
  #ended: Promise<void> = Promise.resolve()

  private constructor(file: FileHandle, path: string, output: (report: Uint8Array) => void) {
    this.#file = file
    this.path = path
    this.#output = output
  }

  static async make({ name, output }: UHidOptions): Promise<UHid> {
    await run('modprobe', ['uhid'])
    const file = await open('/dev/uhid', 'r+')
    const event = Buffer.alloc(EVENT_SIZE)
    event.writeUInt32LE(CREATE2, 0)
    event.write(name, 4, 127, 'utf8')
    event.writeUInt16LE(REPORT_DESCRIPTOR.length, 260)
    event.writeUInt16LE(BUS_USB, 262)
    event.writeUInt32LE(USB_SIMULATOR.vendorId, 264)
    event.writeUInt32LE(USB_SIMULATOR.productId, 268)
    event.set(REPORT_DESCRIPTOR, 280)
    await file.write(event)
    const path = await until(`hidraw of ${name}`, () => hidrawOf(name))
    await run('udevadm', ['settle'])
    const device = new UHid(file, path, output ?? (() => {}))
    device.#ended = device.#read()
    return device
  }

  /** One input report. */
  async input(report: Uint8Array): Promise<void> {
    const event = Buffer.alloc(6 + report.length)
    event.writeUInt32LE(INPUT2, 0)
    event.writeUInt16LE(report.length, 4)
    event.set(report, 6)
    await this.#file.write(event)
  }

  async destroy(): Promise<void> {
    const event = Buffer.alloc(EVENT_SIZE)
    event.writeUInt32LE(DESTROY, 0)
    await this.#file.write(event)
    await this.#ended
    await this.#file.close()
  }

  async #read(): Promise<void> {
    const event = Buffer.alloc(EVENT_SIZE)
    for (;;) {
      const { bytesRead } = await this.#file.read(event, 0, EVENT_SIZE)
      if (bytesRead < 4) return
      const type = event.readUInt32LE(0)
      if (type === OPEN) this.opened += 1
      if (type === OUTPUT) {
        const size = event.readUInt16LE(4 + 4096)
        // The report id, 0, comes first.
        this.#output(Uint8Array.from(event.subarray(5, 4 + size)))
      }
      // The kernel's word that it is gone: STOP.
      if (type === 3) return
    }
  }
}

async function hidrawOf(name: string): Promise<string | null> {
  const all = '/sys/class/hidraw'
  for (const one of await readdir(all).catch(() => [])) {
    const said = await readFile(`${all}/${one}/device/uevent`, 'utf8').catch(() => '')
    if (said.includes(`HID_NAME=${name}\n`)) return `/dev/${one}`
  }
  return null
}
