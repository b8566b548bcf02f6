// What is live, and when that changes: bad news at once, all the rest four times a second, or as seldom as
// the source says. One look serves every client.
import type { Env } from '../base/env.ts'
import type { StatusEvent } from '../model/api.ts'
import type { BridgeStatus } from '../model/status.ts'
import type { StatusSource } from './sources.ts'

const LOOK_MS = 250

export function statusEvent({ asOf, wands, pumps, audit }: BridgeStatus): StatusEvent {
  return {
    asOf,
    wands: [...wands],
    pumps: pumps.map(({ pump, source, quality, reason, readAt, ageMs }) => ({
      id: pump.id,
      serial: pump.serial,
      source,
      quality,
      ...(reason === undefined ? {} : { reason }),
      readAt,
      ageMs,
    })),
    audit,
  }
}

/** The same text as long as nothing but time has passed and nothing was recorded. */
function essence({ wands, pumps, audit }: StatusEvent): string {
  return JSON.stringify([
    wands.map((wand) => ({ ...wand, contact: { ...wand.contact, ageMs: null } })),
    pumps.map(({ id, quality, reason }) => [id, quality, reason]),
    [audit.log, audit.state, audit.sentence],
  ])
}

/** Calls `changed` whenever something else is live, or something else is known of a wand. */
export function watchLiveness(
  env: Env,
  source: StatusSource,
  changed: (status: BridgeStatus) => void,
): () => void {
  let known = essence(statusEvent(source.status()))
  let ended = false
  const look = () => {
    const status = source.status()
    const now = essence(statusEvent(status))
    if (now === known) return
    known = now
    changed(status)
  }
  const subscription = source.urgent$.subscribe(look)
  let cancel = () => {}
  const again = () => {
    if (ended) return
    look()
    cancel = env.after(source.lookMs ?? LOOK_MS, again, { background: true })
  }
  again()
  return () => {
    ended = true
    cancel()
    subscription.unsubscribe()
  }
}
