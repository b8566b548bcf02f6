// Paper: nothing of a sheet is lost on it, nothing on it can break out of its place, the page, the
// paper and the terminal say the same digits, and a change of one figure is found.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unitText } from '../../src/model/format.ts'
import { homePage } from '../../src/refill/page/home.ts'
import { sheetPage } from '../../src/refill/page/page.ts'
import { dataDifferences, wording } from '../../src/refill/paper/check.ts'
import { patientSlip, printedSheet } from '../../src/refill/paper/print.ts'
import { STEPS } from '../../src/refill/sheet/entries.ts'
import { concentration, measured, reported } from '../../src/refill/sheet/figures.ts'
import { linesOf } from '../../src/refill/sheet/lines.ts'
import type { Sheet } from '../../src/refill/sheet/sheet.ts'
import { readSheetFile, type SheetFile, sheetFile } from '../../src/refill/sheet/sheet-file.ts'
import { wordsOf } from '../../src/refill/sheet/words.ts'
import { html } from '../../src/words/html.ts'
import { afterReading, CLINIC, GOOD, reading, sheetTo, sheetWith, viewOf } from './sheets.ts'

const CHECKPOINT =
  'wandbridge/simulator-1-00000000\n42\nnn7JB4KS33JIUaw4j19B3bCyLlIlktosZvLBaKwj9Bg=\n\n— wandbridge/simulator-1-00000000 qgwtTW1I74xseHD4XXWbWFMYuHUkrtmcuqElQ3dVvwlmPhsT7QQaVjO/McSX9e0RkvIxjktGjOe2lcq6IAUyTX5xmnQU=\n'
const pin = { version: '0.1.0', checkpoint: CHECKPOINT, key: 'wandbridge/x+aa0c2d4d+AbrqfDQ=' }
const clinic = {
  locale: CLINIC.locale,
  zone: CLINIC.zone,
  clinic: 'North Clinic',
  phone: '555-0100',
}
const fileOf = (sheet: Sheet, settings: SheetFile['clinic'] = clinic) =>
  sheetFile(sheet, settings, pin)
const printed = (sheet: Sheet, settings?: SheetFile['clinic']) =>
  printedSheet(fileOf(sheet, settings), sheet).text
