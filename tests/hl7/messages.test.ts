// Every message is read by the parsers that are installed, which we did not write, to the values meant; the levels of OBX-4
// nest; and FHIR, HL7 and the API give the same numbers, whatever the pump reports.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiRecord } from '../../src/feed/api-record.ts'
import { observationsOf } from '../../src/fhir/observations.ts'
import { controlId, PROFILE } from '../../src/hl7/heading.ts'
import { isSendable, messageOf } from '../../src/hl7/messages.ts'
import { observe } from '../../src/model/metrics.ts'
import { ALARM_EVENTS, ENUMS, type EnumName } from '../../src/model/nomenclature.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import { WORDS } from '../../src/words/words.ts'
import { hasJudges, needsJudges } from '../fhir/oracle.ts'
import { alarms, interrogations, LOG, NAMES, recordsOf } from '../fhir/readings.ts'
import { snapshotArbitrary } from '../model/arbitrary.ts'
import { byMedplum, byPython, hasPythonHl7, type Parsed, parsed as read } from './parsers.ts'

const RUNS = process.env['WANDBRIDGE_LONG'] === '1' ? 2_000 : 30

function meant(parsed: Parsed, record: InterrogationRecord): void {
  const rows = parsed.rows.filter((row) => row.status !== 'X' || row.flag !== '')
  const expected = observe(record).flatMap((one) => [one, ...one.parts])
  expect(rows.length).toBe(expected.length)
  // Objects stand one after the other; within one, the table's order.
  const order = ['mds', 'vmd', 'delivery', 'source', 'drug1', 'drug2', 'drug3', 'drug4', 'drug5']
  const sorted = observe(record)
    .map((one, i) => ({ one, i }))
    .sort((a, b) => order.indexOf(a.one.object) - order.indexOf(b.one.object) || a.i - b.i)
    .flatMap(({ one }) => [one, ...one.parts])
  for (const [i, { code, kind, value, values, unit, missing }] of sorted.entries()) {
    const row = rows[i]
    expect(row?.ref).toBe(code.ref)
    if (missing !== null) {
      expect(row).toMatchObject({ value: '', type: '', status: 'X' })
      expect(row?.flag).toBe(missing === 'invalid' ? 'INV' : 'NAV')
    } else if (kind === 'number') {
      expect(row?.type).toBe('NM')
      expect(Number(row?.value)).toBe(value)
      expect(row?.value).not.toContain('e')
      expect(row?.unit).not.toBe('')
    } else if (kind === 'text') expect(row?.value).toBe(value)
    else if (kind === 'time') expect([row?.type, row?.value]).toEqual(['ST', value])
    else {
      expect(row?.type).toBe('CWE')
      const word = String(value)
      const known = (Object.values(ENUMS[values as EnumName].names) as string[]).includes(word)
      const said = values === 'alarm-code' ? String(ALARM_EVENTS[word]?.mdc ?? 0) : word
      expect([row?.value, row?.original]).toEqual(known ? [said, ''] : ['', word])
    }
    expect(unit === null || unit.length > 0).toBe(true)
  }
}

function nests(parsed: Parsed): void {
  const seen = new Set<string>()
  for (const { level } of parsed.rows) {
    expect(seen, `${level} twice`).not.toContain(level)
    seen.add(level)
    const parts = level.split('.').map(Number)
    expect(parts.length === 4 || parts.length === 5, level).toBe(true)
    const [mds, vmd, channel, metric, facet] = parts
    const parents =
      facet !== undefined
        ? [`${mds}.${vmd}.${channel}.${metric}`]
        : metric !== 0
          ? [`${mds}.${vmd}.${channel}.0`]
          : channel !== 0
            ? [`${mds}.${vmd}.0.0`]
            : vmd !== 0
              ? [`${mds}.0.0.0`]
              : []
    for (const parent of parents) expect(seen, `${level} without ${parent}`).toContain(parent)
  }
}

