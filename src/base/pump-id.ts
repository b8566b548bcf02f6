// The id of a pump in addresses: opaque, stable, and the same wherever it is reckoned. Two pumps are the
// same when they come from the same kind of source and report the same model and the same serial.
import { createHash } from 'node:crypto'

/** Ids that were reckoned before: each record of a pump asks for its id several times. */
const known = new Map<string, string>()
const MOST_KNOWN = 10_000

/** 16 hex digits. `model` null = the pump did not report one. */
export function pumpId(source: string, serial: string, model: string | null): string {
  const parts = JSON.stringify([source, serial, model])
  const id = known.get(parts) ?? createHash('sha256').update(parts).digest('hex').slice(0, 16)
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(parts, id)
  return id
}
