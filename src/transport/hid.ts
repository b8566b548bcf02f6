// A wand's HID interface: 64-byte reports through node-hid's HIDAsync.
//
// What node-hid does and what is made of it: a device that went away gives an `error`, as a string, and
// no `close`; or only its next write fails; or, with a driver that says nothing, it is missing from the
// list: each of these ends the port once. Its own close may wait for a write that the device does not
// take: nothing waits for it without a limit. A second open would succeed: hid-lock.ts stands before it.

import { MAX_OUTSTANDING, REPORT_SIZE } from '../../protocol/framing/hid-report.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { HID_USAGE, HID_USAGE_PAGE } from '../../protocol/usb.ts'
import { type Cancel, type Env, systemEnv } from '../base/env.ts'
import { denied } from './denied.ts'
import { type HidDriver, type HidHandle, type HidInfo, loadHidDriver } from './hid-driver.ts'
import { type HidLock, lockHid } from './hid-lock.ts'
import { absence } from './listed.ts'
import { type PortEnd, PortError, type PortEvents, type PortSource, type WandPort } from './port.ts'

/** Longest wait for the driver to close a device. */
const CLOSE_MS = 900
/** A device that has said nothing for so long is looked for in the list, no more often than this. */
const SILENCE_MS = 1_000

export interface HidOptions {
  readonly env?: Env
  readonly driver?: (path: string) => Promise<HidDriver>
  readonly lock?: (path: string) => Promise<HidLock>
}

/** `path`: a hidraw device file, or what `wandbridge devices` shows. */
export function hidSource(path: string, options: HidOptions = {}): PortSource {
  const { env = systemEnv(), driver = loadHidDriver, lock = lockHid } = options
  return { path, create: () => new HidWandPort(path, { env, driver, lock }) }
}

class HidWandPort implements WandPort {
  readonly path: string
  readonly framing = REPORTS
  readonly #options: Required<HidOptions>
  #device: Device | null = null
  #events: PortEvents | null = null
  #closed = false
  #gone: Promise<void> = Promise.resolve()
  /** Reports that the driver has and has not yet confirmed. */
  #outstanding = 0
  #waiting: Buffer[] = []
  #heard = false
  #cancelWatch: Cancel = () => {}

  constructor(path: string, options: Required<HidOptions>) {
    this.path = path
    this.#options = options
  }

  async open(events: PortEvents): Promise<void> {
    const device = await openDevice(this.path, this.#options)
    if (this.#closed) {
      this.#gone = letGo(device)
      throw new PortError('closed', `${this.path}: closed before it was open`)
    }
    this.#device = device
    this.#events = events
    device.handle.on('error', (error) => this.#end('unplugged', textOf(error)))
    device.handle.on('data', (bytes) => {
      this.#heard = true
      this.#events?.data(withoutId(bytes))
    })
    this.#watch(device)
  }

  write(bytes: Uint8Array): void {
    if (!this.#device) return
    for (let at = 0; at < bytes.length; at += REPORT_SIZE) {
      // The report id in front, which hidapi always wants; the wand has none.
      this.#waiting.push(Buffer.from([0, ...bytes.subarray(at, at + REPORT_SIZE)]))
    }
    this.#pump(this.#device)
    if (this.#waiting.length > MAX_OUTSTANDING)
      this.#end('failed', 'the wand takes no more reports')
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#end('closed', 'closed by the host')
    await new Promise<void>((resolve) => {
      const cancel = this.#options.env.after(CLOSE_MS, resolve, { background: true })
      void this.#gone.then(() => {
        cancel()
        resolve()
      })
    })
  }

  #pump(device: Device): void {
    while (this.#outstanding < MAX_OUTSTANDING) {
      const report = this.#waiting.shift()
      if (!report) return
      this.#outstanding += 1
      device.handle.write(report).then(
        () => {
          this.#outstanding -= 1
          if (this.#device === device) this.#pump(device)
        },
        (error: unknown) => this.#end('unplugged', textOf(error)),
      )
    }
  }

  #watch(device: Device): void {
    this.#heard = false
    this.#cancelWatch = this.#options.env.after(
      SILENCE_MS,
      async () => {
        const listed = this.#heard || (await device.driver.isListed(this.path).catch(isNotAbsent))
        if (this.#device !== device) return
        if (listed) this.#watch(device)
        else this.#end('unplugged', 'the system does not list it any more')
      },
      { background: true },
    )
  }

  #end(end: PortEnd, message: string): void {
    const device = this.#device
    const events = this.#events
    this.#device = null
    this.#events = null
    this.#waiting = []
    this.#cancelWatch()
    if (device) this.#gone = letGo(device)
    events?.ended(end, `${this.path}: ${message}`)
  }
}

interface Device {
  readonly driver: HidDriver
  readonly handle: HidHandle
  readonly lock: HidLock
}

async function openDevice(path: string, options: Required<HidOptions>): Promise<Device> {
  const lock = await options.lock(path)
  let device: Device
  try {
    const driver = await options.driver(path)
    device = { driver, handle: await driver.open(path), lock }
  } catch (error) {
    lock.release(Promise.resolve())
    throw normalised(path, error)
  }
  // Named by mistake, a keyboard must not get reports; where nothing is known, HELLO decides.
  const info = await device.handle.getDeviceInfo().catch((): HidInfo => ({}))
  if (info.usagePage && (info.usagePage !== HID_USAGE_PAGE || info.usage !== HID_USAGE)) {
    await letGo(device)
    throw new PortError('failed', `${path} is a HID device of another kind, no wand; let alone.`)
  }
  return device
}

/** Resolves when the driver has closed it; another port can have it from then on. */
function letGo({ handle, lock }: Device): Promise<void> {
  // node-hid begins to read one tick after it was asked to, and throws where nobody can catch it when
  // the device is closed by then.
  const closed = new Promise<void>((resolve) => process.nextTick(resolve))
    .then(() => handle.close())
    .catch(() => {})
  lock.release(closed)
  return closed
}

/** Some drivers leave the report id in front of what came. */
function withoutId(bytes: Uint8Array): Uint8Array {
  return bytes.length === REPORT_SIZE + 1 && bytes[0] === 0 ? bytes.subarray(1) : bytes
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const isNotAbsent = (error: unknown) => normalised('', error).end !== 'absent'

/** hidapi's words, or the system's code, for why a device cannot be opened, in ours. */
function normalised(path: string, error: unknown): PortError {
  if (error instanceof PortError) return error
  const said = textOf(error)
  if (/shared object|dlopen|DLOPEN|specified module|native build|prebuil/i.test(said)) {
    const todo =
      process.platform === 'linux' ? ' On Debian or Ubuntu, install the package libusb-1.0-0.' : ''
    return new PortError(
      'failed',
      `${path}: the HID driver cannot be loaded (${firstLine(said)}).${todo} Until then a wand can be read on its serial port.`,
    )
  }
  if (/EACCES|EPERM|permission|access denied|insufficient/i.test(said)) {
    return denied(path, 'Install the udev rules of wandbridge; `wandbridge doctor` says how.')
  }
  if (/EBUSY|busy|exclusive/i.test(said)) {
    return new PortError(
      'busy',
      `${path} is held by another program. Close it there; this is tried again.`,
    )
  }
  if (/ENOENT|ENODEV|ENXIO|no such|not found|no device/i.test(said)) {
    return new PortError('absent', absence(path))
  }
  return new PortError('failed', `${path}: ${firstLine(said)}`)
}

const firstLine = (text: string) => text.split('\n')[0] ?? ''
