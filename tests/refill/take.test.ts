// Each step as people answer it: what is good is taken, what is wrong is met with a sentence and not
// lost, what is doubtful needs a word on what was done.
import { describe, expect, it } from 'vitest'
import { fieldsOf } from '../../src/refill/page/form.ts'
import type { Finding } from '../../src/refill/sheet/compare.ts'
import { ENTRIES, type Step } from '../../src/refill/sheet/entries.ts'
import { answerField, toAnswer } from '../../src/refill/sheet/findings.ts'
import type { Given } from '../../src/refill/sheet/given.ts'
import { figuresOf } from '../../src/refill/sheet/reading.ts'
import { choose } from '../../src/refill/sheet/recent.ts'
import { type KnownPump, type TypedStep, take, takeIdentity } from '../../src/refill/sheet/take.ts'
import { afterReading, contextOf, GOOD, reading, sheetTo } from './sheets.ts'

const context = contextOf()
const w = context.words
const pump = (serial: string, readAt: string, wand = 'W-1'): KnownPump => ({
  serial,
  model: 'SIM-20',
  source: 'simulator',
  readAt,
  wand,
})
const ours = pump('SIM-0020', '2026-11-24T14:20:00.000Z')
const later = pump('SIM-0011', '2026-11-24T14:25:00.000Z')

const DRUG: Given = {
  name0: 'Morphine',
  concentration0: '10',
  mass0: 'mg',
  lot0: 'B-221',
  expiry0: '31-Dec-2027',
  preparer: 'Pharmacy 2',
  checkedBy: 'F. Nurse',
}

const at = (step: TypedStep, given: Given) => {
  const before = { drug: 'before', aspirated: 'drug', injected: 'aspirated', handover: 'injected' }
  const last = (before as Partial<Record<Step, keyof typeof GOOD>>)[step] ?? 'after'
  return take(sheetTo(last), step, given, context)
}

describe('identity', () => {
  const identity = (card: string, pumps: KnownPump[], more: Given = {}) =>
    takeIdentity({ card, ...more }, pumps, context)

  it('locks to the pump whose serial number ends as the card says', () => {
    expect(identity(' 0020 ', [ours], { pseudonym: 'P-77' })).toEqual({
      entries: {
        card: '0020',
        serial: 'SIM-0020',
        model: 'SIM-20',
        source: 'simulator',
        pseudonym: 'P-77',
      },
    })
    expect(identity('sim-0020', [ours])).toMatchObject({ entries: { serial: 'SIM-0020' } })
  })

  it.each([
    ['', [ours], w.cardShort],
    ['020', [ours], w.cardShort],
    ['00 20', [ours], w.cardShort],
    ['0020', [], w.noPumpYet('0020')],
    ['0099', [ours], w.otherPumpUnderWand('0099', '14:20')],
    ['0020', [ours, later], w.otherPumpUnderWand('0020', '14:25')],
    ['0020', [ours, pump('X-0020', ours.readAt)], w.severalPumps('0020')],
  ])('%j is met with a sentence', (card, pumps, sentence) => {
    expect(identity(card, pumps)).toEqual({ wrong: { card: sentence }, doubts: [] })
  })

  it('lets another wand have another patient', () => {
    const elsewhere = pump('SIM-0011', later.readAt, 'W-2')
    expect(identity('0020', [ours, elsewhere])).toMatchObject({ entries: { serial: 'SIM-0020' } })
  })
})

describe('the drug', () => {
  it('is taken as the label says it', () => {
    expect(at('drug', DRUG)).toEqual({ entries: GOOD.drug })
  })

  it('names every field that is wrong, and takes nothing', () => {
    const taken = at('drug', {
      ...DRUG,
      concentration0: '1,000',
      mass0: '',
      expiry0: '12/27',
      lot0: '',
    })
    expect(taken).toMatchObject({
      wrong: { concentration0: w.noUnit, lot0: w.empty(w.field.lot), expiry0: w.noDate('12/27') },
      doubts: [],
    })
  })

  it('asks what was done about mg against mcg and an expired lot, then takes it', () => {
    const given = { ...DRUG, mass0: 'mcg', expiry0: '31-Oct-2026' }
    expect(at('drug', given)).toEqual({
      wrong: {},
      doubts: [expect.stringMatching(/^EXPIRED/), expect.stringMatching(/^mg AND mcg/)],
    })
    const remark = 'Sent back; new syringe follows.'
    expect(at('drug', { ...given, remark })).toMatchObject({ entries: { remark } })
  })
})

