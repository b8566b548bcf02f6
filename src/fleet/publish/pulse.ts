// Says every now and then that the bridge is there, also when it records nothing.
import { type Cancel, type Env, utc } from '../../base/env.ts'
import type { Broker } from '../stream/broker.ts'
import { PULSE_MS, type Pulse, pulseOf } from '../stream/names.ts'

/** The newest signed checkpoint and the verifier key for it. */
export interface Newest {
  readonly log: string
  readonly size: number
  readonly checkpoint: string
  readonly key: string | null
}

/**
 * `broker` gives the one to which records go now, or would if it had no other history; null = to none. `apart` is why
 * they do not. Gives the function that ends it.
 */
export function pulses(
  env: Env,
  site: string,
  newest: () => Newest | null,
  broker: () => Broker | null,
  apart: () => string | null,
): Cancel {
  const say = () => {
    cancel = env.after(PULSE_MS, say, { background: true })
    const now = newest()
    const to = broker()
    if (now === null || to === null) return
    const { log, size, checkpoint, key } = now
    const pulse: Pulse = { at: utc(env.wall()), size, checkpoint, key, apart: apart() }
    try {
      to.connection.publish(pulseOf({ site, log }), JSON.stringify(pulse))
    } catch {
      // It is away; the next one says it.
    }
  }
  let cancel: Cancel = () => {}
  say()
  return () => cancel()
}
