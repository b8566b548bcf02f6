// What the FHIR surface is given, and how it is asked. It knows no log, no server and no other surface:
// the bridge joins them.
import type { Env } from '../base/env.ts'
import type { Source } from '../model/reading.ts'
import type { ApiRecord, RecordKind } from '../model/record.ts'
import type { BridgeStatus } from '../model/status.ts'

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

interface Range {
  readonly source: Source
  readonly after?: number
  readonly from?: string
  readonly to?: string
}

export interface FhirSources {
  readonly env: Env
  readonly version: string
  status(): Pick<BridgeStatus, 'pumps'>
  readonly records: {
    head(source?: Source): { readonly log: string; readonly size: number } | null
    read(
      query: Range & { readonly kinds?: readonly RecordKind[]; readonly pump?: string },
    ): AsyncIterable<ApiRecord>
  }
  /** The log as auditors see it, from a position on. */
  audit(query: Range): AsyncIterable<AuditEntry>
}
