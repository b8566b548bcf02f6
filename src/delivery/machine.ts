// What a destination is sent next and what its replies mean: one message at a time, in order. Pure:
// events in, effects out. What is accepted is done with; an error is tried again, more and more slowly,
// then parked; a refusal is parked at once; silence closes the connection; a destination that is down, or says
// that it takes nothing now, is tried again and again. Whether it is the message that is never taken, or the
// destination that takes none, one message cannot tell: after so many times it is `stuck`, and whoever sends tries
// another one. A reply that names another message says nothing about this one.
import type { Reply } from './sender.ts'

export interface Rules {
  /** How often a message that is answered with an error is sent, in all. */
  readonly attempts: number
  readonly ackMs: number
  /** So long at least, in all its waits, a message is tried before it is set aside for errors. */
  readonly patienceMs: number
  /** After how often a message that was sent and not taken, nor judged, is stuck; null = never. */
  readonly stuck: number | null
  /** One attempt: what is not taken at once, whatever the reason, is stuck. */
  readonly once?: boolean
  /** So many answers that do not take it, or time-outs, and it is stuck; a lost connection is none of them. */
  readonly trial?: number
  /** First wait before trying again; it doubles up to the longest. */
  readonly backoffMs: number
  readonly longestMs: number
}

export const RULES: Rules = {
  attempts: 5,
  ackMs: 30_000,
  patienceMs: 0,
  stuck: null,
  backoffMs: 1_000,
  longestMs: 60_000,
}

export interface State {
  readonly link: 'closed' | 'connecting' | 'open'
  /** Control id of the message that is to be sent; null = there is none. */
  readonly head: string | null
  /** `ack`: it was sent. `backoff`: nothing is tried until the wait is over. */
  readonly waiting: 'nothing' | 'ack' | 'backoff'
  /** Error replies to this message so far. */
  readonly refused: number
  /** Sent, and neither taken nor judged, so far: it was told to come later, or nothing was said that means anything. */
  readonly putOff: number
  /** Of these, answers and time-outs: not connections that were lost. */
  readonly answers: number
  /** Since it was sent last, the time was over, or what was answered meant nothing. */
  readonly heard: boolean
  /** What was said of it last. */
  readonly said: { readonly code: string; readonly text: string }
  /** Ms that this message has waited so far. */
  readonly spent: number
  /** Connections in a row that came to nothing, or were told to come later. */
  readonly failed: number
  /** Replies that named another message, or meant nothing. */
  readonly strays: number
}

export const IDLE: State = {
  link: 'closed',
  head: null,
  waiting: 'nothing',
  refused: 0,
  putOff: 0,
  answers: 0,
  heard: false,
  said: { code: 'none', text: '' },
  spent: 0,
  failed: 0,
  strays: 0,
}

export type Event =
  | { readonly kind: 'message'; readonly control: string }
  | { readonly kind: 'connected' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** The time that was asked for is over. */
  | { readonly kind: 'time' }

export type Result =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'gone'; readonly code: string; readonly text: string }
  | {
      /** `stuck`: it may be for the destination, and not for the message. */
      readonly kind: 'parked' | 'stuck'
      readonly code: string
      readonly text: string
      readonly attempts: number
      /** Those that were answered, or not in time. */
      readonly answers?: number
    }

export type Effect =
  | { readonly do: 'connect' }
  | { readonly do: 'send' }
  | { readonly do: 'close' }
  /** One timer: a new one replaces it; null = none. */
  | { readonly do: 'timer'; readonly ms: number | null }
  | { readonly do: 'done'; readonly result: Result }

export interface Step {
  readonly state: State
  readonly effects: readonly Effect[]
}

