// What a wand has said, by the bytes on the cable alone: who answered when, which whole snapshots there
// were and what stood in them. It shares the codec with the product and nothing of what the product makes
// of the replies, so that the two can be held against each other.
import { crc32 } from '../../../protocol/codec/crc32.ts'
import {
  Code,
  FLAG_REPLAY,
  FLAG_REPLY,
  FLAG_SIMULATOR,
  type Pdu,
  wholePdu,
} from '../../../protocol/codec/pdu.ts'
import { parse } from '../../../protocol/codec/struct.ts'
import {
  BLOCK_NAMES,
  BLOCKS,
  type BlockName,
  type SnapshotRepr,
} from '../../../protocol/fields/blocks.ts'
import type { FrameDecoder, Framing } from '../../../protocol/framing/framing.ts'
import {
  MESSAGES,
  type MessageName,
  messageOfType,
  type ReplyOf,
} from '../../../protocol/messages/index.ts'

/** Something the pump has said, not before `said`, in ms of the monotonic clock. */
interface Answer {
  readonly said: number
  readonly link: number
  readonly session: number
  readonly serial: string | null
}

export interface Whole extends Answer {
  /** End of the reading on air, at the earliest. */
  readonly ended: number
  /** Blocks that are well formed and stand there once. */
  readonly blocks: Partial<SnapshotRepr>
  readonly receivedAt: number
}

export interface Said extends Answer {
  readonly live: ReplyOf<'LIVE'>
}

interface Request {
  readonly pdu: Pdu
  readonly name: MessageName
  /** When it was sent first, polls included. */
  readonly firstAt: number
  /** When this poll of it was sent first. */
  readonly askedAt: number
}

interface Reading {
  readonly directory: ReplyOf<'SNAPSHOT'>
  readonly askedAt: number
  readonly pieces: Map<number, number[]>
  told: boolean
}

export class Witness {
  /** Every answer of an implant: OPEN, LIVE, and the end of a whole snapshot. */
  readonly answers: Answer[] = []
  readonly wholes: Whole[] = []
  readonly lives: Said[] = []
  /** Moments at which the wand last heard an implant, by its own word, with the link. */
  readonly contacts: { readonly link: number; readonly at: number }[] = []
  link = 0
  session: { readonly id: number; readonly serial: string | null } | null = null
  readonly #now: () => number
  readonly #framing: Framing
  readonly #sent: FrameDecoder
  #received: FrameDecoder
  #out: Request | null = null
  #air: Request | null = null
  #reading: Reading | null = null

