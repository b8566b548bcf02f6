// What the HTTP surface is given. It knows no log, no link and no bridge: only these.
import type { Observable } from 'rxjs'
import type { Access, Principal } from '../access/access.ts'
import type { Env } from '../base/env.ts'
import type { Source } from '../model/reading.ts'
import type { ApiRecord, RecordKind } from '../model/record.ts'
import type { BridgeStatus, DestinationStatus } from '../model/status.ts'
import type { Mount } from './mount.ts'
import type { PageFile } from './page.ts'

export interface StatusSource {
  /** Everything known, judged now. */
  status(): BridgeStatus
  /** Something may just have become or ceased to be live: nobody waits for the next look. */
  readonly urgent$: Observable<unknown>
}

export interface LogHead {
  readonly log: string
  readonly source: Source
  /** Records in the log. */
  readonly size: number
}

export interface RecordQuery {
  readonly source: Source
  /** Only records behind this position. */
  readonly after?: number
  readonly kinds?: readonly RecordKind[]
  /** Opaque id of a pump. */
  readonly pump?: string
  /** UTC, ISO 8601 with milliseconds: from this moment on, and before that one. */
  readonly from?: string
  readonly to?: string
  /** True = nobody waits for them any more: the walk through the log ends there. */
  readonly gone?: () => boolean
}

export interface RecordSource {
  /** The log of a source, or the bridge's own; null while there is none. */
  head(source?: Source): LogHead | null
  /** Position of the first record whose entry is kept. */
  oldest(source: Source): Promise<number>
  /** Durable records in order, each once. */
  read(query: RecordQuery): AsyncIterable<ApiRecord>
  /** Every record once it is durable, in the order of its log. */
  readonly records$: Observable<ApiRecord>
}

/** Who read what is recorded before the reply goes out. */
export interface ReadLog {
  /** `pump` is a serial. True = it is recorded; false, or no answer in time: there is no reply. */
  read(access: {
    readonly principal: Principal
    /** Class of the address, never its parameters. */
    readonly route: string
    readonly pump: string | null
    readonly source: Source | undefined
  }): Promise<boolean> | true
  refused(): void
}

export interface Counter {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly values: readonly {
    readonly labels?: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

export interface HttpSources {
  readonly env: Env
  readonly version: string
  readonly status: StatusSource
  readonly records: RecordSource
  readonly access: Access
  readonly reads: ReadLog
  /** Counters of the rooms below. Nothing in them names a person, a pump or a wand. */
  counters(): readonly Counter[]
  /** Where messages go, and how far behind they are. */
  destinations?(): readonly DestinationStatus[]
  /** Other surfaces below prefixes of this server. */
  readonly mounts?: readonly Mount[]
  /** The page; none = it was not built. */
  readonly page?: readonly PageFile[]
  /** For errors nobody expected. */
  log(text: string): void
}

export interface HttpLimits {
  readonly connections: number
  readonly streams: number
  readonly streamsPerToken: number
  readonly perSecond: number
  readonly burst: number
  /** Bytes that may wait for a client that does not read. */
  readonly clientBytes: number
  /** Time for the whole head of a request, or for the hello of TLS, in ms. */
  readonly headersMs: number
}

export const LIMITS: HttpLimits = {
  connections: 1_000,
  streams: 500,
  streamsPerToken: 100,
  perSecond: 100,
  burst: 300,
  clientBytes: 1 << 20,
  headersMs: 5_000,
}

export interface HttpSettings {
  /** `host:port` as a client may write it in `Host`, lower case. */
  readonly hosts: () => readonly string[]
  readonly tls: boolean
  /** Name of the page's cookie. */
  readonly cookie: () => string
  readonly limits: HttpLimits
}
