// The endpoints that carry the wand's bytes, one for each direction of each interface. They keep a
// host's transfers until the wand has something to say (in) or has taken what was said (out).
//
// Promises: each transfer ends once, by `done`, unless it was taken back or all are forgotten; nothing
// is lost but by a fault; while the host does not read, it is not let write (a device that waits
// instead of dropping).
import type { Framing } from '../../../protocol/framing/framing.ts'
import { MAX_OUTSTANDING, REPORT_SIZE } from '../../../protocol/framing/hid-report.ts'
import type { Cancel, Env } from '../../../src/base/env.ts'
import type { FaultyEndpoint, UsbFaults } from './faults.ts'

/** Ends of a transfer, as error numbers of Linux. */
export const TransferStatus = {
  OK: 0,
  STALL: -32,
  NO_ANSWER: -71,
  BABBLE: -75,
  TAKEN_BACK: -104,
} as const
export type TransferStatus = (typeof TransferStatus)[keyof typeof TransferStatus]

/** A transfer on its way, for the endpoint to end. */
export interface Transfer {
  readonly seq: number
  /** Bytes of the host's buffer. */
  readonly length: number
  /** Empty for `in`. */
  readonly data: Uint8Array
  done(status: TransferStatus, data?: Uint8Array): void
  /** The plug is pulled in the middle of it: half of `data` has passed, and nothing more does. */
  torn(data: Uint8Array): void
}

/** A host has no reason for more transfers at one endpoint at a time. */
export const MAX_WAITING = 256
/** Unread bytes towards the host from which on it is not let write. */
const UNREAD = { report: MAX_OUTSTANDING * REPORT_SIZE, line: 4096 } as const
/** A device that is written to by a host that never reads drops what is behind this, in bytes. */
const BACKLOG = 256 * 1024

interface Common {
  readonly name: FaultyEndpoint
  readonly env: Env
  readonly faults: UsbFaults
}

abstract class Endpoint {
  protected readonly o: Common
  protected waiting: Transfer[] = []
  #cancelRetry: Cancel = () => {}

  constructor(common: Common) {
    this.o = common
  }

  /** False: there are too many. */
  submit(transfer: Transfer): boolean {
    if (this.waiting.length >= MAX_WAITING) return false
    this.waiting.push(transfer)
    this.pump()
    return true
  }

  /** Takes a transfer back; false = it is not here (any more). */
  unlink(seq: number): boolean {
    const at = this.waiting.findIndex((transfer) => transfer.seq === seq)
    if (at >= 0) this.waiting.splice(at, 1)
    return at >= 0
  }

  /** Forgets everything; transfers that still wait do not end. */
  clear(): void {
    this.waiting = []
    this.#cancelRetry()
  }

  /** Ends every transfer that waits here. */
  end(status: TransferStatus): void {
    for (const transfer of this.waiting.splice(0)) transfer.done(status)
  }

  /** Does what can be done now. */
  pump(): void {
    const { faults, name, env } = this.o
    if (faults.halted(name)) return this.end(TransferStatus.STALL)
    const wait = faults.withheld(name)
    if (wait === 0) return this.move()
    this.#cancelRetry()
    this.#cancelRetry = env.after(wait, () => this.pump(), { background: true })
  }

  /** Ends what transfers can be ended: nothing holds the endpoint back. */
  protected abstract move(): void
}

/** Wand to host. */
export class InEndpoint extends Endpoint {
  readonly #framing: Framing
  readonly #read: () => void
  #unread: Uint8Array[] = []
  #bytes = 0

  /** `read` is called when the host has read. */
  constructor(common: Common & { framing: Framing; read: () => void }) {
    super(common)
    this.#framing = common.framing
    this.#read = common.read
  }

  /** Too much is unread for the host to go on writing. */
  get full(): boolean {
    return this.#bytes >= UNREAD[this.#framing.name]
  }

  /** From the wand: a whole report, or some bytes of the line. */
  offer(bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > BACKLOG || this.o.faults.takeDrop(this.o.name)) return
    this.#unread.push(bytes)
    this.#bytes += bytes.length
    this.pump()
  }

  override clear(): void {
    super.clear()
    this.#unread = []
    this.#bytes = 0
  }

  protected override move(): void {
    for (;;) {
      const [next] = this.#unread
      const transfer = next && this.waiting.shift()
      if (!transfer) return
      if (this.#framing.frameSize !== null && next.length > transfer.length) {
        this.#take(next.length)
        transfer.done(TransferStatus.BABBLE)
      } else {
        const data = this.#take(transfer.length)
        if (this.o.faults.takePull(this.o.name)) return transfer.torn(data)
        transfer.done(TransferStatus.OK, data)
      }
      this.#read()
    }
  }

  /** At most `length` bytes of what is unread: of the line as many as there are, else one report. */
  #take(length: number): Uint8Array {
    const parts: Uint8Array[] = []
    let room = length
    for (let next = this.#unread[0]; next && room > 0; next = this.#unread[0]) {
      const part = next.subarray(0, room)
      parts.push(part)
      room -= part.length
      if (part.length < next.length) this.#unread[0] = next.subarray(part.length)
      else this.#unread.shift()
      if (this.#framing.frameSize !== null) break
    }
    this.#bytes -= length - room
    return Buffer.concat(parts)
  }
}

/** Host to wand. */
export class OutEndpoint extends Endpoint {
  readonly #msFor: (bytes: number) => number
  readonly #write: (bytes: Uint8Array) => void
  readonly #mayTake: () => boolean
  /** The transfer that the wand has taken and that has not ended yet. */
  #begun: Transfer | null = null
  #passing = false
  #cancelPassing: Cancel = () => {}

  /** `msFor`: how long so many bytes take to pass. */
  constructor(
    common: Common & {
      msFor: (bytes: number) => number
      write: (bytes: Uint8Array) => void
      mayTake: () => boolean
    },
  ) {
    super(common)
    this.#msFor = common.msFor
    this.#write = common.write
    this.#mayTake = common.mayTake
  }

  override clear(): void {
    super.clear()
    this.#cancelPassing()
    this.#passing = false
    this.#begun = null
  }

  protected override move(): void {
    if (this.#passing) return
    const over = this.#begun
    this.#begun = null
    if (over && this.unlink(over.seq)) over.done(TransferStatus.OK)
    const [next] = this.waiting
    if (next && !this.#passing && this.#mayTake()) this.#begin(next)
  }

  #begin(transfer: Transfer): void {
    const { faults, name, env } = this.o
    if (faults.takePull(name)) {
      this.#write(transfer.data.subarray(0, transfer.length >> 1))
      return transfer.torn(new Uint8Array(0))
    }
    // Taken by the wand at once, ended when it has passed the wire: a host that takes it back in
    // between cannot know whether it has arrived, as on a real bus.
    if (!faults.takeDrop(name)) this.#write(transfer.data)
    this.#begun = transfer
    this.#passing = true
    this.#cancelPassing = env.after(
      this.#msFor(transfer.data.length),
      () => {
        this.#passing = false
        this.pump()
      },
      { background: true },
    )
  }
}
