// A pump's status as text for a terminal of 80 columns. What is shown and how is the same as on the
// page: the figures come from format.ts, the state in words, never by colour alone.
import { DRUG_FIELDS, FIELDS, type ScalarField, STEP_FIELDS } from '../model/fields.ts'
import { age, clockTime, dateTime, inZone, type Locale, quantity } from '../model/format.ts'
import { printable } from '../model/printable.ts'
import { mayGiveBolus } from '../model/reading.ts'
import type { Coded, PumpStatus, WandStatus } from '../model/status.ts'
import type { Value } from '../model/value.ts'
import { clockText } from '../words/clock.ts'
import type { LeftOut } from '../words/comparison.ts'
import {
  drugName,
  type Reader as Look,
  namesOf,
  pumpMoment,
  readerOf,
  shown,
  stepStart,
  unreadLines,
} from '../words/reader.ts'
import { alarmName, noAlarmsText, summaryOf } from '../words/summary.ts'
import { auditSentence, linkText } from '../words/told.ts'
import { named, sentence, WORDS } from '../words/words.ts'

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

/** The mark in one row, where there is no room for a bar above and below. */
export const markRow = (source: PumpStatus['source']): string[] =>
  MARK[source] === '' ? [] : [`=== ${MARK[source]} `.padEnd(WIDTH, '=')]

/** The mark of what is not a device; empty for one. */
export function sourceMark(source: PumpStatus['source']): string[] {
  const text = MARK[source]
  if (text === '') return []
  const bar = '='.repeat(WIDTH)
  return [bar, text, bar]
}

/** Live · Read at …, not live · Signal lost at …: the three states, in words. */
export function liveness(pump: Coded<PumpStatus>, { zone }: Reader): string {
  const read = clockTime(inZone(pump.readAt, zone))
  if (pump.quality === 'current') return `LIVE, read ${age(pump.ageMs)} ago`
  if (pump.reason === 'session-closed') return `Read at ${read}, ${age(pump.ageMs)} ago. Not live.`
  const why = {
    'wand-lost': 'SIGNAL LOST: the wand does not answer.',
    'implant-lost': 'SIGNAL LOST: the wand no longer hears the pump.',
    'audit-failed': 'NOT LIVE: the audit log cannot be written.',
    'implant-silent': 'NOT LIVE: the pump has not answered lately.',
    changed: 'NOT LIVE: the pump has changed and is being read again.',
    contradicted: 'NOT LIVE: the pump says something else than this reading: it may be false.',
    'server-silent': 'NOT LIVE: the bridge is silent.',
    recorded: 'NOT LIVE: this is history.',
  }[pump.reason ?? 'wand-lost']
  return `${why} Last reading ${read}, ${age(pump.ageMs)} ago.`
}

/** What a screen of 24 rows has no place for. */
export const TERMINAL_LEAVES_OUT: LeftOut = {
  'identity.implanted': 'It does not move. The page and the worksheet have it.',
  'catheter.model': 'It does not move. The page and the worksheet have it.',
  'catheter.implanted': 'It does not move. The page and the worksheet have it.',
  'catheter.length': 'It does not move. The page and the worksheet have it.',
  'catheter.volume': 'It does not move. The page and the worksheet have it.',
  'status.stateCounter': 'It counts changes, and those stand here themselves.',
  'status.resets': 'A restart is an alarm or an event. The page has the count.',
  'bolus.lastAcceptedAt': 'How many were given stands here. The page has the time.',
  'battery.voltage': 'The state of the battery stands here. The page has the voltage.',
  'battery.remaining': 'The state of the battery stands here. The page has the charge.',
  'battery.serviceEndDate': 'The replacement comes before it and stands here.',
  'battery.infusedTotal': 'It only grows. The worksheet has it.',
  'events.total': 'The pump’s log is on the page and in the JSON.',
  'events.events': 'The pump’s log is on the page and in the JSON.',
  'clock.deviceTime': 'It stands here as it is beside this computer’s clock.',
  'clock.ageMs': 'It is in how far the two clocks are apart.',
  'clock.resets': 'A clock that was lost is far off, and that stands here.',
}

