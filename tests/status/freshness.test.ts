// Freshness: what is shown as live is live, whatever happens and in whatever order the disk answers.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BridgeEvent, PumpIdentity } from '../../src/model/event.ts'
import { filled } from '../../src/model/reading.ts'
import { pumpStatusSchema } from '../../src/model/status.ts'
import { pumpTold } from '../../src/words/told.ts'
import { WORDS } from '../../src/words/words.ts'
import { said } from '../words/said.ts'
import { AUDIT, PUMPS, Script } from './events.ts'

const qualities = (text: unknown) => new Set(JSON.stringify(text).match(/"quality":"[a-z]+"/g))

describe('a live reading', () => {
  it('is current, valid by its schema, and says its age', () => {
    const s = new Script()
    s.live()
    s.pass(300)
    const view = s.view()
    expect(view?.quality).toBe('current')
    expect(view?.reason).toBeUndefined()
    expect(view?.ageMs).toBe(300)
    expect(view?.reservoir.reportedVolume).toMatchObject({ value: 5, quality: 'current' })
    expect(pumpStatusSchema.safeParse(view && pumpTold(WORDS['en-US'], view)).error).toBeUndefined()
  })

  it.each([
    ['session-closed', (s: Script) => s.end('confirmed')],
    ['session-closed', (s: Script) => s.end('unconfirmed')],
    ['session-closed', (s: Script) => s.end('ended-by-wand')],
    ['wand-lost', (s: Script) => s.end('lost')],
    ['wand-lost', (s: Script) => s.linkEvent(false)],
    ['wand-lost', (s: Script) => s.contact(false, 'wand-lost')],
    ['implant-lost', (s: Script) => s.contact(false)],
  ] as const)('is stale with %s before the loss is on the disk', (reason, lose) => {
    const s = new Script()
    s.live()
    s.early(lose(s))
    const view = s.view()
    expect(view?.quality).toBe('stale')
    expect(view?.reason).toBe(reason)
    expect(qualities(view)).not.toContain('"quality":"current"')
    expect(view?.reservoir.reportedVolume).toMatchObject({ value: 5, quality: 'stale', reason })
  })

  it('is stale with audit-failed while the log cannot be written', () => {
    const s = new Script()
    s.live()
    s.audit = { ...AUDIT, state: 'failed' }
    expect(s.view()).toMatchObject({ quality: 'stale', reason: 'audit-failed' })
    s.audit = AUDIT
    expect(s.view()?.quality).toBe('current')
  })

  it('is stale when contact is older than 900 ms, though nobody said that it was lost', () => {
    const s = new Script()
    s.live()
    s.pass(900)
    expect(s.view()?.quality).toBe('current')
    s.pass(1)
    expect(s.view()).toMatchObject({ quality: 'stale', reason: 'wand-lost' })
  })

  it('is stale after this computer slept, whichever clock noticed', () => {
    for (const [wall, mono] of [
      [3_600_000, 100],
      [-3_600_000, 100],
      [100, 3_600_000],
    ] as const) {
      const s = new Script()
      s.live()
      s.wall += wall
      s.mono += mono
      expect(s.view()?.quality).toBe('stale')
      expect(s.view()?.ageMs).toBe(Math.max(wall, mono))
    }
  })

  it('keeps a value without one and an invalid one as they are when it goes stale', () => {
    const s = new Script()
    s.live()
    const reading = s.reading()
    const { values } = reading
    const { reservoir } = filled(values, { deviceTime: null, receivedAt: reading.receivedAt })
    const volume = {
      ...reservoir.reportedVolume,
      value: null,
      quality: 'invalid' as const,
      raw: 6,
    }
    s.apply({
      ...reading,
      values: { ...values, reservoir: { ...reservoir, reportedVolume: volume } },
    })
    s.apply(s.end('confirmed'))
    expect(s.view()?.reservoir.reportedVolume).toMatchObject({
      value: null,
      quality: 'invalid',
      raw: 6,
    })
  })
})

