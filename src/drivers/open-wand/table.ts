// Rule 1: every legal change of a link's phase stands in this table, with the sentence people read.
// The machine refuses any other; the diagram in the documentation is drawn from it.

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
  readonly sentence: string
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
  start: { from: ['idle'], to: 'opening', sentence: 'Opening the port.' },
  opened: { from: ['opening'], to: 'greeting', sentence: 'Port open. Asking which wand this is.' },
  'cannot-open': { from: ['opening'], to: 'waiting', sentence: 'The port cannot be opened.' },
  'wand-answered': { from: ['greeting'], to: 'watching', sentence: 'The wand answers.' },
  'wrong-version': {
    from: CONNECTED,
    to: 'waiting',
    sentence:
      'The wand speaks another version of the protocol. It cannot be read with this release.',
  },
  'other-source': {
    from: ['greeting'],
    to: 'waiting',
    sentence: 'This wand is refused: nothing of it is shown.',
  },
  'mark-changed': {
    from: CONNECTED.filter((phase) => phase !== 'greeting'),
    to: 'waiting',
    sentence:
      'Signal lost: the wand changed its mark. What came with the other mark is not shown. Connecting again.',
  },
  'no-answer': {
    from: CONNECTED,
    to: 'waiting',
    sentence: 'Signal lost: nothing answers on this port.',
  },
  defect: {
    from: CONNECTED,
    to: 'waiting',
    sentence: 'The wand refuses what every host may ask: a defect of the wand or of this program.',
  },
  'port-gone': {
    from: CONNECTED,
    to: 'waiting',
    sentence: 'Signal lost: the wand was unplugged or its port closed.',
  },
  'clock-jumped': {
    from: CONNECTED,
    to: 'waiting',
    sentence: 'This computer slept or its clock was changed. Connecting again.',
  },
  'link-forgotten': {
    from: CONNECTED,
    to: 'waiting',
    sentence: 'Signal lost: the wand has restarted, or another program used its port.',
  },
  retry: { from: ['waiting'], to: 'opening', sentence: 'Trying the port again.' },
  'session-asked': {
    from: ['watching'],
    to: 'starting',
    sentence: 'Wand in place. Opening a session with the pump.',
  },
  'open-failed': {
    from: ['starting'],
    to: 'watching',
    sentence: 'No session: the pump did not answer, or the wand is still busy with an earlier one.',
  },
  'open-hung': {
    from: ['starting', 'watching'],
    to: 'waiting',
    sentence:
      'The opening of a session was never confirmed. Connecting again; the wand ends the session by itself.',
  },
  'open-to-close': {
    from: ['starting'],
    to: 'ending',
    sentence: 'Session open. Closing it at once, so that the pump is known to have left it.',
  },
  'session-open': {
    from: ['starting'],
    to: 'reading',
    sentence: 'Session open. Reading the pump. Hold the wand still.',
  },
  'read-again': {
    from: ['holding'],
    to: 'reading',
    sentence: 'The pump has changed since it was read. Reading it again.',
  },
  'read-kept': {
    from: ['reading'],
    to: 'holding',
    sentence: 'Reading finished. Session kept open.',
  },
  'read-done': {
    from: ['reading'],
    to: 'ending',
    sentence: 'Reading finished. Closing the session.',
  },
  'read-failed': {
    from: ['reading'],
    to: 'ending',
    sentence: 'The reading did not complete; nothing of it is used. Closing the session.',
  },
  'held-long-enough': {
    from: ['holding'],
    to: 'ending',
    sentence: 'The session has been open long enough. Closing it.',
  },
  'pump-not-recognised': {
    from: IN_SESSION,
    to: 'ending',
    sentence: 'The pump of this session no longer answers. Closing the session.',
  },
  'session-gone': {
    from: [...IN_SESSION, 'ending'],
    to: 'watching',
    sentence: 'The wand has ended the session by itself.',
  },
  closed: {
    from: ['ending'],
    to: 'watching',
    sentence: 'Session closed. You may now use the pump’s own programmer.',
  },
  'not-confirmed': {
    from: ['ending'],
    to: 'watching',
    sentence: 'Session not confirmed closed. Hold the wand in place again.',
  },
  'close-given-up': {
    from: ['ending'],
    to: 'waiting',
    sentence: 'Session not confirmed closed. Hold the wand in place again.',
  },
  'stop-in-session': {
    from: IN_SESSION,
    to: 'ending',
    sentence: 'Stopping. Closing the session first.',
  },
  stopped: {
    from: ['idle', 'opening', 'waiting', 'greeting', 'watching', 'starting', 'ending'],
    to: 'stopped',
    sentence: 'Stopped.',
  },
} as const satisfies Record<string, Transition>

export type Cause = keyof typeof TRANSITIONS

/** The phase that `cause` leads to from `from`; throws on an illegal one: that is a bug, not input. */
export function follow(from: Phase, cause: Cause): Phase {
  const transition: Transition = TRANSITIONS[cause]
  if (!transition.from.includes(from)) throw new Error(`link: '${cause}' is not legal from ${from}`)
  return transition.to
}