describe('PCD-01', () => {
  it.for(NAMES)('of %s means the same to other parsers', async (name, { skip }) => {
    const records = interrogations(await recordsOf(name))
    const parsed = await read(
      records.map((one) => messageOf(one)),
      { skip },
    )
    expect(parsed.length).toBe(records.length)
    for (const [i, record] of records.entries()) {
      const one = parsed[i] as Parsed
      expect(one).toMatchObject({ control: controlId(record), trigger: 'R01', version: '2.6' })
      meant(one, record)
      nests(one)
    }
  })

  it('was read by Medplum', needsJudges)

  it('was read by python3-hl7', ({ skip }) => {
    skip(!hasPythonHl7() && process.env['CI'] !== 'true', 'python3-hl7 is not installed')
    expect(hasPythonHl7()).toBe(true)
  })

  it('names whom the pump belonged to when it was read, where, and who ordered it', async () => {
    const [record] = interrogations(await recordsOf('mixture'))
    if (!record) throw new Error('no reading')
    const owner = { system: 'urn:oid:1.2.3', value: 'A|1', location: 'W1^2^3' }
    const lines = (one: typeof record) => messageOf(one).split('\r')
    const line = (one: typeof record, name: string) => lines(one).find((l) => l.startsWith(name))
    const owned = { ...record, owner: { ...owner, provider: '77^House^Greg' } }
    expect(line(owned, 'PID')).toBe('PID|||A\\F\\1^^^&1.2.3&ISO^PI||^^^^^^U')
    expect(line(owned, 'PV1')).toBe('PV1|1|U|W1^2^3')
    expect(line(owned, 'OBR')?.split('|')[16]).toBe('77^House^Greg')
    const named = { ...record, owner: { ...owner, system: 'http://x/id', name: 'Doe, Jane' } }
    expect(line(named, 'PID')).toBe('PID|||A\\F\\1^^^&http://x/id&URI^PI||Doe^Jane^^^^^L')
    expect(lines({ ...record, owner: null }).some((l) => l.startsWith('PV1'))).toBe(false)
    expect(line({ ...record, owner: null }, 'PID')).toBe('PID|||||^^^^^^U')
  })

  it('of a reading that the pump contradicted says so of the whole and of every value', async () => {
    const [certain] = interrogations(await recordsOf('mixture'))
    if (!certain) throw new Error('the scenario has no reading')
    const fields = (record: InterrogationRecord, name: string) =>
      messageOf(record)
        .split('\r')
        .map((line) => line.split('|'))
        .filter(([own]) => own === name)
    const values = (record: InterrogationRecord) =>
      fields(record, 'OBX').filter((row) => row[11] === 'R')
    for (const source of ['simulator', 'device'] as const) {
      const sure = { ...certain, source }
      const record = { ...sure, contradicted: true as const, alarms: null }
      expect([fields(sure, 'OBR')[0]?.[25], fields(record, 'OBR')[0]?.[25]]).toEqual(['F', 'R'])
      expect(fields(sure, 'NTE')).toEqual([])
      expect(fields(record, 'NTE').map((note) => note.slice(1))).toEqual([
        ['1', 'L', WORDS['en-US'].refill.pumpSaid.contradicted],
        ['2', 'L', "The pump's alarms could not be read."],
      ])
      const flags = new Set(values(record).map((row) => row[8]))
      expect(flags).toEqual(new Set([source === 'device' ? 'QUES' : 'TEST~QUES']))
      expect(values({ ...sure, contradicted: true }).map((row) => row[5])).toEqual(
        values(sure).map((row) => row[5]),
      )
    }
  })

  it('is the same bytes whenever it is made, and its control id fits', async () => {
    const [record] = interrogations(await recordsOf('mixture'))
    if (!record) throw new Error('no reading')
    expect(messageOf(record)).toBe(messageOf(structuredClone(record)))
    const far = { ...record, position: Number.MAX_SAFE_INTEGER }
    expect(controlId(far).length).toBeLessThanOrEqual(20)
    expect(controlId(record)).not.toBe(controlId({ ...record, position: record.position + 1 }))
  })

  it('says what is simulated, and takes MSH-15, MSH-16 and MSH-21 as it is told', async () => {
    const [record] = interrogations(await recordsOf('mixture'))
    if (!record) throw new Error('no reading')
    const fields = (text: string) => (text.split('\r')[0] ?? '').split('|')
    const usual = fields(messageOf(record))
    expect([usual[10], usual[14], usual[15]]).toEqual(['T', 'AL', 'NE'])
    expect(usual[20]).toBe(PROFILE.reportProfile)
    expect(messageOf(record)).toContain('|TEST|||R|')
    const device = { ...record, source: 'device' as const }
    expect(fields(messageOf(device))[10]).toBe('P')
    expect(messageOf(device)).not.toContain('TEST')
    const told = { ...PROFILE, acceptAck: 'NE', applicationAck: 'AL', reportProfile: 'A^B^1.2^ISO' }
    const other = fields(messageOf(record, told))
    expect([other[14], other[15], other[20]]).toEqual(['NE', 'AL', 'A^B^1.2^ISO'])
  })

  it('gives a word that no table has as text, without a code', async ({ skip }) => {
    const [record] = interrogations(await recordsOf('empty')).filter((one) => one.alarms?.length)
    if (!record) throw new Error('no alarm')
    const alarms = record.alarms?.map((one) => ({ ...one, code: 'unknown(77)' }))
    const mode = { ...record.infusion.mode, value: 'unknown(9)' }
    const odd = { ...record, alarms, infusion: { ...record.infusion, mode } } as InterrogationRecord
    expect(messageOf(odd)).toContain('|^^^^^^^^unknown(77)|')
    const [parsed] = await read([messageOf(odd)], { skip })
    meant(parsed as Parsed, odd)
  })

  it('never gives a time of an unknown zone as one of a known zone', async ({ skip }) => {
    const [record] = interrogations(await recordsOf('mixture'))
    if (!record) throw new Error('no reading')
    const lost = { ...record, clock: { ...record.clock, offset: { value: null, unit: 's' } } }
    const text = messageOf(lost as InterrogationRecord)
    expect(text).not.toMatch(/\|\d{14}\|/)
    const [parsed] = await read([text], { skip })
    meant(parsed as Parsed, lost as InterrogationRecord)
    expect(parsed?.rows.some((row) => row.type === 'DTM')).toBe(false)
  })

  it("is of when it was read, by this computer's clock, as in FHIR, and has the pump's own and its offset as rows", async () => {
    const [record] = interrogations(await recordsOf('mixture'))
    if (!record) throw new Error('no reading')
    const readAt = '2026-11-30T23:30:00.000Z'
    for (const [deviceTime, value] of [
      ['2000-01-01T00:03:10', -849_223_610],
      ['2026-12-01T00:30:00', 3_600],
    ] as const) {
      const clock = { ...record.clock, deviceTime, offset: { value, unit: 's' as const } }
      const rows = messageOf({ ...record, deviceTime, readAt, clock }).split('\r')
      const fields = rows.map((row) => row.split('|'))
      expect(fields.find(([name]) => name === 'OBR')?.[7]).toBe('20261130233000.000+0000')
      const metrics = fields.filter((row) => row[0] === 'OBX' && !row[4]?.endsWith('.0'))
      expect(metrics.length).toBeGreaterThan(40)
      for (const row of metrics) expect(row[14]).toBe('20261130233000.000+0000')
      const of = (ref: string) => fields.find((row) => row[3]?.includes(ref))?.[5]
      expect(of('^MDCX_PUMP_CLOCK^')).toBe(deviceTime)
      expect(of('^MDCX_PUMP_CLOCK_OFFSET^')).toBe(String(value))
    }
  })

  it('names the drug of a dose and of a concentration, beside it and in words', async () => {
    const [record] = interrogations(await recordsOf('mixture'))
    if (!record) throw new Error('no reading')
    const rows = messageOf(record)
      .split('\r')
      .map((row) => row.split('|'))
    for (const [i, { name }] of (record.infusion.drugs ?? []).entries()) {
      const channel = rows.find((row) =>
        row[3]?.endsWith(`One drug in the reservoir: ${name}`),
      )?.[4]
      expect(channel, String(name)).toMatch(/^1\.1\.\d+\.0$/)
      for (const ref of ['MDC_RATE_DOSE', 'MDC_CONC_DRUG']) {
        const dose = rows.filter((row) => row[3]?.includes(`^${ref}^MDC`))[i]
        expect(dose?.[3]).toMatch(new RegExp(`: ${name}$`))
        expect(dose?.[4]?.startsWith(channel?.slice(0, -1) ?? '?')).toBe(true)
        const part = rows.find((row) => row[4] === `${dose?.[4]}.1`)
        expect(part).toMatchObject({ 3: '184514^MDC_DRUG_NAME_LABEL^MDC', 5: name })
      }
    }
    expect(record.infusion.drugs?.length).toBe(2)
  })

  it('escapes what people typed, and keeps it', async ({ skip }) => {
    const [record] = interrogations(await recordsOf('mixture'))
    if (!record) throw new Error('no reading')
    const nasty = 'a|b^c&d~e\\f\rOBX|9 µ€'
    const drugs = (record.infusion.drugs ?? []).map((one) => ({ ...one, name: nasty }))
    const text = messageOf({ ...record, infusion: { ...record.infusion, drugs } })
    const [plain] = await read([messageOf(record)], { skip })
    // Medplum gives what is escaped as it stands, so it is asked for the shape alone.
    const [shape] = hasJudges ? await byMedplum([text]) : [plain]
    expect(shape?.rows.length).toBe(plain?.rows.length)
    if (hasPythonHl7()) {
      const [python] = byPython([text])
      expect(python?.rows.length).toBe(plain?.rows.length)
      const names = python?.rows.filter((row) => row.ref === 'MDC_DRUG_NAME_LABEL')
      expect(names?.map((row) => row.value)).toEqual(drugs.flatMap(() => [nasty, nasty, nasty]))
    }
  })
})

