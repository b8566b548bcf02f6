// The messages: PCD-01 of an interrogation, PCD-04 of a change among the pump's own alarms. Pure: the
// same record gives the same bytes, so that a message that is sent again can be told by its control id.
// PCD-04 is a report of what was read, when it was read. It notifies nobody.
import { number } from '../model/format.ts'
import {
  type Measured,
  OBJECTS,
  objectName,
  objectsOf,
  objectText,
  observe,
} from '../model/metrics.ts'
import {
  type Code,
  type EnumName,
  eventCode,
  isMember,
  MDC,
  MDC_UNITS,
  OWN,
  PRIORITIES,
} from '../model/nomenclature.ts'
import { eventRows } from '../model/pump-event-rows.ts'
import type { Source } from '../model/reading.ts'
import type { CodedRecord, InterrogationRecord, RecordOf } from '../model/record.ts'
import { type Field, header, message, segment } from './text.ts'

export type Sendable = InterrogationRecord | RecordOf<'alarm' | 'pump-events'>

export interface Profile {
  readonly sendingApplication: string
  readonly sendingFacility: string
  readonly receivingApplication: string
  readonly receivingFacility: string
  /** MSH-15 and MSH-16. */
  readonly acceptAck: string
  readonly applicationAck: string
  /** MSH-21, components between `^`. */
  readonly reportProfile: string
  readonly alarmProfile: string
  readonly eventProfile: string
}

export const PROFILE: Profile = {
  sendingApplication: 'WANDBRIDGE',
  sendingFacility: '',
  receivingApplication: '',
  receivingFacility: '',
  acceptAck: 'AL',
  applicationAck: 'NE',
  reportProfile: 'IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO',
  alarmProfile: 'IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO',
  // No identifier of PCD-10 is verified, so none is claimed.
  eventProfile: '',
}

const NAMESPACE = 'WANDBRIDGE'

/** At most 20 characters, of the log's own name and the position: the same whenever it is sent. */
export function controlId({ log, position }: Pick<CodedRecord, 'log' | 'position'>): string {
  return `${log.slice(-8)}-${position.toString(36).toUpperCase()}`
}

export const isSendable = (record: CodedRecord): record is Sendable =>
  (record.kind === 'interrogation' || record.kind === 'alarm' || record.kind === 'pump-events') &&
  record.pump !== null

export function messageOf(record: Sendable, profile: Profile = PROFILE): string {
  switch (record.kind) {
    case 'interrogation':
      return report(record, profile)
    case 'alarm':
      return alarm(record, profile)
    case 'pump-events':
      return pumpEvents(record, profile)
  }
}

function report(record: InterrogationRecord, profile: Profile): string {
  // When it was read, by this computer's clock; the pump's own and its offset are rows of their own.
  const at = hostTime(record.readAt)
  const filler = [`${record.log}/${record.position}`, NAMESPACE]
  const provider = record.owner?.provider
  const obr = segment('OBR', {
    ...{ 1: '1', 2: filler, 3: filler, 4: coded(OWN.interrogation), 7: at },
    ...(provider !== undefined && { 16: provider.split('^') }),
  })
  const rows = rowsOf(record, at)
  // A row without a value is overlooked; that nothing is known of alarms must not be.
  const unread =
    record.alarms === null
      ? [segment('NTE', { 1: '1', 2: 'L', 3: "The pump's alarms could not be read." })]
      : []
  const head = opening(record, profile, 'R01', profile.reportProfile)
  return message([...head, obr, ...unread, ...rows])
}

/** What is configured of components: namespace, universal id and its type, between `^`. */
const hd = (text: string): Field => text.split('^')

function opening(
  record: CodedRecord,
  profile: Profile,
  trigger: string,
  profileId: string,
): string[] {
  // T: training. What is simulated or replayed must never count as of a patient.
  const processing = record.source === 'device' ? 'P' : 'T'
  const msh = headerOf(profile, {
    ...{ at: record.at, trigger, profileId, processing },
    control: controlId(record),
  })
  return [msh, person(record), ...visit(record)]
}

export interface Heading {
  /** UTC. */
  readonly at: string
  readonly trigger: string
  readonly profileId: string
  readonly control: string
  readonly processing: 'P' | 'T'
}

export function headerOf(
  profile: Profile,
  { at, trigger, profileId, control, processing }: Heading,
): string {
  return header({
    3: hd(profile.sendingApplication),
    4: hd(profile.sendingFacility),
    5: hd(profile.receivingApplication),
    6: hd(profile.receivingFacility),
    7: hostTime(at),
    9: ['ORU', trigger, `ORU_${trigger}`],
    10: control,
    11: processing,
    12: '2.6',
    15: profile.acceptAck,
    16: profile.applicationAck,
    18: 'UNICODE UTF-8',
    21: hd(profileId),
  })
}

