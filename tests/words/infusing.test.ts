// Whether a pump infuses is one telling: page, terminal, worksheet, paper, slip, FHIR and HL7 say the same of
// every state and mode that there is, one that is not said and one that nobody knows.
import { describe, expect, it } from 'vitest'
import { INFUSION_MODES } from '../../protocol/fields/infusion.ts'
import { PUMP_STATES } from '../../protocol/fields/status.ts'
import { renderAlarms } from '../../src/cli/render.ts'
import { observationsOf } from '../../src/fhir/observations.ts'
import { type Infusing, infusing, infusingOf } from '../../src/model/infusing.ts'
import { observe } from '../../src/model/metrics.ts'
import { keptBlocks } from '../../src/model/reading.ts'
import type { WandStatus } from '../../src/model/status.ts'
import { findings, toAnswer } from '../../src/refill/sheet/findings.ts'
import { slipDate } from '../../src/refill/sheet/slip.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { summaryOf } from '../../src/words/summary.ts'
import { tabOf } from '../../web/view/shown.ts'
import { sample } from '../http/world.ts'
import { FULL, valuesIn } from '../model/full.ts'
import { afterReading, CLINIC, sheetTo } from '../refill/sheets.ts'
import { reader, recordIn, statusIn } from './surfaces.ts'

const w = wordsOf('en-US')
const codes = (names: Readonly<Record<number, string>>) => [
  ...Object.entries(names).map(([code, name]) => [Number(code), name] as const),
  [null, null] as const,
  [77, 'unknown(77)'] as const,
]
const ALL = codes(PUMP_STATES).flatMap((state) =>
  codes(INFUSION_MODES).map((mode) => [state, mode] as const),
)

/** What every surface says of a pump in this state and mode. */
async function saidOf(state: number | null, mode: number | null) {
  const repr = {
    ...FULL,
    status: { ...FULL.status, state },
    infusion: { ...FULL.infusion, mode },
    // The pump complains of nothing else.
    alarms: { alarms: [] },
  }
  const status = await statusIn(repr)
  const record = recordIn(repr)
  const kept = { ...afterReading(), blocks: keptBlocks(valuesIn(repr)) }
  const sheet = sheetTo('after', { before: kept, after: kept })
  const [wand] = (await sample()).status.wands as readonly [WandStatus]
  const { infusing: summary, still } = summaryOf(status, reader)
  return {
    status: infusingOf(status),
    record: infusingOf(record),
    summary,
    still,
    tab: tabOf('live', { wand, pump: status, others: [] }, reader),
    terminal: renderAlarms(status, reader).join('\n'),
    finding: findings(sheet, CLINIC, w).find(({ id }) => id === 'after.infusing')?.text,
    asked: toAnswer(sheet, CLINIC, w).some(({ id }) => id === 'after.infusing'),
    slip: slipDate(sheet, CLINIC, w),
    fhir: observationsOf(record).find(({ id }) => id?.endsWith('rate-current')),
    hl7: observe(record).find(({ key }) => key === 'rate-current'),
  }
}

const TERMINAL: Readonly<Record<Infusing, RegExp>> = {
  programmed: /^Alarms +No alarms[^§]*watch the pump\.$/,
  'minimum-rate': /^MINIMUM RATE ONLY +Pump says/m,
  nothing: /^NOT INFUSING +Pump says/m,
  unknown: /^INFUSION +Not known whether it infuses\. Pump says/m,
}
const FINDING: Readonly<Record<Infusing, RegExp>> = {
  programmed: /^undefined$/,
  'minimum-rate': /MINIMUM RATE only/,
  nothing: /is NOT INFUSING/,
  unknown: /NOT KNOWN whether the pump infuses/,
}

describe('whether a pump infuses', () => {
  it.each(ALL)('is the same everywhere with state %j and mode %j', async (state, mode) => {
    const expected = infusing(state[1], mode[1])
    const said = await saidOf(state[0], mode[0])
    const all = [said.status, said.record, said.summary]
    expect(new Set(all)).toEqual(new Set([expected]))
    const still = reader.words.infusing[expected]
    expect(said.still).toBe(still)
    if (expected !== 'programmed') expect(said.tab).toContain(still.toLowerCase())
    expect(said.terminal).toMatch(TERMINAL[expected])
    expect(String(said.finding)).toMatch(FINDING[expected])
    expect(said.asked).toBe(expected !== 'programmed')
    const flows = expected === 'programmed' || expected === 'minimum-rate'
    expect('day' in said.slip).toBe(flows)
    expect('valueQuantity' in (said.fhir ?? {})).toBe(flows)
    expect(said.hl7?.missing).toBe(flows ? null : 'unknown')
  })
})
