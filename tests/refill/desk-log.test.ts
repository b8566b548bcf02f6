// The worksheet's look at the log: a reading that the pump contradicted in the same session is one that a sheet
// doubts, and the next reading is not.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { RefillLog } from '../../src/refill/desk/log.ts'
import { readingOf } from '../../src/refill/sheet/reading.ts'
import { bench, close, during, open } from '../audit/bench-log.ts'
import { randomRecords } from '../knowledge/records.ts'
import { written } from '../system/audit-year.ts'

const state = mkdtempSync(join(tmpdir(), 'wandbridge-desk-'))
afterAll(() => rmSync(state, { recursive: true, force: true }))

it('a reading that the pump contradicted afterwards is taken with that doubt', async () => {
  const all = await randomRecords(3, 60)
  const read = all.find(({ kind }) => kind === 'interrogation') as NewRecord
  const { pump, model, wand, session } = read
  const said = (of = session): NewRecord =>
    ({
      pump,
      model,
      wand,
      session: of,
      kind: 'session',
      body: { event: 'contradicted' },
    }) as NewRecord
  const b = bench(1)
  const log = await open(b)
  const look = async (...records: NewRecord[]) => {
    for (const record of records) await during(b.env, log.append(record))
    written(b.disk, state)
    const desk = new RefillLog(state)
    await desk.refresh()
    const [newest] = desk.newest()
    return newest && readingOf(newest, false).contradicted
  }
  expect(await look(read, said(99_999))).toBeUndefined()
  expect(await look(said())).toBe(true)
  expect(await look(read)).toBeUndefined()
  await close(b, log)
})
