// The log's private key: outside `audit/`, made on first use, or handed in by systemd as a
// credential. A rotation keeps both keys until the log has taken the new one.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { type Disk, readAll, replaceFile } from '../../base/disk.ts'
import type { Env } from '../../base/env.ts'

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const FILE = 'audit.key'
const NEXT = 'audit.key.next'
/** Name of the systemd credential (`LoadCredential=wandbridge-audit.key:…`). */
export const CREDENTIAL = 'wandbridge-audit.key'

/** An Ed25519 key from the environment's randomness. */
export function newKey(env: Env): KeyObject {
  const der = Buffer.concat([PKCS8_PREFIX, env.random(32)])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

const pem = (key: KeyObject) => Buffer.from(key.export({ format: 'pem', type: 'pkcs8' }))

export interface KeyStore {
  /** The first is for new logs; any of them may be the one an existing log was signed with. */
  readonly keys: readonly KeyObject[]
  /** Makes a new key, lets `take` bring the log to it, and then forgets the old one. */
  rotate(take: (key: KeyObject) => Promise<void>): Promise<void>
}

/**
 * Loads the keys in `dir` (usually `<state>/keys`), or makes the first. A key in `credentials`
 * (systemd's `$CREDENTIALS_DIRECTORY`) comes before them and cannot be rotated here.
 * Rejects with a sentence when a key file is there but is not an Ed25519 key.
 */
export async function openKeys(
  env: Env,
  disk: Disk,
  dir: string,
  credentials?: string,
): Promise<KeyStore> {
  const given = credentials === undefined ? null : await load(disk, join(credentials, CREDENTIAL))
  await disk.makeDir(dir)
  const path = join(dir, FILE)
  const next = await load(disk, join(dir, NEXT))
  const own = given ? await load(disk, path) : await keyAt(env, disk, path)
  return {
    keys: [given, own, next].filter((key) => key !== null),
    async rotate(take) {
      if (given) throw new Error('This key is given by systemd: replace the credential there.')
      const fresh = next ?? newKey(env)
      await replaceFile(disk, join(dir, NEXT), pem(fresh))
      await take(fresh)
      await disk.rename(join(dir, NEXT), path)
      await disk.syncDir(dir)
    },
  }
}

/** The keys that are there; makes none. */
export async function keysThere(
  disk: Disk,
  dir: string,
  credentials?: string,
): Promise<readonly KeyObject[]> {
  const paths = [join(dir, FILE), join(dir, NEXT)]
  if (credentials !== undefined) paths.unshift(join(credentials, CREDENTIAL))
  const keys = await Promise.all(paths.map((path) => load(disk, path)))
  return keys.filter((key) => key !== null)
}

/** The key in a file, which is made when it is not there. */
export async function keyAt(env: Env, disk: Disk, path: string): Promise<KeyObject> {
  const own = await load(disk, path)
  if (own) return own
  const made = newKey(env)
  await replaceFile(disk, path, pem(made))
  return made
}

async function load(disk: Disk, path: string): Promise<KeyObject | null> {
  if ((await disk.size(path)) === null) return null
  let key: KeyObject
  try {
    key = createPrivateKey(await readAll(disk, path))
  } catch {
    throw new Error(`${path} is not a private key. Put the right key back, or move this file away.`)
  }
  if (key.asymmetricKeyType === 'ed25519') return key
  throw new Error(`${path} is not an Ed25519 key. Put the right key back, or move this file away.`)
}
