// One telling of how two readings differ, on every surface: any one field that is another has its line with
// both values, or is left out by name and with a reason; and what is not known is claimed nowhere.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { besideLines } from '../../src/cli/refill/terminal.ts'
import { renderPump, TERMINAL_LEAVES_OUT } from '../../src/cli/render.ts'
import { compare } from '../../src/model/comparison.ts'
import { filled, keptBlocks } from '../../src/model/reading.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { sheetPage } from '../../src/refill/page/page.ts'
import { printedSheet } from '../../src/refill/paper/print.ts'
import { rows, SHEET_LEAVES_OUT } from '../../src/refill/sheet/compare.ts'
import { clockSentence, computedDate } from '../../src/refill/sheet/dates.ts'
import type { Reading } from '../../src/refill/sheet/entries.ts'
import { figuresOf } from '../../src/refill/sheet/reading.ts'
import { sheetFile } from '../../src/refill/sheet/sheet-file.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { type LeftOut, type Told, told } from '../../src/words/comparison.ts'
import { readerOf, shown } from '../../src/words/reader.ts'
import { WORDS } from '../../src/words/words.ts'
import { changesOf, PAGE_LEAVES_OUT } from '../../web/view/visit.ts'
import { sample } from '../http/world.ts'
import {
  AT,
  FULL,
  nameOf,
  otherThan,
  PLACES,
  type Place,
  readIn,
  SILENT,
  valuesIn,
  withRaw,
} from '../model/full.ts'
import { CLINIC, sheetTo, viewOf } from '../refill/sheets.ts'

const reader = readerOf('en-US', 'UTC')
const LONG = process.env['WANDBRIDGE_LONG'] === '1'

const readingIn = (repr: typeof FULL, position = 10): Reading => ({
  position,
  readAt: AT.receivedAt,
  hostTime: AT.receivedAt,
  uncertaintyMs: 600,
  unclosed: false,
  blocks: keptBlocks(valuesIn(repr)),
})

const rawAt = (repr: typeof FULL, { block, field, part }: Place) => {
  const value = (repr[block] as Readonly<Record<string, unknown>>)[field]
  return (part === null ? value : (value as Record<string, unknown>[]).at(-1)?.[part]) as
    | number
    | string
}

/** Another item, not a changed one. */
const isKey = ({ block, part }: Place) =>
  (block === 'alarms' && part === 'id') || (block === 'events' && part === 'number')
const leftOut = ({ block, field }: Place, named: LeftOut) => `${block}.${field}` in named

const onePlace = fc
  .constantFrom(...PLACES.filter((place) => !isKey(place)))
  .chain((place) =>
    fc.record({ place: fc.constant(place), raw: otherThan(place.declared, rawAt(FULL, place)) }),
  )

/** Both values as the one formatter writes them, with every digit. */
function bothTexts({ declared, part }: Place, raws: readonly (number | string)[]): RegExp[] {
  return raws.map((raw) => {
    if (declared.kind === 'text') return new RegExp(String(raw))
    if (declared.kind === 'code' || part === 'start') return /./
    if (declared.kind === 'time') return /\d\d-\w{3}-\d{4} \d\d:\d\d/
    return /\d/
  })
}

function holds(lines: readonly Told[], place: Place, raw: number | string): void {
  const masses = place.part === 'massUnit' ? 3 : 1
  expect(lines, nameOf(place)).toHaveLength(masses)
  for (const { before, after, change } of lines) {
    expect(change).toBe('changed')
    expect(before, nameOf(place)).not.toBe(after)
  }
  const [line] = lines
  const [was, is] = bothTexts(place, [rawAt(FULL, place), raw])
  expect(line?.before).toMatch(was ?? /^$/)
  expect(line?.after).toMatch(is ?? /^$/)
}

const API_LEAVES_OUT = {
  'clock.deviceTime': 'The API gives it as `clock.deviceTime`, as the driver took it.',
  'clock.ageMs': 'It is in the moment at which the pump’s clock was taken, `clock.hostTime`.',
}