/** Whom the pump belonged to when it was read. */
function person({ owner, patient }: CodedRecord): string {
  if (owner) {
    const [family = '', given = ''] = owner.name?.split(', ') ?? []
    return segment('PID', {
      3: [owner.value, '', '', authorityOf(owner.system), 'PI'],
      // L: the legal name, as it was told. U: unspecified.
      5: [family, given, '', '', '', '', owner.name === undefined ? 'U' : 'L'],
    })
  }
  return segment('PID', {
    ...(patient !== null && { 3: [patient, '', '', NAMESPACE, 'PI'] }),
    // S: a pseudonym. U: unspecified. No name is known here.
    5: ['', '', '', '', '', '', patient === null ? 'U' : 'S'],
  })
}

/** Where the patient was; PV1-2 U: of what class the visit is, nobody has said. */
const visit = ({ owner }: CodedRecord): string[] =>
  owner?.location === undefined
    ? []
    : [segment('PV1', { 1: '1', 2: 'U', 3: owner.location.split('^') })]

/** An assigning authority, as HD. */
function authorityOf(system: string): string[] {
  const oid = /^urn:oid:(.+)$/.exec(system)?.[1]
  return oid === undefined ? ['', system, 'URI'] : ['', oid, 'ISO']
}

/** OBX-4 counts within what contains a row: system, pump, channel, metric, part. */
function rowsOf(record: InterrogationRecord, at: string): string[] {
  const out: string[] = []
  const all = observe(record)
  const add = (fields: Readonly<Record<number, Field>>) =>
    void out.push(segment('OBX', { ...fields, 1: String(out.length + 1) }))
  let channel = 0
  for (const object of objectsOf(record)) {
    const { level, code } = OBJECTS[objectName(object)]
    if (level === 'channel') channel += 1
    const place = level === 'MDS' ? '1.0.0' : `1.1.${channel}`
    const equipment = level === 'MDS' ? { 18: equipmentOf(record) } : {}
    add({ 3: coded(code, objectText(record, object)), 4: `${place}.0`, 11: 'X', ...equipment })
    const own = all.filter((one) => one.object === object)
    for (const [i, one] of own.entries()) {
      for (const [part, value] of [one as Measured, ...one.parts].entries()) {
        const sub = `${place}.${i + 1}${part === 0 ? '' : `.${part}`}`
        const named = part === 0 ? { 3: coded(value.code, one.text) } : {}
        add({ ...valueFields(value, record.source), ...named, 4: sub, 14: at })
      }
    }
  }
  return out
}

/** No EUI-64 is known of an implant, and none is made up: its serial, and our name for it. */
const equipmentOf = ({ pump }: CodedRecord): Field => [
  pump?.serial ?? '',
  NAMESPACE,
  `urn:wandbridge:pump:${pump?.id ?? ''}`,
  'URI',
]

/** A code without number of MDC goes as `0^MDCX_…^MDC`. What says more than the code's own text is its original text. */
export const coded = ({ mdc, ref, text: own }: Code, text = own): Field => {
  const code = [String(mdc ?? 0), ref, 'MDC']
  return text === own ? code : [...code, '', '', '', '', '', text]
}

const FLAGS = { invalid: 'INV', unavailable: 'NAV', unread: 'NAV', unknown: 'NAV' } as const

function valueFields(
  { code, kind, values, value, unit, missing }: Measured,
  source: Source,
): Readonly<Record<number, Field>> {
  const flag = missing !== null ? FLAGS[missing] : source === 'device' ? '' : 'TEST'
  const shared = { 3: coded(code), 8: flag, 11: value === null ? 'X' : 'R' }
  if (value === null) return shared
  if (kind === 'number') {
    return { ...shared, 2: 'NM', 5: number(Number(value), unit ?? '1'), 6: unitOf(unit ?? '1') }
  }
  const text = String(value)
  // A time of the pump's clock has no zone, and would be taken as of MSH-7's, which is UTC: so it is text.
  if (kind === 'time' || values === null) return { ...shared, 2: 'ST', 5: text }
  return { ...shared, 2: 'CWE', 5: wordOf(values, text) }
}

/** CWE-9, the original text, alone: a word that no table of ours has is given no code. */
const uncoded = (text: string): Field => ['', '', '', '', '', '', '', '', text]

