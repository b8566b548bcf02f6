// The wand as a USB device that a host drives by transfers: endpoint 0 as the books say (USB 2.0 §9.4,
// CDC PSTN 1.2 §6.3, HID 1.11 §7), the other endpoints over the two paths of the one wand.
//
// A USB device is not told who opens it: it holds both paths from SET_CONFIGURATION until the plug is
// out, and what one program has not read the next one may find. What it does not know, it stalls.
import type { Framing } from '../../../protocol/framing/framing.ts'
import { REPORT_DESCRIPTOR, REPORT_SIZE } from '../../../protocol/framing/hid-report.ts'
import { LINES } from '../../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../../protocol/framing/report-stream.ts'
import type { Env } from '../../../src/base/env.ts'
import type { HeldPath, WandPath } from '../path.ts'
import {
  CDC_CONTROL,
  CONFIGURATION_DESCRIPTOR,
  DEVICE_DESCRIPTOR,
  DescriptorType,
  ENDPOINTS,
  HID_DESCRIPTOR,
  HID_INTERFACE,
  INTERFACES,
  stringDescriptor,
} from './descriptors.ts'
import { InEndpoint, MAX_WAITING, OutEndpoint, type Transfer, TransferStatus } from './endpoint.ts'
import { FAULTY_ENDPOINTS, type FaultyEndpoint, type UsbFaults } from './faults.ts'

/** What of the wand is on USB. */
export interface UsbWand {
  /** The USB serial number, too. */
  readonly serial: string
  readonly paths: { readonly line: WandPath; readonly report: WandPath }
  readonly faults: UsbFaults
}

/** As in protocol/README.md §5: 115200 baud, ten bits a byte. HID carries a report a millisecond. */
const LINE_BYTES_PER_MS = 11.52

/** `bmRequestType` and `bRequest` as one number. */
const request = (type: number, code: number) => (type << 8) | code

const EMPTY = new Uint8Array(0)
const ENDPOINT_HALT = 0

/** Both directions of one interface. */
interface Channel {
  readonly toHost: InEndpoint
  readonly toWand: OutEndpoint
}

export class UsbDevice {
  readonly #env: Env
  readonly #wand: UsbWand
  readonly #serial: Channel
  readonly #hid: Channel
  readonly #endpoints: Readonly<Record<FaultyEndpoint, InEndpoint | OutEndpoint>>
  /** Transfers at the notification endpoint: the wand has no modem lines to tell of. */
  readonly #unanswered = new Set<number>()
  #held: { readonly line: HeldPath | null; readonly report: HeldPath | null } | null = null
  /** 115200 baud, one stop bit, no parity, eight bits. Kept for who asks; the wand has one speed. */
  #lineCoding: Uint8Array = Uint8Array.of(0x00, 0xc2, 0x01, 0x00, 0, 0, 8)

