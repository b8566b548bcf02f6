// Which kind of wand a PDU comes from, by its marks, and what happens to a link when that is not the kind
// it reads: a wand of another kind is refused, a wand that changes its mark is a broken link.
import { FLAG_REPLAY, FLAG_SIMULATOR } from '../../../protocol/codec/pdu.ts'
import type { Source } from '../../model/reading.ts'
import { statement } from '../../model/statement.ts'
import { countFailure, type Draft, drop } from './draft.ts'
import { TIMING } from './timing.ts'

export function sourceOf(flags: number): Source {
  if (flags & FLAG_REPLAY) return 'replay'
  return flags & FLAG_SIMULATOR ? 'simulator' : 'device'
}

/** The first HELLO says that it is of another kind. */
export function otherSource(d: Draft, source: Source): void {
  drop(d, 'other-source', statement('why.other-source', { is: source, reads: d.s.source }))
}

/** What is being read may be of two wands: nothing of it is used, and it is not read again by itself. */
export function markChanged(d: Draft): void {
  const { phase } = d.s
  if (phase === 'starting' || phase === 'reading') {
    countFailure(d, statement('read.mark-changed'), TIMING.readAttempts)
  }
  drop(d, 'mark-changed')
}
