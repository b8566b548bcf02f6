// The ways of a reader to a broker: one for all sites, or one for each site whose key lies in a directory, where the
// broker gives each site an account of its own. By the key of a site nothing of another is seen, whatever names stand
// in its account.
import { readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import type { Reach } from '../fleet/serve/sites.ts'
import { type Broker, openBroker } from '../fleet/stream/broker.ts'
import type { BrokerConfig } from '../fleet/stream/config.ts'
import { SITE } from '../fleet/stream/names.ts'

/** Rejects as the system or the broker does, with the file of the key that was not taken. */
export async function openBrokers(config: BrokerConfig, name: string): Promise<Reach[]> {
  const which = config.nkey === undefined ? 'credentials' : 'nkey'
  const path = config[which]
  if (path === undefined || !(await stat(path)).isDirectory())
    return [{ broker: await openBroker(config, name), only: null }]
  const files = (await readdir(path)).filter((one) => SITE.test(siteOf(one)))
  if (files.length === 0)
    throw new Error(`${path} has no key of a site: a file for each, such as clinic-a.nk`)
  const opening = files.map(async (file): Promise<Reach> => {
    const broker = await openBroker({ ...config, [which]: join(path, file) }, name).catch(
      (error: Error) => Promise.reject(new Error(`${join(path, file)}: ${error.message}`)),
    )
    return { broker, only: siteOf(file) }
  })
  const all = await Promise.allSettled(opening)
  const failed = all.find((one) => one.status === 'rejected')
  const opened = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  if (!failed) return opened
  await closeBrokers(opened)
  throw failed.reason
}

const siteOf = (file: string) => basename(file, extname(file))

export const closeBrokers = (all: readonly { readonly broker: Broker }[]) =>
  Promise.all(all.map(({ broker }) => broker.close()))