describe('PCD-04', () => {
  it('says an alarm as its pump has it, and what follows points at its first event', async ({
    skip,
  }) => {
    const real = (await Promise.all(NAMES.map(recordsOf))).flatMap((one) => [...alarms(one)])
    expect(real.length).toBeGreaterThan(5)
    const phases = ['start', 'update', 'end'] as const
    const all = real.flatMap((one) => [one, ...phases.map((phase) => ({ ...one, phase }))])
    const texts = all.map((one) => messageOf(one))
    const parsed = await read(texts, { skip })
    const priorities: Record<string, string> = {
      critical: 'PH',
      'non-critical': 'PL',
      'log-only': 'PN',
    }
    for (const [i, record] of all.entries()) {
      const { trigger, rows } = parsed[i] as Parsed
      const obr = (texts[i] ?? '').split('\r').find((line) => line.startsWith('OBR')) ?? ''
      expect(trigger).toBe('R40')
      const of = (ref: string) => rows.find((row) => row.ref === ref)?.value
      expect(of('MDC_ATTR_EVENT_PHASE')).toBe(record.phase)
      expect(of('MDC_ATTR_ALARM_PRIORITY')).toBe(priorities[record.alarm.class ?? ''])
      expect(of('MDCX_PUMP_ALARM_CLASS')).toBe(record.alarm.class)
      expect(rows.map((row) => row.level)).toEqual(
        Array.from({ length: 10 }, (_, n) => `1.1.0.1.${n + 1}`),
      )
      // When it began, only the pump's clock says; when it was read, this computer's does.
      expect(of('MDCX_PUMP_ALARM_OCCURRED_AT')).toBe(record.alarm.occurredAt ?? '')
      expect(obr.split('|')[7]).toBe(
        `${record.alarm.readAt.slice(0, -1).replace(/[-:T]/g, '')}+0000`,
      )
      const parent = obr.split('|')[29]
      if (record.phase === 'start') expect(parent).toBeUndefined()
      else expect(parent).toContain(`${record.pump?.id}-${record.alarm.id}&`)
    }
  })
})