describe('any one field that is another', () => {
  it('has its line with both values on the page, or is left out by name', () => {
    fc.assert(
      fc.property(onePlace, ({ place, raw }) => {
        const [before, after] = [readIn(FULL), readIn(withRaw(FULL, place, raw))]
        const { programme, other } = changesOf(before, after, reader)
        const lines = [...programme, ...other]
        if (leftOut(place, PAGE_LEAVES_OUT)) expect(lines).toEqual([])
        else holds(lines, place, raw as number)
      }),
      { numRuns: LONG ? 20_000 : 500 },
    )
  })

  it('has it on the worksheet, its paper and in the terminal, or is left out by name', () => {
    const words = wordsOf('en-US')
    const look = { look: { clinic: CLINIC, words }, style: '', source: null }
    fc.assert(
      fc.property(onePlace, ({ place, raw }) => {
        const [before, after] = [readingIn(FULL), readingIn(withRaw(FULL, place, raw), 20)] as const
        const lines = rows(before, after, CLINIC).filter(({ change }) => change !== 'same')
        if (leftOut(place, SHEET_LEAVES_OUT)) return void expect(lines).toEqual([])
        holds(lines, place, raw as number)
        const sheet = sheetTo('finish', { before, after })
        const file = sheetFile(sheet, CLINIC as never, {
          version: '0',
          checkpoint: null,
          key: null,
        })
        const page = sheetPage(viewOf(sheet), look)
        const terminal = besideLines(before, after, CLINIC)
        for (const line of lines) {
          for (const { text } of [page, printedSheet(file, sheet)]) {
            const at = text.split('<tr').filter((row) => row.includes('>Changed<'))
            expect(at).toHaveLength(lines.length)
            const row = at.find((one) => one.includes(`scope="row">${line.what}<`)) ?? ''
            expect(row).toContain(`>${line.before.replaceAll('<', '&lt;')}<`)
            expect(row).toContain(`>${line.after.replaceAll('<', '&lt;')}<`)
          }
          expect(terminal).toContain(`CHANGED: ${line.what}: ${line.before} → ${line.after}`)
        }
        expect(terminal.filter((one) => one.startsWith('CHANGED'))).toHaveLength(lines.length)
      }),
      { numRuns: LONG ? 2_000 : 100 },
    )
  })

  it('reads otherwise in the terminal’s status, or is left out by name', async () => {
    const { pump } = await sample()
    const rendered = (repr: typeof FULL) => {
      const { who, content } = readIn(repr)
      const status: PumpStatus = { ...pump, ...content, pump: { ...pump.pump, ...who } }
      return renderPump(status, reader).join('\n')
    }
    // Whoever may ask for a bolus is shown all of it.
    const on = withRaw(FULL, PLACES.find((one) => nameOf(one) === 'bolus.enabled') as Place, 1)
    fc.assert(
      fc.property(onePlace, ({ place, raw }) => {
        if (leftOut(place, TERMINAL_LEAVES_OUT)) return
        const shownBefore = rendered(on)
        const after = nameOf(place) === 'bolus.enabled' ? FULL : withRaw(on, place, raw)
        // The reservoir is written as it is reckoned: what differs below that reads the same.
        if (place.declared.kind === 'uint' && place.declared.digits !== null) return
        expect(rendered(after), nameOf(place)).not.toBe(shownBefore)
      }),
      { numRuns: LONG ? 20_000 : 500 },
    )
  })

  it('is another value in the API, which gives both readings whole', () => {
    const api = JSON.stringify(readIn(FULL))
    const same = new Set<string>()
    for (const { place, raw } of fc.sample(onePlace, LONG ? 20_000 : 3_000)) {
      if (JSON.stringify(readIn(withRaw(FULL, place, raw))) === api) same.add(nameOf(place))
    }
    expect([...same].sort()).toEqual(Object.keys(API_LEAVES_OUT).sort())
  })

  it('is left out with a reason only', () => {
    for (const named of [PAGE_LEAVES_OUT, SHEET_LEAVES_OUT, TERMINAL_LEAVES_OUT, API_LEAVES_OUT]) {
      for (const reason of Object.values(named)) expect(reason).toMatch(/^[A-Z].{10,}\.$/)
    }
  })
})

