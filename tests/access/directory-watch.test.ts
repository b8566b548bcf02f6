// What happens in a directory is known without asking the disk, where the kernel tells it.
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DirectoryWatch } from '../../src/access/directory-watch.ts'
import { TokenStore } from '../../src/access/store.ts'
import { systemEnv } from '../../src/base/env.ts'

let root: string
let dir: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'wandbridge-watch-'))
  dir = join(root, 'tokens')
  mkdirSync(dir)
})
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))

/** Only this kernel tells in order. */
const tells = process.platform === 'linux'

describe('a watched directory', () => {
  it('is quiet until something happens in it, and from the next look on again', async () => {
    const watch = new DirectoryWatch(dir)
    expect(await watch.quiet()).toBe(false)
    watch.found(statSync(dir).ino)
    expect(await watch.quiet()).toBe(false)
    watch.begin()
    for (let n = 0; n < 200; n += 1) {
      expect(await watch.quiet()).toBe(tells)
      const file = join(dir, `${n % 5}`)
      if (n % 3 === 2) renameSync(join(dir, `${(n - 1) % 5}`), file)
      else writeFileSync(file, String(n))
      // Who asks in the same turn waits together, and hears the same.
      expect(await Promise.all([watch.quiet(), watch.quiet()])).toEqual([false, false])
      watch.begin()
    }
    watch.close()
    watch.begin()
    expect(await watch.quiet()).toBe(false)
  })

  it('is not quiet when it is another one than before, or gone', async () => {
    const watch = new DirectoryWatch(dir)
    watch.found(statSync(dir).ino)
    watch.begin()
    expect(await watch.quiet()).toBe(tells)
    renameSync(dir, `${dir}.old`)
    expect(await watch.quiet()).toBe(false)
    watch.begin()
    watch.found(null)
    expect(await watch.quiet()).toBe(false)
  })

  it('is watched anew when another one stands in its place under the same inode', async () => {
    const watch = new DirectoryWatch(dir)
    const { ino } = statSync(dir)
    watch.found(ino)
    watch.begin()
    expect(await watch.quiet()).toBe(tells)
    rmSync(dir, { recursive: true })
    mkdirSync(dir)
    expect(await watch.quiet()).toBe(false)
    watch.found(ino)
    watch.begin()
    expect(await watch.quiet()).toBe(tells)
    writeFileSync(join(dir, 'made'), '')
    expect(await watch.quiet()).toBe(false)
    watch.close()
  })
})

it('a token that comes with a restored directory, and one made in it, are known at once', async () => {
  const env = systemEnv()
  const wish = { label: '', scopes: ['status'], lifeMs: null } as const
  const copy = new TokenStore(env, join(root, 'copy'), 'device')
  const first = await copy.create(wish)
  const store = new TokenStore(env, root, 'device')
  await store.follow()
  await store.looked()
  renameSync(dir, `${dir}.old`)
  renameSync(join(root, 'copy', 'tokens'), dir)
  await store.looked()
  expect(store.get(first.token.id)?.revokedAt).toBe(null)
  const other = new TokenStore(env, root, null)
  const second = await other.create(wish)
  await store.looked()
  expect(store.get(second.token.id)?.revokedAt).toBe(null)
  await other.revoke(first.token.id)
  await store.looked()
  expect(store.get(first.token.id)?.revokedAt).not.toBe(null)
  store.close()
})
