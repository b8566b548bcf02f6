// Against a wand that is broken in one way, one check fails: the one for it. What needs that check is shown as
// not run, with the number, and everything else passes.
import { expect, it } from 'vitest'
import { CHECKS } from '../../conformance/checks/index.ts'
import { outcome, type Tried, tried } from './bench.ts'
import { BROKEN_WANDS } from './broken/index.ts'

const healthy = new Map<string, Promise<Record<number, string>>>()

/** What a wand that is well is not asked, in the same run. */
function notAsked(how: Tried): Promise<Record<number, string>> {
  const key = JSON.stringify([how.noImplant, how.framing])
  const { noImplant, framing } = how
  const made =
    healthy.get(key) ??
    tried({ ...(noImplant && { noImplant }), ...(framing && { framing }) }).then(
      (report) => outcome(report).notRun,
    )
  healthy.set(key, made)
  return made
}

/** Every check that says nothing when `number` fails, with the reason that is shown. */
function dependents(
  number: number,
  already: Record<number, string>,
  framing: Tried['framing'],
): Record<number, string> {
  const out = { ...already }
  const isFor = (need: number) => {
    const of = CHECKS.find((check) => check.number === need)?.framing
    return of === undefined || of === (framing ?? 'line')
  }
  for (const check of CHECKS) {
    if (check.number in already) continue
    const missing = check.needs.filter(isFor).find((need) => need === number || need in out)
    if (missing !== undefined)
      out[check.number] = missing === number ? `${number} failed` : `${missing} was not run`
  }
  return out
}

it.each(BROKEN_WANDS)(
  '$fails fails: $name',
  { timeout: 120_000 },
  async ({ fails, how = {}, ...breakage }) => {
    const report = await tried({ ...how, breakage })
    const { failed, notRun } = outcome(report)
    const said = report.results.filter((one) => one.result === 'failed')
    expect(failed, said.map(({ check, why }) => `${check.number}: ${why}`).join('\n')).toEqual([
      fails,
    ])
    expect(notRun).toEqual(dependents(fails, await notAsked(how), how.framing))
    const { why } = said[0] ?? {}
    expect(why).toMatch(/[a-z]/)
  },
)

it('has a broken wand for every check', () => {
  const told = new Set(BROKEN_WANDS.map(({ fails }) => fails))
  expect(CHECKS.map(({ number }) => number).filter((number) => !told.has(number))).toEqual([])
})
