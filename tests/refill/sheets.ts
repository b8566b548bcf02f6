// Sheets for tests: made by records, one after another, as the log gives them.
import { MASS_UNITS } from '../../protocol/fields/drugs.ts'
import { INFUSION_MODES } from '../../protocol/fields/infusion.ts'
import type { RecordOf } from '../../src/model/record.ts'
import { deviceTimeSeconds } from '../../src/model/value.ts'
import type { SheetView } from '../../src/refill/page/page.ts'
import type { Clinic } from '../../src/refill/sheet/compare.ts'
import type { Entries, Reading, Step } from '../../src/refill/sheet/entries.ts'
import type { Figures } from '../../src/refill/sheet/reading.ts'
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

type Drug = Omit<Figures['drugs'][number], 'dose24h'> & { readonly dose24h?: number | null }
type Flat = Omit<Figures, 'drugs'> &
  Omit<Reading, 'blocks'> & {
    readonly rate: number
    readonly drugs: readonly Drug[]
    /** Parts of blocks that no figure is made of, in protocol units. */
    readonly raw?: { readonly [N in keyof Reading['blocks']]?: Partial<Reading['blocks'][N]> }
  }

const seconds = (time: string | null) => (time === null ? null : deviceTimeSeconds(time))
const codeOf = (names: Readonly<Record<number, string>>, name: string | null) => {
  const found = Object.entries(names).find(([, one]) => one === name)
  return found ? Number(found[0]) : null
}

/** A reading as a sheet keeps it, from the figures that a test is about. */
function kept(flat: Flat): Reading {
  const { position, readAt, hostTime, uncertaintyMs, unclosed, bolus, raw = {} } = flat
  const made = blocksOf(flat, bolus)
  const blocks = Object.fromEntries(
    Object.entries(made).map(([name, block]) => [
      name,
      { ...block, ...raw[name as keyof typeof raw] },
    ]),
  ) as unknown as Reading['blocks']
  return { position, readAt, hostTime, uncertaintyMs, unclosed, blocks }
}

function blocksOf(flat: Flat, bolus: Figures['bolus']): Reading['blocks'] {
  return {
    identity: { serial: 'SIM-0020', model: 'SIM-20', firmware: '1.0', implanted: 1 },
    catheter: { model: 'SIM-C', implanted: 1, length: 500, volume: 110_000 },
    status: {
      state: 0,
      stateSince: 1,
      stateCounter: 1,
      programmedAt: seconds(flat.programmedAt),
      resets: 0,
    },
    reservoir: {
      reportedVolume: flat.reportedVolume,
      capacity: flat.capacity,
      lowAlarmVolume: flat.lowAlarmVolume,
      lowAlarmDate: seconds(flat.lowAlarmDate),
      filledAt: seconds(flat.filledAt),
      filledVolume: flat.filledVolume,
    },
    infusion: {
      mode: codeOf(INFUSION_MODES, flat.mode),
      rate: flat.rate,
      volume24h: flat.volume24h,
      bolusVolume: flat.pendingBolus,
      bolusRate: null,
      schedule: [],
    },
    drugs: {
      drugs: flat.drugs.map(({ name, massUnit, concentration, dose24h = 2_500_000 }) => ({
        name,
        massUnit: codeOf(MASS_UNITS, massUnit),
        concentration,
        dose24h,
      })),
    },
    bolus: {
      enabled: bolus.on === null ? null : Number(bolus.on),
      volume: bolus.volume,
      duration: null,
      lockout: null,
      maxPerDay: bolus.maxPerDay,
      given24h: 0,
      acceptedCount: 0,
      deniedCount: 0,
      lastAcceptedAt: null,
    },
    alarms: { alarms: [] },
    battery: {
      state: 0,
      voltage: 2_900,
      remaining: 80,
      replacementDate: null,
      serviceEndDate: null,
      infusedTotal: 0,
    },
    clock: { deviceTime: seconds(flat.deviceTime), ageMs: null, resets: 0 },
  }
}

/** 20 mL of morphine, 60 days ago, at 0.25 mL a day: the worked example. */
const EXAMPLE: Flat = {
  position: 10,
  readAt: '2026-11-24T14:20:00.000Z',
  deviceTime: '2026-11-24T14:19:58',
  hostTime: '2026-11-24T14:20:00.000Z',
  uncertaintyMs: 600,
  unclosed: false,
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
}

export const reading = (over: Partial<Flat> = {}): Reading => kept({ ...EXAMPLE, ...over })

export const afterReading = (over: Partial<Flat> = {}): Reading =>
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

/** The sheet's page as it stands, with nothing typed and nothing to choose. */
export const viewOf = (sheet: Sheet): SheetView => ({
  sheet,
  now: NOW,
  problem: null,
  correcting: null,
  session: null,
  usable: null,
  overtaken: null,
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
    drugs: [
      {
        name: 'Morphine',
        massUnit: 'mg',
        concentration: 10_000_000,
        lot: 'B-221',
        expiry: '2027-12-31',
      },
    ],
    preparer: 'Pharmacy 2',
    checkedBy: 'F. Nurse',
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
  id: `simulator-1-00000000.${position}`,
  position,
  log: 'simulator-1-00000000',
  at: `2026-11-24T14:${String(20 + (position % 40)).padStart(2, '0')}:00.000Z`,
  source: 'simulator',
  pump: { id: 'x', serial: 'SIM-0020' },
  wand: null,
  port: null,
  patient: null,
  owner: null,
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