describe('the numbers', () => {
  it('are the same through FHIR, HL7 and the API, whatever the pump reports', async ({ skip }) => {
    // Of the parsers it asks the one that needs no process: it asks often.
    needsJudges({ skip })
    const clock = { deviceTime: '2026-01-05T08:00:00', hostTime: '2026-01-05T08:00:00.000Z' }
    const made = fc.record({
      blocks: snapshotArbitrary,
      offsetMs: fc.integer({ min: -1e9, max: 1e9 }),
    })
    await fc.assert(
      fc.asyncProperty(made, async ({ blocks, offsetMs }) => {
        const record = apiRecord(
          {
            kind: 'interrogation',
            at: clock.hostTime,
            pump: 'SIM-1',
            decoder: 'wandbridge-decoder/1',
            deviceTime: clock.deviceTime,
            body: { blocks: blocks as never, clock: { ...clock, offsetMs, uncertaintyMs: 40 } },
          },
          { position: 1, log: LOG, source: 'simulator' },
        )
        if (!record || !isSendable(record) || record.kind !== 'interrogation')
          throw new Error('none')
        const rest = numbersOf(JSON.parse(JSON.stringify(record)) as InterrogationRecord)
        const fhir = JSON.parse(JSON.stringify(observationsOf(record))) as ReturnType<
          typeof observationsOf
        >
        const [parsed] = await byMedplum([messageOf(record)])
        const hl7 = parsed?.rows ?? []
        for (const [key, ref, value, unit] of rest) {
          const observation = fhir.find(({ id }) => id?.endsWith(`.${key}`))
          const row = hl7.filter((one) => one.ref === ref)
          const nth = key.startsWith('drug')
            ? Number(key[4]) - 1
            : key.startsWith('step-')
              ? Number(key.slice(5)) - 1
              : 0
          if (value === null) {
            expect(observation?.valueQuantity).toBeUndefined()
            expect(observation?.dataAbsentReason).toBeDefined()
            expect(row[nth]?.value).toBe('')
          } else {
            expect(observation?.valueQuantity).toMatchObject({ value, code: unit })
            expect(Number(row[nth]?.value)).toBe(value)
          }
        }
      }),
      { numRuns: RUNS },
    )
  })
})