const finished = sheetTo('finish')
const shown = (page: string) =>
  page
    .replace(/<(style|script|svg)\b[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replace(/\s+/g, ' ')

const view = (sheet: Sheet, locale: 'en-US' | 'en-GB' = 'en-US') =>
  sheetPage(viewOf(sheet), {
    look: { clinic: { ...CLINIC, locale }, words: wordsOf(locale) },
    style: '',
    source: sheet.source,
  }).text

describe('the printed sheet', () => {
  it('holds everything that was written, corrections too', () => {
    const sheet = sheetWith([
      ...STEPS.map((step) => [step, GOOD[step]] as const),
      ['aspirated', { ...GOOD.aspirated, volume: 4_700_000, discardedBy: 'E. Nurse' }],
    ])
    const text = shown(printed(sheet))
    const w = wordsOf('en-US')
    for (const written of sheet.history) {
      if (written.step === 'before' || written.step === 'after') continue
      for (const [, value] of linesOf(written, { clinic: CLINIC, words: w })) {
        expect(text).toContain(value)
      }
    }
    expect(text).toContain('was corrected later')
    expect(text).toContain('record 10')
    expect(text).toContain('record 20')
    for (const who of [w.operator, w.checker, w.discarded, w.witnessed]) {
      expect(text).toContain(w.signature(who))
    }
  })

  it('begins with the alarms that came and went since the last visit', () => {
    const alarms = [{ code: 'motor-stall', occurredAt: '2026-10-12T03:12:00' }]
    const since = { position: 3, readAt: '2026-09-25T14:00:00.000Z', alarms, overwritten: 0 }
    const text = shown(printed(sheetTo('after', { before: { ...reading(), since } })))
    const w = wordsOf('en-US')
    const at = text.indexOf(
      w.pumpSaid.cameAndWent('25-Sep-2026 14:00', 'Motor stall', '12-Oct-2026 03:12'),
    )
    expect(at).toBeGreaterThan(text.indexOf(w.sinceTitle))
    expect(at).toBeLessThan(text.indexOf(w.step.identity))
    expect(text.split('Motor stall')).toHaveLength(2)
  })

  it('carries the mark of the simulator, the checkpoint as text and as a code in black on white', () => {
    const page = printed(finished)
    expect(shown(page)).toContain('SIMULATOR.')
    for (const line of CHECKPOINT.trim().split('\n')) expect(page).toContain(line)
    const [svg = ''] = /<svg[\s\S]*<\/svg>/.exec(page) ?? []
    expect(svg).toContain('fill="white"')
    expect(svg).toContain('fill="black"')
    expect(svg).not.toMatch(/#(?!fff|000)[0-9a-f]{3}/i)
  })

  it('draws what was expected and what came out to one scale, as the page does', () => {
    const widths = (page: string) =>
      ['hollow', 'solid'].map((one) =>
        Number(new RegExp(`class="${one}"[^>]* width="([\\d.]+)"`).exec(page)?.[1]),
      )
    const least = sheetTo('aspirated', { aspirated: { ...GOOD.aspirated, volume: 4_900_000 } })
    const most = sheetTo('aspirated', {
      before: reading({ reportedVolume: 16_000_000 }),
      aspirated: { ...GOOD.aspirated, volume: 2_000_000 },
    })
    for (const draw of [view, printed]) {
      expect(widths(draw(least))).toEqual([75, 73.5])
      expect(widths(draw(most))).toEqual([240, 30])
    }
    const unknown = sheetTo('aspirated', { before: reading({ reportedVolume: null }) })
    expect(printed(unknown)).not.toContain('class="bars"')
  })

  it('says what is not written yet, and why a sheet was stopped', () => {
    expect(shown(printed(sheetTo('drug')))).toContain('NOT FINISHED.')
    const stopped = sheetWith([
      ['identity', GOOD.identity],
      ['abandoned', { reason: 'Patient unwell.' }],
    ])
    expect(shown(printed(stopped))).toContain('STOPPED: Patient unwell.')
  })

  it('repeats the serial number at the head and the foot of every page', () => {
    const page = printed(finished)
    expect(/<thead>[\s\S]*?<\/thead>/.exec(page)?.[0]).toContain('SIM-0020')
    expect(/<tfoot>[\s\S]*?<\/tfoot>/.exec(page)?.[0]).toContain('SIM-0020')
  })
})

describe('digit for digit', () => {
  it('the page, the paper and the lines of the terminal show the same figures', () => {
    const nL = fc.integer({ min: 0, max: 40_000_000 })
    const typed = fc.integer({ min: 0, max: 4_000 }).map((n) => n * 10_000)
    const strength = fc.integer({ min: 1, max: 500_000_000 })
    const locale = fc.constantFrom<'en-US' | 'en-GB'>('en-US', 'en-GB')
    fc.assert(
      fc.property(nL, typed, typed, strength, locale, (volume, out, into, ngPerMl, one) => {
        const drugs = [{ name: 'Morphine', massUnit: 'mcg' as const, concentration: ngPerMl }]
        const sheet = sheetTo('finish', {
          before: reading({ reportedVolume: volume, drugs }),
          drug: {
            ...GOOD.drug,
            drugs: drugs.map((one) => ({ ...one, lot: 'B', expiry: '2099-12' })),
          },
          aspirated: { ...GOOD.aspirated, volume: out },
          injected: { volume: into },
        })
        const figures = [
          reported(volume, one) ?? '',
          measured(out, one),
          measured(into, one),
          concentration(ngPerMl, 'mcg', one),
        ]
        const lines = STEPS.flatMap((step) => {
          const written = sheet.steps[step]
          const look = { clinic: { ...CLINIC, locale: one }, words: wordsOf(one) }
          return written ? linesOf(written, look).map(([, value]) => value) : []
        }).join(' ')
        const pages = [view(sheet, one), printed(sheet, { ...clinic, locale: one })].map(shown)
        for (const surface of [...pages, lines]) {
          for (const figure of figures) expect(surface).toContain(figure)
          // No trailing zero, always a leading one, never a letter that is mistaken for m.
          expect(surface).not.toMatch(/\d\.\d*0 (mL|mg|mcg|microgram)/)
          expect(surface).not.toMatch(/(?<![\d.])\.\d/)
          expect(surface).not.toMatch(/[µμ]/)
        }
        expect(lines).toContain(unitText('ug/mL', one))
      }),
      { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 500 : 20 },
    )
  })
})

describe('a page', () => {
  it('cannot be broken out of, whatever is typed', () => {
    const nasty = '"><script>alert(1)</script><b x=\'&amp;'
    const sheet = sheetTo('finish', {
      finish: {
        operator: nasty,
        checker: `${nasty}2`,
        answers: [{ about: 'told.1', text: '</script><!--' }],
      },
    })
    for (const page of [
      view(sheet),
      printed(sheet),
      patientSlip({ clinic: { ...clinic, phone: nasty } }, sheet).text,
    ]) {
      expect(page).not.toContain('<script>alert')
      expect(page).not.toContain('<b x')
      expect(page.match(/<script/g) ?? []).toHaveLength(
        page.includes('id="sheet"') || page.includes('src="/worksheet.js"') ? 1 : 0,
      )
    }
    expect(readSheetFile(printed(sheet))).toEqual(fileOf(sheet))
    fc.assert(
      fc.property(fc.string(), (text) => {
        const [, inside = ''] = /^<p>([\s\S]*)<\/p>$/.exec(html`<p>${text}</p>`.text) ?? []
        expect(inside).not.toMatch(/[<>"']/)
      }),
    )
  })

  it('offers the reading again at the finding that the pump was not told', () => {
    const untold = sheetTo('after', { after: afterReading({ filledAt: '2026-09-25T14:00:00' }) })
    const link = `href="/sheet/${untold.id}/correct/after"`
    const [, found = ''] =
      /<section aria-label="[^"]*">([\s\S]*?)<\/section>/.exec(view(untold)) ?? []
    const at = found.split('<div class="').find((one) => one.includes('has not been told')) ?? ''
    expect(found.slice(found.indexOf(at))).toContain(link)
    expect(found.split(link)).toHaveLength(2)
    expect(
      view(sheetTo('finish', { after: untold.steps.after?.entries ?? reading() })),
    ).not.toContain(link)
  })

  it('takes a reading from before only by its time and age, beside a new one', () => {
    const sheet = sheetTo('handover')
    const page = sheetPage(
      {
        ...{ sheet, now: '2026-11-24T14:51:00.000Z', problem: null, correcting: null },
        ...{ session: null, usable: afterReading(), overtaken: null },
      },
      { look: { clinic: CLINIC, words: wordsOf('en-US') }, style: '', source: sheet.source },
    ).text
    expect(page).toMatch(
      /<button type="submit" name="use" value="20">Use the reading of [^<]*14:50 \(1 min ago\)<\/button>/,
    )
    expect(page).toContain('>Read the pump now</button>')
    expect(view(sheet)).not.toContain('name="use"')
  })

  it('offers the one step that is next, with a label for every field', () => {
    for (const step of STEPS.slice(0, -1)) {
      const page = view(sheetTo(step))
      expect(page.match(/<form /g)).toHaveLength(1)
      for (const [, id] of page.matchAll(/<(?:input type="text"|textarea) id="(\w+)"/g)) {
        expect(page).toContain(`<label for="${id}">`)
      }
    }
    expect(view(finished)).not.toContain('<form ')
    const home = homePage(
      { sheets: [finished], fresh: 'x', problem: null },
      { look: { clinic: CLINIC, words: wordsOf('en-US') }, style: '', source: null },
    ).text
    expect(home).toContain(`href="/sheet/${finished.id}"`)
  })
})

describe('a sheet that somebody kept', () => {
  const page = printed(finished)
  const file = fileOf(finished)

  it('is read back, from the page and as data', () => {
    expect(readSheetFile(page)).toEqual(file)
    expect(readSheetFile(JSON.stringify(file))).toEqual(file)
    expect(wording(page, file, finished)).toEqual({ how: 'bytes' })
    expect(wording(JSON.stringify(file), file, finished)).toEqual({ how: 'data' })
    expect(dataDifferences(file, finished)).toEqual([])
    const saved = page.replaceAll('&#39;', "'").replace('<main>', '<main >')
    expect(wording(saved, file, finished)).toEqual({ how: 'text' })
  })

  it.each(['', 'nonsense', '{}', '<html></html>', `${page}${page}`])(
    'is met with a sentence: %#',
    (text) => {
      expect(readSheetFile(text)).toBeTypeOf('string')
    },
  )

  it('is found out when any digit on it was changed', () => {
    const body = page.slice(0, page.indexOf('<script type'))
    const start = page.indexOf('<main>')
    const digits = [...body.matchAll(/\d/g)].map(({ index }) => index).filter((i) => i > start)
    fc.assert(
      fc.property(fc.constantFrom(...digits), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const other = String((Number(page[at]) + by) % 10)
        const changed = `${page.slice(0, at)}${other}${page.slice(at + 1)}`
        expect(wording(changed, file, finished).how).not.toBe('bytes')
        const inText = shown(changed) !== shown(page)
        expect(wording(changed, file, finished).how).toBe(inText ? 'differs' : 'text')
      }),
      { numRuns: 20 },
    )
  })

  it('is found out when its data were changed', () => {
    const records = file.records.map((one) =>
      one.step === 'injected' ? { ...one, entries: { volume: 18_000_000 } } : one,
    )
    expect(dataDifferences({ ...file, records }, finished)).toEqual([
      'record 15: Injected: the sheet says “Injected: 18 mL”, the log says “Injected: 20 mL”',
    ])
    expect(dataDifferences({ ...file, records: file.records.slice(0, -1) }, finished)).toEqual([
      'record 18 is missing on the sheet',
    ])
  })
})
