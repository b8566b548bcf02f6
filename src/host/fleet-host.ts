// A bridge as one of a fleet: its log goes to the broker that it was told of.
import { join } from 'node:path'
import { type Disk, readAll, replaceFile } from '../base/disk.ts'
import type { Env } from '../base/env.ts'
import { Feed } from '../feed/feed.ts'
import { logsAt } from '../feed/logs.ts'
import { Publisher } from '../fleet/publish/publisher.ts'
import type { FleetConfig } from '../fleet/stream/config.ts'
import type { Counter } from '../http/sources.ts'
import type { Coded, DestinationStatus } from '../model/status.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { counter, gauge } from './counters.ts'

export interface Fleet {
  status(): Coded<DestinationStatus>
  counters(): readonly Counter[]
  /** Lowest position of the log that is written now which the broker has not taken. */
  readonly owed: number
  close(): Promise<void>
}

export interface FleetOptions {
  readonly config: FleetConfig
  log(text: string): void
}

export async function startFleet(
  env: Env,
  stateDir: string,
  { auditor, feed }: { readonly auditor: Auditor; readonly feed: Feed },
  { config, log }: FleetOptions,
): Promise<Fleet> {
  const publisher = new Publisher({
    env,
    config,
    feed,
    older: olderLogs(env, auditor),
    pumpKey: await secretAt(env, auditor.disk, join(stateDir, 'keys'), 'fleet.key'),
    newest() {
      const { log, size, checkpoint, key } = auditor.state
      return log === null || checkpoint === null ? null : { log, size, checkpoint, key }
    },
    log: (text) => log(`fleet: ${text}`),
  })
  publisher.start()
  return {
    status: () => publisher.status(),
    counters: () => countersOf(publisher),
    get owed() {
      return publisher.owed
    },
    close: () => publisher.stop(),
  }
}

/** Gives the logs of a directory that were begun before one, the oldest first. */
export const olderLogs =
  (env: Env, { disk, dir, source }: Pick<Auditor, 'disk' | 'dir' | 'source'>) =>
  async (log: string): Promise<{ log: string; records: Feed }[]> => {
    const all = await logsAt(disk, dir, source).list()
    return all.slice(0, Math.max(0, all.indexOf(log))).map((one) => ({
      log: one,
      records: new Feed({ env, disk, dir, source, log: one }),
    }))
  }

const SECRET_BYTES = 32

/** 32 random bytes that are the same from one start to the next. */
async function secretAt(env: Env, disk: Disk, dir: string, name: string): Promise<Uint8Array> {
  const path = join(dir, name)
  if ((await disk.size(path)) !== null) {
    const kept = Buffer.from((await readAll(disk, path)).toString(), 'base64')
    if (kept.length === SECRET_BYTES) return kept
    throw new Error(
      `${path} is no secret of a fleet. Move it away: pumps get other names in subjects.`,
    )
  }
  const made = Buffer.from(env.random(SECRET_BYTES))
  await disk.makeDir(dir)
  await replaceFile(disk, path, Buffer.from(`${made.toString('base64')}\n`))
  return made
}

function countersOf(publisher: Publisher): Counter[] {
  const { counts, lag, flying } = publisher
  const status = publisher.status()
  return [
    gauge('fleet_lag_records', 'Durable records that the broker has not taken.', lag ?? 0),
    gauge(
      'fleet_lag_seconds',
      'Age of the oldest record that the broker has not taken.',
      status.lagMs / 1_000,
    ),
    gauge('fleet_window', 'Records that are under way to the broker.', flying),
    gauge(
      'fleet_stopped',
      'The broker has another history of this log.',
      status.state === 'failed' ? 1 : 0,
    ),
    counter('fleet_sent_total', 'Records that the broker took since the start.', counts.sent),
    counter('fleet_resent_total', 'Records that were sent again.', counts.resent),
    counter(
      'fleet_epochs_total',
      'Streams that were made from the oldest record on.',
      counts.epochs,
    ),
  ]
}
