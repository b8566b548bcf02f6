// What a recorded reading says, as a status has it: without its place in the log and whom the pump belonged to. That the
// pump contradicted it is said on every value. Without the schemas of values, so that a client brings none along. Pure.
import type { Content } from './content.ts'
import { mapValues } from './map-values.ts'
import type { InterrogationRecord } from './record.ts'
import type { Reason, Value } from './value.ts'

const doubted = (value: Value): Value =>
  value.reason === 'recorded' ? { ...value, reason: 'contradicted' } : value

/** Why a recorded reading is not live, when nothing newer is known. */
export const recordedReason = ({
  contradicted,
}: Pick<InterrogationRecord, 'contradicted'>): Reason =>
  contradicted ? 'contradicted' : 'recorded'

export function recordedContent(record: InterrogationRecord): Content {
  const { implanted, state, reservoir, infusion, alarms, events } = record
  const { catheter, battery, clock, unavailable, invalid } = record
  const content = {
    ...{ implanted, state, reservoir, infusion, alarms, events },
    ...{ catheter, battery, clock, unavailable, ...(invalid && { invalid }) },
  }
  return record.contradicted ? mapValues(content, doubted) : content
}
