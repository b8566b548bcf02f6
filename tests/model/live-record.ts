// A short exchange as it is recorded: for tests that have a reading and need LIVE after it.
import type { InterrogationRecord, RecordOf } from '../../src/model/record.ts'

/** A short exchange at `at`, in the session and with the values of a reading. */
export function liveOf(reading: InterrogationRecord, at: string): RecordOf<'live'> {
  const { id, position, log, source, pump, wand, port, ...rest } = reading
  const { patient, owner, session, snapshot, deviceTime, reservoir, infusion } = rest
  return {
    ...{ id, position, log, source, pump, wand, port },
    ...{ patient, owner, session, snapshot, deviceTime, at },
    kind: 'live',
    readAt: at,
    reportedVolume: reservoir.reportedVolume,
    rate: infusion.rate,
    activeAlarms: 0,
  }
}