describe('what is not known', () => {
  it('is said so in words, field by field, and compared with nothing', () => {
    for (const place of PLACES) {
      const silent = withRaw(FULL, place, null)
      const all = told(compare(valuesIn(FULL), valuesIn(silent)), reader)
      const told_ = all.filter(({ change }) => change !== 'same')
      expect(told_.length, nameOf(place)).toBeGreaterThan(0)
      for (const { after, change, id } of told_) {
        if (isKey(place)) continue
        expect(change, id).toBe('unknown')
        expect(after, id).toMatch(/not available|unit not reported/)
      }
    }
    for (const { before, after, change } of told(
      compare(valuesIn(SILENT), valuesIn(SILENT)),
      reader,
    )) {
      expect(change).toBe('unknown')
      for (const text of [before, after]) {
        expect(text).toMatch(/not available/)
        expect(text).not.toMatch(/\d|\boff\b|mg|mL/i)
      }
    }
  })

  it('gives a mass no unit where the pump does not say one, and no number that could be read in another', () => {
    const massUnit = PLACES.find((one) => nameOf(one) === 'drugs.drugs.massUnit') as Place
    for (const raw of [null, 9]) {
      const drug = filled(valuesIn(withRaw(FULL, massUnit, raw)), AT).drugs.drugs?.at(-1)
      for (const name of ['concentration', 'dose24h'] as const) {
        expect(drug?.[name]).toMatchObject({ value: null, unit: null, quality: 'unavailable' })
        const field = PLACES.find((one) => one.part === name) as Place
        expect(shown(reader, field.declared, drug?.[name] as never)).toMatch(/^unit not reported/)
      }
    }
  })

  it('becomes no value, flag or sentence in what surfaces are given', async () => {
    const { content } = readIn(SILENT)
    expect(content.events.overwritten).toBeNull()
    expect(content.events.total).toBeNull()
    const walk = (part: unknown): void => {
      if (typeof part !== 'object' || part === null) return
      if ('quality' in part) {
        expect(part).toMatchObject({ value: null, quality: 'unavailable' })
        return
      }
      for (const one of Object.values(part)) walk(one)
    }
    const { clock: _, ...values } = content
    walk(values)
    const { pump } = await sample()
    const status = {
      ...pump,
      ...content,
      clock: { ...content.clock, deviceTime: null },
      alarms: [],
    }
    const lines = renderPump(status, reader)
    const said = lines
      .filter((line) => !/^(Pump {2}|Audit| {18}(LIVE|Read at)|Alarms)/.test(line))
      .join(' ')
    expect(said).not.toMatch(/\boff\b|\d (mL|mg|mcg|%|min|s)\b|\b0\b/)
  })

  it('is reckoned with nowhere on a sheet', () => {
    const w = wordsOf('en-US')
    const silent = readingIn(SILENT)
    const { drugs, bolus, ...rest } = figuresOf(silent)
    for (const value of [...Object.values(rest), ...Object.values(bolus)]) expect(value).toBeNull()
    for (const drug of drugs) for (const value of Object.values(drug)) expect(value).toBeNull()
    expect(computedDate(silent, CLINIC, w)).toBeNull()
    expect(clockSentence(silent, CLINIC)).toBe(WORDS['en-US'].clock.none)
    // The wand does not say when it asked: that the clocks agree is then not known.
    const asked = { ...readingIn(FULL), uncertaintyMs: null, hostTime: '1970-01-01T00:00:00.000Z' }
    const near = { ...asked, hostTime: `${figuresOf(asked).deviceTime}.000Z` }
    expect(clockSentence(near, CLINIC)).toBe(WORDS['en-US'].clock.unknown)
    expect(clockSentence(asked, CLINIC)).toMatch(/ahead/)
    for (const place of PLACES) {
      if (!['bolus.enabled', 'bolus.volume', 'bolus.maxPerDay'].includes(nameOf(place))) continue
      const known = sheetTo('finish').steps.after?.entries as Reading
      const unsaid = {
        ...known.blocks.bolus,
        enabled: 1,
        volume: 50_000,
        maxPerDay: 4,
        [place.field]: null,
      }
      const one = { ...known, blocks: { ...known.blocks, bolus: unsaid } }
      expect(computedDate(one, CLINIC, w), nameOf(place)).toBeNull()
    }
  })
})