describe('aspirated and injected', () => {
  const people = { discardedBy: 'A. Nurse', witnessedBy: 'B. Nurse' }

  it('takes the volume with who discarded and who witnessed', () => {
    expect(at('aspirated', { volume: '4,6', ...people })).toEqual({ entries: GOOD.aspirated })
    expect(at('injected', { volume: '20' })).toEqual({ entries: GOOD.injected })
  })

  it('wants two people', () => {
    expect(
      at('aspirated', { volume: '4.6', discardedBy: 'A. Nurse', witnessedBy: 'a. nurse' }),
    ).toEqual({ wrong: { witnessedBy: w.samePerson }, doubts: [] })
    expect(at('aspirated', { volume: '4.6' })).toMatchObject({
      wrong: { discardedBy: w.empty(w.field.discardedBy) },
    })
  })

  it('says what it means that nothing came out', () => {
    expect(at('aspirated', { volume: '0' })).toEqual({ wrong: {}, doubts: [w.nothingAspirated] })
    expect(at('aspirated', { volume: '0', remark: 'Position checked.' })).toEqual({
      entries: { volume: 0, remark: 'Position checked.' },
    })
  })

  it('doubts more than the reservoir holds', () => {
    expect(at('aspirated', { volume: '25', ...people })).toEqual({
      wrong: {},
      doubts: [w.aspiratedAboveCapacity('25 mL', '20 mL')],
    })
    expect(at('injected', { volume: '20.5' })).toEqual({
      wrong: {},
      doubts: [w.injectedAboveCapacity('20.5 mL', '20 mL')],
    })
    expect(at('injected', { volume: '0' })).toEqual({ wrong: {}, doubts: [w.nothingInjected] })
  })
})

describe('the end', () => {
  it('asks who, and who checked', () => {
    const good = { operator: 'C. Tech', checker: 'D. Tech' }
    expect(at('finish', good)).toEqual({ entries: GOOD.finish })
    expect(at('finish', { ...good, checker: 'C. Tech' })).toMatchObject({
      wrong: { checker: w.samePerson },
    })
  })

  it('asks what was done where the pump was not told', () => {
    const { filledAt, reportedVolume } = figuresOf(reading())
    const sheet = sheetTo('after', { after: afterReading({ filledAt, reportedVolume }) })
    const good = { operator: 'C. Tech', checker: 'D. Tech' }
    const [asked] = toAnswer(sheet, context.clinic, w)
    const field = answerField(asked as Finding)
    expect(take(sheet, 'finish', good, context)).toEqual({
      wrong: { [field]: w.answerNeeded(asked?.text ?? '') },
      doubts: [],
    })
    const text = 'Programmed by the physician, read again tomorrow.'
    expect(take(sheet, 'finish', { ...good, [field]: text }, context)).toEqual({
      entries: { ...good, answers: [{ about: asked?.id, text }] },
    })
  })

  it('asks whether it was programmed, and why not', () => {
    expect(at('handover', {})).toMatchObject({
      wrong: { programmed: w.notChosen(w.field.programmed) },
    })
    expect(at('handover', { programmed: 'no' })).toEqual({ wrong: {}, doubts: [w.notProgrammed] })
    expect(at('abandoned', {})).toMatchObject({ wrong: { reason: w.empty(w.field.reason) } })
  })
})

describe('the readings', () => {
  it('before must be recent', () => {
    const sheet = sheetTo('identity')
    expect(choose(sheet, 'before', reading(), [ours], context)).toEqual({ reading: reading() })
    const old = reading({ readAt: '2026-11-24T14:04:00.000Z' })
    expect(choose(sheet, 'before', old, [ours], context)).toEqual({
      sentence: w.oldReading('14:04', '26 min', '15 min'),
    })
    expect(choose(sheet, 'before', null, [], context)).toEqual({ sentence: w.noReading })
  })

  it('after must be after, and of the same pump', () => {
    const sheet = sheetTo('handover')
    const own = pump('SIM-0020', afterReading().readAt)
    expect(choose(sheet, 'after', afterReading(), [own], context)).toEqual({
      reading: afterReading(),
    })
    expect(choose(sheet, 'after', reading(), [ours], context)).toEqual({
      sentence: w.beforeHandover('14:20'),
    })
    const other = pump('SIM-0011', '2026-11-24T14:55:00.000Z')
    expect(choose(sheet, 'after', afterReading(), [own, other], context)).toEqual({
      sentence: w.swapped('SIM-0020', 'SIM-0011'),
    })
  })
})

it('asks for what a record of the step holds, and for nothing else', () => {
  const numbered = (name: string) => name.replace(/\d$/, '')
  const known = new Set([
    ...Object.values(ENTRIES).flatMap((schema) => Object.keys(schema.shape)),
    ...['name', 'concentration', 'mass', 'lot', 'expiry', 'dose', 'doseMass', 'check'],
  ])
  for (const step of Object.keys(ENTRIES) as Step[]) {
    for (const { name } of fieldsOf(step, sheetTo('before'), true, w, context.clinic)) {
      expect(known, name).toContain(numbered(name))
    }
  }
})
