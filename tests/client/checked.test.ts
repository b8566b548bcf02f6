// The client holds what it is sent to a table instead of the schemas, and says the same of it: whatever the schemas
// take, and whatever is done to that.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import {
  checkedEvent,
  checkedReply,
  type Events,
  NotV1Error,
  type Replies,
  type Shape,
} from '../../src/client/checked.ts'
import { EVENTS, REPLIES, SHAPES } from '../../src/client/shapes.ts'
import { EVENT_SCHEMAS, REPLY_SCHEMAS } from '../../tools/client-shapes.ts'
import { sample } from '../http/world.ts'

const RUNS = process.env['WANDBRIDGE_LONG'] === '1' ? 3_000 : 30

/** One text for each pattern of the table. */
const TEXTS = [
  ...['2026-11-24T14:02:11.250Z', '2024-02-29T00:00:00.000Z', '2026-11-24T14:02:11'],
  ...['SIM-0001', 'Grüße'],
]

/** Whatever a place of the table takes. */
function made(index: number): fc.Arbitrary<unknown> {
  const shape = SHAPES[index] as Shape
  if ('fields' in shape) {
    const fields = Object.entries(shape.fields).map(([name, field]) => [name, made(field)] as const)
    const requiredKeys = Object.keys(shape.fields).filter((name) => !shape.optional?.includes(name))
    return fc.record(Object.fromEntries(fields), { requiredKeys, noNullPrototype: true })
  }
  if ('any' in shape) return fc.oneof(...shape.any.map(made))
  if ('items' in shape) return fc.array(made(shape.items), { maxLength: 2 })
  if ('values' in shape) return fc.dictionary(fc.string(), made(shape.values), { maxKeys: 2 })
  if ('enum' in shape) return fc.constantFrom(...shape.enum)
  if ('text' in shape) {
    const { pattern, min = 0, max = Infinity } = shape.text
    const texts = [...TEXTS, 'a'.repeat(Math.max(1, min))].filter(
      (one) =>
        (!pattern || new RegExp(pattern, 'u').test(one)) && one.length >= min && one.length <= max,
    )
    return fc.constantFrom(...texts)
  }
  if ('number' in shape) {
    const { int, min = -1e6, max = 1e6 } = shape.number
    return int
      ? fc.integer({ min: Math.ceil(min), max: Math.floor(max) })
      : fc.double({ min, max, noNaN: true })
  }
  if (shape.type === 'null') return fc.constant(null)
  return shape.type === 'boolean' ? fc.boolean() : fc.anything()
}

const ODD = [null, 0, -1, 0.5, 1e300, Infinity, '', ' x', 'x', true, [], {}, [null], '\u0007']

/** One place of a value, found by numbers, made another thing or taken away. */
function spoiled(value: unknown, way: readonly number[], what: number): unknown {
  const [first = 0, ...rest] = way
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  const found = entries[first % (entries.length + 1)]
  if (!found) return ODD[what % ODD.length]
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) }
  const [key, inner] = found
  if (rest.length === 0 && what % 5 === 0) Reflect.deleteProperty(copy as object, key)
  else Reflect.set(copy as object, key, spoiled(inner, rest, what))
  return copy
}

const takes = (check: () => unknown) => {
  try {
    check()
    return true
  } catch (error) {
    if (error instanceof NotV1Error) return false
    throw error
  }
}

function same(schema: z.ZodType, place: number, check: (data: unknown) => unknown) {
  const way = fc.array(fc.nat(40), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(
      made(place),
      fc.array(fc.tuple(way, fc.nat()), { maxLength: 3 }),
      (good, wrongs) => {
        expect(schema.safeParse(good).success).toBe(true)
        expect(check(good)).toBe(good)
        let data = good
        for (const [path, what] of wrongs) data = spoiled(data, path, what)
        expect(takes(() => check(data))).toBe(schema.safeParse(data).success)
      },
    ),
    { numRuns: RUNS },
  )
}

describe('the table says what the schemas say', () => {
  it.each(Object.keys(EVENTS) as (keyof Events)[])('of the event %s', (name) => {
    same(EVENT_SCHEMAS[name], EVENTS[name], (data) => checkedEvent(name, data))
  })

  it.each(Object.keys(REPLIES) as (keyof Replies)[])('of the reply %s', (name) => {
    same(REPLY_SCHEMAS[name], REPLIES[name], (data) => checkedReply(name, data))
  })

  it('but a field that is newer than the client is let through everywhere', async () => {
    const { interrogation } = await sample()
    const grown = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(grown)
      if (typeof value !== 'object' || value === null) return value
      return {
        ...Object.fromEntries(Object.entries(value).map(([k, v]) => [k, grown(v)])),
        ...('entries' in value || 'kind' in value || 'unit' in value ? { newer: { is: 1 } } : {}),
      }
    }
    const owner = { system: 'urn:a', value: '1', name: 'A', location: 'B', provider: 'C' }
    const data = { ...(grown(interrogation) as object), owner: { ...owner, newer: 1 } }
    expect(checkedEvent('interrogation', data)).toBe(data)
  })

  it('and where a thing is wrong', async () => {
    const { pump } = await sample()
    const { asOf, audit } = pump
    const pumps = [{ ...pump, quality: 'fine' }]
    expect(() => checkedReply('pumps', { asOf, audit, pumps })).toThrow(
      'pumps.0.quality is not one of current, stale',
    )
    expect(() => checkedReply('pumps', { asOf, audit })).toThrow('pumps is not there')
    expect(() => checkedReply('pump', null)).toThrow('it is not an object')
  })
})
