// The rooms that every bridge has: its log, how the log is followed, what is known from it, and the links to
// its wands. Whoever hosts them gives the disk, the clock and the ports.
import { join } from 'node:path'
import type { Json } from '../audit/format/canonical.ts'
import { within } from '../base/env.ts'
import { Bridge, type BridgeOptions } from '../bridge/bridge.ts'
import { Feed } from '../feed/feed.ts'
import { Knowledge } from '../knowledge/knowledge.ts'
import type { Source } from '../model/reading.ts'
import { Auditor, type AuditorOptions } from '../recorder/auditor.ts'
import { EventRecorder } from '../recorder/event-recorder.ts'
import type { Closers } from './closers.ts'
import { memoryOf } from './memory.ts'

export interface RoomsOptions extends Omit<BridgeOptions, 'recorder' | 'memory' | 'source'> {
  readonly stateDir: string
  readonly source: Source
  readonly boot: string
  readonly settings: Readonly<Record<string, Json>>
  readonly audit?: Pick<
    AuditorOptions,
    'account' | 'keepDays' | 'disk' | 'clock' | 'credentials' | 'limits' | 'ownerOf'
  >
  /** Closed when the links have ended and before the log does: what they still tell goes into it. */
  readonly between?: { readonly name: string; close(): Promise<unknown> }
  /** Lowest position that a follower of its own is still owed, besides what is known. */
  readonly owed?: () => number
  /** What is known from the log is known, and no wand has been read yet. */
  readonly learned?: () => Promise<void>
  /** Shows the log's witnesses its last checkpoint while what they refuse can still be recorded. */
  readonly witnessed?: () => Promise<void>
  /** Why the bridge ends, for the record. */
  readonly why: () => string
}

export interface Rooms {
  readonly auditor: Auditor
  readonly feed: Feed
  readonly knowledge: Knowledge
  readonly bridge: Bridge
  /** Learns what the log holds, mends what a crash left undone, and starts the links. */
  start(): Promise<void>
}

export function openRooms(
  {
    stateDir,
    source,
    boot,
    settings,
    audit = {},
    between,
    owed,
    learned,
    witnessed,
    why,
    ...options
  }: RoomsOptions,
  closers: Closers,
): Rooms {
  const { env } = options
  const owedToAll = (): number => Math.min(owed?.() ?? Number.POSITIVE_INFINITY, knowledge.owed)
  const auditor = new Auditor({ env, stateDir, source, boot, settings, owed: owedToAll, ...audit })
  closers.add('the audit log', () => auditor.close(why(), witnessed))
  const { disk, dir } = auditor
  const wake$ = auditor.commits$
  const { newest } = auditor
  const feed = new Feed({ env, disk, dir, source, head: () => auditor.head, newest, wake$ })
  const knowledge = new Knowledge({ env, disk, dir: join(stateDir, 'knowledge'), source, feed })
  closers.add('what is known', () => knowledge.stop())
  const recorder = new EventRecorder(env, auditor)
  closers.add('the counts of refused traffic', () => void recorder.flush())
  const bridge = new Bridge({ ...options, source, recorder, memory: memoryOf(knowledge) })
  if (between) closers.add(between.name, () => between.close())
  closers.add('the bridge', () => bridge.stop())
  return {
    ...{ auditor, feed, knowledge, bridge },
    async start() {
      // Before the log is open there is nothing to know from it, and a reading would tell old alarms anew.
      await within(env, DISK_MS, auditor.opened)
      await knowledge.start()
      await learned?.()
      // What a crash kept from being written after a reading: each alarm begins once and ends once.
      for (const record of knowledge.missingAlarms()) void auditor.append(record)
      bridge.start()
    },
  }
}

/** A disk that does not answer at all is not waited for longer, in ms: then wands are read without a past. */
const DISK_MS = 5_000
