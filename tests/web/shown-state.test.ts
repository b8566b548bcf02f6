// The three states of a reading and the sentences of a session: the right one in every case, and for
// ears only when it changes.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { renderWand } from '../../src/cli/render.ts'
import type { PumpStatus, WandStatus } from '../../src/model/status.ts'
import { REASONS } from '../../src/model/value.ts'
import { readerOf } from '../../src/words/reader.ts'
import {
  announcementOf,
  barsOf,
  obstacleOf,
  sessionOf,
  stateOf,
  tabOf,
  tilesOf,
  worstFirst,
} from '../../web/view/shown.ts'
import { sample } from '../http/world.ts'

const reader = readerOf('en-US', 'UTC')
let pump: PumpStatus
let wand: WandStatus
beforeAll(async () => {
  const { status } = await sample()
  ;[pump, wand] = [status.pumps[0] as PumpStatus, status.wands[0] as WandStatus]
})

/** As it stands six minutes after it was read. */
function stale(reason: NonNullable<PumpStatus['reason']>, more: Partial<PumpStatus> = {}) {
  const readAt = '2026-11-24T14:02:11.000Z'
  const asOf = '2026-11-24T14:08:11.000Z'
  return { ...pump, quality: 'stale' as const, reason, readAt, asOf, ageMs: 360_000, ...more }
}

describe('a reading', () => {
  it('that is live says so, and when the pump was heard', () => {
    const { kind, title, more } = stateOf({ ...pump, quality: 'current' }, reader)
    expect([kind, title]).toEqual(['live', 'Live'])
    expect(more).toMatch(/^Heard from the pump at \d\d:\d\d:\d\d$/)
  })

  it('that ended well is said to be read, how old it is, and not live', () => {
    const { kind, title } = stateOf(stale('session-closed'), reader)
    expect([kind, title]).toEqual(['read', 'Read at 14:02:11, 6 min ago. Not live'])
  })

  it('whose signal went says when, and of when the last reading is', () => {
    const session = { ...pump.session, endedAt: '2026-11-24T14:05:30.000Z' }
    for (const reason of ['wand-lost', 'implant-lost'] as const) {
      const { kind, title, more } = stateOf(stale(reason, { session }), reader)
      expect([kind, title]).toEqual(['lost', 'Signal lost at 14:05'])
      expect(more).toBe('Last reading 14:02:11, 6 min ago')
    }
  })

  it('whose pump does not answer, or says something else, is said to be that and nothing more', () => {
    const silent = stateOf(stale('implant-silent'), reader)
    expect([silent.kind, silent.title]).toEqual(['lost', 'Not live: the pump does not answer'])
    expect(silent.next).toMatch(/no answer from it/)
    const contradicted = stateOf(stale('contradicted'), reader)
    expect(contradicted.title).toBe('Read at 14:02:11, 6 min ago. Not live')
    expect(contradicted.next).toMatch(/says something else than this reading/)
  })

  it('whose pump is out of reach was lost when the pump was last heard', () => {
    const session = { ...pump.session, endedAt: null }
    const contact = { ...pump.wand.contact, ageMs: 120_000 }
    const link = { ...pump.link, connected: true }
    const seen = stale('implant-lost', { session, link, wand: { ...pump.wand, contact } })
    expect(stateOf(seen, reader).title).toBe('Signal lost at 14:06')
    const atLeast = { ...seen, wand: { ...seen.wand, contact: { ...contact, atLeast: true } } }
    expect(stateOf(atLeast, reader).title).toBe('Signal lost at 14:06 or earlier')
    expect(
      renderWand({ ...wand, contact: { ...contact, fresh: false, atLeast: true } }, reader),
    ).toContain(`${' '.repeat(18)}Pump last heard at least 2 min ago`)
  })

  it('of a wand that is back says what to do now, not to look at its cable', () => {
    const link = { ...pump.link, connected: true }
    expect(stateOf(stale('wand-lost', { link }), reader).next).toMatch(/answers again/)
    expect(
      stateOf(stale('wand-lost', { link: { ...link, connected: false } }), reader).next,
    ).toMatch(/cable/)
  })

  it.each([
    ['server-silent', 'Not live: the bridge does not answer'],
    ['audit-failed', 'Not live: the audit log failed'],
  ] as const)('with %s is not live, and says why', (reason, title) => {
    expect(stateOf(stale(reason), reader)).toMatchObject({ kind: 'lost', title })
    expect(stateOf(stale(reason), reader).next).not.toBe('')
  })

  it('is live in no other case, and tells ears nothing that ticks', () => {
    const moments = fc.record({
      reason: fc.constantFrom(...REASONS),
      at: fc.integer({ min: 0, max: 86_400_000 }),
      ageMs: fc.integer({ min: 0, max: 1e9 }),
    })
    fc.assert(
      fc.property(moments, moments, ({ reason, ...a }, b) => {
        const seen = [a, b].map(({ at, ageMs }) => {
          const readAt = new Date(Date.UTC(2026, 10, 24) + at).toISOString()
          const asOf = new Date(Date.parse(readAt) + ageMs).toISOString()
          return stateOf(stale(reason, { readAt, asOf, ageMs }), reader)
        })
        for (const { kind, title } of seen) {
          expect(kind).not.toBe('live')
          expect(title).not.toMatch(/^Live/)
        }
        expect(seen[0]?.announcement).toBe(seen[1]?.announcement)
        expect(seen[0]?.announcement).not.toMatch(/\d (s|min|h|days)\b|\d\d:\d\d/)
      }),
    )
  })
})

