// Wands that are broken in exactly one way, each with the number of the check that must say so. A table: whoever
// finds a way to be wrong that no check sees adds the check, and its wand here.
import { crc32 } from '../../../protocol/codec/crc32.ts'
import { Code, encodePdu, FLAG_REPLY, type Pdu } from '../../../protocol/codec/pdu.ts'
import { emit, parse } from '../../../protocol/codec/struct.ts'
import type { Struct } from '../../../protocol/fields/field.ts'
import { MESSAGES, type MessageName } from '../../../protocol/messages/index.ts'
import type { Between, Breakage, Tried } from '../bench.ts'

export interface BrokenWand extends Breakage {
  readonly name: string
  /** The check that fails. */
  readonly fails: number
  readonly how?: Omit<Tried, 'breakage'>
}

export const BARE = { noImplant: true } as const
export const HID = { framing: 'report' } as const

export const is = (name: MessageName, { type }: Pdu) => type === MESSAGES[name].type
export const reads = (name: MessageName, pdu: Pdu) => is(name, pdu) && pdu.code === Code.OK

export const fieldsOf = (name: MessageName, { payload }: Pdu) =>
  parse(MESSAGES[name].reply as Struct, payload) as Record<string, unknown>

/** The reply with other fields. */
export function changed(name: MessageName, pdu: Pdu, set: object): Pdu {
  const fields = { ...fieldsOf(name, pdu), ...set }
  return { ...pdu, payload: emit(MESSAGES[name].reply as Struct, fields as never) }
}

type Set = object | ((fields: Record<string, unknown>, pdu: Pdu) => object)

/** Every OK reply of a message with other fields; `only` says to which. */
export const sets = (
  name: MessageName,
  set: Set,
  only: (pdu: Pdu, request: Pdu, wand: Between) => boolean = () => true,
): Breakage => ({
  reply: (pdu, request, wand) =>
    reads(name, pdu) && only(pdu, request, wand)
      ? changed(name, pdu, typeof set === 'function' ? set(fieldsOf(name, pdu), pdu) : set)
      : pdu,
})

/** Replies for which `when` is true, changed. */
export const replies = (
  when: (pdu: Pdu, request: Pdu, wand: Between) => boolean,
  change: (pdu: Pdu, request: Pdu, wand: Between) => Pdu | readonly Pdu[] | null,
): Breakage => ({
  reply: (pdu, request, wand) => (when(pdu, request, wand) ? change(pdu, request, wand) : pdu),
})

/** Another code in place of `from`, of these messages. */
export const recodes = (
  from: keyof typeof Code,
  to: keyof typeof Code,
  when: (pdu: Pdu, request: Pdu, wand: Between) => boolean = () => true,
): Breakage =>
  replies(
    (pdu, request, wand) => pdu.code === Code[from] && when(pdu, request, wand),
    (pdu) => ({ ...pdu, code: Code[to], payload: new Uint8Array(0) }),
  )

export const ascii = (text: string) => Buffer.from(text, 'latin1')
export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

/** What the wand takes in, as text, changed before it is read. */
export const hears = (change: (text: string) => string): Breakage => ({
  inward: (bytes) => ascii(change(text(bytes))),
})

/** Counts what `memory` counts, and gives the new number. */
export function count({ memory }: Between, what: string): number {
  const n = ((memory[what] as number | undefined) ?? 0) + 1
  memory[what] = n
  return n
}

/** A reply of the wand's own making. */
export function answer(request: Pdu, code: keyof typeof Code, more: Partial<Pdu> = {}): Pdu {
  const { type, seq, link } = request
  const plain = { major: 1, type, flags: FLAG_REPLY | 2, seq, link, session: 0 }
  return { ...plain, code: Code[code], payload: new Uint8Array(0), ...more }
}

/** The wand reads a damaged line as if it were well: whatever `mend` makes of it is what it hears. */
export function mends(mend: (line: string) => string | null): Breakage {
  let held = ''
  return {
    opened: () => {
      held = ''
    },
    inward(bytes) {
      held += text(bytes)
      let out = ''
      for (let at = held.indexOf('\n'); at >= 0; at = held.indexOf('\n')) {
        const line = held.slice(0, at + 1)
        held = held.slice(at + 1)
        out += mend(line) ?? line
      }
      return ascii(out)
    },
  }
}

/** The line of a PDU's bytes. */
export const line = (raw: Uint8Array) => `:${Buffer.from(raw).toString('hex').toUpperCase()}\r\n`
/** The bytes of a line as far as they are digits. */
export const bytesOf = (given: string) =>
  Buffer.from(/^:((?:[0-9A-F]{2})*)\r?\n$/.exec(given)?.[1] ?? '', 'hex')

/** The PDU in these bytes with its length and checksum made right; null = it has no header. */
export function righted(raw: Buffer, type?: number): Uint8Array | null {
  if (raw.length < 20) return null
  return encodePdu({
    ...{ major: 1, type: type ?? (raw[1] as number), flags: 0, code: 0 },
    ...{ seq: raw.readUInt16LE(4), link: raw.readUInt32LE(8), session: raw.readUInt32LE(12) },
    payload: raw.subarray(16, raw.length - 4),
  })
}

/** With the checksum that it should have. */
export function withChecksum(raw: Buffer): Buffer {
  if (raw.length >= 20) raw.writeUInt32LE(crc32(raw.subarray(0, -4)), raw.length - 4)
  return raw
}
