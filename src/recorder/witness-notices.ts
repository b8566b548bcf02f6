// What people are told of the witnesses of a log. One that is not reached for a while is no news.
import { type Statement, statement } from '../model/statement.ts'
import type { WitnessStatus } from '../model/status.ts'

type Problem = WitnessStatus['problems'][number]

export const witnessNotices = ({ problems }: WitnessStatus): Statement[] =>
  problems.flatMap(noticeOf)

function noticeOf({ name, problem, theirs, said }: Problem): Statement[] {
  switch (problem) {
    case 'fork':
      return [statement('witness.fork', { name, said })]
    case 'ahead':
      return [statement('witness.ahead', { name, theirs: theirs ?? 0 })]
    case 'forgot':
      return [statement('witness.forgot', { name, theirs: theirs ?? 0 })]
    case 'unknown-log':
    case 'unknown-key':
      return [statement('witness.unknown-key', { name })]
    case 'wrong-key':
      return [statement('witness.wrong-key', { name })]
    case 'unreadable':
      return [statement('witness.unreadable', { name })]
    case 'no-answer':
      return []
  }
}
