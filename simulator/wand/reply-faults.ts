// A wand that answers wrongly: what becomes of replies of one type on their way out of the wand. The wand
// itself has done what it was asked; only what it says of it is lost, late, repeated, old or another.
import { crc32 } from '../../protocol/codec/crc32.ts'
import {
  Code,
  decodePdu,
  encodePdu,
  FLAG_REPLAY,
  FLAG_SIMULATOR,
  type Pdu,
} from '../../protocol/codec/pdu.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { MESSAGES, messageOfType } from '../../protocol/messages/index.ts'
import type { Env } from '../../src/base/env.ts'
import type { CommandResult, SimulatorCommand } from '../commands.ts'
import { altered, resized, unfit } from './alter.ts'

type Fault = Extract<SimulatorCommand, { do: 'reply' }>
type Said = Pick<Pdu, 'code' | 'payload'>
const MARKS = {
  device: 0,
  simulator: FLAG_SIMULATOR,
  replay: FLAG_SIMULATOR | FLAG_REPLAY,
} as const

export class ReplyFaults {
  readonly #env: Env
  /** By message, each with the replies of it that have gone out since. */
  readonly #faults = new Map<string, { readonly fault: Fault; seen: number }>()
  /** By message, what the wand said last. */
  readonly #before = new Map<string, Said>()
  /** Until then the wand says nothing. */
  #silentUntil = 0

  constructor(env: Env) {
    this.#env = env
  }

  command(fault: Fault): CommandResult {
    const { do: _do, wand: _wand, to, nth: _nth, count: _count, ...what } = fault
    if (Object.values(what).every((value) => value === undefined)) {
      this.#faults.delete(to)
      return { ok: true, message: `Replies to ${to} are as they should be.` }
    }
    const wrong = unfit(MESSAGES[to].reply as Struct, fault.set ?? {})
    if (wrong !== null) return { ok: false, message: wrong }
    this.#faults.set(to, { fault, seen: 0 })
    return { ok: true, message: `Replies to ${to} will be wrong: ${JSON.stringify(what)}.` }
  }

  /** Hands on `raw`, or what is made of it. */
  pass(raw: Uint8Array, reply: (raw: Uint8Array) => void): void {
    const pdu = decodePdu(raw)
    const name = typeof pdu === 'string' ? undefined : messageOfType(pdu.type)
    // Air work that is begun or still running is not its result.
    if (typeof pdu === 'string' || !name || pdu.code === Code.PENDING) {
      return this.#send(raw, 0, reply)
    }
    const before = this.#before.get(name)
    this.#before.set(name, pdu)
    const fault = this.#due(name)
    if (!fault) return this.#send(raw, 0, reply)
    if (fault.stallMs) this.#silentUntil = this.#env.monotonic() + fault.stallMs
    if (fault.drop) return
    const made = sealed(changed(pdu, fault, before), fault.header?.major)
    for (let i = fault.twice ? 2 : 1; i > 0; i -= 1) this.#send(made, fault.delayMs ?? 0, reply)
  }

  /** The fault that this reply of `name` has. */
  #due(name: string): Fault | null {
    const known = this.#faults.get(name)
    if (!known) return null
    known.seen += 1
    const { nth, count } = known.fault
    return known.seen < nth || (count > 0 && known.seen >= nth + count) ? null : known.fault
  }

  #send(raw: Uint8Array, delayMs: number, reply: (raw: Uint8Array) => void): void {
    const wait = Math.max(delayMs, this.#silentUntil - this.#env.monotonic())
    if (wait <= 0) reply(raw)
    else this.#env.after(wait, () => reply(raw), { background: true })
  }
}

function changed(pdu: Pdu, fault: Fault, before: Said | undefined): Pdu {
  const { to, code, source, header, set, length } = fault
  const marks = FLAG_SIMULATOR | FLAG_REPLAY
  const { code: said, payload } = fault.old && before ? before : pdu
  const made = {
    ...pdu,
    ...{ code: said, payload },
    ...(source && { flags: (pdu.flags & ~marks) | MARKS[source] }),
    ...Object.fromEntries(Object.entries(header ?? {}).filter(([, v]) => v !== undefined)),
  }
  if (code !== undefined) {
    const number = typeof code === 'number' ? code : Code[code]
    return { ...made, code: number, payload: new Uint8Array() }
  }
  if (set && made.code === Code.OK) {
    made.payload = altered(MESSAGES[to].reply as Struct, made.payload, set)
  }
  if (length !== undefined) made.payload = resized(made.payload, length)
  return made
}

/** The bytes; of another major version, too, with a checksum that is right. */
function sealed(pdu: Pdu, major: number | undefined): Uint8Array {
  const raw = encodePdu(pdu)
  if (major === undefined) return raw
  raw[0] = major
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  view.setUint32(raw.length - 4, crc32(raw.subarray(0, -4)), true)
  return raw
}
