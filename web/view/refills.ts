// A refill as a row: what the pump reports of it beside what people wrote on the worksheet. What was not
// written is not there. Pure.
import type { Refill } from '../../src/model/api.ts'
import { asShown, residualRatio } from '../../src/model/residual.ts'
import { wirePer } from '../../src/model/units.ts'
import type { Value } from '../../src/model/value.ts'

export interface RefillRow {
  /** nL, as the pump reckoned it before. */
  readonly expected: number | null
  /** nL, as written. */
  readonly aspirated: number | null
  /** Of what should have left, what did, in tenths of a percent; null = none may be given. */
  readonly ratio: number | null
  readonly lots: readonly string[]
  /** Who wrote down that it was injected. */
  readonly who: string | null
  readonly sheets: readonly string[]
}

type Entries = Readonly<Record<string, unknown>>

const nL = ({ value }: Pick<Value<number>, 'value'>): number | null =>
  value === null ? null : Math.round(value * wirePer('mL'))

export function refillRow({ before, worksheets }: Refill): RefillRow {
  // A correction stands behind what it corrects.
  const last = (step: string) => worksheets.findLast((one) => one.step === step)
  const volumeOf = (entries: Entries = {}) => {
    const { volume } = entries
    return typeof volume === 'number' ? volume : null
  }
  const expected = before && nL(before.reportedVolume)
  const aspirated = volumeOf(last('aspirated')?.entries)
  const filling = before && { ...before, filledVolume: nL(before.filledVolume) }
  const ratio =
    filling && expected !== null && aspirated !== null
      ? residualRatio(filling, asShown(expected), aspirated)
      : null
  return {
    expected,
    aspirated,
    ratio: typeof ratio === 'number' ? ratio : null,
    lots: lotsOf(last('drug')?.entries),
    who: (last('injected') ?? last('aspirated'))?.signed?.operator ?? null,
    sheets: [...new Set(worksheets.map(({ sheet }) => sheet))],
  }
}

function lotsOf({ drugs }: Entries = {}): string[] {
  if (!Array.isArray(drugs)) return []
  return drugs.flatMap(({ lot }: { readonly lot?: unknown }) =>
    typeof lot === 'string' ? [lot] : [],
  )
}
