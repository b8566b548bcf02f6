// Which kind of wand a PDU comes from, by its marks, and what happens to a link when that is not the kind
// it reads: a wand of another kind is refused, a wand that changes its mark is a broken link.
import { FLAG_REPLAY, FLAG_SIMULATOR } from '../../../protocol/codec/pdu.ts'
import type { Source } from '../../model/reading.ts'
import { countFailure, type Draft, drop } from './draft.ts'
import { TIMING } from './timing.ts'

export function sourceOf(flags: number): Source {
  if (flags & FLAG_REPLAY) return 'replay'
  return flags & FLAG_SIMULATOR ? 'simulator' : 'device'
}

const IS: Readonly<Record<Source, string>> = {
  device: 'This is a real wand',
  simulator: 'This is a simulated wand',
  replay: 'This wand plays back a recording',
}
const READS: Readonly<Record<Source, string>> = {
  device: 'devices',
  simulator: 'simulated wands',
  replay: 'recordings',
}

/** The first HELLO says that it is of another kind. */
export function otherSource(d: Draft, source: Source): void {
  const detail = `${IS[source]}; this bridge reads ${READS[d.s.source]}. Start the bridge with --source ${source}.`
  drop(d, 'other-source', detail)
}

/** What is being read may be of two wands: nothing of it is used, and it is not read again by itself. */
export function markChanged(d: Draft): void {
  const { phase } = d.s
  if (phase === 'starting' || phase === 'reading') {
    countFailure(d, 'the wand changed its mark while the pump was read', TIMING.readAttempts)
  }
  drop(d, 'mark-changed')
}
