// A pump's status as text for a terminal of 80 columns. What is shown and how is the same as on the
// page: the figures come from format.ts, the state in words, never by colour alone.
import { Battery } from '../../protocol/fields/battery.ts'
import { Bolus } from '../../protocol/fields/bolus.ts'
import { Drug } from '../../protocol/fields/drugs.ts'
import { Infusion, ScheduleStep } from '../../protocol/fields/infusion.ts'
import { Reservoir } from '../../protocol/fields/reservoir.ts'
import { Status } from '../../protocol/fields/status.ts'
import { age, clockTime, dateTime, inZone, type Locale, valueText } from '../model/format.ts'
import type { PumpStatus, WandStatus } from '../model/status.ts'
import type { Value } from '../model/value.ts'

export interface Reader {
  readonly locale: Locale
  /** Time zone of the clinic. */
  readonly zone: string
}

const LABEL = 18
const WIDTH = 80

/** `Label             text`, wrapped at words to 80 columns. */
export function row(label: string, text: string): string[] {
  const lines: string[] = []
  let line = label.padEnd(LABEL)
  for (const word of text.split(' ')) {
    const full = line.length > LABEL && line.length + 1 + word.length > WIDTH
    if (full) {
      lines.push(line)
      line = ' '.repeat(LABEL)
    }
    line += line.length > LABEL ? ` ${word}` : word
  }
  return [...lines, line]
}

const MARK: Readonly<Record<PumpStatus['source'], string>> = {
  device: '',
  simulator: 'SIMULATOR. These are not readings of a patient’s pump.',
  replay: 'REPLAY of a recording. These readings are not of this moment.',
}

/** The mark of what is not a device; empty for one. */
export function sourceMark(source: PumpStatus['source']): string[] {
  const text = MARK[source]
  if (text === '') return []
  const bar = '='.repeat(WIDTH)
  return [bar, text, bar]
}

/** Live · Read at …, not live · Signal lost at …: the three states, in words. */
export function liveness(pump: PumpStatus, { zone }: Reader): string {
  const read = clockTime(inZone(pump.readAt, zone))
  if (pump.quality === 'current') return `LIVE, read ${age(pump.ageMs)} ago`
  if (pump.reason === 'session-closed') return `Read at ${read}, ${age(pump.ageMs)} ago. Not live.`
  const why = {
    'wand-lost': 'SIGNAL LOST: the wand does not answer.',
    'implant-lost': 'SIGNAL LOST: the wand no longer hears the pump.',
    'audit-failed': 'NOT LIVE: the audit log cannot be written.',
    changed: 'NOT LIVE: the pump has changed and is being read again.',
    'server-silent': 'NOT LIVE: the bridge is silent.',
    recorded: 'NOT LIVE: this is history.',
  }[pump.reason ?? 'wand-lost']
  return `${why} Last reading ${read}, ${age(pump.ageMs)} ago.`
}

export function renderPump(pump: PumpStatus, reader: Reader): string[] {
  const text = (field: Parameters<typeof valueText>[0], value: Value) =>
    valueText(field, value, reader.locale)
  const { reservoir, infusion, battery, state } = pump
  const { fields: r } = Reservoir
  const { fields: i } = Infusion
  const { fields: b } = Bolus
  const who = [
    pump.pump.serial,
    pump.pump.model,
    pump.pump.firmware && `firmware ${pump.pump.firmware}`,
  ]
  const { patientBolus } = infusion
  return [
    ...row('Pump', who.filter(Boolean).join(', ')),
    ...row('', liveness(pump, reader)),
    '',
    ...row(
      'Reservoir',
      `${text(r.reportedVolume, reservoir.reportedVolume)}, reported by the pump, not measured`,
    ),
    ...row(
      '',
      `capacity ${text(r.capacity, reservoir.capacity)}, low alarm at ${text(r.lowAlarmVolume, reservoir.lowAlarmVolume)}, expected ${text(r.lowAlarmDate, reservoir.lowAlarmDate)} by the pump’s clock`,
    ),
    ...row('Pump state', text(Status.fields.state, state.state)),
    ...row(
      'Infusion',
      `${text(i.mode, infusion.mode)}, rate ${text(i.rate, infusion.rate)}, ${text(i.volume24h, infusion.volume24h)} in 24 h`,
    ),
    ...infusion.schedule.flatMap((step) =>
      row('', `from ${clock(step.start)}: ${text(ScheduleStep.fields.rate, step.rate)}`),
    ),
    ...infusion.drugs.flatMap((drug, n) =>
      row(
        n === 0 ? 'Drugs' : '',
        `${drug.name ?? 'name not valid'}, ${text(Drug.fields.concentration, drug.concentration)}, ${text(Drug.fields.dose24h, drug.dose24h)}`,
      ),
    ),
    ...row(
      'Patient bolus',
      patientBolus.enabled.value === 'on'
        ? `${text(b.volume, patientBolus.volume)} each, ${text(b.given24h, patientBolus.given24h)} of ${text(b.maxPerDay, patientBolus.maxPerDay)} in 24 h; ${text(b.acceptedCount, patientBolus.acceptedCount)} given, ${text(b.deniedCount, patientBolus.deniedCount)} denied since programming`
        : text(b.enabled, patientBolus.enabled),
    ),
    ...row(
      'Battery',
      `${text(Battery.fields.state, battery.state)}, replacement expected ${text(Battery.fields.replacementDate, battery.replacementDate)}`,
    ),
    ...row('Clock', clockText(pump)),
    ...alarms(pump, reader),
    ...row('Audit', auditText(pump.audit)),
  ]
}