describe('a session', () => {
  const at = (state: WandStatus['session']['state']) => ({
    ...wand,
    unclosed: [],
    session: { ...wand.session, state },
  })

  it('that is closed frees the pump, in words', () => {
    const seen = stale('session-closed')
    const { sentence, steps } = sessionOf(at('closed'), seen, reader)
    expect(sentence).toBe(
      'Reading finished 14:02. Session closed. You may now use the pump’s own programmer.',
    )
    expect(steps).toEqual([])
  })

  it('that is not confirmed closed says what to do, for as long as it is not', () => {
    const fault = {
      why: 'stuck',
      session: 7,
      pump: 'SIM-0005',
      code: 'unclosed.stuck',
      args: {},
      sentence: 'Session not confirmed closed. Hold the wand in place again.',
    }
    for (const seen of [at('not-confirmed'), { ...at('closed'), unclosed: [fault] }]) {
      const { sentence, steps } = sessionOf(seen, pump, reader)
      expect(sentence).toMatch(/Session not confirmed closed\.$/)
      expect(steps.length).toBeGreaterThan(1)
      expect(steps[0]).toMatch(/^Hold the wand in place again/)
    }
  })

  it('changes what ears are told', () => {
    const tiles = (seen: WandStatus) => tilesOf([seen], [pump])
    const said = ['open', 'closed', 'not-confirmed'] as const
    expect(new Set(said.map((one) => announcementOf('live', tiles(at(one)), reader))).size).toBe(3)
    expect(announcementOf('refused', tiles(at('open')), reader)).toMatch(/opens with a link/)
  })
})

describe('a tile', () => {
  it('is one a wand, shows the pump under it and names those before', () => {
    const other = { ...pump, pump: { ...pump.pump, id: 'other', serial: 'SIM-0999' } }
    const second = { ...wand, port: 'second', pump: null }
    const tiles = tilesOf([wand, second], [other, pump])
    expect(tiles.map((one) => one.pump?.pump.serial)).toEqual([pump.pump.serial, undefined])
    expect(tiles[0]?.others.map((one) => one.pump.serial)).toEqual(['SIM-0999'])
    expect(tiles[1]?.others).toEqual([])
  })

  it('shows more bars the better the wand lies, none for none', () => {
    expect(barsOf(null)).toBeNull()
    expect([0, 1, 40, 100].map((coupling) => barsOf(coupling)?.n)).toEqual([0, 1, 2, 5])
  })
})

describe('what stands in the way', () => {
  const seen = (more: Partial<WandStatus>, read = false) =>
    obstacleOf({ ...wand, ...more }, reader, read)
  const contact = (progress: number | null) => ({ ...wand.contact, progress })
  const session = (state: WandStatus['session']['state']) => ({ ...wand.session, state })

  it('is the cable first, then the reading under way, then the place of the wand', () => {
    const link = { ...wand.link, connected: false }
    expect(seen({ link, contact: contact(40) })?.next).toMatch(/cable/)
    expect(seen({ contact: contact(40), session: session('open') })).toMatchObject({
      title: 'Reading, 40 %',
      progress: 40,
    })
    const coupling = { ...wand.coupling, position: 'no-implant' }
    expect(seen({ coupling, contact: contact(null), session: session('none') })).toMatchObject({
      title: 'The wand is there. It hears no pump.',
      progress: null,
    })
  })

  it('is nothing where a reading stands, or while a session is held', () => {
    const still = { contact: contact(null) }
    expect(seen({ ...still, session: session('open') })).toBeNull()
    expect(seen({ ...still, session: session('closed') })).toBeNull()
    expect(seen({ ...still, session: session('none') })?.title).toBe('No reading yet.')
    expect(seen({ ...still, session: session('none') }, true)).toBeNull()
  })
})

describe('several wands', () => {
  it('stand the worst first: session, critical alarm, nothing infused, signal, alarm, the rest', () => {
    const alarm = (own: string | null) => ({ ...pump, alarms: [{ class: own } as never] })
    const calm = { ...pump, alarms: [], quality: 'current' as const }
    const state = { ...pump.state, state: { ...pump.state.state, value: 'stopped' } }
    const of = (port: string, its: PumpStatus | undefined, more: Partial<WandStatus> = {}) => ({
      ...{ pump: its, others: [] },
      wand: { ...wand, unclosed: [], ...more, port },
    })
    const session = { ...wand.session, state: 'not-confirmed' as const }
    const order = [
      of('stuck', calm, { session }),
      of('critical', alarm('critical')),
      of('unknown', alarm(null)),
      of('stopped', { ...calm, state }),
      of('lost', { ...calm, quality: 'stale', reason: 'wand-lost' }),
      of('alarm', { ...alarm('non-critical'), quality: 'current' }),
      of('none', undefined),
      of('calm', calm),
    ]
    const ports = worstFirst([...order].reverse()).map((one) => one.wand.port)
    const either = (a: string, b: string) => (x: string) => (x === b ? a : x)
    expect(ports.map(either('critical', 'unknown'))).toEqual(
      order.map((one) => one.wand.port).map(either('critical', 'unknown')),
    )
  })
})

describe('the tab', () => {
  it('names the pump and the gravest of it; of a bridge that is gone nothing else', () => {
    const [tile] = tilesOf([wand], [{ ...pump, alarms: [], quality: 'current' }])
    const { serial } = pump.pump
    expect(tabOf('live', tile, reader)).toBe(`${serial} · live`)
    expect(tabOf('silent', tile, reader)).toBe(`${serial} · not live`)
    expect(tabOf('live', undefined, reader)).toBe('Pump readings')
  })
})
