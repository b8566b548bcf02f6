// What the pump itself says: nothing of it can be signed without an answer of its own.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FIELDS, type Role } from '../../src/model/fields.ts'
import { keptBlocks } from '../../src/model/reading.ts'
import type { Finding } from '../../src/refill/sheet/compare.ts'
import type { Reading } from '../../src/refill/sheet/entries.ts'
import { answerField, findings, toAnswer } from '../../src/refill/sheet/findings.ts'
import { valuesOf } from '../../src/refill/sheet/reading.ts'
import { take } from '../../src/refill/sheet/take.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { FULL, nameOf, otherThan, PLACES, valuesIn, withRaw } from '../model/full.ts'
import { afterReading, CLINIC, contextOf, GOOD, reading, sheetTo } from './sheets.ts'

const w = wordsOf('en-US')
const says = w.pumpSaid
const WHO = { operator: 'C. Tech', checker: 'D. Tech' }
const asked = (over: Partial<typeof GOOD>) =>
  toAnswer(sheetTo('after', over), CLINIC, w).map(({ id, text }) => [id, text])
const standing = (raw: NonNullable<Parameters<typeof afterReading>[0]>['raw']) =>
  asked({ after: afterReading({ raw: raw ?? {} }) })

const SIMPLE = 'Simple continuous'
const RUNNING = 'Running, as far as the pump knows'
const STALL = { id: 7, code: 5, class: 2, state: 1, occurredAt: 1, detectedAt: 1 }
const LOW = { id: 8, code: 1, class: 1, state: 1, occurredAt: 1, detectedAt: 1 }

