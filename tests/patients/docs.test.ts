// What the document shows is a configuration and a table, as it stands there.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { EVENTS } from '../../src/hl7/adt.ts'
import { configSchema } from '../../src/host/config.ts'
import { parseTable } from '../../src/patients/table.ts'

const text = readFileSync(new URL('../../docs/patients.md', import.meta.url), 'utf8')
const [config = '', yaml = ''] = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, one]) => one)
const [, csv = ''] = /```csv\n(.*?)```/s.exec(text) ?? []

it('the examples are a configuration and two tables', () => {
  const { patients } = configSchema.parse(parse(config))
  const { system } = patients ?? {}
  const settings = { encoding: 'utf-8', names: false, system } as const
  for (const [format, table] of [
    ['csv', csv],
    ['yaml', yaml],
  ] as const) {
    const { links } = parseTable(Buffer.from(table), { ...settings, format })
    expect(links, format).toMatchObject([{ serial: 'NPU123456H', owner: { value: '00471108' } }])
  }
})

it('the table of events has every event that is taken', () => {
  const rows = text.match(/^\| A\d\d.*$/gm) ?? []
  expect(rows.flatMap((row) => row.split('|')[1]?.match(/A\d\d/g) ?? []).sort()).toEqual(
    [...EVENTS].sort(),
  )
})
