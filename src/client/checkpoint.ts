// A client that remembers the newest checkpoint it has seen is a witness: a log that later is shorter,
// or another one of the same length, was not only appended to. Pure. Signatures are checked by
// `wandbridge audit verify --since`; this only compares.
import { type Statement, statement } from '../model/statement.ts'

export interface Pin {
  /** Origin of the log, as the checkpoint names it. */
  readonly origin: string
  /** Records it commits. */
  readonly size: number
  readonly root: string
  /** The whole signed note: keep it, for `wandbridge audit verify --since`. */
  readonly note: string
}

/** Null when the text is no checkpoint. */
export function pinOf(note: string): Pin | null {
  const [origin = '', decimal = '', root = ''] = note.split('\n')
  if (origin === '' || root === '' || !/^(0|[1-9]\d{0,15})$/.test(decimal)) return null
  return { origin, size: Number(decimal), root, note }
}

export type Verdict =
  | { readonly ok: true; readonly pin: Pin }
  | { readonly ok: false; readonly why: Statement }

/** What a checkpoint says beside those that were seen before, one a log. */
export function judge(seen: ReadonlyMap<string, Pin>, note: string): Verdict {
  const pin = pinOf(note)
  if (!pin) {
    return { ok: false, why: statement('trust.no-checkpoint') }
  }
  const before = seen.get(pin.origin)
  if (!before) return { ok: true, pin }
  if (pin.size < before.size) {
    const sizes = { size: pin.size, before: before.size }
    return { ok: false, why: statement('trust.shrunk', sizes) }
  }
  if (pin.size === before.size && pin.root !== before.root) {
    return { ok: false, why: statement('trust.forked', { size: pin.size }) }
  }
  return { ok: true, pin }
}
