// The USB/IP protocol, version 1.1.1, as bytes: what a client sends, put together from a TCP stream
// however it is cut, and what the server answers. All integers are big-endian. Source: the Linux
// kernel's Documentation/usb/usbip_protocol.rst.
//
// What this layer promises: it holds at most one message of at most 48 bytes and MAX_OUT bytes of
// data, whatever comes; a length or number that no client needs ends the stream with a reason, and
// nothing that follows it is read.

import { USB_SIMULATOR } from '../../../protocol/usb.ts'
import { CONFIGURATION_DESCRIPTOR, DEVICE_CLASS, INTERFACES } from './descriptors.ts'

export const USBIP_PORT = 3240
const VERSION = 0x0111
const OP_REQ_DEVLIST = 0x8005
const OP_REQ_IMPORT = 0x8003
const OP_REP_DEVLIST = 0x0005
const OP_REP_IMPORT = 0x0003
const CMD_SUBMIT = 1
const CMD_UNLINK = 2
const RET_SUBMIT = 3
const RET_UNLINK = 4

const REQUEST_SIZE = 8
const BUS_ID_SIZE = 32
const HEADER_SIZE = 48
/** Longest data of one transfer to the device, and longest answer asked for, in bytes. */
export const MAX_OUT = 64 * 1024
export const MAX_IN = 1024 * 1024
/** As both directions number them: no isochronous packets. */
const NO_PACKETS = [0, 0xffffffff]
/** Full speed, in the numbers of Linux. */
export const FULL_SPEED = 2

/** Why an import is refused. */
export const ImportStatus = { OK: 0, BUSY: 2, NO_DEVICE: 4 } as const
export type ImportStatus = (typeof ImportStatus)[keyof typeof ImportStatus]

/** One transfer as it was asked for. */
export interface Submit {
  readonly seq: number
  readonly device: number
  readonly direction: 'in' | 'out'
  /** Number without direction; 0 = control. */
  readonly endpoint: number
  /** Bytes of the host's buffer. */
  readonly length: number
  /** Eight bytes; they mean something at endpoint 0 only. */
  readonly setup: Uint8Array
  /** Empty for `in`. */
  readonly data: Uint8Array
}

export interface Unlink {
  readonly seq: number
  readonly device: number
  /** `seq` of the transfer to take back. */
  readonly victim: number
}

export interface UsbipSink {
  /** The client is finished after this. */
  list(): void
  /** True: transfers follow. */
  import(busId: string): boolean
  submit(transfer: Submit): void
  unlink(unlink: Unlink): void
  /** Nothing is read after this. */
  refused(why: string): void
}

/** What the next bytes are. */
type Phase = 'request' | 'bus-id' | 'header' | 'data' | 'over'

export class UsbipReader {
  readonly #sink: UsbipSink
  #phase: Phase
  #bytes: Uint8Array
  #filled = 0
  #waiting: Submit | null = null

  /** `imported`: the stream begins with transfers, as one that the kernel was handed does. */
  constructor(sink: UsbipSink, imported = false) {
    this.#sink = sink
    this.#phase = imported ? 'header' : 'request'
    this.#bytes = new Uint8Array(imported ? HEADER_SIZE : REQUEST_SIZE)
  }

