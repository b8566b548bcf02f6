// Every resource of every scenario is FHIR R4 by a validator that we did not write, where that one is
// installed, and by rules of our own where it accepts anything. A Bundle comes back as it went.
import { describe, expect, it } from 'vitest'
import { auditEventOf } from '../../src/fhir/audit-events.ts'
import { bundleOf } from '../../src/fhir/bundle.ts'
import { capability } from '../../src/fhir/capability.ts'
import { observationsOf } from '../../src/fhir/observations.ts'
import { outcomeOf } from '../../src/fhir/outcome.ts'
import { interrogationReport, refillReport } from '../../src/fhir/reports.ts'
import { terminology } from '../../src/fhir/terminology.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import { WORDS } from '../../src/words/words.ts'
import { checkEnums } from './enums.ts'
import { hasJudges, needsJudges, validator } from './oracle.ts'
import { interrogations, LOG, NAMES, recordsOf } from './readings.ts'

const BASE = 'http://127.0.0.1:8420/fhir/R4'

/** Our own rules, and the validator where it is installed; that it is, a test of its own asks. */
const both = async () => {
  const validate = hasJudges ? await validator() : () => {}
  return (resource: object) => {
    validate(resource)
    checkEnums(resource as never)
  }
}

async function aReading(name = 'mixture'): Promise<InterrogationRecord> {
  const [one] = interrogations(await recordsOf(name))
  if (!one) throw new Error('the scenario has no reading')
  return one
}

describe('every resource', () => {
  it.each(NAMES)('of %s is FHIR R4', async (name) => {
    const check = await both()
    const all = interrogations(await recordsOf(name))
    expect(all.length).toBeGreaterThan(0)
    for (const record of all) {
      const bundle = bundleOf(record, BASE)
      // The validator goes into the Bundle, too.
      check(bundle)
      check(refillReport(record, { before: 0 }))
      const resources = (bundle.entry ?? []).map((one) => one.resource as object)
      for (const resource of resources) checkEnums(resource as never)
      expect(resources.length).toBeGreaterThan(80)
      // Whatever is pointed at inside of the bundle is in it.
      const ids = new Set((bundle.entry ?? []).map((one) => one.fullUrl?.slice(BASE.length + 1)))
      const text = JSON.stringify(bundle)
      for (const [, id = ''] of text.matchAll(/"reference":"([^"]+)"/g)) expect(ids).toContain(id)
      for (const resource of [bundle, ...resources] as { meta?: object }[]) {
        expect(resource.meta).toMatchObject({ security: [{ code: 'HTEST' }] })
      }
      // JSON and back: the very same, so as right as what went.
      const back = JSON.parse(text)
      expect(back).toEqual(bundle)
    }
  })

  it('that is about no pump is FHIR R4 as well', async () => {
    const check = await both()
    check(capability('0.0.0', BASE, '2026-11-24T14:02:11.000Z'))
    for (const resource of terminology('0.0.0')) check(resource)
    const told = { title: 't', detail: 'd', meaning: 'm', next: 'n' }
    for (const status of [400, 401, 403, 404, 405, 406, 413, 414, 421, 429, 431, 500, 503]) {
      check(outcomeOf({ status, ...told }))
    }
    const entry = {
      position: 7,
      log: LOG,
      source: 'simulator',
      at: '2026-11-24T14:02:11.000Z',
      kind: 'read-access',
      actor: { id: 'abcd', role: 'client', auth: 'token' },
      action: 'R',
      outcome: { ok: false, reason: 'x' },
      pump: { id: '0123456789abcdef', serial: 'SIM-0001' },
      wand: null,
      reads: { route: '/fhir/R4/Observation', count: 3 },
    } as const
    check(auditEventOf(entry))
    check(auditEventOf({ ...entry, reads: null, pump: null, kind: 'start', outcome: { ok: true } }))
  })
})

describe('the judges', () => {
  it('of our own can say no', async () => {
    const [good] = observationsOf(await aReading())
    expect(() => checkEnums({ ...good, status: 'good' } as never)).toThrow()
    expect(() => checkEnums({ ...good, dataAbsentReason: {} } as never)).toThrow()
  })

  it('that we did not write is asked, and can say no', async ({ skip }) => {
    needsJudges({ skip })
    const [good] = observationsOf(await aReading())
    const validate = await validator()
    expect(() => validate({ ...good, status: undefined })).toThrow('status')
    expect(() => validate({ ...good, madeUp: 1 })).toThrow('madeUp')
    const bundle = { resourceType: 'Bundle', type: 'collection' }
    const entry = [{ resource: good }, { resource: { ...good, status: undefined } }]
    expect(() => validate({ ...bundle, entry: entry.slice(0, 1) })).not.toThrow()
    expect(() => validate({ ...bundle, entry })).toThrow('entry[1].resource.status')
  })
})