  constructor(framing: Framing, now: () => number) {
    this.#framing = framing
    this.#now = now
    this.#sent = framing.decoder({
      pdu: (header, raw) => this.#asked(wholePdu(header, raw)),
      discarded: () => {},
    })
    this.#received = this.#fresh()
  }

  sent(bytes: Uint8Array): void {
    this.#sent.push(bytes)
  }

  received(bytes: Uint8Array): void {
    this.#received.push(bytes)
  }

  #fresh(): FrameDecoder {
    return this.#framing.decoder({
      pdu: (header, raw) => this.#came(wholePdu(header, raw)),
      discarded: () => {},
    })
  }

  #asked(pdu: Pdu): void {
    const name = messageOfType(pdu.type)
    if (!name) return
    if (pdu.link !== this.link) {
      this.link = pdu.link
      this.session = null
      this.#out = null
      this.#air = null
      this.#reading = null
      this.#received = this.#fresh()
    }
    const now = this.#now()
    const same = (r: Request | null) => r !== null && r.pdu.seq === pdu.seq && r.name === name
    const askedAt = same(this.#out) ? (this.#out as Request).askedAt : now
    const firstAt = same(this.#air) ? (this.#air as Request).firstAt : askedAt
    this.#out = { pdu, name, firstAt, askedAt }
  }

  #came(pdu: Pdu): void {
    const out = this.#out
    if (!out || pdu.link !== this.link || pdu.seq !== out.pdu.seq) return
    if (messageOfType(pdu.type) !== out.name) return
    const marks = pdu.flags & (FLAG_REPLY | FLAG_SIMULATOR | FLAG_REPLAY)
    if (marks !== (FLAG_REPLY | FLAG_SIMULATOR)) return
    const { name } = out
    const reply = pdu.code === Code.OK ? parse(MESSAGES[name].reply, pdu.payload) : undefined
    if (reply === null) return
    this.#out = null
    if (pdu.code === Code.PENDING) {
      this.#air = out
      return
    }
    this.#air = null
    if (reply) this.#good(out, pdu, reply as never)
  }

  #good(out: Request, pdu: Pdu, reply: never): void {
    const { firstAt, askedAt } = out
    switch (out.name) {
      case 'PING': {
        const { contactAgeMs } = reply as ReplyOf<'PING'>
        if (contactAgeMs !== null)
          this.contacts.push({ link: this.link, at: askedAt - contactAgeMs })
        return
      }
      case 'OPEN': {
        const { pumpSerial: serial } = reply as ReplyOf<'OPEN'>
        this.session = { id: pdu.session, serial }
        this.#answered({ said: firstAt, ...this.#here(), serial })
        return
      }
      case 'LIVE': {
        const live = reply as ReplyOf<'LIVE'>
        const said = { said: firstAt, ...this.#here(), serial: live.pumpSerial, live }
        this.lives.push(said)
        this.#answered(said)
        return
      }
      case 'SNAPSHOT': {
        const directory = reply as ReplyOf<'SNAPSHOT'>
        this.#reading = { directory, askedAt, pieces: new Map(), told: false }
        this.#grown()
        return
      }
      case 'BLOCK': {
        const { block, offset, data } = reply as ReplyOf<'BLOCK'>
        const asked = parse(MESSAGES.BLOCK.request, out.pdu.payload)
        const at = block ?? -1
        const held = this.#reading?.pieces.get(at) ?? []
        if (asked?.block !== block || asked.offset !== offset || held.length !== offset) return
        this.#reading?.pieces.set(at, [...held, ...data])
        this.#grown()
        return
      }
    }
  }

  #here() {
    return { link: this.link, session: this.session?.id ?? 0 }
  }

  #answered(answer: Answer): void {
    this.answers.push(answer)
  }

  /** A snapshot counts when all that its directory names is there and its checksum is right. */
  #grown(): void {
    const reading = this.#reading
    if (!reading || reading.told) return
    const { directory, askedAt, pieces } = reading
    const { blocks: entries, beganMs, endedMs, crc } = directory
    if (beganMs === null || endedMs === null) return
    const bytes = entries.map(({ block }) => Uint8Array.from(pieces.get(block ?? -1) ?? []))
    if (entries.some(({ length }, i) => bytes[i]?.length !== (length ?? 0))) return
    if (bytes.reduce((sum, one) => crc32(one, sum), 0) !== (crc ?? 0xffffffff)) return
    reading.told = true
    const blocks: Partial<Record<BlockName, unknown>> = {}
    for (const [i, { block }] of entries.entries()) {
      const name = BLOCK_NAMES[block ?? 0]
      const once = entries.filter((entry) => entry.block === block).length === 1
      const repr = name && once ? parse(BLOCKS[name].struct, bytes[i] as Uint8Array) : null
      if (name && repr) blocks[name] = repr
    }
    const identity = blocks.identity as SnapshotRepr['identity'] | undefined
    const whole: Whole = {
      ...{ said: askedAt - beganMs, ended: askedAt - endedMs, ...this.#here() },
      // One that names no pump belongs to the pump that OPEN has named.
      ...{ serial: identity?.serial ?? this.session?.serial ?? null, receivedAt: this.#now() },
      blocks: blocks as Partial<SnapshotRepr>,
    }
    this.wholes.push(whole)
    this.#answered({ ...whole, said: whole.ended })
  }
}