describe('what must be answered', () => {
  it('is nothing when nothing is the matter', () => expect(asked({})).toEqual([]))

  it('is each alarm that stands after, whatever its class', () => {
    expect(standing({ alarms: { alarms: [LOW, STALL] } })).toEqual([
      ['after.alarm.low-reservoir-8', 'After: Alarm: Low reservoir.'],
      ['after.alarm.motor-stall-7', 'After: CRITICAL alarm: Motor stall.'],
    ])
  })

  it('is a critical alarm of before that is gone, and of the others none', () => {
    const before = reading({ raw: { alarms: { alarms: [LOW, STALL] } } })
    expect(asked({ before })).toEqual([
      ['before.alarm.motor-stall-7', `Before: CRITICAL alarm: Motor stall. ${says.over}`],
    ])
    const all = findings(sheetTo('after', { before }), CLINIC, w)
    expect(all.find(({ id }) => id === 'before.alarm.low-reservoir-8')?.matters).toBe(false)
  })

  it('is one finding for an alarm that stood before and stands still', () => {
    const raw = { alarms: { alarms: [STALL] } }
    const ids = asked({ before: reading({ raw }), after: afterReading({ raw }) }).map(([id]) => id)
    expect(ids).toEqual(['after.alarm.motor-stall-7'])
  })

  it.each([
    ['stopped', { status: { state: 1 } }, says.infusing.nothing('Stopped', SIMPLE)],
    ['stalled', { status: { state: 2 } }, says.infusing.nothing('Stalled', SIMPLE)],
    ['no state', { status: { state: null } }, says.infusing.unknown('not available', SIMPLE)],
    ['no mode', { infusion: { mode: null } }, says.infusing.unknown(RUNNING, 'not available')],
    ['an unnamed state', { status: { state: 77 } }, says.infusing.unknown('unknown(77)', SIMPLE)],
    [
      'the minimum rate',
      { status: { state: 3 } },
      says.infusing['minimum-rate']('Minimum rate', SIMPLE),
    ],
  ])('is a pump with %s', (_what, raw, text) => {
    expect(standing(raw)).toContainEqual(['after.infusing', `After: ${text}`])
  })

  it('is replacement due, a clock that is off, a restart, a clock reset and an open session', () => {
    expect(standing({ battery: { state: 1 } })).toContainEqual([
      'after.battery',
      'After: Replacement due (ERI)',
    ])
    const reset = afterReading({ deviceTime: '2000-01-01T00:00:30', raw: { clock: { resets: 1 } } })
    expect(asked({ after: reset }).map(([id]) => id)).toEqual([
      'after.clock',
      'changed.clock.resets',
      'changed.clock',
    ])
    expect(standing({ status: { resets: 1 } })).toEqual([['changed.status.resets', says.restarted]])
    expect(asked({ after: afterReading({ unclosed: true }) })).toEqual([
      ['after.session', `After: ${says.unclosed}`],
    ])
    const doubted = { ...afterReading(), contradicted: true as const }
    expect(asked({ after: doubted })).toEqual([
      ['after.contradicted', `After: ${says.contradicted}`],
    ])
  })

  it('is a patient whom the sheet and the clinic’s table do not say alike', () => {
    const owner = (value: string) => ({ owner: { system: 'urn:oid:1.2.3', value } })
    const of = (value: string) => ({ before: { ...reading(), ...owner(value) } })
    expect(asked({ ...of('P-77'), after: { ...afterReading(), ...owner('P-77') } })).toEqual([])
    expect(asked({ ...of('B-1'), after: { ...afterReading(), ...owner('B-1') } })).toEqual([
      ['owner.other', says.ownerOther('P-77', 'B-1')],
    ])
    expect(asked({ ...of('B-1'), after: { ...afterReading(), ...owner('P-77') } })).toEqual([
      ['owner.changed', says.ownerChanged('B-1', 'P-77')],
    ])
    expect(asked(of('P-77'))).toEqual([['owner.changed', says.ownerChanged('P-77', 'nobody')]])
  })

  it('is not that older logs are not looked at, which is said', () => {
    const sheet = { ...sheetTo('after', {}), log: 'device-3-0000abcd' }
    expect(findings(sheet, CLINIC, w)).toContainEqual({
      id: 'since.elsewhere',
      text: says.elsewhere('device-3-0000abcd', '2'),
      matters: false,
    })
    expect(toAnswer(sheet, CLINIC, w)).toEqual([])
    const first = findings(sheetTo('after', {}), CLINIC, w)
    expect(first.map(({ id }) => id)).not.toContain('since.elsewhere')
  })

  it('is a part of the programme that one of the readings alone says', () => {
    const bolus = { bolus: { lockout: 8 } }
    const text = says.programmeUnknown('Patient bolus, lockout', 'not available', '8 min')
    expect(standing(bolus)).toEqual([['changed.bolus.lockout', text]])
    const before = reading({ raw: bolus })
    expect(asked({ before }).map(([id]) => id)).toEqual(['changed.bolus.lockout'])
    const unread = afterReading({ raw: { bolus: { unavailable: 'block-missing' } as never } })
    expect(asked({ before, after: unread }).map(([id]) => id)).not.toContain(
      'changed.bolus.lockout',
    )
  })

  it('is each alarm that came and went since the last visit, before anything else', () => {
    const at = '2026-09-25T14:00:00.000Z'
    const stall = { code: 'motor-stall', occurredAt: '2026-10-12T03:12:00' }
    const visit = { position: 3, readAt: at, alarms: [stall, { ...stall, code: null }] }
    const since = { ...visit, overwritten: 4 }
    const before = { ...reading({ raw: { alarms: { alarms: [STALL] } } }), since }
    const found = asked({ before })
    expect(found.slice(0, 3)).toEqual([
      [
        'since.alarm.motor-stall-2026-10-12T03-12-00',
        says.cameAndWent('25-Sep-2026 14:00', 'Motor stall', '12-Oct-2026 03:12'),
      ],
      [
        'since.alarm.null-2026-10-12T03-12-00',
        says.cameAndWent('25-Sep-2026 14:00', says.unnamed, '12-Oct-2026 03:12'),
      ],
      ['since.lost', says.sinceLost('25-Sep-2026 14:00', '4')],
    ])
    const unknown = { ...before, since: { ...since, alarms: [], overwritten: null } }
    const [first] = findings(sheetTo('before', { before: unknown }), CLINIC, w)
    expect(first).toMatchObject({ id: 'since.lost', matters: false })
  })

  it('is shown from the reading before on', () => {
    const before = reading({ raw: { status: { state: 1 } } })
    const [first] = findings(sheetTo('before', { before }), CLINIC, w)
    expect(first).toMatchObject({
      matters: true,
      text: `Before: ${says.infusing.nothing('Stopped', SIMPLE)}`,
    })
  })
})

describe('the dose of the order', () => {
  const ordered = (dose: number, massUnit: 'mg' | 'mcg' = 'mg') =>
    asked({ handover: { programmed: true, ordered: [{ dose, massUnit }] } })

  it('agrees with the reading after, or is asked about', () => {
    expect(ordered(2_500_000)).toEqual([])
    expect(ordered(25_000_000)).toEqual([
      ['ordered.1', w.notAsOrdered(1, '2.5 mg/day', '25 mg/day')],
    ])
    expect(ordered(2_500_000, 'mcg')).toEqual([
      ['ordered.1', w.notAsOrdered(1, '2.5 mg/day', '2500 mcg/day')],
    ])
  })
})