describe('a reading that the pump contradicted', () => {
  it('is not final, and says so on every value and report of it', async () => {
    const check = await both()
    const certain = await aReading()
    const record = { ...certain, contradicted: true as const }
    const says = WORDS['en-US'].refill.pumpSaid.contradicted
    for (const [i, one] of observationsOf(record).entries()) {
      check(one)
      expect(one.status).toBe('preliminary')
      expect(one.note?.[0]).toEqual({ text: says })
      const { status: _, note: __, ...sure } = observationsOf(certain)[i] ?? {}
      expect(one).toMatchObject(sure)
    }
    const unread = { ...record, unavailable: [{ block: 'BATTERY', reason: 'AIR_FAILED' }] as never }
    for (const one of [interrogationReport(record), refillReport(record, { before: null })]) {
      check(one)
      expect(one).toMatchObject({ status: 'partial', conclusion: says })
    }
    expect(interrogationReport(unread).conclusion).toBe(
      `${says} These parts of the pump could not be read: BATTERY (AIR_FAILED).`,
    )
    expect(interrogationReport(certain).status).toBe('final')
  })
})

describe('an Observation', () => {
  it('has no value and a reason when the reading has none, whatever the kind of value', async () => {
    const check = await both()
    const record = await aReading()
    const gone = (of: object) => ({ ...of, value: null })
    const { reservoir, infusion, state } = record
    const broken: InterrogationRecord = {
      ...record,
      reservoir: {
        ...reservoir,
        reportedVolume: { ...gone(reservoir.reportedVolume), quality: 'invalid', raw: 7 } as never,
        lowAlarmDate: { ...gone(reservoir.lowAlarmDate), quality: 'unavailable' } as never,
      },
      state: { ...state, state: { ...gone(state.state), quality: 'unavailable' } as never },
      infusion: {
        ...infusion,
        drugs: (infusion.drugs ?? []).map((one) => ({ ...one, name: null, invalid: { name: 9 } })),
      },
    }
    const all = observationsOf(broken)
    const of = (key: string) => all.find(({ id }) => id?.endsWith(`.${key}`))
    for (const one of all) check(one)
    const reason = (code: string) => ({ dataAbsentReason: { coding: [{ code }] } })
    expect(of('reported-volume')).toMatchObject(reason('error'))
    expect(of('low-alarm-date')).toMatchObject(reason('unknown'))
    expect(of('state')).toMatchObject(reason('unknown'))
    expect(of('drug1-name')).toMatchObject(reason('error'))
    // Nobody knows whether it runs, so nobody says at which rate.
    expect(of('rate-current')).toMatchObject(reason('unknown'))
    expect(of('rate-set')).toMatchObject({ valueQuantity: { value: infusion.rate.value } })
  })

  it('says a rate as current only while the pump says that it runs', async () => {
    const record = await aReading()
    for (const [word, told] of [
      ['running', true],
      ['minimum-rate', true],
      ['stalled', false],
      ['stopped', false],
      ['valve-closed', false],
      ['unknown(9)', false],
    ] as const) {
      const state = { ...record.state, state: { ...record.state.state, value: word } } as never
      const one = observationsOf({ ...record, state }).find(({ id }) =>
        id?.endsWith('rate-current'),
      )
      expect('valueQuantity' in (one ?? {}), word).toBe(told)
    }
  })

  it('is about the patient only when a pseudonym is set and the value is clinical', async () => {
    const check = await both()
    const record = { ...(await aReading()), patient: 'P-17' }
    const all = observationsOf(record)
    for (const one of all) check(one)
    const subject = (key: string) => all.find(({ id }) => id?.endsWith(`.${key}`))?.subject
    expect(subject('drug1-dose')).toMatchObject({ type: 'Patient', identifier: { value: 'P-17' } })
    expect(subject('rate-set')).toEqual({ reference: `Device/${record.pump?.id}` })
    expect(subject('battery-voltage')).toEqual({ reference: `Device/${record.pump?.id}` })
  })

  it('is about whom the pump belonged to, who is in the Bundle with a name only if one was told', async () => {
    const check = await both()
    const owner = { system: 'urn:oid:1.2.3', value: 'A-1', location: 'W1' }
    const record = { ...(await aReading()), patient: 'P-17', owner }
    const patient = (bundle: ReturnType<typeof bundleOf>) =>
      bundle.entry?.map((one) => one.resource).find((one) => one?.resourceType === 'Patient')
    const found = patient(bundleOf(record, 'http://x'))
    check(found ?? {})
    expect(found).toMatchObject({ identifier: [{ system: owner.system, value: 'A-1' }] })
    expect(found).not.toHaveProperty('name')
    expect(interrogationReport(record).subject).toMatchObject({ reference: `Patient/${found?.id}` })
    const named = bundleOf({ ...record, owner: { ...owner, name: 'Doe, Jane' } }, 'http://x')
    expect(patient(named)).toMatchObject({ id: found?.id, name: [{ text: 'Doe, Jane' }] })
    expect(patient(bundleOf({ ...record, owner: null }, 'http://x'))).toBeUndefined()
  })

  it('of a refill is of when it was programmed, not of when it was read', async () => {
    const check = await both()
    const record = await aReading()
    const report = refillReport(record, { before: null })
    check(report)
    const { value } = record.reservoir.filledAt
    expect(report.effectiveDateTime).toBe(value?.slice(0, 10))
    expect(report._effectiveDateTime).toMatchObject({ extension: [{ valueString: value }] })
    expect(report.issued).toBe(record.at)
    expect(value).not.toBe(record.deviceTime)
  })

  it('gives the offset of the reading to no time but the reading’s', async () => {
    const check = await both()
    const record = await aReading()
    const [alarm] = record.alarms ?? []
    const old = '2026-01-02T03:04:05'
    const one = { id: 1, ...alarm, code: 'motor-stall', occurredAt: old, detectedAt: old } as never
    const offset = { value: -18_000, unit: 's' as const }
    const moved = { ...record, alarms: [one], clock: { ...record.clock, offset } }
    const all = observationsOf(moved)
    for (const observation of all) check(observation)
    const times = all.flatMap((o) => [o, ...(o.component ?? [])]).filter((o) => o.valueDateTime)
    expect(times.length).toBeGreaterThan(4)
    for (const { valueDateTime, _valueDateTime } of times) {
      const own = _valueDateTime?.extension?.[0]?.valueString
      expect(own).toMatch(/T\d\d:\d\d:\d\d$/)
      expect(valueDateTime).toBe(own?.slice(0, 10))
    }
    expect(times.filter((t) => t._valueDateTime?.extension?.[0]?.valueString === old)).toHaveLength(
      2,
    )
  })

  it("is of when it was read, by this computer's clock, whatever the pump's clock says, which stands beside it with its offset", async () => {
    const check = await both()
    const record = await aReading()
    const readAt = '2026-11-30T23:30:00.000Z'
    // After a reset, before a jump, and in an ordinary zone.
    for (const [deviceTime, value] of [
      ['2000-01-01T00:03:10', -849_223_610],
      ['2027-09-01T12:00:00', 23_718_600],
      ['2026-12-01T00:30:00', 3_600],
    ] as const) {
      const clock = { ...record.clock, deviceTime, offset: { value, unit: 's' as const } }
      const moved = { ...record, deviceTime, readAt, clock }
      for (const one of [...observationsOf(moved), bundleOf(moved, BASE).entry?.[0]?.resource]) {
        check(one as object)
        expect(one).toMatchObject({
          effectiveDateTime: readAt,
          _effectiveDateTime: {
            extension: [{ valueString: deviceTime }, { valueQuantity: { value, code: 's' } }],
          },
        })
      }
      const own = observationsOf(moved).find(({ id }) => id?.endsWith('.clock-time'))
      expect(own?._valueDateTime).toMatchObject({ extension: [{ valueString: deviceTime }] })
    }
    const offset = { value: null, unit: 's' as const }
    const none = observationsOf({ ...record, deviceTime: null, clock: { ...record.clock, offset } })
    expect(none[0]?.effectiveDateTime).toBe(record.readAt)
    expect(none[0]?._effectiveDateTime).toBeUndefined()
  })

  it('of a dose or a concentration names its drug, as a component, in its text and on its channel', async () => {
    const check = await both()
    const record = await aReading('concentration-change')
    const [slot] = record.infusion.drugs ?? []
    if (!slot) throw new Error('no drug')
    const said = (name: string | null, value: number, unit: string) => {
      const dose24h = { ...slot.dose24h, value, unit }
      const drugs = [{ ...slot, name, dose24h } as typeof slot]
      const resources = bundleOf({ ...record, infusion: { ...record.infusion, drugs } }, BASE)
      for (const { resource } of resources.entry ?? []) check(resource as object)
      const of = (id: string) =>
        resources.entry?.find(({ resource }) => resource?.id?.endsWith(id))?.resource
      return {
        dose: of('.drug1-dose'),
        concentration: of('.drug1-concentration'),
        channel: of('.drug1'),
      }
    }
    const before = said('hydromorphone', 4, 'mg/d')
    const after = said('baclofen', 600, 'ug/d')
    for (const [{ dose, concentration, channel }, name] of [
      [before, 'hydromorphone'],
      [after, 'baclofen'],
    ] as const) {
      for (const one of [dose, concentration]) {
        expect(one).toMatchObject({
          code: { text: expect.stringContaining(name) },
          component: [{ code: { coding: [{ code: '184514' }] }, valueString: name }],
        })
      }
      expect(channel).toMatchObject({ type: { text: expect.stringContaining(name) } })
    }
    // Without a name it says that none is known, and the text claims none.
    expect(said(null, 4, 'mg/d').dose).toMatchObject({
      code: { text: 'Dose of the drug over time' },
      component: [{ dataAbsentReason: {} }],
    })
  })
})