  /** Bytes held back: of a message that is not whole yet. */
  get held(): number {
    return this.#filled
  }

  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length && this.#phase !== 'over') {
      const part = chunk.subarray(at, at + this.#bytes.length - this.#filled)
      this.#bytes.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === this.#bytes.length) this.#take(this.#bytes)
    }
  }

  /** Nothing is read any more. */
  end(): void {
    this.#want('over', 0)
  }

  #want(phase: Phase, size: number): void {
    this.#phase = phase
    this.#bytes = new Uint8Array(size)
    this.#filled = 0
  }

  #refuse(why: string): void {
    this.end()
    this.#sink.refused(why)
  }

  #take(bytes: Uint8Array): void {
    switch (this.#phase) {
      case 'request':
        return this.#request(new DataView(bytes.buffer))
      case 'bus-id': {
        this.#want('header', HEADER_SIZE)
        const end = bytes.indexOf(0)
        const text = Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString('latin1')
        if (!this.#sink.import(text)) this.end()
        return
      }
      case 'header':
        return this.#header(bytes)
      case 'data': {
        const submit = this.#waiting as Submit
        this.#want('header', HEADER_SIZE)
        this.#sink.submit({ ...submit, data: bytes })
        return
      }
      case 'over':
    }
  }

  #request(view: DataView): void {
    const version = view.getUint16(0)
    const code = view.getUint16(2)
    // Every 1.x client so far says 1.1.1, and servers compare it as it is.
    if (version !== VERSION) return this.#refuse(`version 0x${version.toString(16)}`)
    if (code === OP_REQ_DEVLIST) {
      this.end()
      this.#sink.list()
    } else if (code === OP_REQ_IMPORT) this.#want('bus-id', BUS_ID_SIZE)
    else this.#refuse(`request 0x${code.toString(16)}`)
  }

  #header(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer)
    const command = view.getUint32(0)
    const seq = view.getUint32(4)
    const device = view.getUint32(8)
    if (command === CMD_UNLINK) {
      this.#want('header', HEADER_SIZE)
      return this.#sink.unlink({ seq, device, victim: view.getUint32(20) })
    }
    if (command !== CMD_SUBMIT) return this.#refuse(`command ${command}`)
    const direction = view.getUint32(12)
    const endpoint = view.getUint32(16)
    const length = view.getInt32(24)
    if (direction > 1 || endpoint > 15) return this.#refuse(`endpoint ${direction}:${endpoint}`)
    if (length < 0 || length > (direction === 0 ? MAX_OUT : MAX_IN)) {
      return this.#refuse(`a transfer of ${length} bytes`)
    }
    if (!NO_PACKETS.includes(view.getUint32(32))) return this.#refuse('isochronous packets')
    const submit: Submit = {
      seq,
      device,
      direction: direction === 0 ? 'out' : 'in',
      endpoint,
      length,
      setup: bytes.slice(40, 48),
      data: new Uint8Array(0),
    }
    if (direction === 0 && length > 0) {
      this.#waiting = submit
      return this.#want('data', length)
    }
    this.#want('header', HEADER_SIZE)
    this.#sink.submit(submit)
  }
}

/** The end of a transfer. `status` 0 or a negative error number of Linux; data for `in` only. */
export function retSubmit(
  seq: number,
  status: number,
  actual: number,
  data: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const out = new Uint8Array(HEADER_SIZE + data.length)
  const view = new DataView(out.buffer)
  view.setUint32(0, RET_SUBMIT)
  view.setUint32(4, seq)
  view.setInt32(20, status)
  view.setInt32(24, actual)
  out.set(data, HEADER_SIZE)
  return out
}

export function retUnlink(seq: number, status: number): Uint8Array {
  const out = new Uint8Array(HEADER_SIZE)
  const view = new DataView(out.buffer)
  view.setUint32(0, RET_UNLINK)
  view.setUint32(4, seq)
  view.setInt32(20, status)
  return out
}

/** A device as clients see it before they take it. */
export interface Listed {
  readonly busId: string
  readonly bus: number
  readonly number: number
}

/** How transfers name the device. */
export const deviceId = ({ bus, number }: Listed) => ((bus << 16) | number) >>> 0

export function repDevlist(devices: readonly Listed[]): Uint8Array {
  const count = new Uint8Array(4)
  new DataView(count.buffer).setUint32(0, devices.length)
  const kinds = INTERFACES.flatMap(({ kind }) => [...kind, 0])
  return Buffer.concat([
    reply(OP_REP_DEVLIST, 0),
    count,
    ...devices.flatMap((device) => [described(device), Uint8Array.from(kinds)]),
  ])
}

export function repImport(result: Listed | ImportStatus): Uint8Array {
  if (typeof result === 'number') return reply(OP_REP_IMPORT, result)
  return Buffer.concat([reply(OP_REP_IMPORT, ImportStatus.OK), described(result)])
}

function reply(code: number, status: number): Uint8Array {
  const out = new Uint8Array(8)
  const view = new DataView(out.buffer)
  view.setUint16(0, VERSION)
  view.setUint16(2, code)
  view.setUint32(4, status)
  return out
}

/** The 312 bytes of struct usbip_usb_device. */
function described(device: Listed): Uint8Array {
  const out = Buffer.alloc(312)
  out.write(`/sys/devices/platform/wandbridge/usb${device.bus}/${device.busId}`, 0, 255, 'latin1')
  out.write(device.busId, 256, 31, 'latin1')
  const view = new DataView(out.buffer, out.byteOffset)
  view.setUint32(288, device.bus)
  view.setUint32(292, device.number)
  view.setUint32(296, FULL_SPEED)
  view.setUint16(300, USB_SIMULATOR.vendorId)
  view.setUint16(302, USB_SIMULATOR.productId)
  view.setUint16(304, USB_SIMULATOR.release)
  out.set([...DEVICE_CLASS, CONFIGURATION_DESCRIPTOR[5] ?? 1, 1, INTERFACES.length], 306)
  return out
}