describe('a reading whose record comes late', () => {
  it.each([
    ['session-closed', (s: Script) => s.end('confirmed')],
    ['wand-lost', (s: Script) => s.linkEvent(false)],
  ] as const)('is history from the start: %s', (reason, lose) => {
    const s = new Script()
    s.apply(s.linkEvent(true), s.contact(true), s.open(7))
    const reading = s.reading()
    const loss = lose(s)
    s.early(loss)
    s.durable(reading)
    expect(s.view()).toMatchObject({ quality: 'stale', reason })
    s.durable(loss)
    expect(s.view()).toMatchObject({ quality: 'stale', reason })
  })

  it('does not come alive by a recognition that is older than the loss', () => {
    const s = new Script()
    s.live()
    const recognised = s.recognised()
    const loss = s.contact(false)
    const again = s.contact(true)
    s.early(loss)
    s.early(again)
    s.durable(recognised)
    s.durable(loss)
    s.durable(again)
    expect(s.view()).toMatchObject({ quality: 'stale', reason: 'implant-lost' })
    expect(said(s.view()?.session)).toContain('out of reach')
    s.apply(s.recognised())
    expect(said(s.view()?.session)).toContain('Same pump confirmed')
    expect(s.view()?.quality).toBe('current')
  })
})

describe('a reading that its pump contradicted', () => {
  const contradicted = (s: Script): BridgeEvent => ({
    ...s.head(),
    kind: 'outdated',
    why: 'contradicted',
    pump: s.pump,
  })

  it.each([
    ['the end of its session', (s: Script) => s.end('confirmed')],
    ['the loss of its wand', (s: Script) => s.linkEvent(false)],
  ])('is told as such after %s, as a bridge that starts then tells it', (_, loss) => {
    for (const say of [
      (s: Script) => s.apply(s.reading(), contradicted(s)),
      (s: Script) => s.apply({ ...s.reading(), contradicted: true }),
    ]) {
      const s = new Script()
      s.apply(s.linkEvent(true), s.contact(true), s.open(7))
      say(s)
      s.apply(loss(s))
      expect(s.view()).toMatchObject({ quality: 'stale', reason: 'contradicted' })
      const volume = s.view()?.reservoir.reportedVolume
      expect(volume).toMatchObject({ quality: 'stale', reason: 'contradicted' })
    }
  })

  it('does not hide within its session what there is to be done about the signal', () => {
    const s = new Script()
    s.live()
    s.apply(contradicted(s), s.contact(false))
    expect(s.view()).toMatchObject({ quality: 'stale', reason: 'implant-lost' })
    s.apply(s.end('unconfirmed'))
    expect(s.view()?.reason).toBe('contradicted')
  })

  it('leaves the reading of another pump, another session and a newer one as they are', () => {
    const s = new Script()
    s.live()
    const [first, second] = PUMPS as [PumpIdentity, PumpIdentity]
    s.apply(s.end('confirmed'))
    s.pump = second
    s.apply(s.open(8), s.reading(), contradicted(s))
    s.pump = first
    s.apply(s.end('confirmed'))
    expect(s.view(first)?.reason).toBe('session-closed')
    s.pump = second
    s.apply(s.open(9), s.reading(), s.end('confirmed'))
    expect(s.view(second)?.reason).toBe('session-closed')
  })
})

describe('two pumps', () => {
  it('never mix: another pump under the wand has none of the old values', () => {
    const s = new Script()
    s.live()
    s.apply(s.end('unconfirmed'))
    const [first, second] = PUMPS as [PumpIdentity, PumpIdentity]
    s.pump = second
    s.apply(s.open(8))
    expect(s.view(second)).toBeNull()
    expect(s.view(first)).toMatchObject({ quality: 'stale', reason: 'session-closed' })
    expect(s.view(first)?.session).toMatchObject({ id: 7, state: 'not-confirmed' })
    s.apply(s.reading())
    expect(s.view(second)?.quality).toBe('current')
    expect(s.view(first)?.quality).toBe('stale')
  })
})

