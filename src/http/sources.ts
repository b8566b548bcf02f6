// What the HTTP surface is given. It knows no log, no link and no bridge: only these.
import type { Observable } from 'rxjs'
import type { Access, Principal } from '../access/access.ts'
import type { Env } from '../base/env.ts'
import type { Say } from '../base/journal.ts'
import type { Feed } from '../feed/feed.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import type { PumpView } from '../knowledge/views.ts'
import type { BridgeStatus, DestinationStatus, PatientsStatus } from '../model/status.ts'
import type { Tile } from '../model/tiles.ts'
import type { Words } from '../words/words.ts'
import type { Mount } from './mount.ts'
import type { Rules } from './origin.ts'
import type { PageFile } from './page.ts'

/** What the surface needs of the feed. */
export type Follow = Pick<Feed, 'head' | 'oldest' | 'read' | 'follow'>

/** What the surface needs of what is known over restarts. */
export interface Known extends Pick<Knowledge, 'visits' | 'refills' | 'owners'> {
  pump(id: string): KnownPump | null
}
export type KnownPump = Pick<PumpView, 'id' | 'serial'>

export interface StatusSource {
  /** Everything known, judged now. */
  status(): BridgeStatus
  /** Something may just have become or ceased to be live: nobody waits for the next look. */
  readonly urgent$: Observable<unknown>
  /** How often it is looked at whether the status is another one, in ms, where nothing can be live. */
  readonly lookMs?: number
}

/** Who read what is recorded before the reply goes out. */
export interface ReadLog {
  /** `pump` is a serial. True = it is recorded; false, or no answer in time: there is no reply. */
  read(access: {
    readonly principal: Principal
    /** Class of the address, never its parameters. */
    readonly route: string
    readonly pump: string | null
  }): Promise<boolean> | true
  refused(): void
}

/** The audit log as tiles. */
export interface AuditTiles {
  /** Null = no log is open. */
  head(): {
    readonly log: string
    readonly size: number
    readonly checkpoint: string
    /** The largest checkpoint that a witness has cosigned; null = there is none. */
    readonly cosigned?: string | null
  } | null
  /** Of the tree of `size` records; null = it has no such tile. */
  tile(log: string, tile: Tile, size: number): Promise<Uint8Array | null>
  /** The lines that the tile's hashes are of; null = retention has dropped some. */
  entries(log: string, tile: Tile, size: number): Promise<readonly string[] | null>
  /** A tlog-proof of each change of the log's key, oldest first. */
  keyChanges(log: string): Promise<readonly string[]>
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
  /** What it speaks with. */
  readonly words: Words
  readonly status: StatusSource
  readonly feed: Follow
  readonly knowledge: Known
  readonly access: Access
  readonly reads: ReadLog
  /** Counters of the rooms below. Nothing in them names a person, a pump or a wand. */
  counters(): readonly Counter[]
  /** Where messages go, and how far behind they are. */
  destinations?(): readonly DestinationStatus[]
  /** Where whose pump it is comes from; null = nothing says it. */
  patients?(): PatientsStatus | null
  /** Other surfaces below prefixes of this server. */
  readonly mounts?: readonly Mount[]
  /** None = it is not given as tiles. */
  readonly audit?: AuditTiles
  /** The page; none = it was not built. */
  readonly page?: readonly PageFile[]
  /** For errors nobody expected. */
  readonly log: Say
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

export interface HttpSettings extends Rules {
  /** How whoever shows nothing is asked for a token; by default as a program is. */
  readonly challenge?: readonly string[]
  readonly limits: HttpLimits
}
