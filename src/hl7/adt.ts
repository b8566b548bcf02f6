// HL7 ADT as it is heard: which person a message speaks of, where that person is, and which identifiers have
// become one. And what is answered. Pure. A segment that is not needed is not looked at; what is refused is
// told by its field, never by what stands there.
import type { PatientId } from '../model/owner.ts'
import { unescaped } from './text.ts'

export interface Authority {
  readonly system: string
  readonly namespace?: string | undefined
  readonly universalId?: string | undefined
}

export interface AdtSettings {
  readonly authorities: readonly Authority[]
  /** Of an identifier that names no authority. */
  readonly system?: string | undefined
  /** False: names are not taken. */
  readonly names: boolean
  /** Whether messages that are no production messages are taken. */
  readonly tests: boolean
  /** No message is of later than this, UTC: a sender's clock may be wrong. */
  readonly latest: string
}

/** What a message says of one person. */
export interface Person {
  readonly event: string
  readonly control: string
  readonly asOf: string
  readonly ids: readonly PatientId[]
  readonly merged: readonly PatientId[]
  readonly name?: string | undefined
  /** Null = nowhere; undefined = it says nothing of it. */
  readonly location?: string | null | undefined
}

/** What is needed of a message to answer it, whatever else is wrong with it. */
export interface Heading {
  readonly control: string
  readonly event: string
  readonly version: string
  readonly application: string
  readonly facility: string
  readonly acceptAck: string
  readonly applicationAck: string
}

export type Heard =
  | { readonly kind: 'people'; readonly heading: Heading; readonly people: readonly Person[] }
  /** `reject`: it will never be taken; `error`: something in it is not right. */
  | {
      readonly kind: 'reject' | 'error'
      readonly heading: Heading
      readonly code: string
      readonly text: string
    }

/** Admitted, transferred, discharged, registered, changed, person changed, merged. */
export const EVENTS = ['A01', 'A02', 'A03', 'A04', 'A08', 'A31', 'A40'] as const

const NO_HEADING: Heading = {
  ...{ control: '', event: '', version: '2.6', application: '', facility: '' },
  ...{ acceptAck: '', applicationAck: '' },
}

interface Separators {
  readonly field: string
  readonly component: string
  readonly repetition: string
  readonly sub: string
}

/** Text of a field as it is written by the sender, and what is in it. */
type Segment = readonly string[]

export function hear(text: string, settings: AdtSettings): Heard {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '')
  const msh = lines[0] ?? ''
  if (!/^MSH[^\w\s]{2,5}/.test(msh)) {
    return refused('reject', NO_HEADING, '100', 'it does not begin with MSH')
  }
  const by: Separators = {
    field: msh[3] as string,
    component: msh[4] as string,
    repetition: msh[5] ?? '~',
    sub: msh[7] ?? '&',
  }
  const segments = lines.map((line) => fieldsOf(line, by))
  const head = segments[0] as Segment
  const part = (field: string | undefined, n: number) =>
    plain((field ?? '').split(by.component)[n] ?? '')
  const heading: Heading = {
    control: plain(head[10] ?? ''),
    event: part(head[9], 1),
    version: part(head[12], 0) || '2.6',
    application: part(head[3], 0),
    facility: part(head[4], 0),
    acceptAck: plain(head[15] ?? ''),
    applicationAck: plain(head[16] ?? ''),
  }
  const { control, event } = heading
  if (control === '' || control.length > 199) {
    return refused('error', heading, '101', 'MSH-10 is empty or too long')
  }
  if (part(head[9], 0) !== 'ADT') {
    return refused('reject', heading, '200', 'MSH-9: only ADT is taken')
  }
  if (!(EVENTS as readonly string[]).includes(event)) {
    return refused('reject', heading, '201', `MSH-9: of ADT only ${EVENTS.join(', ')} are taken`)
  }
  if (part(head[11], 0) !== 'P' && !settings.tests) {
    return refused('reject', heading, '202', 'MSH-11: only production messages are taken')
  }
  const of = (name: string) => segments.find(([own]) => own === name)
  const said = utcOf(plain(of('EVN')?.[2] ?? '')) ?? utcOf(plain(head[7] ?? ''))
  if (said === null) {
    return refused('error', heading, '101', 'neither EVN-2 nor MSH-7 says when it was')
  }
  const [asOf = said] = [said, settings.latest].sort()
  const people: Person[] = []
  for (const { pid, mrg, pv1 } of groupsOf(segments)) {
    const ids = idsIn(pid[3], by, settings)
    const merged = mrg ? idsIn(mrg[1], by, settings) : []
    if (event === 'A40' && !mrg) return refused('error', heading, '100', 'A40 without MRG')
    if (ids === null || merged === null) {
      return refused('error', heading, '102', 'an identifier is too long, or is no text')
    }
    if (event === 'A40' && (ids.length === 0) !== (merged.length === 0)) {
      return refused(
        ...(['error', heading, '204'] as const),
        'PID-3 and MRG-1 have no identifiers of the same authorities',
      )
    }
    const name = settings.names ? nameIn(pid[5], by) : undefined
    const location = event === 'A03' ? null : locationIn(pv1?.[3], by)
    people.push({ event, control, asOf, ids, merged, name, location })
  }
  if (people.length === 0) return refused('error', heading, '100', 'there is no PID')
  return { kind: 'people', heading, people }
}

