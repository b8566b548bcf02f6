// The rules of replies, one by one, and the framing under every cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Effect,
  type Event,
  IDLE,
  RULES,
  type State,
  step,
} from '../../src/delivery/machine.ts'
import { Deframer, frame } from '../../src/delivery/mllp.ts'
import type { Reply } from '../../src/delivery/sender.ts'
import { parseAck } from '../../src/hl7/text.ts'

const RUNS = process.env['WANDBRIDGE_LONG'] === '1' ? 5_000 : 200

function play(events: readonly Event[], from: State = IDLE) {
  const effects: Effect[][] = []
  let state = from
  for (const event of events) {
    const next = step(state, event)
    state = next.state
    effects.push([...next.effects])
  }
  return { state, effects, last: effects.at(-1) ?? [] }
}

const sent: Event[] = [{ kind: 'message', control: 'm1' }, { kind: 'connected' }]
const reply = (code: string, control = 'm1'): Event => ({
  kind: 'reply',
  reply: parseAck(`MSH|^~\\&|\rMSA|${code}|${control}|why`),
})

describe('a reply', () => {
  it.each(['CA', 'AA'])('%s: the message is done with', (code) => {
    const { last, state } = play([...sent, reply(code)])
    expect(last).toContainEqual({ do: 'done', result: { kind: 'accepted' } })
    expect(state).toMatchObject({ head: null, waiting: 'nothing' })
  })

  it.each(['CR', 'AR'])('%s: set aside at once', (code) => {
    const { last } = play([...sent, reply(code)])
    const result = { kind: 'parked', code, text: 'why', attempts: 1 }
    expect(last).toContainEqual({ do: 'done', result })
  })

  it.each(['CE', 'AE'])('%s: again, more and more slowly, then set aside', (code) => {
    const waits: (number | null)[] = []
    let { state } = play(sent)
    for (let i = 1; i < RULES.attempts; i += 1) {
      const refused = step(state, reply(code))
      waits.push(...refused.effects.map((e) => (e.do === 'timer' ? e.ms : -1)))
      const again = step(refused.state, { kind: 'time' })
      expect(again.effects[0]).toEqual({ do: 'send' })
      state = again.state
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000])
    const { effects } = step(state, reply(code))
    const result = { kind: 'parked', code, text: 'why', attempts: RULES.attempts }
    expect(effects).toContainEqual({ do: 'done', result })
  })

  it('of another message, or none at all, says nothing about this one', () => {
    const { state, effects } = play([
      ...sent,
      reply('AA', 'm0'),
      { kind: 'reply', reply: parseAck('login: ') },
      reply('XX'),
    ])
    expect(effects.slice(2).flat()).toEqual([])
    expect(state).toMatchObject({ head: 'm1', waiting: 'ack', strays: 3 })
  })

  it('that does not come closes the connection, and the message is sent again on the next', () => {
    const { effects } = play([
      ...sent,
      { kind: 'time' },
      { kind: 'closed' },
      { kind: 'time' },
      { kind: 'connected' },
    ])
    expect(effects.slice(2).flat()).toEqual([
      { do: 'close' },
      { do: 'timer', ms: 1_000 },
      { do: 'connect' },
      { do: 'send' },
      { do: 'timer', ms: RULES.ackMs },
    ])
  })

  it('a destination that is down is tried for ever, a minute apart at most', () => {
    let { state } = play([{ kind: 'message', control: 'm1' }])
    const waits: number[] = []
    for (let i = 0; i < 100; i += 1) {
      const closed = step(state, { kind: 'closed' })
      for (const e of closed.effects) if (e.do === 'timer') waits.push(e.ms ?? -1)
      const again = step(closed.state, { kind: 'time' })
      expect(again.effects).toEqual([{ do: 'connect' }])
      state = again.state
    }
    expect(waits.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000])
    expect(Math.max(...waits)).toBe(60_000)
  })

  it('never sends without a connection, never two at once, never loses one, whatever comes', () => {
    const events = fc.array(
      fc.oneof(
        fc.constantFrom<Event>({ kind: 'connected' }, { kind: 'closed' }, { kind: 'time' }),
        fc.constantFrom('AA', 'CA', 'AE', 'CE', 'AR', 'CR', 'XX').map((code) => reply(code)),
        fc.constant(reply('AA', 'other')),
      ),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(events, (all) => {
        let { state } = play([{ kind: 'message', control: 'm1' }])
        let done = 0
        for (const event of all) {
          // A connection that is not being made cannot come about, nor can a closed one close.
          if (event.kind === 'connected' && state.link !== 'connecting') continue
          if (event.kind === 'closed' && state.link === 'closed') continue
          if (event.kind === 'time' && state.waiting === 'nothing') continue
          const before = state
          const { state: after, effects } = step(state, event)
          state = after
          for (const effect of effects) {
            if (effect.do === 'send') expect(state.link).toBe('open')
            if (effect.do === 'done') {
              done += 1
              expect(before.waiting).toBe('ack')
            }
          }
          if (done === 0) expect(state.head).toBe('m1')
        }
        expect(done).toBeLessThanOrEqual(1)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('what speaks for all messages', () => {
  const reply = (means: Reply['means'], afterMs = 0): Event => ({
    kind: 'reply',
    reply: { control: 'm1', means, code: '', text: '', afterMs },
  })
  const message: Event = { kind: 'message', control: 'm1' }
  const connected: Event = { kind: 'connected' }

  it('later is tried for ever, more and more slowly, and sets nothing aside', () => {
    let { state } = play([message, connected])
    const waits: (number | null)[] = []
    for (let i = 0; i < 50; i += 1) {
      const { state: told, effects } = step(state, reply('later'))
      expect(told).toMatchObject({ head: 'm1', waiting: 'backoff', refused: 0 })
      for (const effect of effects) if (effect.do === 'timer') waits.push(effect.ms)
      state = step(told, { kind: 'time' }).state
      expect(state.waiting).toBe('ack')
    }
    expect(waits.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000])
  })

  it('a time that is asked for is kept, up to an hour', () => {
    const { state } = play([message, connected])
    for (const means of ['later', 'try-again'] as const) {
      const waits = [0, 90_000, 1e12].map((ms) => step(state, reply(means, ms)).effects)
      expect(waits.map(([first]) => first)).toEqual(
        [1_000, 90_000, 3_600_000].map((ms) => ({ do: 'timer', ms })),
      )
    }
  })

  it('gone ends the message without taking it', () => {
    const { state } = play([message, connected])
    expect(step(state, reply('gone')).effects).toContainEqual({
      do: 'done',
      result: { kind: 'gone', code: '', text: '' },
    })
  })
})

describe('framing', () => {
  it('finds the same messages however the bytes are cut, and nothing between them', () => {
    const text = fc.string({ unit: 'grapheme' }).map((one) => one.replace(/\p{Cc}/gu, ''))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), fc.array(fc.nat(40)), (texts, cuts) => {
        const bytes = Buffer.concat(texts.map((one) => frame(one)))
        const deframer = new Deframer()
        const got: string[] = []
        let at = 0
        for (const cut of [...cuts, bytes.length]) {
          got.push(...deframer.push(bytes.subarray(at, at + cut)))
          at += cut
        }
        got.push(...deframer.push(bytes.subarray(at)))
        expect(got).toEqual(texts)
        expect(deframer.strays).toBe(0)
      }),
      { numRuns: RUNS },
    )
  })

  it('a frame that was cut off by another begins no message, and noise is none', () => {
    const deframer = new Deframer()
    const half = frame('MSH|half').subarray(0, 6)
    const bytes = Buffer.concat([Buffer.from('noise'), half, frame('MSH|whole')])
    expect(deframer.push(bytes)).toEqual(['MSH|whole'])
    expect(deframer.strays).toBeGreaterThan(0)
  })
})
