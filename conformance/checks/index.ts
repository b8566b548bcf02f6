// Every check, in the order in which they are tried.
import type { Check } from '../check.ts'
import { ANSWERING } from './answering.ts'
import { BARE } from './bare.ts'
import { BLOCK_CHECKS } from './blocks.ts'
import { DAMAGE } from './damage.ts'
import { ENDING } from './ending.ts'
import { JUDGEMENT } from './judgement.ts'
import { LINE_CHECKS } from './lines.ts'
import { REPORT_CHECKS } from './reports.ts'
import { SESSION } from './session.ts'
import { NEXT_SNAPSHOT, SNAPSHOT } from './snapshot.ts'
import { WHOLE } from './whole.ts'

export const CHECKS: readonly Check[] = [
  ...[ANSWERING, LINE_CHECKS, REPORT_CHECKS, DAMAGE, JUDGEMENT],
  ...[BARE, SESSION, SNAPSHOT, BLOCK_CHECKS, NEXT_SNAPSHOT, ENDING, WHOLE],
].flat()
