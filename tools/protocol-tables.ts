// The generated tables of protocol/README.md. Their first four columns are regular enough to be
// read by a program: tests/protocol/independent_decoder.py decodes the vectors by them.

import {
  CODE_DOCS,
  Code,
  type CodeName,
  encodePdu,
  FLAG_DOCS,
  HEADER_SIZE,
  MAJOR,
  MAX_PAYLOAD,
  MAX_PDU,
  MIN_PDU,
  MINOR,
} from '../protocol/codec/pdu.ts'
import { emit } from '../protocol/codec/struct.ts'
import { BLOCKS } from '../protocol/fields/blocks.ts'
import { EVENT_ARGUMENTS, EVENT_CODES } from '../protocol/fields/events.ts'
import { type Field, hasUnavailable, type Struct, UNIT_DOCS } from '../protocol/fields/field.ts'
import {
  MAX_REPORTS,
  REPORT_DATA,
  REPORT_DESCRIPTOR_ITEMS,
  REPORT_SIZE,
} from '../protocol/framing/hid-report.ts'
import { BAUD, encodeLine, LINE_MAX } from '../protocol/framing/serial-line.ts'
import { MAX_PIECE } from '../protocol/messages/block.ts'
import { MESSAGES } from '../protocol/messages/index.ts'
import { TIMING_DOCS, Timing, type TimingName } from '../protocol/timing.ts'
import { HID_USAGE, HID_USAGE_PAGE, USB_SIMULATOR } from '../protocol/usb.ts'
import { cell, table } from './markdown.ts'

const quoted = (s: string) => `\`${s}\``
const hex = (n: number) => `0x${n.toString(16).toUpperCase().padStart(2, '0')}`

/** Plain digits: 50000000 reads badly, but a program can read it and nobody mistakes the mark. */
function range(field: Field): string {
  switch (field.kind) {
    case 'uint':
      return `${field.min}–${field.max}`
    case 'code':
      return Object.entries(field.names)
        .map(([n, name]) => `${n} ${name}`)
        .join(', ')
    case 'text':
      return quoted(cell(field.pattern.source))
    case 'list':
      return `≤ ${field.max} items`
    default:
      return ''
  }
}

function type(field: Field): string {
  switch (field.kind) {
    case 'uint':
      return `u${8 * field.size}${hasUnavailable(field) ? '' : ' full'}`
    case 'code':
      return `code${8 * field.size}`
    case 'text':
      return `text${field.size}`
    case 'list':
      return `list of ${field.item.name}`
    default:
      return field.kind
  }
}

/** A struct as a table, followed by those of its list items. */
export function structTable(declared: Struct, title = declared.name): string {
  const fields = Object.entries(declared.fields)
  if (fields.length === 0) return `**${title}**: no payload.`
  let at = 0
  const rows = fields.map(([name, field]) => {
    const from = at
    at += field.size
    const unit = field.kind === 'uint' && field.unit !== '1' ? field.unit : ''
    const digits = field.kind === 'uint' && field.digits !== null ? String(field.digits) : ''
    const role = 'role' in field ? [String(field.role)] : []
    return [String(from), quoted(name), type(field), range(field), unit, digits, ...role, field.doc]
  })
  const roles = fields.some(([, field]) => 'role' in field) ? ['role'] : []
  const head = ['at', 'field', 'type', 'range', 'unit', 'digits', ...roles, 'meaning']
  const items = fields.flatMap(([, f]) => (f.kind === 'list' ? [structTable(f.item)] : []))
  const size = `${declared.size} bytes${items.length > 0 ? ' and the items' : ''}`
  return [`**${title}** (${size}). ${declared.doc}\n\n${table(head, rows)}`, ...items].join('\n\n')
}

export function messages(): string {
  const all = Object.values(MESSAGES)
  const summary = table(
    ['type', 'message', 'on air', 'needs a session', 'what it is for'],
    all.map((m) => [hex(m.type), m.name, m.air ? 'yes' : '', m.session ? 'yes' : '', m.doc]),
  )
  const sections = all.map((m, i) =>
    [
      `### 7.${i + 1} ${m.name} (${hex(m.type)})`,
      m.doc,
      structTable(m.request, `${m.name} request`),
      structTable(m.reply, `${m.name} reply`),
    ].join('\n\n'),
  )
  return [summary, ...sections].join('\n\n')
}

