// What each code but OK and PENDING asks of the host. README.md §10.4, code by code.

import { Code, codeText } from '../../../protocol/codec/pdu.ts'
import type { MessageName } from '../../../protocol/messages/index.ts'
import { type Statement, statement } from '../../model/statement.ts'
import {
  countFailure,
  type Draft,
  drop,
  endSession,
  failRead,
  giveUpClose,
  go,
  halt,
  loseContact,
  set,
  toEnding,
} from './draft.ts'
import { TIMING } from './link-state.ts'

const refused = (message: MessageName, code: number): Statement =>
  statement('read.refused', { message, answer: codeText(code) })

/** How much of the patience of a reading a refusal uses up: 1 = may be tried again as it is. */
function weight(code: number): number {
  switch (code) {
    case Code.NO_IMPLANT:
    case Code.AIR_FAILED:
    case Code.CHANGED:
    case Code.SNAPSHOT_GONE:
      return 1
    // Once more, then the wand has failed.
    case Code.INTERNAL:
      return TIMING.readAttempts - 1
    // A defect, which asking again does not mend.
    default:
      return TIMING.readAttempts
  }
}

export function onRefusal(d: Draft, name: MessageName, code: number): void {
  const why = refused(name, code)
  if (code === Code.WRONG_LINK) drop(d, 'link-forgotten')
  else if (code === Code.VERSION) drop(d, 'wrong-version', why)
  else if (name === 'HELLO' || name === 'PING') basicRefused(d, why)
  else if (name === 'WAND') return
  else if (name === 'OPEN') openRefused(d, code, why)
  else if (code === Code.NO_SESSION) sessionGone(d)
  else if (name === 'CLOSE') closeRefused(d, code, why)
  else if (name === 'LIVE') liveRefused(d, code, why)
  else if (code === Code.BUSY) set(d, { notBefore: d.now.mono + TIMING.collectMs })
  else {
    if (code === Code.NO_IMPLANT) loseContact(d, 'implant-lost')
    readAgain(d, why, weight(code))
  }
}

/** A wand that refuses HELLO or PING cannot be read. */
function basicRefused(d: Draft, why: Statement): void {
  const faults = d.s.faults + 1
  set(d, { faults, notBefore: d.now.mono + TIMING.pauseMs })
  if (faults >= TIMING.faults) drop(d, 'defect', why)
}

function openRefused(d: Draft, code: number, why: Statement): void {
  // Another link's session ends by its lease; waiting for it is no failed attempt.
  if (code === Code.BUSY) set(d, { restUntil: d.now.mono + TIMING.pauseMs })
  else countFailure(d, why, weight(code))
  go(d, 'open-failed', why)
  set(d, { purpose: 'read' })
  if (d.s.stopBy !== null) halt(d)
}

function liveRefused(d: Draft, code: number, why: Statement): void {
  if (weight(code) === TIMING.readAttempts && code !== Code.BUSY) {
    failRead(d, why, 'pump-not-recognised', TIMING.readAttempts)
    return
  }
  if (code === Code.NO_IMPLANT) loseContact(d, 'implant-lost')
  set(d, { notBefore: d.now.mono + TIMING.collectMs })
}

/** The session is still open; CLOSE is asked again, for as long as agenda.ts allows. */
function closeRefused(d: Draft, code: number, why: Statement): void {
  const defect = weight(code) === TIMING.readAttempts && code !== Code.BUSY
  if (defect) giveUpClose(d, why)
  else set(d, { notBefore: d.now.mono + TIMING.collectMs })
}

/** Nothing of the reading is used; it is repeated in the same session, so often. */
export function readAgain(d: Draft, why: Statement, count = 1): void {
  if (countFailure(d, why, count)) toEnding(d, 'read-failed', why)
  else set(d, { notBefore: d.now.mono + TIMING.collectMs })
}

/** The wand holds our session no longer; how it ended, HELLO will say. */
export function sessionGone(d: Draft): void {
  if (d.s.phase === 'reading') countFailure(d, statement('read.session-ended'))
  endSession(d, 'ended-by-wand', 'ended-by-wand')
  go(d, 'session-gone')
  set(d, { helloDue: true, restUntil: d.now.mono + TIMING.pauseMs })
  if (d.s.stopBy !== null) halt(d)
}
