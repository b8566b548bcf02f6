// The tables of docs/wireshark/wandbridge.lua, from the declarations of the protocol.
import { Code, FLAG_DOCS, MAX_PAYLOAD } from '../protocol/codec/pdu.ts'
import { BLOCKS } from '../protocol/fields/blocks.ts'
import { type Field, hasUnavailable, type Struct } from '../protocol/fields/field.ts'
import { Block } from '../protocol/messages/block.ts'
import { MESSAGES } from '../protocol/messages/index.ts'

const text = (value: string) => JSON.stringify(value)
const named = (names: Readonly<Record<string, string>>) =>
  `{ ${Object.entries(names)
    .map(([n, name]) => `[${n}] = ${text(name)}`)
    .join(', ')} }`

function field([name, one]: readonly [string, Field], indent: string): string {
  const head = `${text(name)}, ${text(one.kind)}, ${one.size}`
  switch (one.kind) {
    case 'list':
      return `{ ${head}, ${struct(one.item, `${indent}  `)} }`
    case 'code':
      return `{ ${head}, ${named(one.names)} }`
    case 'uint': {
      const unit = one.unit === '1' ? 'nil' : text(one.unit)
      const full = hasUnavailable(one) ? '' : ', true'
      return unit === 'nil' && full === '' ? `{ ${head} }` : `{ ${head}, ${unit}${full} }`
    }
    default:
      return `{ ${head} }`
  }
}

function struct({ name, fields }: Struct, indent: string): string {
  const rows = Object.entries(fields).map((one) => `${indent}  ${field(one, indent)},\n`)
  return `{ name = ${text(name)},\n${rows.join('')}${indent}}`
}

/** Lua, between the ends of the comment that the markers stand in. */
export function wiresharkTables(): string {
  const messages = Object.values(MESSAGES).map(
    ({ type, name, request, reply }) =>
      `  [${type}] = { name = ${text(name)},\n    request = ${struct(request, '    ')},\n    reply = ${struct(reply, '    ')} },`,
  )
  const blocks = Object.values(BLOCKS).map(
    ({ number, struct: declared }) => `  [${number}] = ${struct(declared, '  ')},`,
  )
  const byNumber = (all: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(all).map(([name, n]) => [n, name]))
  const types = Object.values(MESSAGES).map(({ type, name }) => [type, name])
  const flags = Object.entries(FLAG_DOCS).map(([name, { bit }]) => [bit, name])
  return [
    ']]',
    `local TYPES = ${named(Object.fromEntries(types))}`,
    `local FLAGS = ${named(Object.fromEntries(flags))}`,
    `local CODES = ${named(byNumber(Code))}`,
    `local PIECE, MOST = ${Block.reply.size}, ${MAX_PAYLOAD}`,
    `local MESSAGES = {\n${messages.join('\n')}\n}`,
    `local BLOCKS = {\n${blocks.join('\n')}\n}`,
    '--[[',
  ].join('\n')
}