const readingIn = (repr: typeof FULL, position: number): Reading => ({
  ...afterReading({ position }),
  blocks: keptBlocks(valuesIn(repr)),
})

/** Of a list its items have the role, unless a part of them has its own. */
function roleOf({ block, field, declared }: (typeof PLACES)[number]): Role {
  if ('role' in declared) return declared.role as Role
  return (FIELDS[block] as Readonly<Record<string, { readonly role: Role }>>)[field]?.role as Role
}

it('any one field of the programme or of who the pump is that is another must be answered', () => {
  const kept = PLACES.filter(({ block }) => block !== 'events')
  const before = readingIn(FULL, 10)
  const known = valuesOf(before)
  const still = new Set(asked({ before, after: readingIn(FULL, 20) }).map(([id]) => id))
  const place = fc.constantFrom(...kept)
  fc.assert(
    fc.property(
      place.chain((one) => {
        const block = FULL[one.block] as unknown as Record<string, unknown>
        const value = block[one.field]
        const raw =
          one.part === null ? value : (value as Record<string, unknown>[]).at(-1)?.[one.part]
        return fc.record({ one: fc.constant(one), raw: otherThan(one.declared, raw as number) })
      }),
      ({ one, raw }) => {
        const now = readingIn(withRaw(FULL, one, raw), 20)
        const more = asked({ before, after: now }).filter(([id]) => !still.has(id ?? ''))
        const role = roleOf(one)
        const must =
          (role === 'programme' || role === 'identity') &&
          !(one.block === 'reservoir' && one.field === 'filledVolume')
        if (must) expect(more.length, nameOf(one)).toBeGreaterThan(0)
        if (must) expect(more.some(([id]) => id?.startsWith(`changed.${one.block}.`))).toBe(true)
        expect(known).toBeDefined()
      },
    ),
    { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 20_000 : 300 },
  )
})

describe('the end', () => {
  const sheet = sheetTo('after', {
    after: afterReading({ raw: { status: { state: 1 }, alarms: { alarms: [STALL] } } }),
  })
  const all = toAnswer(sheet, CLINIC, w)
  const fields = all.map((one: Finding) => answerField(one))
  const given = (text: string) => Object.fromEntries(fields.map((field) => [field, text]))

  it('is not signed without an answer to each', () => {
    expect(all.length).toBeGreaterThan(1)
    for (const left of fields) {
      const { [left]: _, ...rest } = given('Called the physician, stays for observation.')
      const taken = take(sheet, 'finish', { ...WHO, ...rest }, contextOf())
      expect(taken).toMatchObject({ wrong: { [left]: expect.stringMatching(/^Not answered yet/) } })
    }
  })

  it.each(['ok', 'OK.', 'seen', '          ', 'yes yes', '. . . .'])(
    'takes no %j for one',
    (text) => {
      const taken = take(sheet, 'finish', { ...WHO, ...given(text) }, contextOf())
      expect(taken).not.toHaveProperty('entries')
    },
  )

  it('keeps every answer beside its finding', () => {
    const text = 'Called the physician, stays for observation.'
    const taken = take(sheet, 'finish', { ...WHO, ...given(text) }, contextOf())
    if (!('entries' in taken)) throw new Error('not taken')
    const signed = sheetTo('finish', {
      after: sheet.steps.after?.entries ?? GOOD.after,
      finish: taken.entries as typeof GOOD.finish,
    })
    for (const one of findings(signed, CLINIC, w).filter(({ matters }) => matters)) {
      expect(one.remark).toBe(text)
    }
  })
})

describe('lines of the clinic', () => {
  const clinic = {
    ...CLINIC,
    checks: [{ step: 'aspirated' as const, text: 'Needle is in the refill port' }],
  }
  const context = { ...contextOf(), clinic }
  const people = { volume: '4.6', discardedBy: 'A. Nurse', witnessedBy: 'B. Nurse' }

  it('are asked at their step, and one that is not so needs a word', () => {
    const sheet = sheetTo('drug')
    expect(take(sheet, 'aspirated', people, context)).toMatchObject({
      wrong: { check0: w.notChosen('Needle is in the refill port') },
    })
    expect(take(sheet, 'aspirated', { ...people, check0: 'no' }, context)).toEqual({
      wrong: {},
      doubts: [w.checkUndone('Needle is in the refill port')],
    })
    expect(take(sheet, 'aspirated', { ...people, check0: 'yes' }, context)).toMatchObject({
      entries: { checks: [{ text: 'Needle is in the refill port', done: true }] },
    })
    expect(take(sheetTo('aspirated'), 'injected', { volume: '20' }, context)).toEqual({
      entries: { volume: 20_000_000 },
    })
  })
})
