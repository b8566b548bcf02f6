// Scenarios: all of them are right, and a wrong one is refused with file, line and reason.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadScenario, scenarioNames } from '../../../simulator/scenarios/load.ts'

const dir = mkdtempSync(join(tmpdir(), 'wandbridge-scenario-'))
afterAll(() => rmSync(dir, { recursive: true }))

const PUMP = '  - { serial: SIM-0001, model: SIM-20, volume: 5000000 }\n'
const GOOD = `title: T\ndescription: D\npumps:\n${PUMP}`

describe('loadScenario', () => {
  it.each(scenarioNames())('knows %s', (name) => {
    const scenario = loadScenario(name)
    expect(scenario.pumps[0]?.serial).toMatch(/^SIM-\d{4}$/)
    for (const pump of scenario.pumps) expect(['SIM-20', 'SIM-40']).toContain(pump.model)
  })

  it('has every situation a clinic knows', () => {
    expect(scenarioNames()).toEqual(
      expect.arrayContaining([
        'normal-refill',
        'low-reservoir-early',
        'empty',
        'stall-late-recovery',
        'mri-stuck-session',
        'eri-to-eos',
        'over-infusion',
        'missing-14ml',
        'concentration-change',
        'wrong-pump',
        'edge-of-range',
        'event-log-overflow',
        'clock-reset',
        'patient-boluses',
        'mixture',
        'catheter-blocked',
        'catheter-dislodged',
        'valve-closed',
        'worked-example',
      ]),
    )
  })

  it('gives every pump a serial of its own', () => {
    const serials = scenarioNames().flatMap((name) => loadScenario(name).pumps.map((p) => p.serial))
    expect(new Set(serials).size).toBe(serials.length)
  })

  it('names the scenarios there are when it does not know one', () => {
    expect(() => loadScenario('nonsense')).toThrow(/There is no scenario nonsense.*normal-refill/)
    expect(() => loadScenario('../package')).toThrow(/There is no scenario/)
    expect(() => loadScenario(join(dir, 'none.yaml'))).toThrow(/none\.yaml cannot be read/)
  })

  it.each([
    ['a field that does not exist', `${GOOD}speed: 3\n`, /wrong\.yaml:5: speed: /],
    ['a missing field', 'title: T\npumps: []\n', /wrong\.yaml:\d: description: /],
    [
      'a serial in lower case',
      GOOD.replace('SIM-0001', 'sim'),
      /wrong\.yaml:4: pumps\.0\.serial: must be/,
    ],
    [
      'a volume that is too large',
      GOOD.replace('5000000', '90000000'),
      /wrong\.yaml:4: pumps\.0\.volume/,
    ],
    ['an unknown model', GOOD.replace('SIM-20', 'ACME'), /wrong\.yaml:4: pumps\.0\.model/],
    [
      'a duration nobody can read',
      `${GOOD}timeline:\n  - { at: soon, do: lift }\n`,
      /wrong\.yaml:6: timeline\.0\.at: must be written/,
    ],
    [
      'a command nobody knows',
      `${GOOD}timeline:\n  - { at: 1 s, do: dance }\n`,
      /wrong\.yaml:6: timeline\.0/,
    ],
    [
      'a command with a wrong field',
      `${GOOD}timeline:\n  - at: 1 s\n    do: move\n    gap: far\n`,
      /wrong\.yaml:8: timeline\.0\.gap/,
    ],
    ['broken YAML', 'title: "T\n', /wrong\.yaml:\d+: /],
    [
      'no date',
      GOOD.replace('}', ", clock: '2026-13-45T08:00:00' }"),
      /wrong\.yaml:4: pumps\.0\.clock: is no date/,
    ],
    ['a list at the top', '- 1\n', /wrong\.yaml:1: the file/],
  ])('refuses %s with file, line and reason', (_, text, says) => {
    const file = join(dir, 'wrong.yaml')
    writeFileSync(file, text)
    expect(() => loadScenario(file)).toThrow(says)
  })

  it('reads a right one from a file, with its times', () => {
    const file = join(dir, 'right.yaml')
    writeFileSync(file, `${GOOD}timeline:\n  - { at: 1 d 2 h 3 min 4 s, do: lift }\n`)
    expect(loadScenario(file).timeline[0]).toEqual({
      at: 93_784_000,
      command: { do: 'lift', wand: 0 },
    })
  })
})
