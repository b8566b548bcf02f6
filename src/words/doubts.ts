// What a reading that is sent elsewhere says of itself that must not be overlooked, in the language of messages. Pure.
import type { InterrogationRecord } from '../model/record.ts'
import { WORDS } from './words.ts'

/** Nothing, unless the pump contradicted the reading in its session. */
export const doubtsOf = ({ contradicted }: Pick<InterrogationRecord, 'contradicted'>): string[] =>
  contradicted ? [WORDS['en-US'].refill.pumpSaid.contradicted] : []
