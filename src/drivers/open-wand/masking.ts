// Recorded traffic of wands of the open protocol with other texts in the places of names: for whoever may see how
// a wand spoke, and not with whom.
//
// It promises: what comes out are whole frames with good checksums, a snapshot's included, and no byte of a text, or
// of what this version has no declaration for, comes out as it went in, except names that makers give to models and
// firmware. Bytes that are no frame, and pieces of blocks that are not there whole, are left out and counted.
import { join, u16At } from '../../../protocol/codec/bytes.ts'
import { crc32 } from '../../../protocol/codec/crc32.ts'
import {
  Code,
  encodePdu,
  FLAG_REPLY,
  type Header,
  type Pdu,
  wholePdu,
} from '../../../protocol/codec/pdu.ts'
import { parse } from '../../../protocol/codec/struct.ts'
import { BLOCK_NAMES, BLOCKS } from '../../../protocol/fields/blocks.ts'
import { judge, type Struct, type TextField } from '../../../protocol/fields/field.ts'
import type { Framing } from '../../../protocol/framing/framing.ts'
import { LINES } from '../../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../../protocol/framing/report-stream.ts'
import { MESSAGES, messageOfType } from '../../../protocol/messages/index.ts'

/** Bytes that went one way on one port. */
export interface Piece {
  readonly port: string
  readonly direction: 'in' | 'out'
  readonly bytes: Uint8Array
}

export interface Masked {
  /** One frame each, in the order in which they were complete. `piece`: where its last byte came. */
  readonly frames: readonly { readonly piece: number; readonly bytes: Uint8Array }[]
  /** Bytes of each piece of which nothing comes out. */
  readonly leftOut: ReadonlyMap<number, number>
  /** Bytes that this version has no declaration for: they are zero. */
  readonly blanked: number
}

/** Another text for one of a field: at most as long as the field, in its form. */
export type Renamed = (text: string) => string

/** Fields with a name that a maker gives to every device of a kind. Every other text is replaced. */
const KEPT = new Set<unknown>([
  ...[MESSAGES.HELLO.reply.fields.wandModel, MESSAGES.HELLO.reply.fields.firmware],
  ...[MESSAGES.OPEN.reply.fields.pumpModel, MESSAGES.OPEN.reply.fields.firmware],
  ...[BLOCKS.identity.struct.fields.model, BLOCKS.identity.struct.fields.firmware],
])

interface Found {
  readonly piece: number
  /** Of the frame, on the wire. */
  readonly wire: number
  readonly pdu: Pdu
  /** What comes out in the place of its payload; null = nothing. */
  payload: Uint8Array | null
}

export function masked(pieces: readonly Piece[], renamed: Renamed): Masked {
  const leftOut = new Map<number, number>()
  const leave = (piece: number, bytes: number) =>
    void leftOut.set(piece, (leftOut.get(piece) ?? 0) + bytes)
  const texts = new Texts(renamed)
  const frames: { piece: number; bytes: Uint8Array }[] = []
  for (const port of new Set(pieces.map((piece) => piece.port))) {
    const here = [...pieces.entries()].filter(([, piece]) => piece.port === port)
    const { framing, directions } = framed(here)
    for (const { found, refused } of directions) {
      for (const [piece, bytes] of refused) leave(piece, bytes)
      maskAll(found, texts)
      const encode = framing.encoder()
      for (const { piece, wire, pdu, payload } of found) {
        if (payload === null) leave(piece, wire)
        else frames.push({ piece, bytes: join(encode(encodePdu({ ...pdu, payload }))) })
      }
    }
  }
  frames.sort((a, b) => a.piece - b.piece)
  return { frames, leftOut, blanked: texts.blanked }
}

type Numbered = readonly (readonly [number, Piece])[]

/** The frames of one port, in the framing that makes more of its bytes. */
function framed(pieces: Numbered) {
  const tried = [LINES, REPORTS].map((framing) => {
    const directions = (['in', 'out'] as const).map((direction) =>
      decoded(
        framing,
        pieces.filter(([, piece]) => piece.direction === direction),
      ),
    )
    const good = directions.flatMap(({ found }) => found).reduce((sum, { wire }) => sum + wire, 0)
    return { framing, directions, good }
  })
  return tried.reduce((best, one) => (one.good > best.good ? one : best))
}

function decoded(framing: Framing, pieces: Numbered) {
  const found: Found[] = []
  const refused: [piece: number, bytes: number][] = []
  let at = 0
  const decoder = framing.decoder({
    pdu: (header, raw, wire) =>
      void found.push({ piece: at, wire, pdu: wholePdu(header, raw), payload: null }),
    discarded: (_, bytes) => void refused.push([at, bytes.length]),
  })
  for (const [piece, { bytes }] of pieces) {
    at = piece
    decoder.push(bytes)
  }
  decoder.close()
  return { found, refused }
}

