// Sheets for tests: made by records, one after another, as the log gives them.
import type { RecordOf } from '../../src/model/record.ts'
import type { Clinic } from '../../src/refill/sheet/compare.ts'
import type { Entries, Reading, Step } from '../../src/refill/sheet/entries.ts'
import { type Sheet, sheetsOf } from '../../src/refill/sheet/sheet.ts'
import type { Context } from '../../src/refill/sheet/take.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'

export const CLINIC: Clinic = { locale: 'en-US', zone: 'UTC' }
export const NOW = '2026-11-24T14:30:00.000Z'
export const ID = '20261124-1400-0a1b'

export const contextOf = (clinic: Clinic = CLINIC, now = NOW): Context => ({
  now,
  clinic,
  words: wordsOf(clinic.locale),
})

/** 20 mL of morphine, 60 days ago, at 0.25 mL a day: the worked example. */
export const reading = (over: Partial<Reading> = {}): Reading => ({
  position: 10,
  readAt: '2026-11-24T14:20:00.000Z',
  deviceTime: '2026-11-24T14:19:58',
  hostTime: '2026-11-24T14:20:00.000Z',
  state: 'running',
  mode: 'simple-continuous',
  rate: 250_000,
  volume24h: 250_000,
  pendingBolus: null,
  programmedAt: '2026-09-25T14:00:00',
  reportedVolume: 5_000_000,
  capacity: 20_000_000,
  lowAlarmVolume: 2_000_000,
  lowAlarmDate: '2026-12-06T14:20:00',
  filledAt: '2026-09-25T14:00:00',
  filledVolume: 20_000_000,
  drugs: [{ name: 'Morphine', massUnit: 'mg', concentration: 10_000_000 }],
  bolus: { on: false, volume: null, maxPerDay: null },
  alarms: [],
  ...over,
})

export const afterReading = (over: Partial<Reading> = {}): Reading =>
  reading({
    position: 20,
    readAt: '2026-11-24T14:50:00.000Z',
    deviceTime: '2026-11-24T14:49:58',
    hostTime: '2026-11-24T14:50:00.000Z',
    programmedAt: '2026-11-24T14:45:00',
    filledAt: '2026-11-24T14:45:00',
    reportedVolume: 20_000_000,
    lowAlarmDate: '2027-02-04T14:50:00',
    ...over,
  })

/** Entries of every step, each good. */
export const GOOD: { readonly [S in Exclude<Step, 'abandoned'>]: Entries<S> } = {
  identity: {
    card: '0020',
    serial: 'SIM-0020',
    model: 'SIM-20',
    source: 'simulator',
    pseudonym: 'P-77',
  },
  before: reading(),
  drug: {
    drugs: [{ name: 'Morphine', massUnit: 'mg', concentration: 10_000_000 }],
    lot: 'B-221',
    expiry: '2027-12-31',
    preparer: 'Pharmacy 2',
  },
  aspirated: { volume: 4_600_000, discardedBy: 'A. Nurse', witnessedBy: 'B. Nurse' },
  injected: { volume: 20_000_000 },
  handover: { programmed: true },
  after: afterReading(),
  finish: { operator: 'C. Tech', checker: 'D. Tech' },
}

export type Line = readonly [Step, Entries]

export const record = (
  step: string,
  entries: unknown,
  position: number,
  more: Partial<RecordOf<'worksheet'>> = {},
): RecordOf<'worksheet'> => ({
  kind: 'worksheet',
  position,
  log: 'simulator-1-00000000',
  at: `2026-11-24T14:${String(20 + (position % 40)).padStart(2, '0')}:00.000Z`,
  source: 'simulator',
  pump: { id: 'x', serial: 'SIM-0020' },
  wand: null,
  port: null,
  patient: null,
  session: null,
  snapshot: null,
  deviceTime: null,
  sheet: ID,
  step,
  entries: entries as Record<string, unknown>,
  ...more,
})

/** The sheet that these steps make. */
export function sheetWith(lines: readonly Line[]): Sheet {
  const records = lines.map(([step, entries], i) => record(step, entries, 11 + i))
  const sheet = sheetsOf(records).get(ID)
  if (!sheet) throw new Error('no sheet')
  return sheet
}

/** All good steps up to and with `last`, some of them otherwise. */
export function sheetTo(last: keyof typeof GOOD, over: Partial<typeof GOOD> = {}): Sheet {
  const steps = Object.keys(GOOD) as (keyof typeof GOOD)[]
  const upTo = steps.slice(0, steps.indexOf(last) + 1)
  return sheetWith(upTo.map((step) => [step, over[step] ?? GOOD[step]]))
}
