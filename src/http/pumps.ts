// Which pump an address means: one that the log knows, live or not.
import { HttpProblem } from './problems.ts'
import type { HttpSources, KnownPump } from './sources.ts'

/** Throws not-found when the log knows no such pump. */
export function knownPump({ knowledge }: Pick<HttpSources, 'knowledge'>, id: string): KnownPump {
  const pump = knowledge.pump(id)
  if (pump) return pump
  throw new HttpProblem('not-found', 'No pump of this id is in the log of this bridge.')
}
