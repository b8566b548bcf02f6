// What every message begins with: MSH as it is configured, whom the pump belonged to (PID) and where that person
// was (PV1); and what names a message, a device and a moment. Pure: the same record gives the same bytes.
import { type Codings, NO_CODINGS } from '../model/codings.ts'
import type { CodedRecord } from '../model/record.ts'
import { type Field, header, segment } from './text.ts'

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
  /** Of the clinic, beside ours. */
  readonly codings: Codings
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
  codings: NO_CODINGS,
}

export const NAMESPACE = 'WANDBRIDGE'

/** At most 20 characters, of the log's own name and the position: the same whenever it is sent. */
export function controlId({ log, position }: Pick<CodedRecord, 'log' | 'position'>): string {
  return `${log.slice(-8)}-${position.toString(36).toUpperCase()}`
}

/** What is configured of components: namespace, universal id and its type, between `^`. */
const hd = (text: string): Field => text.split('^')

export function opening(
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

/** No EUI-64 is known of an implant, and none is made up: its serial, and our name for it. */
export const equipmentOf = ({ pump }: CodedRecord): Field => [
  pump?.serial ?? '',
  NAMESPACE,
  `urn:wandbridge:pump:${pump?.id ?? ''}`,
  'URI',
]

const digits = (text: string) => text.replace(/[-:T]/g, '')
/** UTC, with milliseconds. */
export const hostTime = (utc: string) => `${digits(utc.slice(0, 19))}.${utc.slice(20, 23)}+0000`