export function blocks(): string {
  const argument = table(
    ['code', 'event', '`argument`'],
    Object.entries(EVENT_ARGUMENTS).map(([n, doc]) => [
      n,
      EVENT_CODES[Number(n) as keyof typeof EVENT_CODES],
      doc,
    ]),
  )
  return Object.entries(BLOCKS)
    .map(([name, b]) =>
      [
        `### 8.${b.number} ${name} (block ${b.number})`,
        structTable(b.struct),
        ...(name === 'events' ? [argument] : []),
      ].join('\n\n'),
    )
    .join('\n\n')
}

export function codes(): string {
  const rows = Object.entries(Code).map(([name, n]) => [
    String(n),
    name,
    CODE_DOCS[name as CodeName],
  ])
  return table(['code', 'name', 'what it tells the host'], rows)
}

export function flags(): string {
  const rows = Object.entries(FLAG_DOCS).map(([name, f]) => [hex(f.bit), name, f.doc])
  return table(['bit', 'flag', 'meaning'], rows)
}

export function units(): string {
  const rows = Object.entries(UNIT_DOCS)
    .filter(([unit]) => unit !== '1')
    .map(([unit, doc]) => [quoted(unit), doc])
  return table(['unit', 'what it is'], rows)
}

export function limits(): string {
  return table(
    ['number', 'value'],
    [
      ['version described here, major.minor', `${MAJOR}.${MINOR}`],
      ['bytes of the header', String(HEADER_SIZE)],
      ['most bytes of a payload', String(MAX_PAYLOAD)],
      ['least and most bytes of a PDU', `${MIN_PDU} and ${MAX_PDU}`],
      ['most bytes of a block in one BLOCK reply', String(MAX_PIECE)],
      ['longest line, CR LF included', String(encodeLine(new Uint8Array(MAX_PDU)).length)],
      ['most bytes that a receiver holds of one line', String(LINE_MAX)],
      ['bytes of a report, and of the PDU in it', `${REPORT_SIZE} and ${REPORT_DATA}`],
      ['most reports of a PDU', String(MAX_REPORTS)],
      ['serial speed, 8 data bits, no parity, 1 stop bit', `${BAUD} baud`],
    ],
  )
}

export function example(): string {
  const pdu = encodePdu({
    major: MAJOR,
    type: MESSAGES.HELLO.type,
    flags: 0,
    code: 0,
    seq: 1,
    link: 0x12345678,
    session: 0,
    payload: emit(MESSAGES.HELLO.request, { minor: MINOR }),
  })
  const bytes = Array.from(pdu, (b) => b.toString(16).toUpperCase().padStart(2, '0'))
  const groups = [1, 1, 1, 1, 2, 2, 4, 4, 1, 4].map((n) => bytes.splice(0, n).join(' '))
  return [
    'A HELLO request with seq 1 and link 0x12345678, as bytes and as a line (§5):',
    `\`\`\`\n${groups.join(' · ')}\n${encodeLine(pdu).trim()}\n\`\`\``,
  ].join('\n\n')
}

export function reportDescriptor(): string {
  const rows = REPORT_DESCRIPTOR_ITEMS.map(([item, bytes]) => [
    quoted(bytes.map((b) => b.toString(16).toUpperCase().padStart(2, '0')).join(' ')),
    item,
  ])
  return table(['bytes', 'item'], rows)
}

export function usb(): string {
  const wide = (n: number) => `0x${n.toString(16).toUpperCase().padStart(4, '0')}`
  return table(
    ['what', 'value'],
    [
      ['vendor', wide(USB_SIMULATOR.vendorId)],
      ['product', wide(USB_SIMULATOR.productId)],
      ['release', wide(USB_SIMULATOR.release)],
      ['manufacturer string', quoted(USB_SIMULATOR.manufacturer)],
      ['product string', quoted(USB_SIMULATOR.product)],
      ['HID usage page and usage', `${wide(HID_USAGE_PAGE)} and ${hex(HID_USAGE)}`],
    ],
  )
}

export function timing(): string {
  const rows = Object.entries(Timing).map(([name, n]) => [
    name,
    name.endsWith('_MS') ? `${n} ms` : String(n),
    TIMING_DOCS[name as TimingName],
  ])
  return table(['name', 'value', 'meaning'], rows)
}