/** Which pump, how its reading stands, what it complains of; then everything else it says. */
export const renderPump = (pump: Coded<PumpStatus>, reader: Reader): string[] => [
  ...renderHead(pump, reader),
  ...renderAlarms(pump, reader),
  '',
  ...renderRest(pump, reader),
]

export function renderHead(pump: Coded<PumpStatus>, reader: Reader): string[] {
  const look = readerOf(reader.locale, reader.zone)
  const { serial, model, firmware } = namesOf(look, pump.pump, pump.invalid)
  const who = [serial, model, firmware && `firmware ${firmware}`]
  return [
    ...row('Pump', who.filter(Boolean).join(', ')),
    ...row('', liveness(pump, reader)),
    ...unreadLines(pump, look).flatMap((line) => row('NOT READ', line)),
  ]
}

/** Alarms, critical first, and a pump that does not infuse as programmed, which is as loud as one. */
export function renderAlarms(pump: Coded<PumpStatus>, reader: Reader): string[] {
  const look = readerOf(reader.locale, reader.zone)
  const { says, still: gives, infusing, alarmCount } = summaryOf(pump, look)
  const label = infusing === 'unknown' ? 'INFUSION' : gives.toUpperCase()
  const what = infusing === 'unknown' ? `${gives}. ${says}` : says
  const still = gives === '' ? [] : row(label, what)
  if (pump.alarms === null) return [...row('ALARMS', noAlarmsText(pump, look)), ...still]
  if (pump.alarms.length === 0) return [...row('Alarms', noAlarmsText(pump, look)), ...still]
  const { notAvailable, alarmState } = look.words
  const rows = pump.alarms.flatMap((alarm) => {
    const [began, noticed] = [alarm.occurredAt, alarm.detectedAt].map((at) => pumpMoment(look, at))
    const state = named(alarmState, alarm.state, notAvailable)
    const what = `${alarmName(alarm, look)} (${alarm.class ?? notAvailable}), ${state}`
    return row('', `${what}, began ${began}, noticed by the pump ${noticed}`)
  })
  return [...row('ALARMS', alarmCount), ...rows, ...still]
}

export function renderRest(pump: Coded<PumpStatus>, reader: Reader): string[] {
  const look = readerOf(reader.locale, reader.zone)
  const text = (field: ScalarField, value: Value) => shown(look, field, value)
  const { reservoir, infusion, battery, state } = pump
  const { reservoir: r, infusion: i, battery: e, status: s } = FIELDS
  const { refill } = summaryOf(pump, look)
  return [
    ...row(
      'Reservoir',
      `${text(r.reportedVolume, reservoir.reportedVolume)}, reported by the pump, not measured`,
    ),
    ...row(
      '',
      `capacity ${text(r.capacity, reservoir.capacity)}, low alarm at ${text(r.lowAlarmVolume, reservoir.lowAlarmVolume)}, expected ${text(r.lowAlarmDate, reservoir.lowAlarmDate)} by the pump’s clock${refill.left === '' ? '' : ` (${refill.left})`}`,
    ),
    ...row(
      '',
      `filled ${text(r.filledAt, reservoir.filledAt)} with ${text(r.filledVolume, reservoir.filledVolume)}`,
    ),
    ...row(
      'Pump state',
      `${text(s.state, state.state)} since ${text(s.stateSince, state.stateSince)}, programmed ${text(s.programmedAt, state.programmedAt)}`,
    ),
    ...row(
      'Infusion',
      `${text(i.mode, infusion.mode)}, rate ${text(i.rate, infusion.rate)}, ${text(i.volume24h, infusion.volume24h)} in 24 h`,
    ),
    ...(infusion.schedule ?? []).flatMap((step) =>
      row('', `from ${stepStart(look, step.start)}: ${text(STEP_FIELDS.rate, step.rate)}`),
    ),
    ...(!mayGiveBolus(infusion)
      ? []
      : row(
          'Single bolus',
          `${text(i.bolusVolume, infusion.bolusVolume)} still to be given, at ${text(i.bolusRate, infusion.bolusRate)}`,
        )),
    ...(infusion.drugs ?? []).flatMap((drug, n) =>
      row(
        n === 0 ? 'Drugs' : '',
        `${drugName(look, drug)}, ${text(DRUG_FIELDS.concentration, drug.concentration)}, ${text(DRUG_FIELDS.dose24h, drug.dose24h)}`,
      ),
    ),
    ...row('Patient bolus', bolusText(infusion.patientBolus, text)),
    ...row(
      'Battery',
      `${text(e.state, battery.state)}, replacement expected ${text(e.replacementDate, battery.replacementDate)}`,
    ),
    ...row('Clock', clockRow(pump, look)),
    ...row('Audit', auditText(pump.audit, look)),
  ]
}

