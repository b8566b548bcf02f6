// Text from a wand may be anything: outside its form it is shown escaped and as not valid, or not at all;
// on no surface does it act, and it costs no record, no other value and no alarm.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, printableJson } from '../../src/model/printable.ts'
import { recordSchema } from '../../src/model/record.ts'
import { pumpStatusSchema } from '../../src/model/status.ts'
import { FULL, nameOf, PLACES, withRaw } from '../model/full.ts'
import { recordIn, statusIn, surfacesOf } from './surfaces.ts'

const TEXTS = PLACES.filter(({ declared }) => declared.kind === 'text')
const LONG = process.env['WANDBRIDGE_LONG'] === '1'

/** What acts: on a terminal, in HTML, in a CSV cell, in an HL7 segment, in JSON; and other writing. */
const ACTS = [
  ...['\u001b[2J', '\u001b]0;x\u0007', '\u009b31m', '\r\n', '\n', '\0x', '\u0007', '\u007f'],
  ...['<b>', '"><script>', '&amp;', '=1+1', '"', '|', '^~\\&', '\rOBX|9|', '\\u{1b}', '\u00ad'],
  // As the bytes of UTF-8 come: no Latin letters.
  ...[' ', '\u00d0\u009c\u00d0\u00be', '\u00e9', 'MARK'],
]
/** For programs; a terminal gets them with every character that acts escaped. */
const JSONS = ['status', 'record', 'told', 'fhir']
const hostile = fc
  .array(fc.constantFrom(...ACTS), { minLength: 1, maxLength: 3 })
  .map((parts) => `${parts.join('')}MARK`.slice(0, 16))
const places = fc.constantFrom(...TEXTS)

describe('hostile text in any field', () => {
  it('acts on no surface, is shown as it came where the field is shown, and hides no alarm', async () => {
    const plain = await surfacesOf(FULL)
    const { alarms } = recordIn(FULL)
    const segments = plain['hl7']?.split('\r').length
    await fc.assert(
      fc.asyncProperty(places, hostile, async (place, raw) => {
        if (place.declared.kind === 'text' && place.declared.pattern.test(raw)) return
        const repr = withRaw(FULL, place, raw)
        const record = recordIn(repr)
        expect(recordSchema.safeParse(record).error).toBeUndefined()
        expect(pumpStatusSchema.safeParse(await statusIn(repr)).error).toBeUndefined()
        expect(record.alarms).toEqual(alarms)
        const surfaces = await surfacesOf(repr)
        for (const [name, text] of Object.entries(surfaces)) {
          const where = `${nameOf(place)} on ${name}`
          // Lines are the surface's own.
          const printed = JSONS.includes(name) ? printableJson(text) : text.replace(/[\r\n]/g, '')
          expect(/\p{Cc}/u.test(printed), where).toBe(false)
          if (JSONS.includes(name)) expect(JSON.parse(printed)).toEqual(JSON.parse(text))
          if (name === 'sheet' || name === 'paper') {
            expect(/<b>MARK|<script>MARK/.test(text), where).toBe(false)
          }
        }
        const { terminal, hl7, csv, sheet, paper, page } = surfaces
        expect(terminal?.split('\n').length).toBeGreaterThan(10)
        expect(hl7?.split('\r')).toHaveLength(segments as number)
        expect(csv?.trimEnd()).not.toMatch(/[\r\n]/)
        const shown = printable(raw)
        const written = (text = '') =>
          text
            .replace(/\s+/g, ' ')
            .replaceAll('&lt;', '<')
            .replaceAll('&gt;', '>')
            .replaceAll('&quot;', '"')
            .replaceAll('&#39;', "'")
            .replaceAll('&amp;', '&')
        const expected = `not valid (raw ${shown})`.replace(/\s+/g, ' ')
        if (['identity.serial', 'identity.model', 'drugs.drugs.name'].includes(nameOf(place))) {
          expect(terminal?.replace(/\s+/g, ' ').includes(expected), nameOf(place)).toBe(true)
        }
        for (const text of [sheet, paper]) {
          expect(written(text).includes(expected), nameOf(place)).toBe(true)
        }
        expect(page?.includes('not valid (raw'), nameOf(place)).toBe(true)
      }),
      { numRuns: LONG ? 3_000 : 40 },
    )
  })
})
