// Whether a time service keeps this computer's clock, as far as a program can know without rights.
import { existsSync } from 'node:fs'
import type { Env } from './env.ts'

/** systemd-timesyncd makes this file when it has reached a server (systemd-timesyncd.service(8)). */
const SYNCHRONISED = '/run/systemd/timesync/synchronized'
const AGAIN_MS = 60_000

type Clock = 'synchronised' | 'unknown'

/** Asks the system once a minute at most. */
export function clockState(env: Env): () => Clock {
  let known: Clock = 'unknown'
  let asked = Number.NEGATIVE_INFINITY
  return () => {
    if (env.monotonic() - asked > AGAIN_MS) {
      asked = env.monotonic()
      known = existsSync(SYNCHRONISED) ? 'synchronised' : 'unknown'
    }
    return known
  }
}
