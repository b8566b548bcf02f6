// What the FHIR surface is given. It knows no server and no other surface: the bridge joins them.
import type { Env } from '../base/env.ts'
import type { Feed } from '../feed/feed.ts'
import type { FeedRecord } from '../feed/feed-record.ts'
import type { PumpView } from '../knowledge/views.ts'
import type { Refill } from '../model/api.ts'
import type { Codings } from '../model/codings.ts'
import type { Owners } from '../model/owner.ts'
import type { Source } from '../model/reading.ts'
import type { BridgeStatus, Coded } from '../model/status.ts'

/** A record of the log as an auditor sees it. */
export interface AuditEntry {
  readonly position: number
  readonly log: string
  readonly source: Source
  readonly at: string
  readonly kind: string
  readonly actor: { readonly id: string; readonly role: string; readonly auth: string }
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E'
  readonly outcome: { readonly ok: boolean; readonly reason?: string | undefined }
  readonly pump: { readonly id: string; readonly serial: string } | null
  readonly wand: string | null
  /** Of a read through a surface: its class of address and how many there were. */
  readonly reads: { readonly route: string; readonly count: number } | null
}

type KnownPump = Pick<PumpView, 'id' | 'serial' | 'model' | 'source' | 'last' | 'reading' | 'ever'>

export interface FhirSources {
  readonly env: Env
  readonly version: string
  /** Time zone of the clinic: a date without zone is a day there. */
  readonly zone: string
  /** Of the clinic, beside ours. */
  readonly codings?: Codings
  status(): Pick<Coded<BridgeStatus>, 'pumps'>
  readonly feed: Pick<Feed, 'head' | 'oldest' | 'read'>
  readonly knowledge: {
    pumps(): readonly KnownPump[]
    pump(id: string): KnownPump | null
    owners(): Owners
    refills(id: string): { readonly items: readonly Refill[] }
    contradictedBy(
      id: string,
      position: number,
    ): { readonly position: number; readonly at: string } | null
  }
}

/** A record of the log as an auditor sees it. */
export function entryOf({ record, log, position, pump: id }: FeedRecord): AuditEntry {
  const { source, at, kind, actor, action, outcome, pump, wand } = record
  const reads =
    record.kind === 'read-access' ? { route: record.body.route, count: record.body.reads } : null
  return {
    ...{ position, log, source, at, kind, actor, action, outcome, reads },
    pump: pump === undefined || id === null ? null : { id, serial: pump },
    wand: wand ?? null,
  }
}
