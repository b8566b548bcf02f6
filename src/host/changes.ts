// What can be changed while a bridge runs, part by part, and how. No link to a wand and no session is touched by any
// of it.
import type { Bridge } from '../bridge/bridge.ts'
import type { Locale } from '../model/format.ts'
import type { Auditor } from '../recorder/auditor.ts'
import type { CaptureLimits, Captures } from '../recorder/captures.ts'
import type { PortSource } from '../transport/port.ts'
import type { HostOptions } from './host.ts'

export interface Changes {
  readonly locale?: Locale
  /** Undefined = records are kept for ever. */
  readonly keepDays?: number | undefined
  readonly captureLimits?: CaptureLimits
  /** All that are named; those that are read go on, and are not ended when they are not among them. */
  readonly ports?: readonly PortSource[]
  readonly delivery?: HostOptions['delivery'] | undefined
  readonly patients?: HostOptions['patients'] | undefined
  readonly http?: HostOptions['http'] | undefined
}

interface Used<S> {
  use(settings: S): Promise<void>
}

export interface Changeable {
  readonly bridge: Bridge
  readonly auditor: Auditor
  readonly captures: Captures
  readonly delivery: Used<Changes['delivery']>
  readonly patients: Used<Changes['patients']>
  readonly http: Used<Changes['http']>
  speak(locale: Locale): void
  /** The settings as the log has them, with these ports. */
  settings(ports: readonly string[]): Parameters<Auditor['configured']>[0]
}

/**
 * One after the other, in this order: what others are begun with comes before them. Rejects where a part cannot use
 * what it is given: that part goes on as before, and the later ones do; or with PartGone, when it does not.
 */
export async function change(
  { bridge, auditor, captures, settings, ...to }: Changeable,
  next: Changes,
): Promise<void> {
  if (next.locale !== undefined) to.speak(next.locale)
  if ('keepDays' in next) auditor.keep(next.keepDays)
  if (next.captureLimits) captures.limit(next.captureLimits)
  const { ports = [] } = next
  const more = ports.filter(({ path }) => !bridge.paths.includes(path))
  if (more.length > 0)
    auditor.configured(settings([...bridge.paths, ...more.map((one) => one.path)]))
  for (const port of more) bridge.add(port)
  if ('delivery' in next) await to.delivery.use(next.delivery)
  if ('patients' in next) await to.patients.use(next.patients)
  if ('http' in next) await to.http.use(next.http)
}
