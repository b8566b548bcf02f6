// One record in a few words, for people.
import type { AuditRecord } from '../../audit/format/record.ts'
import { FIELDS } from '../../model/fields.ts'
import { count, quantity } from '../../model/format.ts'
import { linkText } from '../../words/told.ts'
import { sentence, WORDS } from '../../words/words.ts'

const enUS = WORDS['en-US']

/** Volumes and rates are whole nanolitres in a record. */
const NL_PER_ML = 1_000_000

function nl(value: unknown, unit: 'mL' | 'mL/d', { digits }: { digits: number | null }): string {
  return typeof value === 'number' ? quantity(value / NL_PER_ML, unit, digits) : 'unavailable'
}

interface Blocks {
  readonly reservoir?: { readonly reportedVolume?: unknown }
  readonly infusion?: { readonly rate?: unknown }
  readonly alarms?: { readonly alarms?: readonly unknown[] }
}

/** Reservoir and rate in protocol units, of the records that have them. */
export function measured(record: AuditRecord): { volume: unknown; rate: unknown } | null {
  if (record.kind === 'live') {
    const { reportedVolume, rate } = record.body.values
    return { volume: reportedVolume, rate }
  }
  if (record.kind !== 'interrogation') return null
  const { reservoir, infusion } = record.body.blocks as Blocks
  return { volume: reservoir?.reportedVolume, rate: infusion?.rate }
}

/** What a record says, in one line. */
export function summary(record: AuditRecord): string {
  const values = measured(record)
  const said =
    values === null
      ? ''
      : `reservoir ${nl(values.volume, 'mL', FIELDS.reservoir.reportedVolume)}, rate ${nl(values.rate, 'mL/d', FIELDS.infusion.rate)}`
  switch (record.kind) {
    case 'interrogation': {
      const alarms = (record.body.blocks as Blocks).alarms?.alarms?.length
      const doubt = record.body.contradicted
        ? ', CONTRADICTED: the pump also said something else'
        : ''
      if (alarms === undefined) return `${said}, ALARMS COULD NOT BE READ${doubt}`
      return `${said}, ${alarms === 1 ? '1 alarm' : `${count(alarms)} alarms`}${doubt}`
    }
    case 'live':
      return said
    case 'alarm':
      return `${record.body.phase}: ${record.body.alarm['code'] ?? 'unreadable code'}`
    case 'pump-events': {
      const { events, overwritten } = record.body
      const codes = events.map(({ code }) => code ?? 'unreadable code').join(', ')
      return overwritten === 0
        ? codes
        : `${codes}, ${overwritten} overwritten before they were read`
    }
    case 'session':
      if (record.body.event === 'contradicted')
        return 'contradicted: the pump said something else than its reading in this session'
      return `${record.body.event}${record.body.how ? `, ${record.body.how}` : ''}`
    case 'unclosed': {
      const { length } = record.body.sessions
      return length === 0
        ? 'every session is known to be closed'
        : `${length} not known to be closed`
    }
    case 'link':
      return `${record.body.phase}: ${linkText(enUS, record.body)}`
    case 'read-failed':
      return sentence(enUS, record.body)
    case 'refused':
      return `${record.body.frames} frames, ${record.body.bytes} bytes: ${record.body.reasons.map((r) => r.why).join(', ')}`
    case 'read-access':
      return `${record.body.token} ${record.body.route}: ${record.body.reads} read, ${record.body.refused} refused`
    case 'operator':
      return `operator ${record.body.name} ${record.body.change}`
    case 'start':
      return `${record.body.software}, Node ${record.body.node}`
    case 'stop':
      return record.body.why
    case 'configuration':
      return JSON.stringify(record.body.settings)
    case 'segment':
      return `segment ${record.body.number} begun: ${record.body.why}`
    case 'gap':
      return `${record.body.dropped} records could not be kept`
    case 'quarantine':
      return `log ${record.body.log} set aside: ${record.body.code}`
    case 'accept':
      return `log ${record.body.log} accepted: ${record.body.reason}`
    case 'key-rotation':
      return `key changed: ${record.body.reason}`
    case 'stray':
      return `foreign file ${JSON.stringify(record.body.file)} moved to ${JSON.stringify(record.body.moved)}`
    case 'witness':
      return `witness ${record.body.name} refused the log of ${record.body.size} records: ${record.body.problem} ${record.body.said}`.trim()
    case 'packed':
      return `segment ${record.body.segment} packed, ${record.body.bytes} bytes`
    case 'retention':
      return `entries before record ${record.body.position} dropped: entries older than ${record.body.keepDays} days`
    case 'clock-jump':
      return `clock jumped from ${record.body.fromWall} to ${record.body.toWall}`
    case 'capture-seal':
      return `${record.body.file}, ${record.body.bytes} bytes`
    case 'assignment': {
      const { change, owner, claims } = record.body
      if (change === 'refused') return `${(claims ?? []).length} patients claim it; nothing changes`
      return owner === null
        ? 'nobody\u2019s from now on'
        : `${change}: ${owner.system}|${owner.value}`
    }
    case 'patient-told': {
      const { event, patient, became, location } = record.body
      const more = became ? `, goes on as ${became.system}|${became.value}` : ''
      const at = location === undefined ? '' : `, at ${location ?? 'no place'}`
      return `${event}: ${patient.system}|${patient.value}${more}${at}`
    }
    case 'delivery-parked':
      return `${record.body.destination}: message of record ${record.body.position} set aside, ${record.body.code} ${record.body.text}`.trim()
    case 'delivery-resent':
      return `${record.body.destination}: message of record ${record.body.position} taken after all`
    case 'delivery-gap':
      return `${record.body.destination}: records ${record.body.from} to ${record.body.to ?? 'the end'} of ${record.body.log} were never taken`
    case 'delivery-disabled': {
      const { destination, code, text } = record.body
      return code === null
        ? `${destination}: asked again`
        : `${destination}: wants no messages any more, ${code} ${text}`.trim()
    }
    case 'worksheet':
      return `${record.body.sheet}: ${record.body.step}`
  }
}