function auditText({ log, position, sentence }: PumpStatus['audit']): string {
  const place = position === null ? '' : `${log}, record ${position}. `
  return `${place}${sentence}`
}

function clock(start: Value<number>): string {
  if (start.value === null) return 'an unknown time'
  const pad = (n: number) => String(n).padStart(2, '0')
  return `${pad(Math.floor(start.value / 60))}:${pad(start.value % 60)}`
}

function clockText(pump: PumpStatus): string {
  const { deviceTime, offset } = pump.clock
  if (deviceTime === null) return 'the pump gives no time'
  const seconds = Math.round(offset.value ?? 0)
  const far = `${age(Math.abs(seconds) * 1000)} ${seconds < 0 ? 'behind' : 'ahead of'} UTC here`
  return `${dateTime(deviceTime)} by the pump, which knows no zone (${far})`
}

function alarms(pump: PumpStatus, { zone }: Reader): string[] {
  if (pump.alarms.length === 0) {
    const at = clockTime(inZone(pump.readAt, zone)).slice(0, 5)
    return row(
      'Alarms',
      `No alarms reported by the pump at ${at}. This program does not watch the pump.`,
    )
  }
  return pump.alarms.flatMap((alarm, n) => {
    const since = alarm.detectedAt ? `, noticed by the pump ${dateTime(alarm.detectedAt)}` : ''
    const what = `${alarm.code ?? 'unreadable code'} (${alarm.class ?? 'class unknown'}), ${alarm.state ?? 'state unknown'}${since}`
    return row(n === 0 ? 'ALARMS' : '', what)
  })
}

const POSITION_TEXT: Readonly<Record<string, string>> = {
  good: 'good',
  'move-closer': 'move closer',
  turn: 'turn the wand',
  'no-implant': 'no pump in reach',
}

export function renderWand(wand: WandStatus): string[] {
  const name = wand.serial ? `${wand.serial} on ${wand.port}` : wand.port
  const { progress } = wand.contact
  const { value, position } = wand.coupling
  const bars = value === null ? '' : `, signal ${meter(value)} ${value} %`
  const place = position === null ? '' : `Position: ${POSITION_TEXT[position] ?? position}${bars}`
  const busy = progress === null ? '' : `. Reading, ${progress} %`
  const { frames, bytes } = wand.link.refused
  const detail = wand.link.detail ? ` ${wand.link.detail}` : ''
  return [
    ...row('Wand', name),
    ...row('', `${wand.link.sentence}${detail}`),
    ...(place ? row('', `${place}${busy}`) : []),
    ...row('Session', wand.session.sentence),
    ...wand.unclosed.flatMap((one) =>
      row('NOT CLOSED', `${one.pump === null ? '' : `Pump ${one.pump}: `}${one.sentence}`),
    ),
    ...(frames > 0
      ? row(
          'Refused',
          `${frames} damaged or foreign frames, ${bytes} bytes. No part of any reading.`,
        )
      : []),
  ]
}

function meter(percent: number): string {
  const full = Math.round(percent / 10)
  return `${'#'.repeat(full)}${'.'.repeat(10 - full)}`
}
