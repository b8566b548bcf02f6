// The times and counts of the link. What both ends keep comes from the protocol.
import { MINOR } from '../../../protocol/codec/pdu.ts'
import { Timing } from '../../../protocol/timing.ts'
import type { Stamp } from '../../model/event.ts'
import type { PortEnd } from '../../transport/port.ts'

/** What HELLO says of this host. */
export const HELLO_MINOR = { minor: MINOR } as const

export const TIMING = {
  /** A reply is waited for so long; then the request is repeated. */
  replyMs: Timing.HOST_TIMEOUT_MS,
  /** Sends of one request, the first included. */
  tries: 1 + Timing.HOST_RETRIES,
  /** When contact runs out, a wand that owes a reply for so long is the one that is silent. */
  silentMs: Timing.REPLY_MS + 50,
  /** A wand that owes a reply for longer is lost; with `pingMs` this stays under one second. */
  wandLostMs: 600,
  pingMs: 200,
  /** Pause between two asks for the result of air work, or of a wand that is busy. */
  collectMs: 100,
  wandMs: 30_000,
  /** LIVE in a session that is held, if nobody says otherwise. */
  liveMs: 1_000,
  /** Values are live for so many intervals of LIVE after the implant has answered, */
  liveIntervals: 3,
  /** and no longer than this. */
  liveBoundMs: 5_000,
  /** Contact of this age is not contact any more: nothing is current. */
  contactMs: Timing.HOST_CONTACT_MS,
  placedMs: 2_000,
  /** A continuous session lasts no longer. */
  heldMs: 120_000,
  /** Pause between two continuous sessions, and before what failed is tried again. */
  pauseMs: 1_000,
  /** Pause of a continuous link after it has failed for good. */
  longPauseMs: 5_000,
  /** Without its identity confirmed for this long a session is closed. */
  unrecognisedMs: 5_000,
  /** A wand gives up opening after 10 s of air work. */
  openMs: 15_000,
  /** A reading with all its repeats takes no longer. */
  readMs: 40_000,
  /** A close that the implant does not confirm is asked again for this long. */
  closeMs: 4_000,
  /** Stopping takes no longer than this. */
  stopMs: 2_700,
  /** A reading that was asked for is wanted for this long. */
  wantedMs: 45_000,
  readAttempts: 3,
  /** Sessions opened only to be closed, each time the wand is placed. */
  reopens: 3,
  /** Refusals of HELLO or PING in a row. */
  faults: 3,
} as const

/** How long after the implant has answered its values are live. LIVE takes its time on air, however often it is asked. */
export const liveBound = (liveMs: number): number =>
  Math.min(TIMING.liveIntervals * Math.max(liveMs, TIMING.liveMs), TIMING.liveBoundMs)

/** Pauses before the port is tried again; the last one repeats for ever. */
export const LADDER_MS = [100, 250, 500, 1_000] as const
/** The same where trying often helps nobody: held by another program, no permission, other version. */
export const SLOW_LADDER_MS = [1_000, 2_000, 5_000] as const
export const isSlow = (end: PortEnd): boolean => end === 'busy' || end === 'denied'

/** A driver that has not opened its port by then never will. */
export const OPEN_MS = 5_000

/** Clocks that drift apart by more: the machine slept, or was set. A timer later than that: it was held up. */
const JUMP_MS = 2_000
/** While a port is open the link looks at its clocks at least so often. */
export const WATCH_MS = 500

/** What happened to the computer of a link between two looks at its clocks; null = nothing. */
export function happened(last: Stamp, now: Stamp): 'clock-jump' | 'held-up' | null {
  const apart = now.wall - now.mono - (last.wall - last.mono)
  if (Math.abs(apart) > JUMP_MS) return 'clock-jump'
  return now.mono - last.mono > WATCH_MS + JUMP_MS ? 'held-up' : null
}
