// A snapshot put together from SNAPSHOT and BLOCK replies: all of it, checked, or nothing. A block that
// came whole but makes no sense costs itself alone: it is not read, with the reason. The same function reads
// the PDUs of an audit record again a year later.

import { crc32 } from '../../../protocol/codec/crc32.ts'
import { decodeHeader } from '../../../protocol/codec/pdu.ts'
import { parse, parsePayload } from '../../../protocol/codec/struct.ts'
import { BLOCKS, MAX_SNAPSHOT } from '../../../protocol/fields/blocks.ts'
import type { Struct } from '../../../protocol/fields/field.ts'
import {
  MESSAGES,
  messageOfType,
  type ReadRequest,
  type ReplyOf,
} from '../../../protocol/messages/index.ts'
import type { ReadRepr, Unread } from '../../model/reading.ts'
import { type Statement, statement } from '../../model/statement.ts'
import type { BlockFault } from '../../model/value.ts'

export interface Assembly {
  readonly snapshot: number
  readonly directory: ReplyOf<'SNAPSHOT'> | null
  /** Bytes got so far of the block that is being fetched, behind the whole ones. */
  readonly done: readonly Uint8Array[]
  readonly part: Uint8Array
  /** Every reply PDU that went into it, as received. */
  readonly pdus: readonly Uint8Array[]
}

export interface ReadSnapshot {
  readonly snapshot: number
  readonly directory: ReplyOf<'SNAPSHOT'>
  readonly blocks: ReadRepr
  readonly pdus: readonly Uint8Array[]
}

export const emptyAssembly = (snapshot: number): Assembly => ({
  snapshot,
  directory: null,
  done: [],
  part: new Uint8Array(),
  pdus: [],
})

/** What to ask for next; null when every block is there. */
export function nextPiece(a: Assembly): ReadRequest | null {
  if (!a.directory) return { name: 'SNAPSHOT', fields: { snapshot: a.snapshot } }
  const entry = a.directory.blocks[a.done.length]
  if (!entry) return null
  return {
    name: 'BLOCK',
    fields: { snapshot: a.snapshot, block: entry.block, offset: a.part.length },
  }
}

export function addDirectory(
  a: Assembly,
  reply: ReplyOf<'SNAPSHOT'>,
  raw: Uint8Array,
): Assembly | Statement {
  if (reply.snapshot !== a.snapshot) return statement('read.directory-of-another')
  if (reply.counterBefore === null || reply.counterBefore !== reply.counterAfter) {
    return statement('read.pump-changed')
  }
  const bytes = reply.blocks.reduce((n, entry) => n + (entry.length ?? 0), 0)
  if (bytes > MAX_SNAPSHOT) return statement('read.too-large', { bytes })
  const next = { ...a, directory: reply, pdus: [...a.pdus, raw] }
  return skipEmpty(next)
}

export function addPiece(
  a: Assembly,
  reply: ReplyOf<'BLOCK'>,
  raw: Uint8Array,
): Assembly | Statement {
  const entry = a.directory?.blocks[a.done.length]
  if (!entry) return statement('read.piece-unasked')
  if (
    reply.snapshot !== a.snapshot ||
    reply.block !== entry.block ||
    reply.offset !== a.part.length ||
    reply.data.length === 0
  ) {
    return statement('read.piece-misplaced')
  }
  const part = new Uint8Array(a.part.length + reply.data.length)
  part.set(a.part)
  part.set(reply.data, a.part.length)
  const length = entry.length ?? 0
  if (part.length > length) return statement('read.block-too-long')
  const pdus = [...a.pdus, raw]
  if (part.length < length) return { ...a, part, pdus }
  return skipEmpty({ ...a, done: [...a.done, part], part: new Uint8Array(), pdus })
}

function skipEmpty(a: Assembly): Assembly {
  const done = [...a.done]
  while (a.directory?.blocks[done.length]?.length === 0) done.push(new Uint8Array())
  return done.length === a.done.length ? a : { ...a, done }
}

/** Checks the whole and decodes it; a statement of why when it may not be used. */
export function finish(a: Assembly): ReadSnapshot | Statement {
  const { directory } = a
  if (!directory || nextPiece(a)) return statement('read.incomplete')
  let crc = 0
  for (const block of a.done) crc = crc32(block, crc)
  // All-ones is an ordinary checksum here, not "unavailable".
  if (crc !== (directory.crc ?? 0xffffffff)) return statement('read.wrong-checksum')
  const blocks = Object.fromEntries(
    Object.entries(BLOCKS).map(([name, { number, struct }]) => {
      const listed = directory.blocks.flatMap(({ block }, i) =>
        block === number ? [a.done[i]] : [],
      )
      return [name, blockOf(struct, listed)]
    }),
  ) as unknown as ReadRepr
  return { snapshot: a.snapshot, directory, blocks, pdus: a.pdus }
}

/** Which of two is true cannot be told, so a block that is listed twice is not read. */
function blockOf(struct: Struct, [bytes, second]: readonly (Uint8Array | undefined)[]): object {
  const fault = (unavailable: BlockFault): Unread => ({ unavailable })
  if (!bytes) return fault('block-missing')
  if (second) return fault('block-listed-twice')
  return parse(struct, bytes) ?? fault('block-malformed')
}

/** Puts recorded reply PDUs (SNAPSHOT first, then the BLOCKs in order) together again. */
export function reassemble(pdus: readonly Uint8Array[]): ReadSnapshot | string {
  let assembly: Assembly | null = null
  for (const raw of pdus) {
    const pdu = decodeHeader(raw)
    if (typeof pdu === 'string') return `a recorded PDU is not whole: ${pdu}`
    const name = messageOfType(pdu.type)
    let next: Assembly | Statement
    if (name === 'SNAPSHOT') {
      const reply = parsePayload(MESSAGES.SNAPSHOT.reply, raw)
      if (!reply || reply.snapshot === null) return 'the recorded directory is too short'
      next = addDirectory(emptyAssembly(reply.snapshot), reply, raw)
    } else if (name === 'BLOCK' && assembly) {
      const reply = parsePayload(MESSAGES.BLOCK.reply, raw)
      if (!reply) return 'a recorded piece is too short'
      next = addPiece(assembly, reply, raw)
    } else {
      return 'a recorded PDU belongs to no snapshot'
    }
    if ('code' in next) return next.code
    assembly = next
  }
  const read = assembly ? finish(assembly) : 'no PDU was recorded'
  return typeof read === 'object' && 'code' in read ? read.code : read
}
