// How the broker of a bridge or a replica stands, as `doctor` sees it from outside: whether it is reached, what it has
// of the log, which keys of sites it lets in, which certificate it shows. Nothing is made or changed there.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { nodeDisk } from '../base/disk.ts'
import type { Env } from '../base/env.ts'
import { Feed } from '../feed/feed.ts'
import { infoOf } from '../fleet/publish/place.ts'
import { type Broker, openBroker } from '../fleet/stream/broker.ts'
import type { FleetConfig } from '../fleet/stream/config.ts'
import { isByKey } from '../fleet/stream/fault.ts'
import { firstOf, streamOf } from '../fleet/stream/names.ts'
import type { Source } from '../model/reading.ts'
import { fileOf, overlooked, type SiteKeys, siteKeys, withKey } from './fleet-brokers.ts'

export interface FleetLook {
  readonly site: string
  readonly servers: readonly string[]
  /** Why it is not reached; null = it is. */
  readonly fault: string | null
  /** Of the newest log here; null = not reached, or there is no log yet. */
  readonly stream: StreamLook | null
  /** Null = one key is for all. */
  readonly keys: KeysLook | null
  /** Bytes of the account, and how many it may have; null = not reached, or it may have any number. */
  readonly storage: { readonly used: number; readonly most: number } | null
  /** Of each server that shows one, when its certificate ends, in ms since 1970. */
  readonly certificates: readonly { readonly server: string; readonly until: number }[]
  /** When the credentials of this bridge end, in ms since 1970; null = never, or it has none. */
  readonly credentialsUntil: number | null
}

export interface SiteKeyLook {
  readonly site: string
  /** Why the broker is not reached with its key; null = it is. */
  readonly fault: string | null
  /** It is the key: the broker does not take it. */
  readonly refused: boolean
}

/** What lies where a replica has a key for each site. */
export interface KeysLook {
  readonly dir: string
  /** Why a key is not let in; null = it is. */
  readonly sites: readonly SiteKeyLook[]
  /** Which files are passed over there, and what to do; null = none are. */
  readonly overlooked: string | null
}

export interface StreamLook {
  readonly name: string
  readonly is: 'there' | 'missing' | 'foreign'
  /** Records of the log that are not there; negative: it has more than the log. */
  readonly owed: number
  /** Copies that were asked for in the configuration, that the stream has, and that are up to date. */
  readonly copies: { readonly wanted: number; readonly has: number; readonly current: number }
}

/** How long a server has to show its certificate, in ms. */
const SHOWN_MS = 3_000

export async function lookAtFleet(
  env: Env,
  stateDir: string,
  config: FleetConfig,
  source: Source,
): Promise<FleetLook> {
  const { site, servers } = config
  const secured = config.tls !== undefined || servers.some((one) => one.startsWith('tls:'))
  const shown = secured ? await Promise.all(servers.map((one) => certificateOf(env, one))) : []
  const made = {
    ...{ site, servers, stream: null, storage: null },
    certificates: shown.filter((one) => one !== null),
    ...{ keys: null, credentialsUntil: null },
  }
  try {
    const keys = await siteKeys(config)
    if (keys !== null) return { ...made, fault: null, ...(await keysLook(config, keys)) }
  } catch (error) {
    return { ...made, fault: (error as Error).message }
  }
  const ends = { credentialsUntil: await credentialsUntil(config.credentials) }
  let broker: Broker
  try {
    broker = await openBroker(config, `wandbridge doctor of ${site}`)
  } catch (error) {
    return { ...made, ...ends, fault: (error as Error).message }
  }
  try {
    const stream = await streamLook(env, broker, stateDir, config, source)
    const { storage, limits } = await broker.manager.getAccountInfo()
    const most = limits.max_storage
    return {
      ...made,
      ...ends,
      fault: null,
      stream,
      storage: most > 0 ? { used: storage, most } : null,
    }
  } catch (error) {
    return { ...made, ...ends, fault: (error as Error).message }
  } finally {
    await broker.close()
  }
}

async function keysLook(config: FleetConfig, keys: SiteKeys) {
  const files = [...keys.marks.keys()].map((site) => ({ site, file: fileOf(keys, site) }))
  const sites = await Promise.all(
    files.map(async ({ site, file }) => {
      const open = openBroker(withKey(config, file), `wandbridge doctor of ${site}`)
      return open.then(
        (broker) => broker.close().then(() => ({ site, fault: null, refused: false })),
        (error: Error) => ({ site, fault: error.message, refused: isByKey(error) }),
      )
    }),
  )
  const ends =
    config.credentials === undefined ? [] : files.map(({ file }) => credentialsUntil(file))
  const until = (await Promise.all(ends)).filter((one) => one !== null)
  const others = keys.others.length === 0 ? null : overlooked(keys, keys.others)
  return {
    keys: { dir: keys.dir, sites, overlooked: others },
    credentialsUntil: until.length === 0 ? null : Math.min(...until),
  }
}

async function streamLook(
  env: Env,
  { manager }: Broker,
  stateDir: string,
  { site, replicas }: FleetConfig,
  source: Source,
): Promise<StreamLook | null> {
  const feed = new Feed({ env, disk: nodeDisk, dir: join(stateDir, 'audit'), source })
  const head = await feed.look().catch(() => null)
  if (head === null) return null
  const name = streamOf({ site, log: head.log })
  const info = await infoOf(manager, name)
  const wanted = { wanted: replicas, has: 0, current: 0 }
  if (info === null) return { name, is: 'missing', owed: head.size, copies: wanted }
  const first = firstOf(info.config.description)
  const others = info.cluster?.replicas ?? []
  const current = 1 + others.filter((one) => one.current && !one.offline).length
  const copies = { wanted: replicas, has: info.config.num_replicas, current }
  if (first === null) return { name, is: 'foreign', owed: head.size, copies }
  return { name, is: 'there', owed: head.size - (first + info.state.last_seq), copies }
}

/** The server begins in clear text, and then both change to TLS. Null = it shows none, or is not there. */
async function certificateOf(
  env: Env,
  server: string,
): Promise<{ readonly server: string; readonly until: number } | null> {
  const { hostname, port } = new URL(server)
  const socket = connect(Number(port) || 4222, hostname.replace(/^\[|\]$/g, ''))
  const cancel = env.after(SHOWN_MS, () => socket.destroy(new Error('it does not answer')))
  try {
    await once(socket, 'data')
    // Whoever vouches for it is judged by the connection itself; here only its end is looked at.
    const secure = connectTls({ socket, rejectUnauthorized: false })
    await once(secure, 'secureConnect')
    const { valid_to: end } = secure.getPeerCertificate()
    return { server, until: Date.parse(end) }
  } catch {
    return null
  } finally {
    cancel()
    socket.destroy()
  }
}

async function credentialsUntil(file: string | undefined): Promise<number | null> {
  if (file === undefined) return null
  try {
    const [, claims = ''] = /^[\w-]+\.([\w-]+)\.[\w-]+$/m.exec(await readFile(file, 'utf8')) ?? []
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp?: number }
    return exp === undefined ? null : exp * 1_000
  } catch {
    return null
  }
}
