// A witness that watches over a fleet: it asks nobody, takes what the broker has, and tells what is wrong.
import { join } from 'node:path'
import { nodeDisk } from '../base/disk.ts'
import type { Env } from '../base/env.ts'
import type { Say } from '../base/journal.ts'
import { Sites } from '../fleet/serve/sites.ts'
import type { BrokerConfig } from '../fleet/stream/config.ts'
import { type Found, Watch } from '../fleet/watch/watch.ts'
import type { Source } from '../model/reading.ts'
import type { Witness } from '../witness/witness.ts'
import { Ways } from './fleet-brokers.ts'

export type { Found }

export interface Watching {
  close(): Promise<void>
}

const MEANS: Readonly<Record<Found['finding'], string>> = {
  rewritten:
    'its history was rewritten: these are not the records that were seen before, or not those that are signed',
  shorter: 'an older copy of it was put back',
  'not-signed': 'its checkpoint is not signed with the key of this log',
  incomplete: 'the broker has dropped records that were not seen here, and nothing can be reckoned',
}

export const foundSentence = ({ site, log, finding, size }: Found): string =>
  `${site}: log ${log} (${size} records): ${MEANS[finding]}. Keep both, and run audit verify there with --since and the checkpoint that is kept here.`

/** Rejects when the broker cannot be reached. */
export async function startWatch(
  env: Env,
  dir: string,
  options: {
    readonly broker: BrokerConfig
    readonly source: Source
    readonly witness: Witness
    found(found: Found): void
    log: Say
  },
): Promise<Watching> {
  const { source, witness, found, log } = options
  const ways = await Ways.open(env, options.broker, { name: 'wandbridge witness', log })
  const sites = new Sites({ env, ways: ways.all, source, log })
  const watch = new Watch({
    ...{ env, disk: nodeDisk, sites, witness, found, log },
    dir: join(dir, 'fleet'),
  })
  const close = async () => {
    await watch.stop()
    await sites.stop()
    await ways.close()
  }
  try {
    await sites.start()
  } catch (error) {
    await close()
    throw error
  }
  watch.start()
  ways.follow((way) => sites.add(way))
  return { close }
}
