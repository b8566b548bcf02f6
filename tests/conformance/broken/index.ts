// Every broken wand.
import { ANSWERING } from './answering.ts'
import type { BrokenWand } from './breakages.ts'
import { ENDING, WHOLE } from './ending.ts'
import { DAMAGE, LINES, REPORTS } from './frames.ts'
import { FOREIGN, JUDGEMENT } from './judgement.ts'
import { READING, SESSION } from './session.ts'

export const BROKEN_WANDS: readonly BrokenWand[] = [
  ...[ANSWERING, LINES, REPORTS, DAMAGE, JUDGEMENT],
  ...[FOREIGN, SESSION, READING, ENDING, WHOLE],
].flat()
