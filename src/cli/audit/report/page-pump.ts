// Section 5 of a report: what the pumps said, in public units with the unit in the heading, and what went
// wrong while they were read. Pure.
import { FIELDS } from '../../../model/fields.ts'
import { count, dateTime, number } from '../../../model/format.ts'
import { type Html, html } from '../../../words/html.ts'
import { sentence as saying, WORDS } from '../../../words/words.ts'
import type { Collector, Kept } from './collect.ts'
import { type Of, ofKind } from './page-log.ts'
import { type Column, moment, type NameRecord, recordColumn, table, timeColumn } from './parts.ts'
import type { Row } from './reading-columns.ts'

const nameOf = (name: NameRecord, row: Row): string =>
  name({ log: String(row['log']), position: Number(row['position']), leaf: '', vouched: 'nothing' })

const figure = (cell: Row[string], unit: string, digits: number | null = null): string =>
  typeof cell === 'number' ? number(cell, unit, digits) : 'not said'

const pumpTime = (cell: Row[string]): string => (typeof cell === 'string' ? dateTime(cell) : '')

const text = (cell: Row[string]): string =>
  cell === null || cell === undefined ? '' : String(cell)

const UNITS = ['mg', 'mcg'] as const

/** Drugs as programmed, each mass in the unit that it was programmed in. */
function drugs(row: Row): string {
  const out: string[] = []
  for (let i = 1; `drug_${i}_name` in row || `drug_${i}_mass_unit` in row; i += 1) {
    const mass = UNITS.find((unit) => row[`drug_${i}_mass_unit`] === unit)
    const ucum = mass === 'mcg' ? 'ug' : 'mg'
    const amount = (what: string, per: 'mL' | 'day', unit: string) => {
      const cell = row[`drug_${i}_${what}_${mass}_per_${per}`]
      return typeof cell === 'number' ? `${number(cell, unit)} ${mass}/${per}` : 'not said'
    }
    const both = `${amount('concentration', 'mL', `${ucum}/mL`)}, ${amount('dose24h', 'day', `${ucum}/d`)}`
    out.push(`${text(row[`drug_${i}_name`]) || 'not said'} ${mass ? both : ': mass unit not said'}`)
  }
  return out.join('; ')
}

/** What of a reading could not be had. */
const spoiled = (row: Row): string =>
  ['contradicted', 'not_read', 'not_valid', 'not_decoded']
    .flatMap((name) => row[name] ?? [])
    .join('; ')

export function pumpPages(collector: Collector, name: NameRecord): Html {
  const { live, readings } = collector
  const columns: Column<Row>[] = [
    { head: 'Record', look: 'n', cell: (row) => nameOf(name, row) },
    { head: 'Read (UTC)', look: 'at', cell: (row) => moment(String(row['at_utc'])) },
    { head: 'Pump', look: 'who', cell: (row) => text(row['pump']) },
    { head: 'Pump’s clock', look: 'who', cell: (row) => pumpTime(row['pump_clock']) },
    { head: 'State', look: 'w', cell: (row) => text(row['status_state']) || 'not said' },
    {
      head: 'Reservoir, reported (mL)',
      look: 'n',
      cell: (row) =>
        figure(row['reservoir_reported_volume_mL'], 'mL', FIELDS.reservoir.reportedVolume.digits),
    },
    { head: 'Mode', look: 'w', cell: (row) => text(row['infusion_mode']) || 'not said' },
    {
      head: 'Rate set (mL/day)',
      look: 'n',
      cell: (row) => figure(row['infusion_rate_mL_per_day'], 'mL/d'),
    },
    { head: 'Drugs as programmed', cell: drugs },
    { head: 'Alarms', look: 'n', cell: (row) => text(row['active_alarms']) || 'not said' },
    { head: 'Doubted, not read, or not valid as it came', cell: spoiled },
  ]
  const shown = readings.some((row) => spoiled(row) !== '') ? columns : columns.slice(0, -1)
  return html`<h2>5 What the pumps said</h2>
    <h3>Readings</h3>
    ${table(shown, readings, 'No pump was read in this time.')}
    <p class="note">Every field of each reading stands in the file of readings, every digit as the pump sent it, with its unit in the name of its column.${
      live.count > 0 && live.first && live.last
        ? ` So do the ${count(live.count)} short exchanges inside sessions (records ${name(live.first.place)} to ${name(live.last.place)}), which this page leaves out.`
        : ''
    }</p>
    ${events(collector, name)}
    <h3>Alarms, as they were read</h3>
    ${table<Of<'alarm'>>(
      [
        recordColumn(name),
        timeColumn(),
        { head: 'Pump', look: 'who', cell: ({ record }) => record.pump ?? '' },
        { head: 'What', cell: ({ body }) => body.phase },
        { head: 'Alarm', cell: ({ body }) => String(body.alarm['code'] ?? 'not readable') },
        { head: 'Class', cell: ({ body }) => String(body.alarm['class'] ?? 'not said') },
        { head: 'State', look: 'w', cell: ({ body }) => String(body.alarm['state'] ?? 'not said') },
        {
          head: 'Began (pump’s clock)',
          cell: ({ body }) => pumpTime(body.alarm['occurredAt'] as string),
        },
      ],
      ofKind(collector, 'alarm'),
      'No change of an alarm was read in this time. Between readings nobody watched.',
    )}
    ${trouble(collector, name)}`
}

