// A wand that answers wrongly: what becomes of replies of one type on their way out of the wand. The wand
// itself has done what it was asked; only what it says of it is lost, late or another.
import {
  Code,
  decodePdu,
  encodePdu,
  FLAG_REPLAY,
  FLAG_SIMULATOR,
  type Pdu,
} from '../../protocol/codec/pdu.ts'
import { emit, parse } from '../../protocol/codec/struct.ts'
import type { Repr, Struct } from '../../protocol/fields/field.ts'
import { MESSAGES, messageOfType } from '../../protocol/messages/index.ts'
import type { Env } from '../../src/base/env.ts'
import type { CommandResult, SimulatorCommand } from '../commands.ts'

type Fault = Extract<SimulatorCommand, { do: 'reply' }>
const MARKS = {
  device: 0,
  simulator: FLAG_SIMULATOR,
  replay: FLAG_SIMULATOR | FLAG_REPLAY,
} as const

export class ReplyFaults {
  readonly #env: Env
  /** By message, each with the replies of it that have gone out since. */
  readonly #faults = new Map<string, { readonly fault: Fault; seen: number }>()

  constructor(env: Env) {
    this.#env = env
  }

  command(fault: Fault): CommandResult {
    const { do: _do, wand: _wand, to, nth: _nth, count: _count, ...what } = fault
    if (Object.values(what).every((value) => value === undefined)) {
      this.#faults.delete(to)
      return { ok: true, message: `Replies to ${to} are as they should be.` }
    }
    const declared: Struct = MESSAGES[to].reply
    const unknown = Object.keys(fault.set ?? {}).find((name) => !isScalar(declared, name))
    if (unknown !== undefined) {
      return { ok: false, message: `A reply to ${to} has no field ${unknown} that can be set.` }
    }
    this.#faults.set(to, { fault, seen: 0 })
    return { ok: true, message: `Replies to ${to} will be wrong: ${JSON.stringify(what)}.` }
  }

  /** Hands on `raw`, or what is made of it. */
  pass(raw: Uint8Array, reply: (raw: Uint8Array) => void): void {
    const pdu = decodePdu(raw)
    const name = typeof pdu === 'string' ? undefined : messageOfType(pdu.type)
    const known = name && this.#faults.get(name)
    if (typeof pdu === 'string' || !known) return reply(raw)
    // Air work that is begun or still running is not its result.
    if (pdu.code === Code.PENDING) return reply(raw)
    known.seen += 1
    const { nth, count, drop, delayMs = 0 } = known.fault
    if (known.seen < nth || (count > 0 && known.seen >= nth + count)) return reply(raw)
    if (drop) return
    const made = encodePdu(changed(pdu, known.fault))
    if (delayMs === 0) reply(made)
    else this.#env.after(delayMs, () => reply(made), { background: true })
  }
}

function changed(pdu: Pdu, { to, code, source, session, set }: Fault): Pdu {
  const marks = FLAG_SIMULATOR | FLAG_REPLAY
  const made = {
    ...pdu,
    ...(source && { flags: (pdu.flags & ~marks) | MARKS[source] }),
    ...(session !== undefined && { session }),
  }
  if (code) return { ...made, code: Code[code], payload: new Uint8Array() }
  const declared: Struct = MESSAGES[to].reply
  const fields = set && pdu.code === Code.OK ? parse(declared, pdu.payload) : null
  if (!fields) return made
  return { ...made, payload: emit(declared, { ...fields, ...set } as Repr<Struct>) }
}

function isScalar(declared: Struct, name: string): boolean {
  const kind = declared.fields[name]?.kind
  return kind !== undefined && kind !== 'list' && kind !== 'rest'
}
