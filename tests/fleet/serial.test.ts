// The serial of a record is the one that parsing finds, whatever texts stand around it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serialIn } from '../../src/fleet/publish/serial.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('"pump":"X"', '"},"pump":"X', '\\', '{'),
)

describe('the serial of a record', () => {
  it('is found without parsing what stands before it, and not inside the body', () => {
    const record = fc.record(
      {
        at: text,
        body: fc.oneof(
          fc.record({ pump: text }),
          fc.record({ sessions: fc.array(fc.record({ pump: text, session: fc.nat() })) }),
          fc.record({ values: fc.dictionary(text, text, { maxKeys: 2 }) }),
        ),
        kind: text,
        port: text,
        pump: text,
        refs: fc.record({ continues: fc.nat() }),
        seq: fc.nat(),
        v: fc.constant(1),
        wand: text,
      },
      { requiredKeys: ['at', 'body', 'kind', 'seq', 'v'] },
    )
    fc.assert(
      fc.property(record, (one) => {
        expect(serialIn(JSON.stringify(one))).toBe(one.pump ?? null)
      }),
      { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 20_000 : 500 },
    )
  })
})
