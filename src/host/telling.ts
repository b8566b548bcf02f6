// What a bridge says to whoever asks it, with sentences: the bridge itself knows codes only.
import type { Outcome } from '../bridge/interrogate.ts'
import type { WatchLine } from '../bridge/watch.ts'
import type { Reply } from '../control/messages.ts'
import type { DestinationStatus } from '../model/status.ts'
import {
  auditTold,
  destinationTold,
  linkTold,
  pumpTold,
  sessionTold,
  unclosedTold,
} from '../words/told.ts'
import { sentence, sentences, type Words } from '../words/words.ts'
import type { Delivery } from './delivery-host.ts'
import type { Fleet } from './fleet-host.ts'

/** A line of the live stream. */
export function lineTold(words: Words, line: WatchLine): Reply<'watch'> {
  switch (line.kind) {
    case 'reading':
      return { ...line, ...pumpTold(words, line) }
    case 'link': {
      const { link, unclosed, failure } = line
      const readFailed = failure && { readFailed: sentence(words, failure) }
      return {
        ...line,
        link: linkTold(words, link),
        unclosed: unclosedTold(words, unclosed),
        ...readFailed,
      }
    }
    case 'session':
      return { ...line, session: sessionTold(words, line.session) }
    case 'audit':
      return { ...auditTold(words, line), kind: line.kind, asOf: line.asOf }
    case 'alarm':
      return line
  }
}

/** Where messages go, and then the broker, to which every record does. */
export const destinationsTold = (
  words: Words,
  delivery: Pick<Delivery, 'status'> | null,
  fleet: Pick<Fleet, 'status'> | null,
): DestinationStatus[] =>
  [...(delivery?.status() ?? []), ...(fleet ? [fleet.status()] : [])].map((one) =>
    destinationTold(words, one),
  )

type Told = Reply<'interrogate'>[number]['outcome']

/** How one reading that was asked for came out. */
export function outcomeTold(words: Words, outcome: Outcome): Told {
  return outcome.kind === 'read'
    ? { ...outcome, status: pumpTold(words, outcome.status) }
    : { ...outcome, sentence: sentences(words, outcome.why) }
}
