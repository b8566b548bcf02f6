// The FHIR surface of a bridge: what it may know of the bridge's logs, and where it stands on the server.
import type { AuditRecord } from '../audit/format/record.ts'
import type { Env } from '../base/env.ts'
import { pumpId } from '../base/pump-id.ts'
import { VERSION } from '../base/version.ts'
import type { Bridge } from '../bridge/bridge.ts'
import type { RecordFeed } from '../feed/feed.ts'
import type { AuditEntry } from '../fhir/sources.ts'
import { fhirSurface } from '../fhir/surface.ts'
import type { Mount } from '../http/mount.ts'
import type { Source } from '../model/reading.ts'

const FHIR_PREFIX = '/fhir/R4'

export function fhirMount(
  env: Env,
  { bridge, records }: { readonly bridge: Bridge; readonly records: RecordFeed },
): Mount {
  const surface = fhirSurface({
    env,
    version: VERSION,
    status: () => bridge.status(),
    records,
    async *audit({ source, ...range }) {
      const log = records.head(source)?.log
      if (log === undefined) return
      for await (const record of records.stored(source, range)) yield entryOf(record, log, source)
    },
  })
  return { prefix: FHIR_PREFIX, scope: 'fhir', ...surface }
}

function entryOf(record: AuditRecord, log: string, source: Source): AuditEntry {
  const { seq, at, kind, actor, action, outcome, pump, model, wand } = record
  const reads =
    record.kind === 'read-access' ? { route: record.body.route, count: record.body.reads } : null
  return {
    position: seq,
    log,
    source,
    at,
    kind,
    actor,
    action,
    outcome,
    pump: pump === undefined ? null : { id: pumpId(source, pump, model ?? null), serial: pump },
    wand: wand ?? null,
    reads,
  }
}
