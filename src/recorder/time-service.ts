// Whether a time service keeps this computer's clock, as far as a program can know without rights.
import { existsSync } from 'node:fs'
import type { AuditRecord } from '../audit/format/record.ts'
import type { Env } from '../base/env.ts'

/** systemd-timesyncd makes this file when it has reached a server (systemd-timesyncd.service(8)). */
const SYNCHRONISED = '/run/systemd/timesync/synchronized'
const AGAIN_MS = 60_000

/** Asks the system once a minute at most. */
export function clockState(env: Env): () => AuditRecord['clock'] {
  let known: AuditRecord['clock'] = 'unknown'
  let asked = Number.NEGATIVE_INFINITY
  return () => {
    if (env.monotonic() - asked > AGAIN_MS) {
      asked = env.monotonic()
      known = existsSync(SYNCHRONISED) ? 'synchronised' : 'unknown'
    }
    return known
  }
}