function events({ pumpEvents }: Collector, name: NameRecord): Html {
  const argument = (row: Row): string => {
    if (typeof row['volume_mL'] === 'number') return `${number(row['volume_mL'], 'mL')} mL`
    if (typeof row['rate_mL_per_day'] === 'number')
      return `${number(row['rate_mL_per_day'], 'mL/d')} mL/day`
    return text(row['alarm'] ?? row['argument'])
  }
  return html`<h3>What the pumps logged themselves</h3>${table<Row>(
    [
      { head: 'Record', look: 'n', cell: (row) => nameOf(name, row) },
      { head: 'Pump', look: 'who', cell: (row) => text(row['pump']) },
      { head: 'Its number', look: 'n', cell: (row) => text(row['number']) },
      { head: 'Happened (pump’s clock)', cell: (row) => pumpTime(row['occurred_at_pump_time']) },
      { head: 'Event', look: 'w', cell: (row) => text(row['code']) },
      { head: 'Value', cell: argument },
    ],
    pumpEvents,
    'No reading of this time has an event of a pump.',
  )}<p class="note">Each event once, from the first reading here that has it. A pump keeps its newest 64: what it overwrote between two readings shows in its numbers.</p>`
}

/** Sessions, failed reads, links and refused traffic. */
function trouble(collector: Collector, name: NameRecord): Html {
  const says = ({ record }: Kept): string | null => {
    const { kind, body } = record
    if (kind === 'read-failed')
      return `${saying(WORDS['en-US'], body)}${body.final ? ' (given up)' : ''}`
    if (kind === 'session' && body.event === 'contradicted')
      return `Session ${record.session}: the pump said something else than its reading in this session`
    if (kind === 'session' && body.event === 'ended' && body.how !== 'confirmed')
      return `Session ${record.session}: its close is not confirmed (${body.how ?? 'not said'})`
    if (kind === 'unclosed' && body.sessions.length > 0) {
      const all = body.sessions.map(
        (one) => `${one.session} of ${one.pump ?? 'a pump not known'} (${one.why})`,
      )
      return `Sessions not known to be closed: ${all.join(', ')}`
    }
    if (kind === 'refused')
      return `${count(body.frames)} frames refused, ${count(body.bytes)} bytes: ${body.reasons.map((r) => r.why).join(', ')}`
    return null
  }
  const rows = collector.kept.flatMap((one) => {
    const what = says(one)
    return what === null ? [] : [{ ...one, what }]
  })
  const links = ofKind(collector, 'link').length
  return html`<h3>What went wrong while they were read</h3>${table<Kept & { what: string }>(
    [
      recordColumn(name),
      timeColumn(),
      { head: 'Pump', look: 'who', cell: ({ record }) => record.pump ?? '' },
      { head: 'Wand', look: 'who', cell: ({ record }) => record.wand ?? record.port ?? '' },
      { head: 'What', cell: ({ what }) => what },
    ],
    rows,
    'Every read that was begun was completed, and every session is known to be closed.',
  )}<p class="note">${count(links)} changes of a link to a wand, and sessions that were closed as they should be, stand in the file of records.</p>`
}
