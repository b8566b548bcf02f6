// Rule 1: every legal change of a link's phase stands in this table. The machine refuses any other; the
// diagram in the documentation is drawn from it.
import type { LinkCause } from '../../model/statement.ts'

/**
 * idle → not started · opening → port being opened · greeting → HELLO out · watching → no session,
 * contact watched · starting → OPEN · reading → INTERROGATE, SNAPSHOT, BLOCK · holding → session kept,
 * LIVE · ending → CLOSE · waiting → pause before the next attempt · stopped → for good.
 */
export const PHASES = [
  'idle',
  'opening',
  'greeting',
  'watching',
  'starting',
  'reading',
  'holding',
  'ending',
  'waiting',
  'stopped',
] as const
export type Phase = (typeof PHASES)[number]

export interface Transition {
  readonly from: readonly Phase[]
  readonly to: Phase
}

const CONNECTED: readonly Phase[] = [
  'greeting',
  'watching',
  'starting',
  'reading',
  'holding',
  'ending',
]
const IN_SESSION: readonly Phase[] = ['reading', 'holding']

/** Whether the port is open and somebody may answer; in the other phases nothing is live. */
export const isConnected = (phase: Phase): boolean => CONNECTED.includes(phase)
/** Whether a session is open that nobody has asked to close yet. */
export const isInSession = (phase: Phase): boolean => IN_SESSION.includes(phase)

export const TRANSITIONS = {
  start: { from: ['idle'], to: 'opening' },
  opened: { from: ['opening'], to: 'greeting' },
  'cannot-open': { from: ['opening'], to: 'waiting' },
  'wand-answered': { from: ['greeting'], to: 'watching' },
  'wrong-version': { from: CONNECTED, to: 'waiting' },
  'other-source': { from: ['greeting'], to: 'waiting' },
  'mark-changed': { from: CONNECTED.filter((phase) => phase !== 'greeting'), to: 'waiting' },
  'no-answer': { from: CONNECTED, to: 'waiting' },
  defect: { from: CONNECTED, to: 'waiting' },
  'port-gone': { from: CONNECTED, to: 'waiting' },
  'clock-jumped': { from: CONNECTED, to: 'waiting' },
  'held-up': { from: CONNECTED, to: 'waiting' },
  'link-forgotten': { from: CONNECTED, to: 'waiting' },
  retry: { from: ['waiting'], to: 'opening' },
  'session-asked': { from: ['watching'], to: 'starting' },
  'open-failed': { from: ['starting'], to: 'watching' },
  'open-hung': { from: ['starting', 'watching'], to: 'waiting' },
  'open-to-close': { from: ['starting'], to: 'ending' },
  'session-open': { from: ['starting'], to: 'reading' },
  'read-again': { from: ['holding'], to: 'reading' },
  'read-kept': { from: ['reading'], to: 'holding' },
  'read-done': { from: ['reading'], to: 'ending' },
  'read-failed': { from: ['reading'], to: 'ending' },
  'held-long-enough': { from: ['holding'], to: 'ending' },
  'pump-not-recognised': { from: IN_SESSION, to: 'ending' },
  'session-gone': { from: [...IN_SESSION, 'ending'], to: 'watching' },
  closed: { from: ['ending'], to: 'watching' },
  'not-confirmed': { from: ['ending'], to: 'watching' },
  'close-given-up': { from: ['ending'], to: 'waiting' },
  'stop-in-session': { from: IN_SESSION, to: 'ending' },
  stopped: {
    from: ['idle', 'opening', 'waiting', 'greeting', 'watching', 'starting', 'ending'],
    to: 'stopped',
  },
} as const satisfies Record<
  Exclude<LinkCause, 'not-started' | 'elsewhere' | 'not-allowed' | 'driver-lost'>,
  Transition
>

export type Cause = keyof typeof TRANSITIONS

/** The phase that `cause` leads to from `from`; throws on an illegal one: that is a bug, not input. */
export function follow(from: Phase, cause: Cause): Phase {
  const transition: Transition = TRANSITIONS[cause]
  if (!transition.from.includes(from)) throw new Error(`link: '${cause}' is not legal from ${from}`)
  return transition.to
}