/** An event is of MDC where that is verified, else of our own. */
function wordOf(name: EnumName, word: string): Field {
  if (!isMember(name, word)) return uncoded(word)
  const event = eventCode(name, word)
  return event ? coded(event) : [word, word, `99${name.toUpperCase()}`]
}

/** MDC with UCUM beside it; UCUM alone where no verified number exists. */
function unitOf(ucum: string): Field {
  const known = MDC_UNITS[ucum]
  if (!known) return [ucum, ucum, 'UCUM']
  return [String(known.mdc), known.ref, 'MDC', ucum, ucum, 'UCUM']
}

const digits = (text: string) => text.replace(/[-:T]/g, '')
/** UTC, with milliseconds. */
export const hostTime = (utc: string) => `${digits(utc.slice(0, 19))}.${utc.slice(20, 23)}+0000`

/** Shaped as PCD-10: a group of OBR and OBX for each event of the pump's own list. */
function pumpEvents(record: RecordOf<'pump-events'>, profile: Profile): string {
  const at = hostTime(record.readAt)
  const groups = record.entries.flatMap((event, i) => {
    const id = [`${record.log}/${record.position}/${event.number ?? `x${i}`}`, NAMESPACE]
    const named = event.code === null ? '' : wordOf('pump-event', event.code)
    // When it was read. When it happened, only the pump's clock says.
    const obr = segment('OBR', { 1: String(i + 1), 2: id, 3: id, 4: named, 7: at })
    const rows: Readonly<Record<number, Field>>[] = [
      { 3: coded(MDC.mds), 4: '1.0.0.0', 11: 'X', 18: equipmentOf(record) },
      { 3: coded(MDC.vmd), 4: '1.1.0.0', 11: 'X' },
      ...eventRows(event).map((row, part) => ({
        ...valueFields(row, record.source),
        4: part === 0 ? '1.1.0.1' : `1.1.0.1.${part}`,
        14: at,
      })),
    ]
    return [obr, ...rows.map((row, n) => segment('OBX', { ...row, 1: String(n + 1) }))]
  })
  return message([...opening(record, profile, 'R42', profile.eventProfile), ...groups])
}

const PHASES = { start: 'start', update: 'update', end: 'end' } as const

function alarm(record: RecordOf<'alarm'>, profile: Profile): string {
  const { alarm: one, phase, pump } = record
  // The first event of an alarm names it; what follows points at it.
  const instance = [`${pump?.id ?? ''}-${one.id}`, NAMESPACE]
  const follow = [`${pump?.id ?? ''}-${one.id}/${record.position}`, NAMESPACE]
  const obr = segment('OBR', {
    1: '1',
    2: phase === 'start' ? instance : follow,
    3: phase === 'start' ? instance : follow,
    4: coded(MDC.alarm),
    // When it was read. When it began, only the pump's clock says, and of that no zone is known here.
    7: hostTime(one.readAt),
    // Placer and filler are both the first event's.
    ...(phase !== 'start' && { 29: [instance, instance] }),
  })
  const state = phase === 'end' ? 'inactive' : (one.state ?? '')
  const priority = PRIORITIES[one.class ?? ''] ?? ''
  const facets: readonly (readonly [Code, string, Field])[] = [
    [MDC.alarm, 'CWE', one.code === null ? '' : wordOf('alarm-code', one.code)],
    [MDC.alertSource, 'CWE', coded(MDC.vmd)],
    [MDC.eventPhase, 'ST', PHASES[phase]],
    [MDC.alarmState, 'ST', state],
    [MDC.inactivation, 'ST', 'enabled'],
    [MDC.priority, 'ST', priority],
    [MDC.alertType, 'ST', one.class === 'log-only' ? 'SA' : 'ST'],
    // The pump's own word, beside what was made of it.
    [OWN.alarmClass, 'ST', one.class ?? ''],
    [OWN.occurredAt, 'ST', one.occurredAt ?? ''],
    [OWN.detectedAt, 'ST', one.detectedAt ?? ''],
  ]
  const flag = record.source === 'device' ? '' : 'TEST'
  const rows = facets.map(([facet, type, value], i) => {
    const none = value === ''
    const said = none ? { 8: 'NAV', 11: 'X' } : { 2: type, 5: value, 8: flag, 11: 'R' }
    const equipment = i === 0 ? { 18: equipmentOf(record) } : {}
    return segment('OBX', {
      1: String(i + 1),
      3: coded(facet),
      4: `1.1.0.1.${i + 1}`,
      ...said,
      ...equipment,
    })
  })
  return message([...opening(record, profile, 'R40', profile.alarmProfile), obr, ...rows])
}
