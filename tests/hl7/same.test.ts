// One interrogation is one thing, whichever way a hospital takes it: the API and its lists, the stream of events, the
// page and the terminal, FHIR, HL7, a webhook, the worksheet and the table of an audit report have the same numbers with
// their units, the same drug to each dose, the same times, the same patient and the same identifiers. Over every scenario,
// and for a pump whose clock is right, lost, ahead, or not told. What belongs to what is written down here by hand, apart
// from the tables of the product.
import { describe, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { csvLine } from '../../src/cli/audit/csv.ts'
import { Collector, TABLES } from '../../src/cli/audit/report/collect.ts'
import type { Row } from '../../src/cli/audit/report/reading-columns.ts'
import { deliverySchema } from '../../src/delivery/config.ts'
import { bundleOf } from '../../src/fhir/bundle.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { addressees } from '../../src/host/delivery-host.ts'
import { readings } from '../../src/http/history.ts'
import { visitOf } from '../../src/knowledge/fold.ts'
import { visitView } from '../../src/knowledge/views.ts'
import { contentShape } from '../../src/model/content.ts'
import { mapValues } from '../../src/model/map-values.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import { pumpStatusSchema } from '../../src/model/status.ts'
import { readingOf } from '../../src/refill/sheet/reading.ts'
import { WORDS } from '../../src/words/words.ts'
import { appendedOf, eventsOf, NAMES } from '../fhir/readings.ts'
import { feedRecords } from '../knowledge/records.ts'
import { parsed } from './parsers.ts'
import {
  atOnce,
  onPage,
  onScreen,
  recalled,
  SCREEN_KEYS,
  streamed,
  timeOfDay,
} from './shown-ways.ts'

const LOG = 'simulator-1-0a1b2c3d'

/** The pump's clock: text, and how far it stands from this computer's, in ms. */
const CLOCKS: Readonly<Record<string, readonly [string | null, number | null] | null>> = {
  'as it is': null,
  'of a pump that was reset': ['2000-01-01T00:03:10', -820_000_000_000],
  'that has jumped ahead': ['2027-09-01T12:00:00', 25_000_000_000],
  'of another zone': ['2026-01-05T03:00:00', -18_000_000],
  'that is not told': [null, null],
}

const OWNER = { system: 'urn:oid:1.2.3', value: '00-17', name: 'Doe, Jane' }

function withClock(one: NewRecord, clock: (typeof CLOCKS)[string]): NewRecord {
  const record = 'pump' in one ? ({ ...one, owner: OWNER } as NewRecord) : one
  if (!clock || record.kind !== 'interrogation') return record
  const [deviceTime, offsetMs] = clock
  const { body } = record as NewRecord<'interrogation'>
  const uncertaintyMs = offsetMs === null ? null : 40
  const told = { ...body.clock, deviceTime, offsetMs, uncertaintyMs }
  return { ...record, deviceTime, body: { ...body, clock: told } } as NewRecord
}

type Figure = { readonly value: number | null; readonly unit: string | null }
/** What the API says, and where the others have it: key in FHIR, name in HL7, column of the table. */
function figures(one: InterrogationRecord): [string, Figure, string, string, string][] {
  const { reservoir, infusion, battery, catheter, clock, state } = one
  const bolus = infusion.patientBolus
  return [
    [
      'reported-volume',
      reservoir.reportedVolume,
      'MDCX_PUMP_RESERVOIR_VOLUME_REPORTED',
      'reservoir_reported_volume_mL',
      'mL',
    ],
    ['capacity', reservoir.capacity, 'MDCX_PUMP_RESERVOIR_CAPACITY', 'reservoir_capacity_mL', 'mL'],
    [
      'low-alarm-volume',
      reservoir.lowAlarmVolume,
      'MDCX_PUMP_RESERVOIR_LOW_ALARM_VOLUME',
      'reservoir_low_alarm_volume_mL',
      'mL',
    ],
    [
      'filled-volume',
      reservoir.filledVolume,
      'MDCX_PUMP_RESERVOIR_FILLED_VOLUME',
      'reservoir_filled_volume_mL',
      'mL',
    ],
    ['rate-set', infusion.rate, 'MDC_FLOW_FLUID_PUMP', 'infusion_rate_mL_per_day', 'mL/d'],
    [
      'volume-per-day',
      infusion.volume24h,
      'MDCX_PUMP_VOLUME_PER_DAY',
      'infusion_volume24h_mL',
      'mL',
    ],
    [
      'bolus-remaining',
      infusion.bolusVolume,
      'MDC_VOL_FLUID_TBI_REMAIN',
      'infusion_bolus_volume_mL',
      'mL',
    ],
    [
      'patient-bolus-volume',
      bolus.volume,
      'MDCX_PUMP_PATIENT_BOLUS_VOLUME',
      'bolus_volume_mL',
      'mL',
    ],
    [
      'patient-bolus-lockout',
      bolus.lockout,
      'MDCX_PUMP_PATIENT_BOLUS_LOCKOUT',
      'bolus_lockout_min',
      'min',
    ],
    [
      'patient-bolus-denied',
      bolus.deniedCount,
      'MDCX_PUMP_PATIENT_BOLUS_DENIED',
      'bolus_denied_count',
      '1',
    ],
    [
      'battery-charge',
      battery.remaining,
      'MDC_ATTR_VAL_BATT_CHARGE',
      'battery_remaining_percent',
      '%',
    ],
    ['battery-voltage', battery.voltage, 'MDCX_PUMP_BATTERY_VOLTAGE', 'battery_voltage_mV', 'mV'],
    [
      'volume-asked-total',
      battery.infusedTotal,
      'MDCX_PUMP_VOLUME_ASKED_TOTAL',
      'battery_infused_total_mL',
      'mL',
    ],
    ['catheter-volume', catheter.volume, 'MDCX_CATHETER_VOLUME', 'catheter_volume_mL', 'mL'],
    ['restarts', state.resets, 'MDCX_PUMP_RESTARTS', 'status_resets', '1'],
    ['clock-offset', clock.offset, 'MDCX_PUMP_CLOCK_OFFSET', 'clock_offset_s', 's'],
  ]
}

const COLUMN: Readonly<Record<string, string>> = {
  'mg/mL': 'mg_per_mL',
  'ug/mL': 'mcg_per_mL',
  'mg/d': 'mg_per_day',
  'ug/d': 'mcg_per_day',
}

/** A line of CSV as anybody reads it. */
function cellsOf(line: string): Record<string, string> {
  const cells = [...line.trimEnd().matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
  return Object.fromEntries(TABLES.readings.map((name, i) => [name, cells[i] ?? '']))
}

const hl7Time = (utc: string) => `${utc.replace(/[-:TZ]/g, '')}+0000`

const listed = async <T>(all: AsyncIterable<T>) => {
  const out: T[] = []
  for await (const one of all) out.push(one)
  return out
}
async function* listOf<T>(all: readonly T[]) {
  yield* all
}
const numberIn = ({ value, unit }: { value: number | null; unit: string | null }) =>
  expect.objectContaining({ value, unit })

/** No record speaks of another here. */
const NOTHING = { async *read() {} }

/** What a reading says, without how old it is by now. */
function saidBy(shown: Readonly<Partial<Record<keyof typeof contentShape, unknown>>>) {
  const said = Object.keys(contentShape).map((key) => [key, shown[key as keyof typeof shown]])
  return mapValues(JSON.parse(JSON.stringify(Object.fromEntries(said))), (value) => {
    const { quality: _, reason: __, ...bare } = value
    return bare as typeof value
  })
}

/** The interrogations as they are sent, by senders that the configuration of a bridge makes. */
async function sentBy(entries: ReturnType<typeof feedRecords>) {
  const url = 'http://127.0.0.1/'
  const hl7 = destinationSchema.array().parse([{ name: 'emr', host: '127.0.0.1', port: 2575 }])
  const overHttp = deliverySchema.parse({
    fhir: [{ name: 'r4', url }],
    webhooks: [{ name: 'hook', url, secretFiles: ['never read'] }],
  })
  const all = addressees({ hl7, ...overHttp }, WORDS['en-US'])
  const [mllp, r4, hook] = all.map(({ sender }) => sender(new VirtualEnv({ seed: 1 }), NOTHING))
  const sent = async (entry: (typeof entries)[number]) => {
    const texts = [mllp, r4, hook].map(async (one) => {
      const message = one?.messageOf(entry)
      await message?.ready?.()
      return message?.text()
    })
    const [a = '', b = '', c = ''] = await Promise.all(texts)
    return { hl7: a, fhir: b, webhook: c }
  }
  return Promise.all(entries.filter(({ kind }) => kind === 'interrogation').map(sent))
}

/** Patients of a transaction, by identifier. */
const pushedOwners = (text: string) =>
  (JSON.parse(text) as { entry: { resource: Resource }[] }).entry.flatMap(({ resource }) =>
    resource.resourceType === 'Patient' ? (resource['identifier'] as object[]) : [],
  )

interface Resource {
  readonly resourceType: string
  readonly id: string
  readonly [field: string]: unknown
}

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

/** In the gate each scenario with its own clock and one of the others, in turn; with full counts each with all. */
function inTurn(clock: string): readonly string[] {
  const [own, ...others] = Object.keys(CLOCKS)
  if (LONG || clock === own) return NAMES
  return NAMES.filter((_, i) => others[i % others.length] === clock)
}

describe.each(Object.keys(CLOCKS))('with a clock %s', (name) => {
  it.for(inTurn(name))(
    'an interrogation of %s is the same in the API, FHIR, HL7 and CSV',
    async (scenario, { skip }) => {
      const appended = await appendedOf(scenario)
      const entries = feedRecords(
        appended.map((one) => withClock(one, CLOCKS[name] ?? null)),
        0,
        LOG,
      )
      const rows: Row[] = []
      const collector = new Collector(
        { pump: null, from: null, to: null },
        (table, row) => void (table === 'readings' && rows.push(row)),
      )
      for (const [position, { line }] of entries.entries()) {
        collector.take({ log: LOG, position, leaf: '', vouched: '' } as never, line)
      }
      expect(collector.foreign).toEqual([])
      const read = entries.flatMap((entry) => {
        const record = entry.api()
        return record?.kind === 'interrogation' ? [record] : []
      })
      expect(read.length).toBeGreaterThan(0)
      const sent = await sentBy(entries)
      const texts = sent.map(({ hl7 }) => hl7)
      const moving = await listed(readings(listOf(entries)))
      const messages = await parsed(texts, { skip })
      const stream = await streamed(entries)
      const pages = onPage(stream)
      const events = await eventsOf(scenario)
      expect([pages.length, events.length]).toEqual([read.length, read.length])
      for (const [i, record] of read.entries()) {
        const rest = JSON.parse(JSON.stringify(record)) as InterrogationRecord
        // What a webhook posts is the record of the API.
        expect(JSON.parse(sent[i]?.webhook ?? '')).toEqual(rest)
        const resources = (bundleOf(record, 'http://x').entry ?? []).map(
          (one) => JSON.parse(JSON.stringify(one.resource)) as Resource,
        )
        const report = resources.find((one) => one.resourceType === 'DiagnosticReport')
        const of = (key: string) =>
          resources.find(
            (one) => one.resourceType === 'Observation' && one.id === `${rest.id}.${key}`,
          )
        // What the stream sends is the record of the API, under its identifier.
        const event = stream.find(({ id, event }) => event === 'interrogation' && id === rest.id)
        expect(event?.data).toEqual(rest)
        // The page, the bridge at that moment, and one that was started again, say what the record says, as the status says it: of no patient.
        const [page, known] = [pages[i], recalled(record)]
        // Its clock is the one that was read.
        const read = CLOCKS[name] === null ? [events[i] && atOnce(events[i])] : []
        for (const shown of [page, known, ...read]) {
          expect(saidBy(shown ?? {})).toEqual(saidBy(rest))
          expect(Object.keys(pumpStatusSchema.shape)).toEqual(
            expect.arrayContaining(Object.keys(shown ?? {})),
          )
          expect(shown).toMatchObject({ readAt: rest.readAt, pump: rest.pump ?? {} })
        }
        expect([page?.quality, page?.reason]).toEqual(['stale', known.reason])
        const screen = onScreen(known)
        expect(screen.readAt).toBe(timeOfDay(rest.readAt))
        expect(screen.serial).toBe(rest.pump?.serial)
        expect(screen.text).not.toMatch(/Doe|Jane|00-17/)
        expect(JSON.stringify([page, known])).not.toMatch(/Doe|Jane|00-17/)

        const message = messages[i]
        const hl7 = (texts[i] ?? '').split('\r').map((line) => line.split('|'))
        const row = rows.find(
          (one) => one['position'] === record.position && one['kind'] === 'interrogation',
        )
        const csv = cellsOf(csvLine(TABLES.readings.map((column) => row?.[column] ?? null)))

        // Numbers.
        for (const [key, { value, unit }, ref, column, expected] of figures(rest)) {
          const quantity = of(key)?.['valueQuantity'] as { value: number; code: string } | undefined
          const said = message?.rows.find((one) => one.ref === ref)
          const what = `${scenario} ${key}`
          if (SCREEN_KEYS.includes(key)) {
            const seen = screen.figure(key)
            if (value === null) expect(seen, what).toBeNull()
            // What a pump without boluses says of them is said in one word, or not at all.
            else if (seen !== null || !/bolus/.test(key)) {
              expect(Math.abs((seen?.value ?? Number.NaN) - value), what).toBeLessThanOrEqual(
                seen?.off ?? 0,
              )
            }
          }
          if (value === null) {
            expect(quantity, what).toBeUndefined()
            expect(said?.value, what).toBe('')
            expect(csv[column], what).toBe('')
            continue
          }
          expect(unit, what).toBe(expected)
          expect(quantity, what).toMatchObject({ value, code: unit })
          expect(Number(said?.value), what).toBe(value)
          expect(Number(csv[column]), what).toBe(value)
        }

        // Each dose with its drug.
        expect(screen.drugs).toEqual(
          (rest.infusion.drugs ?? []).map(({ name, concentration, dose24h }) => [
            ...[name, concentration.value, dose24h.value],
          ]),
        )
        const names = message?.rows.filter(({ ref }) => ref === 'MDC_DRUG_NAME_LABEL') ?? []
        for (const [n, drug] of (rest.infusion.drugs ?? []).entries()) {
          const slot = n + 1
          for (const [key, ref, column, { value, unit }] of [
            ['dose', 'MDC_RATE_DOSE', 'dose24h', drug.dose24h],
            ['concentration', 'MDC_CONC_DRUG', 'concentration', drug.concentration],
          ] as const) {
            const observation = of(`drug${slot}-${key}`)
            expect(observation?.['valueQuantity']).toMatchObject({ value, code: unit })
            expect(observation?.['component']).toMatchObject([{ valueString: drug.name }])
            const said = message?.rows.filter((one) => one.ref === ref)[n]
            expect(Number(said?.value)).toBe(value)
            const named = names.find(({ level }) => level === `${said?.level}.1`)
            expect(named?.value).toBe(drug.name)
            expect(Number(csv[`drug_${slot}_${column}_${COLUMN[unit ?? '']}`])).toBe(value)
          }
          expect(csv[`drug_${slot}_name`]).toBe(drug.name)
        }

        // The lists of the API, and the worksheet.
        const visit = visitView(visitOf(record, null), { log: LOG, source: record.source })
        const point = moving.find(({ position }) => position === record.position)
        for (const short of [visit, point, readingOf(record, false)]) {
          expect(short?.readAt).toBe(rest.readAt)
        }
        for (const short of [visit, point]) {
          expect(short).toMatchObject({
            id: rest.id,
            deviceTime: rest.deviceTime,
            reportedVolume: numberIn(rest.reservoir.reportedVolume),
            rate: numberIn(rest.infusion.rate),
          })
        }

        // Whose it was.
        const { name: _, ...owner } = OWNER
        expect([rest.owner, visit.owner]).toEqual([OWNER, owner])
        const { value } = owner
        expect(report?.['subject']).toMatchObject({ identifier: owner })
        expect(of('rate-current')?.['subject']).toMatchObject({ identifier: owner })
        expect(pushedOwners(sent[i]?.fhir ?? '')).toEqual([owner])
        const pid = hl7.find(([segment]) => segment === 'PID')?.[3]?.split('^')
        expect([pid?.[0], pid?.[3]]).toEqual([value, '&1.2.3&ISO'])
        expect([csv['patient_system'], csv['patient_id']]).toEqual([owner.system, value])

        // Times: when it was read, when it was recorded, and what the pump's clock said.
        expect(rest.readAt < rest.at).toBe(true)
        for (const alarm of rest.alarms ?? []) expect(alarm.readAt).toBe(rest.readAt)
        const ours = resources.filter((one) => one.resourceType === 'Observation')
        for (const one of [report, ...ours]) {
          expect(one?.['effectiveDateTime']).toBe(rest.readAt)
          expect(one?.['issued']).toBe(rest.at)
        }
        expect(hl7.find(([segment]) => segment === 'OBR')?.[7]).toBe(hl7Time(rest.readAt))
        const times = hl7.filter(
          ([segment, , , , level]) => segment === 'OBX' && !level?.endsWith('.0'),
        )
        expect(new Set(times.map((fields) => fields[14]))).toEqual(new Set([hl7Time(rest.readAt)]))
        expect(hl7[0]?.[6]).toBe(hl7Time(rest.at))
        expect([csv['read_at_utc'], csv['at_utc']]).toEqual([rest.readAt, rest.at])
        const clock = message?.rows.find(({ ref }) => ref === 'MDCX_PUMP_CLOCK')?.value
        const extension = (
          report?.['_effectiveDateTime'] as { extension?: { valueString?: string }[] }
        )?.extension
        const beside = extension?.find((one) => one.valueString !== undefined)?.valueString
        for (const text of [clock, beside ?? '', csv['pump_clock']]) {
          expect(text).toBe(rest.deviceTime ?? '')
        }

        // Identifiers: of the record, and of the pump.
        expect(report?.id).toBe(rest.id)
        expect(rest.id).toBe(`${csv['log']}.${csv['position']}`)
        expect(hl7.find(([segment]) => segment === 'OBR')?.[2]?.split('^')[0]).toBe(
          rest.id.replace('.', '/'),
        )
        const pump = resources.find(
          (one) => one.resourceType === 'Device' && one.id === rest.pump?.id,
        )
        const equipment = hl7.find((fields) => fields[4] === '1.0.0.0')?.[18]?.split('^')
        for (const serial of [pump?.['serialNumber'], equipment?.[0], csv['pump']]) {
          expect(serial).toBe(rest.pump?.serial)
        }
        expect(equipment?.[2]).toBe(`urn:wandbridge:pump:${rest.pump?.id}`)
      }
    },
  )
})
