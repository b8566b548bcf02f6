// What a technician is told of a destination of HL7 messages. Pure.
import { age, count } from '../../src/model/format.ts'
import type { DestinationStatus } from '../../src/model/status.ts'
import type { Reader } from '../../src/words/reader.ts'

/** What is to be said of one destination, the worst first. */
export function outboxLines(
  { state, lagMs, waiting, parked }: DestinationStatus,
  { words: { page } }: Reader,
): string[] {
  const lines: string[] = []
  if (parked > 0) lines.push(page.outboxParked(count(parked)))
  if (state === 'failed') lines.push(page.outboxFailed)
  if (waiting > 0 || lagMs > 0) lines.push(page.outboxOwed(age(lagMs)))
  return lines.length > 0 ? lines : [page.outboxDone]
}
