// The ways of a reader to a broker: one for all sites, or one for each site whose key lies in a directory, where the
// broker gives each site an account of its own. By the key of a site nothing of another is seen, whatever names stand
// in its account.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Env } from '../base/env.ts'
import { Way } from '../fleet/serve/way.ts'
import { openBroker } from '../fleet/stream/broker.ts'
import type { BrokerConfig } from '../fleet/stream/config.ts'
import { SITE } from '../fleet/stream/names.ts'

/** How a file with a key ends: other files of the directory are none, whatever they are called. */
const ENDS = { nkey: '.nk', credentials: '.creds' } as const

/**
 * Ways that are open, as far as the broker lets them in: the others are tried again. Rejects as the system or the
 * broker does, with the file of a key, when it lets in none.
 */
export async function openWays(env: Env, config: BrokerConfig, name: string): Promise<Way[]> {
  const ways = await waysOf(env, config, name)
  const all = await Promise.allSettled(ways.map((way) => way.reach()))
  const failed = all.find((one) => one.status === 'rejected')
  if (failed && all.every((one) => one.status === 'rejected')) throw failed.reason
  return ways
}

async function waysOf(env: Env, config: BrokerConfig, name: string): Promise<Way[]> {
  const which = config.nkey === undefined ? 'credentials' : 'nkey'
  const path = config[which]
  if (path === undefined || !(await stat(path)).isDirectory())
    return [new Way(env, null, () => openBroker(config, name))]
  const end = ENDS[which]
  const sites = (await readdir(path))
    .filter((file) => file.endsWith(end))
    .map((file) => file.slice(0, -end.length))
    .filter((site) => SITE.test(site))
  if (sites.length === 0)
    throw new Error(`${path} has no key of a site: a file for each, such as clinic-a${end}`)
  return sites.map((site) => {
    const file = join(path, `${site}${end}`)
    const open = () =>
      openBroker({ ...config, [which]: file }, name).catch((error: Error) =>
        Promise.reject(new Error(`${file}: ${error.message}`, { cause: error })),
      )
    return new Way(env, site, open)
  })
}

export const closeWays = (all: readonly Way[]) => Promise.all(all.map((way) => way.close()))