/** By hand, apart from the table: what the API says under which names. */
function numbersOf(record: InterrogationRecord): [string, string, number | null, string | null][] {
  const { reservoir, infusion, battery, catheter, state, clock } = record
  const of = (
    key: string,
    ref: string,
    { value, unit }: { value: number | null; unit: string | null },
  ) => [key, ref, value, unit] as [string, string, number | null, string | null]
  return [
    of('reported-volume', 'MDCX_PUMP_RESERVOIR_VOLUME_REPORTED', reservoir.reportedVolume),
    of('capacity', 'MDCX_PUMP_RESERVOIR_CAPACITY', reservoir.capacity),
    of('low-alarm-volume', 'MDCX_PUMP_RESERVOIR_LOW_ALARM_VOLUME', reservoir.lowAlarmVolume),
    of('filled-volume', 'MDCX_PUMP_RESERVOIR_FILLED_VOLUME', reservoir.filledVolume),
    of('rate-set', 'MDC_FLOW_FLUID_PUMP', infusion.rate),
    of('volume-per-day', 'MDCX_PUMP_VOLUME_PER_DAY', infusion.volume24h),
    of('bolus-remaining', 'MDC_VOL_FLUID_TBI_REMAIN', infusion.bolusVolume),
    of('bolus-rate', 'MDCX_PUMP_BOLUS_RATE', infusion.bolusRate),
    of('patient-bolus-volume', 'MDCX_PUMP_PATIENT_BOLUS_VOLUME', infusion.patientBolus.volume),
    of('patient-bolus-denied', 'MDCX_PUMP_PATIENT_BOLUS_DENIED', infusion.patientBolus.deniedCount),
    of('battery-charge', 'MDC_ATTR_VAL_BATT_CHARGE', battery.remaining),
    of('battery-voltage', 'MDCX_PUMP_BATTERY_VOLTAGE', battery.voltage),
    of('volume-asked-total', 'MDCX_PUMP_VOLUME_ASKED_TOTAL', battery.infusedTotal),
    of('catheter-volume', 'MDCX_CATHETER_VOLUME', catheter.volume),
    of('restarts', 'MDCX_PUMP_RESTARTS', state.resets),
    of('clock-offset', 'MDCX_PUMP_CLOCK_OFFSET', clock.offset),
    ...(infusion.schedule ?? []).map((one, i) =>
      of(`step-${i + 1}`, 'MDCX_PUMP_SCHEDULE_STEP_RATE', one.rate),
    ),
    ...(infusion.drugs ?? []).flatMap((one, i) => [
      of(`drug${i + 1}-concentration`, 'MDC_CONC_DRUG', one.concentration),
      of(`drug${i + 1}-dose`, 'MDC_RATE_DOSE', one.dose24h),
    ]),
  ]
}
