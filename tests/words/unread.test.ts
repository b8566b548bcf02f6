// A block that could not be read costs itself alone, and says so on every surface: no value of it, no list
// of it, and above all never "no alarms".
import { describe, expect, it } from 'vitest'
import type { BlockName } from '../../protocol/fields/blocks.ts'
import { MDC, OWN } from '../../src/model/nomenclature.ts'
import { recordSchema } from '../../src/model/record.ts'
import { pumpStatusSchema } from '../../src/model/status.ts'
import { BLOCK_FAULTS } from '../../src/model/value.ts'
import { FULL } from '../model/full.ts'
import { recordIn, statusIn, surfacesOf } from './surfaces.ts'

const BLOCK_NAMES = Object.keys(FULL) as BlockName[]

const without = (block: BlockName, reason: (typeof BLOCK_FAULTS)[number] = 'block-malformed') => ({
  ...FULL,
  [block]: { unavailable: reason },
})

describe('a block that could not be read', () => {
  it('is said with its reason, in the JSON by its schema, for every block and reason', async () => {
    for (const block of BLOCK_NAMES) {
      for (const reason of BLOCK_FAULTS) {
        const repr = without(block, reason)
        const [status, record] = [await statusIn(repr), recordIn(repr)]
        expect(pumpStatusSchema.safeParse(status).error).toBeUndefined()
        expect(recordSchema.safeParse(record).error).toBeUndefined()
        for (const one of [status, record]) {
          expect(one.unavailable).toEqual([{ block, reason }])
        }
      }
    }
  })

  it('takes no other block with it', async () => {
    // The pump's time stands beside every value; it is the clock's.
    const timeless = (part: unknown) =>
      JSON.parse(JSON.stringify(part).replace(/"deviceTime":(null|"[^"]*"),/g, ''))
    const whole = recordIn(FULL)
    for (const block of BLOCK_NAMES) {
      const part = recordIn(without(block))
      for (const name of ['alarms', 'events', 'reservoir', 'battery', 'catheter'] as const) {
        if (block !== name) {
          expect(timeless(part[name]), `${block}: ${name}`).toEqual(timeless(whole[name]))
        }
      }
      for (const value of Object.values(part.reservoir)) {
        if (block !== 'reservoir') continue
        expect(value).toMatchObject({
          value: null,
          quality: 'unavailable',
          reason: 'block-malformed',
        })
      }
    }
  })

  it('of alarms is never said to be none, on any surface', async () => {
    const surfaces = await surfacesOf(without('alarms'))
    for (const [name, text] of Object.entries(surfaces)) {
      expect(text, name).not.toMatch(/no alarms|0 alarms|"alarms":\[\]|none reported/i)
    }
    const { status, record, terminal, page, sheet, paper, fhir, hl7, csv } = surfaces
    expect(status).toContain('"alarms":null')
    expect(record).toContain('"alarms":null')
    for (const text of [terminal, page, sheet, paper]) {
      expect(text?.replace(/\s+/g, ' ')).toMatch(/alarms could not be read/)
    }
    expect(csv).toMatch(/ALARMS COULD NOT BE READ/)
    expect(fhir).toMatch(/could not be read[^"]*alarms/)
    const observations = JSON.parse(fhir ?? '[]') as { id: string; dataAbsentReason?: unknown }[]
    const counted = observations.filter(({ id }) => /\.alarms?$/.test(id))
    expect(counted).toHaveLength(4)
    for (const one of counted.slice(0, 2)) {
      expect(JSON.stringify(one.dataAbsentReason)).toContain('error')
    }
    const rows = (hl7 ?? '').split('\r')
    expect(rows).toContain("NTE|1|L|The pump's alarms could not be read.")
    const [count, alarm] = [OWN.alarmCount.ref, MDC.alarm.ref].map((ref) =>
      rows.find((row) => row.startsWith('OBX') && row.includes(`^${ref}^`)),
    )
    for (const row of [count, alarm])
      expect(row?.split('|').slice(8, 12)).toEqual(['NAV', '', '', 'X'])
  })

  it('of drugs, steps and events is no empty list either', async () => {
    for (const block of ['drugs', 'infusion', 'events'] as const) {
      const surfaces = await surfacesOf(without(block))
      const record = recordIn(without(block))
      if (block === 'drugs') expect(record.infusion.drugs).toBeNull()
      if (block === 'infusion') expect(record.infusion.schedule).toBeNull()
      if (block === 'events') expect(record.events.entries).toBeNull()
      for (const name of ['terminal', 'page', 'sheet', 'paper', 'fhir', 'hl7', 'csv']) {
        expect(surfaces[name], `${block} ${name}`).not.toMatch(/one rate, all day|logged nothing/i)
      }
      if (block === 'events') continue
      for (const name of ['terminal', 'page', 'sheet', 'paper']) {
        expect(surfaces[name]?.replace(/\s+/g, ' '), `${block} ${name}`).toMatch(
          /could not be read/,
        )
      }
    }
  })
})
