// What a bridge says to whoever asks it, with sentences: the bridge itself knows codes only.
import type { Outcome } from '../bridge/interrogate.ts'
import type { WatchLine } from '../bridge/watch.ts'
import type { Reply } from '../control/messages.ts'
import { auditTold, linkTold, pumpTold, sessionTold, unclosedTold } from '../words/told.ts'
import { sentence, sentences, type Words } from '../words/words.ts'

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
      return { kind: line.kind, asOf: line.asOf, ...auditTold(words, line) }
    case 'alarm':
      return line
  }
}

type Told = Reply<'interrogate'>[number]['outcome']

/** How one reading that was asked for came out. */
export function outcomeTold(words: Words, outcome: Outcome): Told {
  return outcome.kind === 'read'
    ? { ...outcome, status: pumpTold(words, outcome.status) }
    : { ...outcome, sentence: sentences(words, outcome.why) }
}
