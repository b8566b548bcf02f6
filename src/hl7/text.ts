// HL7 v2 text: segments of fields of components, escaped; and the little of a reply that is read. Pure.
import type { Reply } from '../delivery/sender.ts'

/** A field: text, or its components with their parts, or such fields again and again. */
export type Field =
  | string
  | readonly (string | readonly string[])[]
  | { readonly each: readonly Field[] }

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\E\\',
  '|': '\\F\\',
  '^': '\\S\\',
  '&': '\\T\\',
  '~': '\\R\\',
}

/** Control characters would end a segment or a frame: as hexadecimal they are only text. */
export function escaped(text: string): string {
  return text.replace(/[\\|^&~]|\p{Cc}/gu, (one) => {
    const known = ESCAPES[one]
    if (known !== undefined) return known
    return `\\X${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}\\`
  })
}

export function unescaped(text: string): string {
  return text.replace(/\\([EFSTR]|X(?:[0-9A-Fa-f]{2})+)\\/g, (whole, code: string) => {
    if (code.startsWith('X')) return Buffer.from(code.slice(1), 'hex').toString('latin1')
    return Object.entries(ESCAPES).find(([, to]) => to === whole)?.[0] ?? whole
  })
}

const trimmed = (parts: readonly string[], by: string) => {
  let end = parts.length
  while (end > 0 && parts[end - 1] === '') end -= 1
  return parts.slice(0, end).join(by)
}

function fieldText(field: Field): string {
  if (typeof field === 'string') return escaped(field)
  if ('each' in field) return trimmed(field.each.map(fieldText), '~')
  const components = field.map((one) =>
    typeof one === 'string' ? escaped(one) : trimmed(one.map(escaped), '&'),
  )
  return trimmed(components, '^')
}

/** `fields[0]` is the name; fields that are not there are empty, those at the end are left out. */
export function segment(name: string, fields: Readonly<Record<number, Field>>): string {
  const last = Math.max(0, ...Object.keys(fields).map(Number))
  const texts = Array.from({ length: last }, (_, i) => fieldText(fields[i + 1] ?? ''))
  return trimmed([name, ...texts], '|')
}

/** MSH counts its separator as its first field. */
export function header(fields: Readonly<Record<number, Field>>): string {
  const moved = Object.fromEntries(
    Object.entries(fields).map(([number, field]) => [Number(number) - 2, field]),
  )
  return `MSH|^~\\&${segment('', moved)}`
}

export const message = (segments: readonly string[]) => segments.map((one) => `${one}\r`).join('')

const MEANS: ReadonlyMap<string, Reply['means']> = new Map([
  ...(['CA', 'AA'] as const).map((code) => [code, 'accepted'] as const),
  ...(['CE', 'AE'] as const).map((code) => [code, 'try-again'] as const),
  ...(['CR', 'AR'] as const).map((code) => [code, 'refused'] as const),
])

/**
 * An acknowledgment: its code is MSA-1, its control id MSA-2. A byte-order mark, blanks before it and codes in small
 * letters change nothing of what it means. What is none means nothing, and is told by its beginning.
 */
export function parseAck(given: string): Reply {
  const text = given.replace(/^[\uFEFF\s]+/u, '')
  const lines = text.split(/\r\n|\r|\n/)
  const msh = lines[0] ?? ''
  const none = { means: null, code: '', control: '', text: plainText(text) }
  if (!msh.startsWith('MSH') || msh.length < 8) return none
  const separator = msh[3] ?? '|'
  const msa = lines.find((line) => line.startsWith(`MSA${separator}`))?.split(separator)
  if (!msa) return none
  const err = lines.find((line) => line.startsWith(`ERR${separator}`))?.split(separator)
  const said = [msa[3], err?.[8], err?.[7]].find((one) => one !== undefined && one !== '') ?? ''
  const code = msa[1]?.trim().toUpperCase() ?? ''
  return {
    means: MEANS.get(code) ?? null,
    code,
    control: unescaped(msa[2]?.trim() ?? ''),
    text: plainText(unescaped(said)),
  }
}

/** It goes into logs and onto terminals. */
const plainText = (text: string) => text.slice(0, 500).replace(/\p{Cc}/gu, ' ')
