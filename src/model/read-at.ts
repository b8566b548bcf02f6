// When a reading was made: the earliest moment at which the pump can have said it, by the wand's word and this
// computer's clock. Whatever shows, lists or sends a reading dates it by this, and its age runs from here, so that
// it is never taken for newer than it is. When it was recorded (`at`) is later, and is the order of the log. Pure.
import type { LiveEvent, ReadingEvent } from './event.ts'

/** Of a reading that was just made, on both clocks. */
export function saidFrom(event: ReadingEvent | LiveEvent): {
  readonly mono: number
  readonly utc: string
} {
  const at = event.kind === 'reading' ? event.saidAt : event.answeredAt
  const ago = Math.max(0, event.mono - at)
  const utc = new Date(Date.parse(event.receivedAt) - ago).toISOString()
  return { mono: event.mono - ago, utc }
}

/** Of a record of a reading, or of what came with one. A record that does not say it was made then at the latest. */
export const readAtOf = ({ at, body }: { readonly at: string; readonly body: object }): string =>
  (body as { readonly readAt?: string }).readAt ?? at
