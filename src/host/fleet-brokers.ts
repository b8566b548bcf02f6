// The ways of a reader to a broker: one for all sites, or one for each site whose key lies in a directory, where the
// broker gives each site an account of its own. By the key of a site nothing of another is seen, whatever names stand
// in its account. The directory is looked at while the reader runs: a key that comes or changes is used without a
// restart, one that is taken away is used no more, and what lies there and is no key is told once.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cancel, Env } from '../base/env.ts'
import type { Say } from '../base/journal.ts'
import { Way } from '../fleet/serve/way.ts'
import { openBroker } from '../fleet/stream/broker.ts'
import type { BrokerConfig } from '../fleet/stream/config.ts'
import { SITE } from '../fleet/stream/names.ts'

/** How a file with a key ends: other files of the directory are none, whatever they are called. */
const ENDS = { nkey: '.nk', credentials: '.creds' } as const
/** How often the directory is looked at, in ms. */
const LOOK_MS = 5_000

export interface SiteKeys {
  readonly dir: string
  /** How a file with a key ends here. */
  readonly end: string
  /** By the site: what changes when the file does. */
  readonly marks: ReadonlyMap<string, string>
  /** What lies there and is no key of a site. */
  readonly others: readonly string[]
}

/** Null = there is one key, or none, for all sites. */
export async function siteKeys(config: BrokerConfig): Promise<SiteKeys | null> {
  const which = config.nkey === undefined ? 'credentials' : 'nkey'
  const dir = config[which]
  if (dir === undefined || !(await stat(dir)).isDirectory()) return null
  const end = ENDS[which]
  const marks = new Map<string, string>()
  const others: string[] = []
  for (const file of (await readdir(dir)).toSorted()) {
    // What a system keeps there for itself, as it does beside a mounted secret.
    if (file.startsWith('.')) continue
    const site = file.endsWith(end) ? file.slice(0, -end.length) : ''
    // A file that goes meanwhile is none.
    const found = SITE.test(site) ? await stat(join(dir, file)).catch(() => null) : null
    if (found?.isFile()) marks.set(site, `${found.ino} ${found.size} ${found.mtimeMs}`)
    else others.push(file)
  }
  return { dir, end, marks, others }
}

/** Why files are passed over, and what to do. */
export const overlooked = ({ dir, end }: SiteKeys, files: readonly string[]): string =>
  `No keys of sites, and not used: ${files.join(', ')} in ${dir}. A key is a file that is called after its site, such as clinic-a${end}. Rename those that are meant as keys; move the others elsewhere.`

/** Where the key of a site lies. */
export const fileOf = ({ dir, end }: SiteKeys, site: string): string => join(dir, `${site}${end}`)

/** The same broker by another key. */
export const withKey = <T extends BrokerConfig>(config: T, file: string): T => ({
  ...config,
  [config.nkey === undefined ? 'credentials' : 'nkey']: file,
})

export class Ways {
  readonly all: Way[] = []
  readonly #env: Env
  readonly #config: BrokerConfig
  readonly #name: string
  readonly #log: Say
  #keys: SiteKeys | null
  #cancel: Cancel = () => {}
  /** Its directory could not be read at the last look. */
  #unread = false
  #closed = false

  private constructor(
    env: Env,
    config: BrokerConfig,
    keys: SiteKeys | null,
    { name, log }: { readonly name: string; readonly log: Say },
  ) {
    this.#env = env
    this.#config = config
    this.#name = name
    this.#log = log
    this.#keys = keys
    const sites = keys === null ? [null] : [...keys.marks.keys()]
    for (const site of sites) this.all.push(this.#wayOf(site))
    if (keys !== null && keys.others.length > 0) log(overlooked(keys, keys.others))
  }

  /**
   * Ways that are open, as far as the broker lets them in: the others are tried again. Rejects as the system or the
   * broker does, with the file of a key, when it lets in none. `name`: as what the broker knows the reader.
   */
  static async open(
    env: Env,
    config: BrokerConfig,
    how: { readonly name: string; readonly log: Say },
  ): Promise<Ways> {
    const keys = await siteKeys(config)
    const ways = new Ways(env, config, keys, how)
    if (keys?.marks.size === 0)
      throw new Error(
        `${keys.dir} has no key of a site: a file for each, such as clinic-a${keys.end}`,
      )
    const all = await Promise.allSettled(ways.all.map((way) => way.reach()))
    const failed = all.find((one) => one.status === 'rejected')
    if (failed && all.every((one) => one.status === 'rejected')) throw failed.reason
    return ways
  }

  /** From now on keys that come, change and go count; `added` gets the way of each site that had none. */
  follow(added: (way: Way) => void): void {
    if (this.#closed || this.#keys === null) return
    const look = async () => {
      const now = await siteKeys(this.#config).catch((error: Error) => error)
      if (this.#closed) return
      if (now !== null && !(now instanceof Error)) this.#take(now, added)
      else if (!this.#unread) this.#tellUnread(now)
      this.#unread = now === null || now instanceof Error
      this.follow(added)
    }
    this.#cancel = this.#env.after(LOOK_MS, () => void look(), { background: true })
  }

  #tellUnread(why: Error | null): void {
    this.#log(
      `The keys of sites cannot be looked at: ${why?.message ?? 'where they were is no directory'}. Those that are known are used on.`,
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await Promise.all(this.all.map((way) => way.close()))
  }

  #take(now: SiteKeys, added: (way: Way) => void): void {
    const before = this.#keys as SiteKeys
    this.#keys = now
    const others = now.others.filter((file) => !before.others.includes(file))
    if (others.length > 0) this.#log(overlooked(now, others))
    for (const site of new Set([...before.marks.keys(), ...now.marks.keys()])) {
      const mark = now.marks.get(site)
      if (mark === before.marks.get(site)) continue
      const known = this.all.find(({ only }) => only === site)
      if (mark === undefined) this.#log(`The key of ${site} is not in ${now.dir} any more.`)
      else {
        const how = !known ? 'there' : before.marks.has(site) ? 'another' : 'there again'
        this.#log(`The key of ${site} is ${how} now.`, 'info')
      }
      if (known) known.renew()
      else {
        const way = this.#wayOf(site)
        this.all.push(way)
        added(way)
      }
    }
  }

  #wayOf(site: string | null): Way {
    if (site === null || this.#keys === null)
      return new Way(this.#env, null, () => openBroker(this.#config, this.#name))
    const file = fileOf(this.#keys, site)
    const open = () =>
      openBroker(withKey(this.#config, file), this.#name).catch((error: Error) =>
        Promise.reject(new Error(`${file}: ${error.message}`, { cause: error })),
      )
    return new Way(this.#env, site, open)
  }
}
