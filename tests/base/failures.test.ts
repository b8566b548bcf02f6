// Failures that are done without: each is counted, told when it is new or another one, and told when over.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { TokenStore } from '../../src/access/store.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { onOverlooked, overlooked, overlookedTotals, wellAgain } from '../../src/base/failures.ts'
import { insist } from '../../src/delivery/place.ts'
import { FINGERPRINTS } from '../../src/drivers/open-wand/fingerprints.ts'
import { Finder } from '../../src/transport/finder.ts'

function told() {
  const said: [string, string | null][] = []
  onOverlooked((what, message) => void said.push([what, message]))
  onTestFinished(() => onOverlooked(() => {}))
  return said
}

const count = (what: Parameters<typeof overlooked>[0]) => overlookedTotals().get(what) ?? 0

test('each is counted; who listens hears what is new, and the end', () => {
  const said = told()
  const before = count('capture')
  for (const message of ['full', 'full', 'gone']) overlooked('capture', new Error(message))
  wellAgain('capture')
  wellAgain('capture')
  expect(count('capture') - before).toBe(3)
  expect(said).toEqual([
    ['capture', 'full'],
    ['capture', 'gone'],
    ['capture', null],
  ])
})

test('a computer that does not say what is plugged in, then does', async () => {
  const said = told()
  const env = new VirtualEnv()
  let broken = true
  const list = async () => {
    if (broken) throw new Error('sysfs is not there')
    return { devices: [], notes: [] } as never
  }
  const finder = new Finder({ env, fingerprints: FINGERPRINTS, kinds: ['serial'], list })
  finder.start(() => {})
  onTestFinished(() => finder.stop())
  await env.advance(5_000)
  expect(said).toEqual([['device-list', 'sysfs is not there']])
  broken = false
  await env.advance(10_000)
  expect(said.at(-1)).toEqual(['device-list', null])
})

test('a directory of tokens that cannot be read any more', async () => {
  const said = told()
  const env = new VirtualEnv()
  const dir = await mkdtemp(join(tmpdir(), 'failures-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const store = new TokenStore(env, dir, 'device')
  onTestFinished(() => store.close())
  await store.follow()
  await rm(join(dir, 'tokens'), { recursive: true, force: true })
  await writeFile(join(dir, 'tokens'), 'not a directory')
  await expect
    .poll(async () => {
      await env.advance(500)
      return said.map(([what]) => what)
    })
    .toContain('token-directory')
})

test('a place of a destination that cannot be written is tried again', async () => {
  const said = told()
  const env = new VirtualEnv()
  let tries = 0
  const done = insist(
    env,
    () => false,
    async () => {
      tries += 1
      if (tries < 3) throw new Error('the disk is full')
      return true
    },
  )
  await env.advance(20_000)
  expect(await done).toBe(true)
  expect(said).toEqual([['delivery-place', 'the disk is full']])
})