function standing({ state }: Script) {
  const { link, phase, connected, why, since, session, pump } = state.wands.get('/dev/wand') ?? {}
  return { link, phase, connected, why, since, session: { ...session, code: '', args: {} }, pump }
}

describe('any run of events', () => {
  type Move =
    | 'up'
    | 'down'
    | 'contact'
    | 'lift'
    | 'open'
    | 'read'
    | 'known'
    | 'end'
    | 'ending'
    | 'write'
    | 'wait'
  const move = fc.constantFrom<Move>(
    ...([
      'up',
      'down',
      'contact',
      'lift',
      'open',
      'read',
      'known',
      'end',
      'ending',
      'write',
      'wait',
    ] as const),
  )

  /** The loss of a pump on a connection whose beginning was still being written. */
  const OVERTAKEN: [Move[]][] = [
    [['down', 'up', 'contact', 'open', 'read', 'lift', 'write', 'write', 'write', 'contact']],
  ]

  /** The oracle knows only what really is: is a session open, is the pump in contact, known, read? */
  it('shows nothing as current that is not, however late the disk is', () => {
    let current = 0
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const s = new Script()
        const prompt = new Script()
        const queue: BridgeEvent[] = []
        const truth = {
          up: false,
          contact: false,
          open: false,
          known: false,
          heard: 0,
          sessions: 0,
        }
        const happen = (event: BridgeEvent) => {
          s.early(event)
          queue.push(event)
          prompt.apply(event)
        }
        for (const m of ['up', 'contact', 'open', 'read', 'write', 'write', ...moves] as Move[]) {
          if (m === 'up' && !truth.up) {
            s.link += 1
            truth.up = true
            happen(s.linkEvent(true))
          }
          if (m === 'down' && truth.up) {
            Object.assign(truth, { up: false, contact: false, open: false, known: false })
            s.session = null
            happen(s.linkEvent(false))
          }
          if (m === 'contact' && truth.up) {
            Object.assign(truth, { contact: true, heard: s.mono })
            happen(s.contact(true))
          }
          if (m === 'lift' && truth.contact) {
            Object.assign(truth, { contact: false, known: false })
            happen(s.contact(false))
          }
          if (m === 'open' && truth.contact && !truth.open) {
            truth.sessions += 1
            Object.assign(truth, { open: true, known: true })
            happen(s.open(truth.sessions))
          }
          if (m === 'known' && truth.open && truth.contact) {
            truth.known = true
            happen(s.recognised())
          }
          if (m === 'read' && truth.open && truth.known) happen(s.reading())
          if (m === 'end' && truth.open) {
            Object.assign(truth, { open: false, known: false })
            happen(s.end('confirmed'))
          }
          if (m === 'ending' && truth.up) happen(s.linkEvent(true, 'ending'))
          if (m === 'write') for (const event of queue.splice(0, 3)) s.durable(event)
          if (m === 'wait') s.pass(500)
          const shown = s.view()
          if (shown?.quality !== 'current') continue
          current += 1
          expect(truth).toMatchObject({ up: true, contact: true, open: true, known: true })
          expect(s.mono - truth.heard).toBeLessThanOrEqual(900)
          expect(shown.session.id).toBe(truth.sessions)
        }
        // A slow disk delays what is said of the link and of the session, and changes nothing of it.
        for (const event of queue.splice(0)) s.durable(event)
        expect(standing(s)).toEqual(standing(prompt))
        // What was laid out before is what would be laid out now.
        expect(s.view()).toEqual(s.view(s.pump, structuredClone(s.state)))
      }),
      { numRuns: 2_000, examples: OVERTAKEN },
    )
    // The property would be true of a status that never shows anything live.
    expect(current).toBeGreaterThan(100)
  })
})
