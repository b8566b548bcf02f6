// The demo's screen of 80 × 24 and lower, for every scenario: what matters stands in it, and what does not
// fit is counted.
import { beforeAll, describe, expect, it } from 'vitest'
import { scenarioNames } from '../../simulator/index.ts'
import { ALL_KEYS } from '../../src/cli/demo.ts'
import { type Around, keyRow, screenOf } from '../../src/cli/screen.ts'
import { FIELDS } from '../../src/model/fields.ts'
import type { BridgeStatus } from '../../src/model/status.ts'
import { readerOf, shown } from '../../src/words/reader.ts'
import { alarmName } from '../../src/words/summary.ts'
import { statusTold } from '../../src/words/told.ts'
import { rig } from '../bridge/rig.ts'
import { doubtful, gone, worst } from '../system/page-scenes.ts'

const READER = readerOf('en-US', 'UTC')
const around: Around = {
  page: `Page: http://127.0.0.1:8420/open/${'0'.repeat(40)}`,
  more: ['Audit files: /home/somebody/.wandbridge-demo/audit', 'curl …', '  …'],
  said: 'The wand is lifted.',
  keys: ALL_KEYS,
  help: false,
}
const statuses = new Map<string, BridgeStatus>()
beforeAll(async () => {
  for (const name of scenarioNames()) {
    const run = await rig({ scenario: name })
    run.bridge.start()
    await run.until(() => run.pump() !== undefined)
    statuses.set(name, statusTold(READER.words, run.bridge.status()))
    await run.stop()
  }
})

const ROWS = 23

describe('a terminal of 80 × 24', () => {
  it.each(scenarioNames())('shows what matters of %s', (name) => {
    const status = statuses.get(name) as BridgeStatus
    for (const seen of [status, worst(status), doubtful(status)]) {
      const rows = screenOf(seen, around, ROWS, READER)
      expect(rows.length).toBeLessThanOrEqual(ROWS)
      for (const line of rows) expect(line.length, line).toBeLessThanOrEqual(80)
      const text = rows.join(' ').replace(/\s+/g, ' ')
      const [pump] = seen.pumps
      expect(rows[0]).toContain('SIMULATOR')
      expect(rows[1]).toContain(pump?.pump.serial)
      expect(text).toContain('Session ')
      for (const alarm of pump?.alarms ?? []) expect(text).toContain(alarmName(alarm, READER))
      if (pump && seen !== status) continue
      const volume = shown(
        READER,
        FIELDS.reservoir.reportedVolume,
        pump?.reservoir.reportedVolume as never,
      )
      expect(text).toContain(`Reservoir ${volume}`)
      expect(rows.at(-1)).toBe(keyRow(ALL_KEYS))
      expect(rows.at(-2)).toBe(around.page)
    }
  })

  it('has alarms and the session right under the pump, critical first', () => {
    const rows = screenOf(worst(statuses.get('empty') as BridgeStatus), around, ROWS, READER)
    const at = (text: string) => rows.findIndex((line) => line.includes(text))
    const order = ['Pump ', 'Session ', 'ALARMS ', 'Motor stall', 'Low reservoir', 'NOT INFUSING']
    expect(order.map(at)).toEqual([...order.map(at)].sort((a, b) => a - b))
    expect(at('ALARMS ')).toBeLessThan(8)
    expect(order.every((text) => at(text) > 0)).toBe(true)
  })

  it('counts the rows that have no room, in any window', () => {
    const status = statuses.get('patient-boluses') as BridgeStatus
    const whole = screenOf(status, around, 200, READER)
    expect(whole.join()).not.toContain('more rows')
    for (let rows = 5; rows < whole.length; rows += 1) {
      const low = screenOf(status, around, rows, READER)
      expect(low).toHaveLength(rows)
      const [, lost] = /^… (\d+) more rows/.exec(low.at(-4) ?? '') ?? []
      expect(Number(lost)).toBe(whole.length - rows + 1)
    }
  })

  it('has its keys in one row, and says in words what each does when it is asked', () => {
    expect(keyRow(ALL_KEYS).length).toBeLessThan(80)
    const rows = screenOf(
      statuses.get('empty') as BridgeStatus,
      { ...around, help: true },
      ROWS,
      READER,
    )
    const text = rows.join(' ').replace(/\s+/g, ' ')
    for (const { key, means } of ALL_KEYS) expect(text).toContain(` ${key} ${means}`)
  })

  it('says without a pump what the wand says', () => {
    const rows = screenOf(gone(statuses.get('empty') as BridgeStatus), around, ROWS, READER)
    expect(rows.join(' ')).toMatch(/No session\..*no pump in reach/)
  })
})
