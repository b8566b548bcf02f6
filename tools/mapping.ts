// The tables of docs/interoperability.md, from the declarations the surfaces follow.
import { destinationSchema, profileOf } from '../src/hl7/config.ts'
import { METRICS, OBJECTS } from '../src/model/metrics.ts'
import {
  ALARM_EVENTS,
  type Code,
  ENUMS,
  MDC,
  MDC_UNITS,
  OWN_CODES,
  PRIORITIES,
  PUMP_EVENTS,
} from '../src/model/nomenclature.ts'

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const codeText = ({ mdc, ref }: Code) => (mdc === null ? `\`${ref}\`` : `${mdc} \`${ref}\``)
const where = (each: string | undefined, path: string) =>
  each === undefined ? `\`${path}\`` : `\`${each}[].${path}\``

/** One row for every field that is given away. */
export function fields(): string {
  const rows = METRICS.flatMap((one) => {
    const { object, about, each, key } = one
    const level = OBJECTS[object].level
    return [one, ...(one.parts ?? [])].map((part, i) => [
      i === 0 ? `\`${key}\`` : '',
      where(each, part.path),
      codeText(part.code),
      part.code.mark,
      part.kind === 'code' ? `word of \`${part.values}\`` : part.kind,
      i === 0 ? `${level} \`${object}\`` : 'part of it',
      i === 0 ? about : '',
    ])
  })
  return table(['Key', 'Field of the API', 'Code', 'Mark', 'Value', 'Level', 'About'], rows)
}

export function codes(): string {
  const rows = [...Object.values(MDC), ...OWN_CODES].map((code) => [
    codeText(code),
    code.text,
    code.mark,
    code.source,
  ])
  return table(['Code', 'Text', 'Mark', 'Source'], rows)
}

export function units(): string {
  const rows = Object.entries(MDC_UNITS).map(([ucum, { mdc, ref, mark }]) => [
    `\`${ucum}\``,
    `${mdc} \`${ref}\``,
    mark,
  ])
  return table(['UCUM', 'MDC in OBX-6', 'Mark'], rows)
}

export function enumerations(): string {
  const rows = Object.entries(ENUMS).map(([name, { title, names }]) => [
    `\`${name}\``,
    title,
    Object.values(names)
      .map((one) => `\`${one}\``)
      .join(', '),
  ])
  return table(['System', 'What', 'Words'], rows)
}

export function alarms(): string {
  const events = Object.entries(ALARM_EVENTS).map(([code, event]) => [
    `\`${code}\``,
    codeText(event),
    event.mark,
  ])
  const logged = Object.entries(PUMP_EVENTS).map(([code, event]) => [
    `\`${code}\``,
    codeText(event),
    event.mark,
  ])
  const rows = Object.entries(PRIORITIES).map(([own, priority]) => [`\`${own}\``, priority])
  const conditions = table(["The pump's condition", 'Event', 'Mark'], events)
  const list = table(["Event of the pump's own list", 'Event', 'Mark'], logged)
  return `${conditions}\n\n${table(["The pump's class", 'Priority of PCD-04'], rows)}\n\n${list}`
}

export function header(): string {
  const usual = profileOf(destinationSchema.parse({ name: 'x', host: 'x', port: 1 }))
  const rows = Object.entries(usual).flatMap(([name, value]) =>
    typeof value === 'string' ? [[`\`${name}\``, value === '' ? 'empty' : `\`${value}\``]] : [],
  )
  return table(['Setting', 'Default'], rows)
}