const refused = (
  kind: 'reject' | 'error',
  heading: Heading,
  code: string,
  text: string,
): Extract<Heard, { code: string }> => ({ kind, heading, code, text })

/** `fields[n]` is the nth field as HL7 counts them; MSH counts its separator. */
function fieldsOf(line: string, { field }: Separators): Segment {
  const fields = line.split(field)
  return fields[0] === 'MSH' ? ['MSH', field, ...fields.slice(1)] : fields
}

/** A person with what follows: MRG and PV1 belong to the PID before them. */
function groupsOf(segments: readonly Segment[]) {
  const groups: { pid: Segment; mrg?: Segment; pv1?: Segment }[] = []
  for (const segment of segments) {
    const last = groups.at(-1)
    if (segment[0] === 'PID') groups.push({ pid: segment })
    else if (segment[0] === 'MRG' && last) last.mrg ??= segment
    else if (segment[0] === 'PV1' && last) last.pv1 ??= segment
  }
  return groups
}

const plain = (text: string) => unescaped(text.trim()).trim()
/** What is to be deleted, in HL7. */
const DELETED = '""'

/** Those of an authority that is known here; null = one of them cannot be kept. */
function idsIn(
  field: string | undefined,
  { repetition, component, sub }: Separators,
  { authorities, system }: AdtSettings,
): PatientId[] | null {
  const out: PatientId[] = []
  for (const one of (field ?? '').split(repetition)) {
    const [value = '', , , authority = ''] = one.split(component)
    const [namespace = '', universalId = ''] = authority.split(sub).map(plain)
    const id = plain(value)
    if (id === '' || value.trim() === DELETED) continue
    const known =
      namespace === '' && universalId === ''
        ? system
        : authorities.find(
            (own) =>
              (own.namespace !== undefined && own.namespace === namespace) ||
              (own.universalId !== undefined && own.universalId === universalId),
          )?.system
    if (known === undefined) continue
    if (id.length > 100 || /\p{C}/u.test(id)) return null
    if (!out.some((before) => before.system === known && before.value === id)) {
      out.push({ system: known, value: id })
    }
  }
  return out
}

/** `Family, Given`; undefined = it says nothing of it. */
function nameIn(field: string | undefined, { repetition, component, sub }: Separators) {
  const [first = ''] = (field ?? '').split(repetition)
  const [family = '', given = ''] = first.split(component)
  const parts = [family.split(sub)[0] ?? '', given].map(plain).filter((part) => part !== '')
  return cut(parts.join(', '))
}

/** PV1-3 with `^` between its components, whatever the sender writes between them. */
function locationIn(field: string | undefined, { repetition, component, sub }: Separators) {
  const [first = ''] = (field ?? '').split(repetition)
  if (first.trim() === DELETED) return null
  const parts = first.split(component).map((one) => plain(one.split(sub)[0] ?? ''))
  return cut(parts.join('^').replace(/\^+$/, ''))
}

const cut = (text: string) => {
  const clean = text
    .replace(/\p{C}+/gu, ' ')
    .slice(0, 200)
    .trim()
  return clean === '' ? undefined : clean
}

/** A time of HL7; one without offset is taken as UTC, which keeps the order of one sender. */
export function utcOf(text: string): string | null {
  const found =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,4}))?)?([+-])?(\d\d)?(\d\d)?$/.exec(text)
  if (!found) return null
  const [, year, month, day, hour, minute, second = '00', part = '', sign, zh, zm] = found
  const zone = sign === undefined ? 'Z' : `${sign}${zh ?? '00'}:${zm ?? '00'}`
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${part.padEnd(3, '0').slice(0, 3)}`
  const ms = Date.parse(`${iso}${zone}`)
  if (Number.isNaN(ms) || Number(month) > 12 || Number(day) > 31) return null
  return new Date(ms).toISOString()
}
