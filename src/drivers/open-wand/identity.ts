// Who a wand or a pump is, from texts that the wand sent and that may be anything. What is outside its
// declared form is never handed on: it would be a path, a control sequence, or the reason to lose a record.
import { crc32 } from '../../../protocol/codec/crc32.ts'
import { judge, type TextField } from '../../../protocol/fields/field.ts'

/** A serial in its form; another text gets a name of its own in that form, the same every time. */
export function serialOf(field: TextField, raw: string | null): string | null {
  if (raw === null || judge(field, raw) === 'ok') return raw
  const bytes = Uint8Array.from(raw, (char) => char.charCodeAt(0))
  return `INVALID-${crc32(bytes).toString(16).toUpperCase().padStart(8, '0')}`
}

/** A name in its form; null = it has none, or none that can be believed. */
export function nameOf(field: TextField, raw: string | null): string | null {
  return judge(field, raw) === 'ok' ? raw : null
}
