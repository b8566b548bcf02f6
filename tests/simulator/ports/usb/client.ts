// A USB/IP client of its own for tests, written from the kernel's description of the protocol and not
// from the server's code: it lists, imports, submits and takes back.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Ended {
  readonly status: number
  readonly actual: number
  readonly data: Buffer
}

export interface ListedDevice {
  readonly busId: string
  readonly id: number
  readonly speed: number
  readonly vendorId: number
  readonly productId: number
  readonly interfaces: readonly (readonly number[])[]
}

/** A message of the first phase. */
export function opRequest(code: number, busId?: string): Buffer {
  const head = Buffer.from([0x01, 0x11, code >> 8, code & 0xff, 0, 0, 0, 0])
  if (busId === undefined) return head
  const id = Buffer.alloc(32)
  id.write(busId, 'latin1')
  return Buffer.concat([head, id])
}

export const OP_REQ_DEVLIST = 0x8005
export const OP_REQ_IMPORT = 0x8003

export function cmdSubmit(m: {
  seq: number
  device: number
  direction: 0 | 1
  endpoint: number
  length: number
  setup?: readonly number[]
  data?: Uint8Array
  packets?: number
}): Buffer {
  const head = Buffer.alloc(48)
  const words = [1, m.seq, m.device, m.direction, m.endpoint, 0]
  for (const [i, word] of words.entries()) head.writeUInt32BE(word, i * 4)
  head.writeInt32BE(m.length, 24)
  head.writeUInt32BE(m.packets ?? 0xffffffff, 32)
  head.set(m.setup ?? [], 40)
  return Buffer.concat([head, m.data ?? Buffer.alloc(0)])
}

export function cmdUnlink(seq: number, device: number, victim: number): Buffer {
  const head = Buffer.alloc(48)
  for (const [i, word] of [2, seq, device, 0, 0, victim].entries()) head.writeUInt32BE(word, i * 4)
  return head
}

function device(bytes: Buffer): Omit<ListedDevice, 'interfaces'> {
  const text = (from: number, size: number) =>
    bytes.toString('latin1', from, from + size).replace(/\0.*$/s, '')
  return {
    busId: text(256, 32),
    id: (bytes.readUInt32BE(288) << 16) | bytes.readUInt32BE(292),
    speed: bytes.readUInt32BE(296),
    vendorId: bytes.readUInt16BE(300),
    productId: bytes.readUInt16BE(302),
  }
}

async function dial(port: number): Promise<{ socket: Socket; take(n: number): Promise<Buffer> }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  socket.on('error', () => {})
  let wake = () => {}
  let over = false
  for (const name of ['readable', 'end', 'close']) {
    socket.on(name, () => {
      over ||= name !== 'readable'
      wake()
    })
  }
  return {
    socket,
    /** Exactly so many bytes, or what there was before the end. */
    async take(n) {
      const parts: Buffer[] = []
      for (let left = n; left > 0; ) {
        const part = socket.read(Math.min(left, socket.readableLength || left)) as Buffer | null
        if (part) {
          parts.push(part)
          left -= part.length
        } else if (over) break
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
      return Buffer.concat(parts)
    },
  }
}

export async function listDevices(port: number): Promise<ListedDevice[]> {
  const { socket, take } = await dial(port)
  socket.write(opRequest(OP_REQ_DEVLIST))
  const head = await take(12)
  if (head.readUInt16BE(2) !== 0x0005 || head.readUInt32BE(4) !== 0) throw new Error('no list')
  const found: ListedDevice[] = []
  for (let i = 0; i < head.readUInt32BE(8); i += 1) {
    const one = await take(312)
    const kinds = await take(4 * (one[311] as number))
    const interfaces = Array.from({ length: one[311] as number }, (_, k) => [
      ...kinds.subarray(k * 4, k * 4 + 3),
    ])
    found.push({ ...device(one), interfaces })
  }
  socket.destroy()
  return found
}

/** A device taken over; or, as a number, why not. */
export async function importDevice(port: number, busId: string): Promise<UsbipClient | number> {
  const { socket, take } = await dial(port)
  socket.write(opRequest(OP_REQ_IMPORT, busId))
  const head = await take(8)
  const status = head.readUInt32BE(4)
  if (status !== 0) {
    socket.destroy()
    return status
  }
  return new UsbipClient(socket, take, device(await take(312)).id)
}

export class UsbipClient {
  readonly socket: Socket
  readonly device: number
  /** Bytes of an answer that had begun when the connection ended. */
  torn = 0
  readonly #waiting = new Map<number, { end: (ended: Ended) => void; isIn: boolean }>()
  /** Answers that nobody waits for: there must be none. */
  readonly strays: number[] = []
  readonly ended: Promise<void>
  #seq = 0

  constructor(socket: Socket, take: (n: number) => Promise<Buffer>, id: number) {
    this.socket = socket
    this.device = id
    this.ended = this.#listen(take)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** A transfer; its sequence number, and its end. */
  submit(
    direction: 0 | 1,
    endpoint: number,
    length: number,
    more: { setup?: readonly number[]; data?: Uint8Array } = {},
  ): { seq: number; ended: Promise<Ended> } {
    this.#seq += 1
    const seq = this.#seq
    const ended = new Promise<Ended>((end) =>
      this.#waiting.set(seq, { end, isIn: direction === 1 }),
    )
    this.socket.write(cmdSubmit({ seq, device: this.device, direction, endpoint, length, ...more }))
    return { seq, ended }
  }

  in(endpoint: number, length = 64): Promise<Ended> {
    return this.submit(1, endpoint, length).ended
  }

  out(endpoint: number, data: Uint8Array): Promise<Ended> {
    return this.submit(0, endpoint, data.length, { data }).ended
  }

  /** At endpoint 0; `length` is asked for where the direction is in. */
  control(
    [type, code, value, index, length]: readonly [number, number, number, number, number],
    data: Uint8Array = new Uint8Array(0),
  ): Promise<Ended> {
    const words = [value, index, length].flatMap((word) => [word & 0xff, word >> 8])
    const setup = [type, code, ...words]
    const isIn = (type & 0x80) !== 0
    return this.submit(isIn ? 1 : 0, 0, isIn ? length : data.length, { setup, data }).ended
  }

  configure(): Promise<Ended> {
    return this.control([0x00, 0x09, 1, 0, 0])
  }

  /** Takes a transfer back; the status of the taking back. */
  async unlink(victim: number): Promise<number> {
    this.#seq += 1
    const seq = this.#seq
    const ended = new Promise<Ended>((end) => this.#waiting.set(seq, { end, isIn: false }))
    this.socket.write(cmdUnlink(seq, this.device, victim))
    const { status } = await ended
    if (status !== 0) this.#waiting.delete(victim)
    return status
  }

  close(): void {
    this.socket.destroy()
  }

  async #listen(take: (n: number) => Promise<Buffer>): Promise<void> {
    for (;;) {
      const head = await take(48)
      if (head.length < 48) {
        this.torn += head.length
        return
      }
      const seq = head.readUInt32BE(4)
      const actual = head.readInt32BE(24)
      const one = this.#waiting.get(seq)
      this.#waiting.delete(seq)
      const wanted = head.readUInt32BE(0) === 3 && one?.isIn ? actual : 0
      const data = await take(wanted)
      if (data.length < wanted) {
        this.torn += head.length + data.length
        return
      }
      if (one) one.end({ status: head.readInt32BE(20), actual, data })
      else this.strays.push(seq)
    }
  }
}
