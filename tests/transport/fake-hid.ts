// node-hid's HIDAsync as it behaves, bad habits included, over the report path of a simulated wand.
// Only the edge is faked: what src/transport/hid.ts does is done by it.
import { EventEmitter } from 'node:events'
import { REPORT_SIZE } from '../../protocol/framing/hid-report.ts'
import { HID_USAGE, HID_USAGE_PAGE } from '../../protocol/usb.ts'
import type { HeldPath, WandPath } from '../../simulator/ports/path.ts'
import type { HidDriver, HidHandle, HidInfo } from '../../src/transport/hid-driver.ts'

/** Reports that the system keeps for a reader; what comes then is dropped without a word. */
const HIDRAW_QUEUE = 64

/** How a device that went away is told: by the read, only by the next write, or not at all. */
export type UnplugHabit = 'read-error' | 'write-error' | 'silent'

export class FakeHid extends EventEmitter implements HidHandle {
  info: HidInfo = { usagePage: HID_USAGE_PAGE, usage: HID_USAGE }
  habit: UnplugHabit = 'read-error'
  /** Writes do not settle while it is set: the device does not take them. */
  stalled = false
  /** `close` does not settle while it is set. */
  stuck = false
  closed = false
  plugged = true
  dropped = 0
  /** Reports that a listener got. */
  delivered = 0
  /** Not settled yet, and the most there ever were. */
  writing = 0
  mostWriting = 0
  readonly written: Buffer[] = []
  #asleep = false
  #queue: Buffer[] = []
  #waiting: (() => void)[] = []
  #held: HeldPath | null

  constructor(path?: WandPath) {
    super()
    this.#held =
      path?.hold({ data: (bytes) => this.arrive(bytes), unplugged: () => this.unplug() }) ?? null
    this.on('newListener', (event: string) => {
      // As the real one does: reading begins a tick later, and throws there when it is closed by then.
      if (event !== 'data') return
      process.nextTick(() => {
        if (this.closed) throw new Error('device has been closed')
      })
    })
  }

  /** What the wand sends: whole reports, one or more. */
  arrive(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += REPORT_SIZE) {
      // A report is padded to its length by the system, however short it came.
      const report = Buffer.alloc(REPORT_SIZE)
      report.set(bytes.subarray(at, at + REPORT_SIZE))
      if (!this.#asleep) this.#deliver(report)
      else if (this.#queue.length < HIDRAW_QUEUE) this.#queue.push(report)
      else this.dropped += 1
    }
  }

  /** The whole program stands still: nobody empties the system's queue. */
  sleep(): void {
    this.#asleep = true
  }

  wake(): void {
    this.#asleep = false
    for (const report of this.#queue.splice(0)) this.#deliver(report)
  }

  unplug(): void {
    this.plugged = false
    this.#held = null
    this.#settle()
    if (this.habit === 'read-error' && !this.closed) {
      this.emit('error', 'could not read from HID device: Input/output error')
    }
  }

  /** Lets writes go on. */
  flow(): void {
    this.stalled = false
    this.#settle()
  }

  async write(report: Buffer): Promise<number> {
    if (this.closed) throw new Error('device has been closed')
    this.writing += 1
    this.mostWriting = Math.max(this.mostWriting, this.writing)
    if (this.stalled) await new Promise<void>((resolve) => void this.#waiting.push(resolve))
    this.writing -= 1
    if (!this.plugged && this.habit !== 'silent') {
      throw new Error('could not write to HID device: No such device')
    }
    this.written.push(report)
    this.#held?.write(report.subarray(1))
    return report.length
  }

  async close(): Promise<void> {
    if (this.stuck) return new Promise(() => {})
    this.closed = true
    this.#held?.release()
    this.#held = null
    this.removeAllListeners()
  }

  async getDeviceInfo(): Promise<HidInfo> {
    return this.info
  }

  #deliver(report: Buffer): void {
    if (this.emit('data', report)) this.delivered += 1
  }

  #settle(): void {
    for (const go of this.#waiting.splice(0)) go()
  }
}

/** A driver that opens what `make` gives; all that was opened is kept. */
export function fakeDriver(make: () => FakeHid | Promise<FakeHid>) {
  const opened: FakeHid[] = []
  const looks: boolean[] = []
  const driver: HidDriver = {
    async open() {
      const handle = await make()
      opened.push(handle)
      return handle
    },
    async isListed() {
      const listed = opened.at(-1)?.plugged ?? false
      looks.push(listed)
      return listed
    },
  }
  return { driver: async () => driver, opened, looks }
}
