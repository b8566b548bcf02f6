// The clinic's table: what is written is read, whatever stands in it; and what is not clear is refused with its
// place.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Link, linkKey, noOwners, ownerOf } from '../../src/model/owner.ts'
import { patientsSchema } from '../../src/patients/config.ts'
import { changesOf } from '../../src/patients/registry.ts'
import { parseTable, type TableSettings } from '../../src/patients/table.ts'

const CSV: TableSettings = { format: 'csv', encoding: 'utf-8', names: true, system: 'urn:x' }
const YAML: TableSettings = { ...CSV, format: 'yaml' }
const parse = (text: string, settings = CSV) => parseTable(Buffer.from(text), settings)

it('reads what a spreadsheet writes', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((one) => one.replace(/\p{C}|\p{Z}/gu, ' ').trim())
    .filter((one) => one !== '')
  const row = fc.record({
    serial: text,
    value: text,
    name: fc.option(text),
    location: fc.option(text),
  })
  const quoted = (one: string | null, comma: string, always: boolean) =>
    one !== null && (always || one.includes(comma) || one.includes('"'))
      ? `"${one.replaceAll('"', '""')}"`
      : (one ?? '')
  fc.assert(
    fc.property(
      fc.uniqueArray(row, { selector: (one) => one.serial, minLength: 1, maxLength: 8 }),
      fc.constantFrom(',', ';'),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      (rows, comma, end, always) => {
        const head = ['serial', 'value', 'name', 'location'].join(comma)
        const lines = rows.map((one) =>
          [one.serial, one.value, one.name, one.location]
            .map((c) => quoted(c, comma, always))
            .join(comma),
        )
        const { links } = parse(`\uFEFF${[head, ...lines].join(end)}${end}`)
        expect(links).toEqual(
          rows.map(({ serial, value, name, location }) => ({
            serial,
            model: null,
            owner: {
              ...{ system: 'urn:x', value },
              ...(name !== null && { name }),
              ...(location !== null && { location }),
            },
          })),
        )
      },
    ),
  )
})

it('no table that is cut anywhere but behind a row is taken for another one', () => {
  const whole = 'serial,value,name,location\nP1,A1,"Doe, ""J""",W1\nP2,B2,,W2\n'
  const known = parse(whole).links.map((one) => JSON.stringify(one))
  for (let n = 0; n < whole.length; n += 1) {
    try {
      for (const one of parse(whole.slice(0, n)).links) expect(known).toContain(JSON.stringify(one))
    } catch (error) {
      expect((error as Error).constructor.name).toBe('TableProblem')
    }
  }
})

it('YAML: the same, and identifiers are text, since a number loses its zeros', () => {
  const text = 'pumps:\n  - { serial: P1, value: "007", system: urn:y, provider: 7^House }\n'
  expect(parse(text, YAML).links).toEqual([
    { serial: 'P1', model: null, owner: { system: 'urn:y', value: '007', provider: '7^House' } },
  ])
  for (const [wrong, why] of [
    ['pumps:\n  - { serial: P1, value: 007 }\n', 'put it between quotes'],
    ['pumps:\n  - { serial: P1, value: "7", shoe: "42" }\n', 'pumps.0'],
    ['pumps:\n  - { serial: P1 }\n', 'entry 1: value'],
    ['pumps:\n  - &a { serial: P1, value: "7" }\n  - *a\n', 'Alias'],
    ['pumps: []\n', 'names no pump'],
    ['pumps:\n  - { serial: "P1\n', 'Missing'],
  ] as const) {
    expect(() => parse(wrong, YAML), wrong).toThrow(why)
  }
})

it('what is refused names its line and nobody', () => {
  for (const [text, why] of [
    ['serial,value\nP1,A', 'half a file'],
    ['serial,value\nP1\n', 'line 2 has 1 cells'],
    ['serial\nP1\n', 'no column value'],
    ['serial,value,serial\nP1,A,P2\n', 'twice'],
    ['serial,value\n"P1"x,Secret\n', 'line 2: there is text behind a quote'],
    ['serial,value\nP1,"Secret\n', 'line 2: a quote is not closed'],
    [`serial,value\nP1,${'Secret'.repeat(30)}\n`, 'line 2: value'],
    ['serial,value\nP1,Sec\u0007ret\n', 'line 2: value'],
    ['serial,value\nP1,Sec\u0000ret\n', 'no text'],
  ] as const) {
    expect(() => parse(text), text).toThrow(why)
    expect(() => parse(text), text).not.toThrow(/Secret/)
  }
  expect(() => parse('serial,value\nP1,A\n', { ...CSV, system: undefined })).toThrow(
    'line 2: system',
  )
})

it('a link that names the model is closer than one that does not', () => {
  const owners = noOwners()
  for (const { serial, model, body } of changesOf(
    owners,
    parse('serial,model,value\nP1,M1,A\nP1,M2,B\nP2,,C\n'),
  )) {
    if (body.owner)
      owners.links[linkKey(serial, model)] = { serial, model, owner: body.owner } as Link
  }
  const of = (serial: string, model: string | null) => ownerOf(owners, serial, model)?.value ?? null
  expect([of('P1', 'M1'), of('P1', 'M2'), of('P1', null), of('P2', 'M9'), of('P2', null)]).toEqual([
    ...['A', 'B', null],
    ...['C', 'C'],
  ])
})

it('ADT is heard on this computer, or from named senders, encrypted unless it is said otherwise', () => {
  const good = (adt: object) => patientsSchema.safeParse({ file: 'x.csv', adt }).success
  expect(good({})).toBe(true)
  expect(good({ listen: '0.0.0.0:2576' })).toBe(false)
  expect(good({ listen: '0.0.0.0:2576', insecure: true })).toBe(false)
  expect(good({ listen: '0.0.0.0:2576', insecure: true, peers: ['192.0.2.1'] })).toBe(true)
  const tls = { cert: 'c', key: 'k' }
  expect(good({ listen: '[::]:2576', tls, peers: ['192.0.2.1'] })).toBe(true)
  expect(good({ listen: '[::]:2576', tls })).toBe(false)
  expect(good({ listen: '[::]:2576', tls: { ...tls, clientCa: 'a' } })).toBe(true)
})
