// What FHIR servers are sent of the log: a transaction of each reading, of what the pump has logged itself, and once
// more of a reading that the pump contradicted after it was recorded.
import type { Bundle, FhirResource } from 'fhir/r4.js'
import type { Env } from '../base/env.ts'
import type { Transactions } from '../delivery/fhir-push.ts'
import { type Contradictions, lookedUp } from '../delivery/sender.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import { bundleOf, eventsBundle } from '../fhir/bundle.ts'
import type { Coder } from '../fhir/extra-codings.ts'
import { transactionOf } from '../fhir/transaction.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import { type Doubted, doubtedBy } from '../model/contradicted.ts'

/** What is known of refills, which are told with the reading that first had them. */
export type Known = Pick<Knowledge, 'refills' | 'state' | 'onChange'>

export function pushed(
  env: Env,
  known: Known | null,
  { coded }: Coder,
  contradictions: Contradictions,
): Transactions {
  const text = (bundle: Bundle<FhirResource>, again = false) =>
    JSON.stringify(transactionOf(coded(bundle), { again }))
  const bundle = (reading: Doubted) => {
    const refills = known?.refills(reading.pump?.id ?? '').items ?? []
    const found = refills.find((one) => one.position === reading.position)
    return bundleOf(reading, '', found ? { before: found.before?.position ?? null } : null)
  }
  const told = async (record: FeedRecord) => {
    if (known) await reached(env, known, record)
  }
  return {
    kinds: ['interrogation', 'pump-events', 'session'],
    of(record) {
      const made = record.api()
      const { log, position } = record
      const control = `${log}/${position}`
      if (made?.kind === 'pump-events' && made.pump && made.entries.length > 0) {
        return { control, text: () => text(eventsBundle(made, '')) }
      }
      if (made?.kind === 'session' && made.event === 'contradicted' && made.pump) {
        return lookedUp(
          control,
          async () => {
            await told(record)
            return contradictions.reading(record)
          },
          (reading) => {
            const again = bundle(doubtedBy(reading, made))
            return text({ ...again, identifier: { ...again.identifier, value: control } }, true)
          },
        )
      }
      if (made?.kind !== 'interrogation' || !made.pump) return null
      return lookedUp(
        control,
        async () => {
          await told(record)
          return contradictions.of(record)
        },
        (said) => text(bundle(doubtedBy(made, said))),
      )
    },
  }
}

/** What is known follows the log by itself; a message waits no longer than this for it, in ms. */
const KNOWN_MS = 30_000

function reached(env: Env, known: Known, { log, position }: FeedRecord): Promise<void> {
  const behind = () => {
    const { state } = known
    // It has not begun, or it is on its way.
    const before = state.log === null || (state.log === log && state.position < position)
    return before && state.phase !== 'stopped'
  }
  if (!behind()) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      leave()
      resolve()
    }
    const cancel = env.after(KNOWN_MS, done, { background: true })
    const leave = known.onChange(() => void (behind() || done()))
  })
}
