// One client of the USB/IP server that drives one wand: its transfers to the device, their ends back.
import type { Socket } from 'node:net'
import type { Cancel, Env } from '../../../src/base/env.ts'
import type { UsbDevice } from './device.ts'
import { type Transfer, TransferStatus } from './endpoint.ts'
import {
  deviceId,
  type Listed,
  retSubmit,
  retUnlink,
  type Submit,
  type Unlink,
} from './usbip-pdu.ts'

/** A client that does not read what it asked for is let go behind so many bytes. */
const UNREAD_BYTES = 1024 * 1024
/** A host that is not answered asks again at once, or after a reset of 60 ms (Linux, drivers/usb/core/hub.c). */
const QUIET_MS = 40
const LEAVE_MS = 500

/** A transfer that somebody stands still for, in Linux. */
const isWaitedFor = ({ endpoint, direction }: Submit) => endpoint === 0 || direction === 'out'

export class Connection {
  readonly #env: Env
  readonly #socket: Socket
  readonly #device: UsbDevice
  readonly #id: number
  readonly #pull: () => void
  readonly #ended: () => void
  /** The plug is out, and the connection ends by then, in ms; null = it is in. */
  #endBy: number | null = null
  #cancelEnd: Cancel = () => {}
  #over = false

  /** `pull` takes the whole wand off its cable; `ended` is called once, at the end. */
  constructor(
    env: Env,
    socket: Socket,
    device: UsbDevice,
    listed: Listed,
    { pull, ended }: { pull: () => void; ended: () => void },
  ) {
    this.#env = env
    this.#socket = socket
    this.#device = device
    this.#id = deviceId(listed)
    this.#pull = pull
    this.#ended = ended
    device.reset()
  }

  submit(asked: Submit): void {
    if (this.#over) return
    if (asked.device !== this.#id) return this.end()
    const { seq, endpoint, length, direction, setup, data } = asked
    if (this.#endBy !== null) {
      if (!isWaitedFor(asked)) return
      this.#say(retSubmit(seq, TransferStatus.NO_ANSWER, 0))
      return this.#endWhenQuiet(this.#endBy)
    }
    if (endpoint === 0) {
      const answer = this.#device.control(setup, data)
      if (!answer) this.#say(retSubmit(seq, TransferStatus.STALL, 0))
      else if (direction === 'out') this.#say(retSubmit(seq, TransferStatus.OK, length))
      else {
        const part = answer.subarray(0, length)
        this.#say(retSubmit(seq, TransferStatus.OK, part.length, part))
      }
      return
    }
    const transfer: Transfer = {
      seq,
      length,
      data,
      done: (status, read = new Uint8Array(0)) => {
        const actual = direction === 'out' && status === TransferStatus.OK ? length : read.length
        this.#say(retSubmit(seq, status, actual, read))
      },
      torn: (read) => {
        if (direction === 'in') {
          this.#device.failWrites()
          const whole = retSubmit(seq, TransferStatus.OK, read.length, read)
          this.#say(whole.subarray(0, whole.length - Math.ceil(read.length / 2)))
          this.end()
        } else this.leave()
        this.#pull()
      },
    }
    if (!this.#device.transfer(direction, endpoint, transfer)) this.end()
  }

  unlink({ seq, device, victim }: Unlink): void {
    if (this.#over) return
    if (device !== this.#id) return this.end()
    const back = this.#endBy !== null || this.#device.unlink(victim)
    this.#say(retUnlink(seq, back ? TransferStatus.TAKEN_BACK : TransferStatus.OK))
  }

  /**
   * The plug is out: nothing passes any more, and the connection ends as soon as the host asks for
   * nothing. Linux does not end a transfer that the connection leaves open (drivers/usb/usbip/vhci_hcd.c),
   * and waits for it for five seconds: at endpoint 0 with all of the hub, in a write to a hidraw with
   * everybody who opens, closes or plugs in one (drivers/hid/hidraw.c, minors_rwsem). So these transfers
   * fail, as they do at an empty socket. Whoever reads takes back what he waits for.
   */
  leave(): void {
    if (this.#over || this.#endBy !== null) return
    this.#endBy = this.#env.monotonic() + LEAVE_MS
    this.#device.failWrites()
    this.#device.reset()
    this.#endWhenQuiet(this.#endBy)
  }

  #endWhenQuiet(endBy: number): void {
    const left = endBy - this.#env.monotonic()
    if (left <= 0) return
    this.#cancelEnd()
    this.#cancelEnd = this.#env.after(Math.min(QUIET_MS, left), () => {
      // A process that was busy has not read yet what it was asked meanwhile; it does so before this.
      // biome-ignore lint/style/noRestrictedGlobals: it waits for reading, not for time
      const end = setImmediate(() => this.end())
      this.#cancelEnd = () => clearImmediate(end)
    })
  }

  /** Idempotent; the host sees its device vanish. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#cancelEnd()
    // By now another connection may have the device.
    if (this.#endBy === null) this.#device.reset()
    // What has been said already still goes out.
    this.#socket.destroySoon()
    this.#ended()
  }

  #say(bytes: Uint8Array): void {
    if (this.#over) return
    if (this.#socket.writableLength > UNREAD_BYTES) return this.end()
    this.#socket.write(bytes)
  }
}