export function step(state: State, event: Event, rules: Rules = RULES): Step {
  switch (event.kind) {
    case 'message':
      return next({ ...state, ...FRESH, head: event.control }, rules)
    case 'connected':
      return next({ ...state, link: 'open' }, rules)
    case 'closed': {
      const failed = state.failed + 1
      const closed = { ...state, link: 'closed', failed } as const
      if (state.head === null)
        return { state: { ...closed, waiting: 'nothing', failed: 0 }, effects: [NO_TIMER] }
      // It was sent on this connection, and nothing was said of it.
      const silent = state.waiting === 'ack'
      const said = silent ? { code: 'none', text: 'no answer that means anything' } : state.said
      const putOff = state.putOff + (silent ? 1 : 0)
      const ms = waitMs(failed - 1, rules)
      const spent = state.spent + ms + (silent ? rules.ackMs : 0)
      const answers = state.answers + (silent && state.heard ? 1 : 0)
      const waiting = { ...closed, putOff, answers, said, spent, waiting: 'backoff' } as const
      return rules.once || isTried(waiting, rules)
        ? stuck(waiting)
        : { state: waiting, effects: [{ do: 'timer', ms }] }
    }
    case 'time': {
      if (state.waiting === 'ack')
        return { state: { ...state, heard: true }, effects: [{ do: 'close' }] }
      const { putOff, spent, waiting } = state
      const limit = rules.stuck ?? Number.POSITIVE_INFINITY
      if (waiting === 'backoff' && putOff >= limit && spent >= rules.patienceMs) return stuck(state)
      return next({ ...state, waiting: 'nothing' }, rules)
    }
    case 'reply':
      return replied(state, event.reply, rules)
  }
}

/** Of a message that was not sent yet. */
const FRESH = { refused: 0, putOff: 0, answers: 0, said: IDLE.said, spent: 0 } as const

const isTried = ({ answers }: State, { trial = Number.POSITIVE_INFINITY }: Rules) =>
  answers >= trial

/** How long the destination has failed is kept: the next message waits as long. */
function stuck(state: State): Step {
  const { said, putOff, refused, answers } = state
  const result = { kind: 'stuck', ...said, attempts: putOff + refused, answers } as const
  return {
    state: { ...state, ...FRESH, head: null, waiting: 'nothing' },
    effects: [NO_TIMER, { do: 'done', result }],
  }
}

const NO_TIMER: Effect = { do: 'timer', ms: null }

/** Whoever asks to be left alone for longer is asked again after this. */
const MOST_ASKED_MS = 3_600_000

const waitMs = (times: number, { backoffMs, longestMs }: Rules) =>
  Math.min(longestMs, backoffMs * 2 ** Math.min(times, 20))

/** Sends, or connects first, if there is something to send and nothing to wait for. */
function next(state: State, rules: Rules): Step {
  if (state.head === null || state.waiting !== 'nothing') return { state, effects: [] }
  if (state.link === 'open') {
    const sent = { ...state, waiting: 'ack', heard: false } as const
    return { state: sent, effects: [{ do: 'send' }, { do: 'timer', ms: rules.ackMs }] }
  }
  if (state.link === 'connecting') return { state, effects: [] }
  return { state: { ...state, link: 'connecting' }, effects: [{ do: 'connect' }] }
}

function replied(state: State, reply: Reply, rules: Rules): Step {
  if (!reply.means || state.waiting !== 'ack' || reply.control !== state.head) {
    const heard = state.heard || (state.waiting === 'ack' && !reply.means)
    return { state: { ...state, heard, strays: state.strays + 1 }, effects: [] }
  }
  const { means, code, text, afterMs = 0 } = reply
  const done = { ...state, ...FRESH, head: null, waiting: 'nothing', failed: 0 } as const
  const end = (result: Result): Step => ({
    state: done,
    effects: [NO_TIMER, { do: 'done', result }],
  })
  if (means === 'accepted') return end({ kind: 'accepted' })
  if (means === 'gone') return end({ kind: 'gone', code, text })
  const wait = (times: number) => ({
    do: 'timer' as const,
    ms: Math.max(waitMs(times, rules), Math.min(afterMs, MOST_ASKED_MS)),
  })
  const said = { code, text }
  const answers = state.answers + 1
  if (means !== 'refused' && (rules.once || isTried({ ...state, answers }, rules)))
    return stuck({ ...state, said, answers, putOff: state.putOff + 1 })
  if (means === 'later') {
    const failed = state.failed + 1
    const { ms } = wait(failed - 1)
    const [putOff, spent] = [state.putOff + 1, state.spent + ms]
    const later = { ...state, failed, putOff, answers, said, spent, waiting: 'backoff' } as const
    return { state: later, effects: [{ do: 'timer', ms }] }
  }
  const refused = state.refused + 1
  if (means === 'refused' || (refused >= rules.attempts && state.spent >= rules.patienceMs)) {
    return end({ kind: 'parked', code, text, attempts: refused })
  }
  const { ms } = wait(refused - 1)
  const spent = state.spent + ms
  const again = { ...state, refused, answers, said, spent, failed: 0, waiting: 'backoff' } as const
  return { state: again, effects: [{ do: 'timer', ms }] }
}