/** Gives every PDU of one direction its payload. What belongs to one snapshot is masked together. */
function maskAll(found: readonly Found[], texts: Texts): void {
  const snapshots = new Map<string, Snapshot>()
  const snapshotOf = ({ link, session }: Header, number: number | null) => {
    const key = [link, session, number].join()
    const snapshot = snapshots.get(key) ?? new Snapshot()
    snapshots.set(key, snapshot)
    return snapshot
  }
  for (const one of found) {
    const { pdu } = one
    const name = messageOfType(pdu.type)
    const isReply = (pdu.flags & FLAG_REPLY) !== 0
    // What is refused for its version is answered with a HELLO reply.
    const struct =
      isReply && pdu.code === Code.VERSION ? MESSAGES.HELLO.reply : declared(name, isReply)
    if (isReply && name === 'SNAPSHOT' && pdu.code === Code.OK) {
      const directory = parse(MESSAGES.SNAPSHOT.reply, pdu.payload)
      if (directory) snapshotOf(pdu, directory.snapshot).directories.push(one)
    } else if (isReply && name === 'BLOCK' && pdu.code === Code.OK) {
      const piece = parse(MESSAGES.BLOCK.reply, pdu.payload)
      if (piece) snapshotOf(pdu, piece.snapshot).pieces.push(one)
      continue
    }
    one.payload = texts.mask(struct, pdu.payload)
  }
  for (const snapshot of snapshots.values()) snapshot.mask(texts)
}

function declared(name: ReturnType<typeof messageOfType>, isReply: boolean): Struct | null {
  if (name === undefined) return null
  return isReply ? MESSAGES[name].reply : MESSAGES[name].request
}

/** The places of texts and of everything declared in bytes of a struct, lists included. */
function places(struct: Struct, from: number, bytes: Uint8Array): Place[] {
  return struct.layout.flatMap(({ field, offset, size }) => {
    const at = from + offset
    const own = { at, size, text: field.kind === 'text' ? field : null }
    if (field.kind !== 'list') return own
    const [count = 0, stride = 0] = bytes.subarray(at)
    const start = u16At(bytes, at + 2)
    const items = Array.from({ length: count }, (_, i) => start + i * stride)
    return [own, ...items.flatMap((item) => places(field.item, item, bytes))]
  })
}

interface Place {
  readonly at: number
  readonly size: number
  readonly text: TextField | null
}

/** Puts other texts in the places of those it finds. */
class Texts {
  blanked = 0
  readonly #renamed: Renamed

  constructor(renamed: Renamed) {
    this.#renamed = renamed
  }

  /** As long as `bytes`: texts replaced, undeclared bytes zero. */
  mask(struct: Struct | null, bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(bytes.length)
    const known = struct !== null && parse(struct, bytes) !== null ? places(struct, 0, bytes) : []
    const covered = new Uint8Array(bytes.length)
    for (const { at, size, text } of known) {
      covered.fill(1, at, at + size)
      if (text === null) out.set(bytes.subarray(at, at + size), at)
    }
    // After the numbers, so that a list laid over a text cannot bring it back.
    for (const { at, size, text } of known) if (text) out.set(this.#text(text, bytes, at, size), at)
    for (const [i, byte] of bytes.entries()) if (!covered[i] && byte !== 0) this.blanked += 1
    return out
  }

  #text(field: TextField, bytes: Uint8Array, at: number, size: number): Uint8Array {
    const said = Buffer.from(bytes.subarray(at, at + size))
      .toString('latin1')
      .replace(/\0+$/, '')
    const out = new Uint8Array(size)
    if (said === '') return out
    const good = judge(field, said) === 'ok'
    const text = good && KEPT.has(field) ? said : this.#renamed(said)
    // What was outside its form stays so: no text begins with a space.
    out.set(Buffer.from(good ? text : ` ${text}`, 'latin1').subarray(0, size))
    return out
  }
}

/** The directories of one snapshot, asked for once or more often, and its pieces. */
class Snapshot {
  readonly directories: Found[] = []
  readonly pieces: Found[] = []

  mask(texts: Texts): void {
    const [first] = this.directories
    const directory = first && parse(MESSAGES.SNAPSHOT.reply, first.pdu.payload)
    const blocks = (directory?.blocks ?? []).map(({ block, length }) =>
      this.#block(texts, block, length ?? 0),
    )
    // Without every block nobody can reckon the sum, and the one that was sent would tell of what it is a sum of.
    const whole = blocks.every((block) => block !== null)
    const crc = whole ? blocks.reduce((sum, block) => crc32(block, sum), 0) : 0
    for (const one of this.directories) {
      if (one.payload) new DataView(one.payload.buffer).setUint32(CRC_AT, crc, true)
    }
  }

  /** The block, masked, and with it the pieces that are of it; null = it is not there whole. */
  #block(texts: Texts, block: number | null, length: number): Uint8Array | null {
    const bytes = new Uint8Array(length)
    const got = new Uint8Array(length)
    const pieces = this.pieces.filter(({ pdu }) => pdu.payload[4] === block)
    const at = ({ pdu }: Found) => u16At(pdu.payload, 5)
    for (const piece of pieces) {
      const [from, data] = [at(piece), piece.pdu.payload.subarray(HEAD)]
      for (const [i, byte] of data.entries()) {
        if (from + i >= length || (got[from + i] && bytes[from + i] !== byte)) return null
        bytes[from + i] = byte
        got[from + i] = 1
      }
    }
    if (got.includes(0)) return null
    const name = block === null ? undefined : BLOCK_NAMES[block]
    const out = texts.mask(name === undefined ? null : BLOCKS[name].struct, bytes)
    for (const piece of pieces) {
      const { payload } = piece.pdu
      const from = at(piece)
      const data = out.subarray(from, from + payload.length - HEAD)
      piece.payload = join([payload.subarray(0, HEAD), data])
    }
    return out
  }
}

const HEAD = MESSAGES.BLOCK.reply.size
/** Behind the snapshot's number, two ages, the pump's clock and two counters. */
const CRC_AT = 24
