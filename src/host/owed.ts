// How many records destinations have not had yet, so that retention drops none of them. Loaded also where nothing is
// sent, and so apart from what sends.
import type { Delivery, Destinations } from './delivery-host.ts'
import type { HostOptions } from './host.ts'
import type { Part } from './part.ts'

export type Sending = HostOptions['delivery']

/** Whether there is a destination. */
export const sends = (settings: Sending) =>
  settings !== undefined && listsOf(settings.destinations).some((list) => list.length > 0)

const listsOf = ({ hl7, fhir, webhooks }: Destinations) => [hl7, fhir, webhooks]

/** What destinations have not had. One whose place is not read yet, or that does not run, may be owed everything. */
export function owedToDestinations({
  now,
  changing,
  settings,
}: Pick<Part<Pick<Delivery, 'owed' | 'close'>, Sending>, 'now' | 'changing' | 'settings'>): number {
  if (now && !changing) return now.owed
  return changing || sends(settings) ? 0 : Number.POSITIVE_INFINITY
}