function auditText(audit: Coded<PumpStatus['audit']>, { words }: Look): string {
  const { log, position } = audit
  const place = position === null ? '' : `${log}, record ${position}. `
  return `${place}${auditSentence(words, audit)}`
}

/** Off is said only by the pump; where it does not say, everything it says of boluses is there. */
function bolusText(
  bolus: Coded<PumpStatus>['infusion']['patientBolus'],
  text: (field: ScalarField, value: Value) => string,
): string {
  const { bolus: b } = FIELDS
  if (bolus.enabled.value === 'off') return 'off'
  const on = bolus.enabled.value === 'on' ? '' : `whether on: ${text(b.enabled, bolus.enabled)}; `
  return `${on}${text(b.volume, bolus.volume)} each in ${text(b.duration, bolus.duration)}, lockout ${text(b.lockout, bolus.lockout)}, ${text(b.given24h, bolus.given24h)} of ${text(b.maxPerDay, bolus.maxPerDay)} in 24 h; ${text(b.acceptedCount, bolus.acceptedCount)} given, ${text(b.deniedCount, bolus.deniedCount)} denied since programming`
}

function clockRow({ clock }: Coded<PumpStatus>, look: Look): string {
  const { deviceTime, uncertainty } = clock
  const own = deviceTime === null ? '' : `${dateTime(deviceTime)} by the pump. `
  return `${own}${clockText({ ...clock, uncertainty: uncertainty.value }, look)}`
}

export function renderWand(wand: Coded<WandStatus>, { locale }: Reader): string[] {
  const words = WORDS[locale]
  const names = namesOf({ words }, wand, wand.invalid)
  const port = printable(wand.port)
  const wrong = Object.keys(wand.invalid ?? {}).filter((name) => name !== 'serial')
  const name = [
    names.serial ? `${names.serial} on ${port}` : port,
    ...wrong.map((one) => `${one} ${names[one as 'model' | 'firmware']}`),
  ].join(', ')
  const { progress, fresh, ageMs, atLeast } = wand.contact
  const { value, position } = wand.coupling
  const bars = value === null ? '' : `, signal ${meter(value)} ${quantity(value, '%')}`
  const place = position === null ? '' : `Position: ${named(words.position, position, '')}${bars}`
  const busy = progress === null ? '' : `. Reading, ${quantity(progress, '%')}`
  const { frames, bytes } = wand.link.refused
  return [
    ...row('Wand', name),
    ...row('', linkText(words, wand.link)),
    ...(place ? row('', `${place}${busy}`) : []),
    ...(fresh || ageMs === null
      ? []
      : row('', `Pump last heard ${atLeast ? 'at least ' : ''}${age(ageMs)} ago`)),
    ...(frames > 0
      ? row(
          'Refused',
          `${frames} damaged or foreign frames, ${bytes} bytes. No part of any reading.`,
        )
      : []),
  ]
}

/** What a wand's session does, and every session that is not known to be closed. */
export function renderSession(
  { session, unclosed }: Coded<WandStatus>,
  { locale }: Reader,
): string[] {
  const words = WORDS[locale]
  return [
    ...row('Session', sentence(words, session)),
    ...unclosed.flatMap((one) =>
      row('NOT CLOSED', `${one.pump === null ? '' : `Pump ${one.pump}: `}${sentence(words, one)}`),
    ),
  ]
}

function meter(percent: number): string {
  const full = Math.round(percent / 10)
  return `${'#'.repeat(full)}${'.'.repeat(10 - full)}`
}
