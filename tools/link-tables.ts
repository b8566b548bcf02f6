// The picture and the table of src/drivers/open-wand/README.md, from the table of transitions itself.

import { PHASES, TRANSITIONS, type Transition } from '../src/drivers/open-wand/table.ts'
import { linkSentence } from '../src/words/told.ts'
import { WORDS } from '../src/words/words.ts'
import { table } from './markdown.ts'

const ALL: readonly (readonly [string, Transition])[] = Object.entries(TRANSITIONS)

/** A Mermaid state diagram. What may happen in every connected phase is drawn from one of them. */
export function linkDiagram(): string {
  const arrows = ALL.flatMap(([cause, { from, to }]) =>
    (from.length > 4 ? from.slice(0, 1) : from).map((phase) => `  ${phase} --> ${to}: ${cause}`),
  )
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${PHASES[0]}`, ...arrows, '```'].join('\n')
}

export function linkTable(): string {
  const rows = ALL.map(([cause, { from, to }]) => [
    cause,
    from.join(', '),
    to,
    linkSentence(WORDS['en-US'], { cause }),
  ])
  return table(['cause', 'from', 'to', 'what people read'], rows)
}