  constructor(env: Env, wand: UsbWand) {
    this.#env = env
    this.#wand = wand
    this.#serial = this.#channel(LINES, 'serial-in', 'serial-out', (n) => n / LINE_BYTES_PER_MS)
    this.#hid = this.#channel(REPORTS, 'hid-in', 'hid-out', (n) => Math.ceil(n / REPORT_SIZE))
    this.#endpoints = {
      'serial-in': this.#serial.toHost,
      'serial-out': this.#serial.toWand,
      'hid-in': this.#hid.toHost,
      'hid-out': this.#hid.toWand,
    }
    wand.faults.listener = (name) => this.#endpoints[name].pump()
  }

  /** Back to no configuration and empty buffers: it was plugged in or out, or its host has gone. */
  reset(): void {
    for (const endpoint of Object.values(this.#endpoints)) endpoint.clear()
    this.#unanswered.clear()
    this.#held?.line?.release()
    this.#held?.report?.release()
    this.#held = null
  }

  /** Ends what is being written: the wand does not answer any more. */
  failWrites(): void {
    for (const { toWand } of [this.#serial, this.#hid]) toWand.end(TransferStatus.NO_ANSWER)
  }

  /** A transfer at an endpoint other than 0. False: too many are waiting there. */
  transfer(direction: 'in' | 'out', endpoint: number, transfer: Transfer): boolean {
    const address = endpoint | (direction === 'in' ? 0x80 : 0)
    if (this.#held && address === ENDPOINTS.notify.address) {
      this.#unanswered.add(transfer.seq)
      return this.#unanswered.size <= MAX_WAITING
    }
    const name = FAULTY_ENDPOINTS.find((one) => ENDPOINTS[one].address === address)
    if (this.#held && name) return this.#endpoints[name].submit(transfer)
    transfer.done(TransferStatus.STALL)
    return true
  }

  /** Takes a transfer back; false = it has ended already. */
  unlink(seq: number): boolean {
    return (
      this.#unanswered.delete(seq) ||
      Object.values(this.#endpoints).some((endpoint) => endpoint.unlink(seq))
    )
  }

  /** A transfer at endpoint 0: what goes back (empty for `out`), or null = stall. */
  control(setup: Uint8Array, data: Uint8Array): Uint8Array | null {
    const [type = 0, code = 0] = setup
    const view = new DataView(setup.buffer, setup.byteOffset, setup.byteLength)
    const value = view.getUint16(2, true)
    const index = view.getUint16(4, true)
    const length = view.getUint16(6, true)
    const answer = this.#answer(request(type, code), value, index, data)
    return answer && (type & 0x80) !== 0 ? answer.subarray(0, length) : answer
  }

  #answer(what: number, value: number, index: number, data: Uint8Array): Uint8Array | null {
    const ok = (condition: boolean) => (condition ? EMPTY : null)
    switch (what) {
      case request(0x80, 0x06):
        return this.#descriptor(value >> 8, value & 0xff)
      case request(0x81, 0x06):
        if (index !== HID_INTERFACE) return null
        if (value >> 8 === DescriptorType.REPORT) return REPORT_DESCRIPTOR
        return value >> 8 === DescriptorType.HID ? Uint8Array.from(HID_DESCRIPTOR) : null
      // GET_STATUS: of the device (bus-powered, no wake-up), of an interface, of an endpoint.
      case request(0x80, 0x00):
        return new Uint8Array(2)
      case request(0x81, 0x00):
        return index < INTERFACES.length ? new Uint8Array(2) : null
      case request(0x82, 0x00):
        return this.#halt(index, null)
      case request(0x02, 0x01):
        return value === ENDPOINT_HALT ? this.#halt(index, false) : null
      case request(0x02, 0x03):
        return value === ENDPOINT_HALT ? this.#halt(index, true) : null
      // SET_ADDRESS is the host controller's affair; to say yes harms nobody.
      case request(0x00, 0x05):
        return ok(value < 128)
      case request(0x00, 0x09):
        return ok(this.#configure(value))
      case request(0x80, 0x08):
        return Uint8Array.of(this.#held ? 1 : 0)
      case request(0x01, 0x0b):
        return ok(this.#held !== null && value === 0 && index < INTERFACES.length)
      case request(0x81, 0x0a):
        return this.#held && index < INTERFACES.length ? Uint8Array.of(0) : null
      default:
        return this.#classAnswer(what, value, index, data)
    }
  }

  /** Requests of the CDC and HID classes. */
  #classAnswer(what: number, value: number, index: number, data: Uint8Array): Uint8Array | null {
    if (!this.#held) return null
    if (index === CDC_CONTROL) {
      switch (what) {
        case request(0x21, 0x20):
          if (data.length !== this.#lineCoding.length) return null
          this.#lineCoding = data
          return EMPTY
        case request(0xa1, 0x21):
          return this.#lineCoding
        // DTR and RTS, and break: the wand has no such lines.
        case request(0x21, 0x22):
        case request(0x21, 0x23):
          return EMPTY
      }
    }
    // SET_IDLE: the wand only reports when it has something to say, as asked.
    if (index === HID_INTERFACE && what === request(0x21, 0x0a))
      return value >> 8 === 0 ? EMPTY : null
    return null
  }

  #descriptor(type: number, index: number): Uint8Array | null {
    if (type === DescriptorType.DEVICE && index === 0) return DEVICE_DESCRIPTOR
    if (type === DescriptorType.CONFIGURATION && index === 0) return CONFIGURATION_DESCRIPTOR
    if (type === DescriptorType.STRING) return stringDescriptor(index, this.#wand.serial)
    return null
  }

  /** Sets the halt of an endpoint, or (null) says what it is. */
  #halt(address: number, halted: boolean | null): Uint8Array | null {
    if (address === 0 || address === 0x80) return halted === null ? new Uint8Array(2) : EMPTY
    const name = FAULTY_ENDPOINTS.find((one) => ENDPOINTS[one].address === address)
    if (!this.#held) return null
    if (!name) {
      if (address !== ENDPOINTS.notify.address) return null
      return halted === null ? new Uint8Array(2) : EMPTY
    }
    const { faults } = this.#wand
    if (halted === null) return Uint8Array.of(faults.halted(name) ? 1 : 0, 0)
    faults.halt(name, halted)
    return EMPTY
  }

  #configure(value: number): boolean {
    if (value > 1) return false
    this.reset()
    this.#wand.faults.configured()
    const { line, report } = this.#wand.paths
    if (value === 1) {
      this.#held = { line: hold(line, this.#serial.toHost), report: hold(report, this.#hid.toHost) }
    }
    return true
  }

  #channel(
    framing: Framing,
    inName: 'serial-in' | 'hid-in',
    outName: 'serial-out' | 'hid-out',
    msFor: (bytes: number) => number,
  ): Channel {
    const common = { env: this.#env, faults: this.#wand.faults }
    const toHost: InEndpoint = new InEndpoint({
      ...common,
      name: inName,
      framing,
      read: () => toWand.pump(),
    })
    const toWand = new OutEndpoint({
      ...common,
      name: outName,
      msFor,
      write: (bytes) => this.#held?.[framing.name]?.write(bytes),
      mayTake: () => !toHost.full,
    })
    return { toHost, toWand }
  }
}

function hold(path: WandPath, endpoint: InEndpoint): HeldPath | null {
  // The port hears of an unplugging from the path itself, and ends the connection.
  return path.hold({ data: (bytes) => endpoint.offer(bytes), unplugged: () => {} })
}
