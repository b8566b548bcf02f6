// A long log and whoever reads all of it: nobody else waits for that, and it ends when nobody waits for it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import { codingOf } from '../../src/fhir/elements.ts'
import { Library } from '../../src/fhir/library.ts'
import { search } from '../../src/fhir/search.ts'
import type { Code } from '../../src/model/nomenclature.ts'
import { noOwners } from '../../src/model/owner.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { rig } from '../bridge/rig.ts'

const READINGS = 400
const env = systemEnv()
const source = 'simulator' as const
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function library() {
  const r = await rig()
  r.bridge.start()
  await r.live()
  await r.stop()
  const event = r.events.find((one) => one.kind === 'reading')
  const record = event && recordOf(event)
  if (!record) throw new Error('nothing was read')
  const stateDir = mkdtempSync(join(tmpdir(), 'wandbridge-walk-'))
  const auditor = new Auditor({ env, stateDir, source, settings: {}, boot: 'walk' })
  closing.push(async () => {
    await auditor.close('test')
    rmSync(stateDir, { recursive: true, force: true })
  })
  const { at: _at, mono: _mono, ...rest } = record
  await Promise.all(Array.from({ length: READINGS }, () => auditor.append(rest)))
  const { disk, dir, commits$ } = auditor
  const feed = new Feed({ env, disk, dir, source, head: () => auditor.head, wake$: commits$ })
  const knowledge = {
    pumps: () => [],
    pump: () => null,
    owners: noOwners,
    refills: () => ({ items: [] }),
    contradictedBy: () => null,
  }
  return new Library({
    env,
    version: '0',
    zone: 'UTC',
    status: () => ({ pumps: [] }),
    feed,
    knowledge,
  })
}

const asked = (
  query: string,
  { gone = () => false, enough = () => false }: { gone?(): boolean; enough?(): boolean } = {},
) => ({
  type: 'Observation' as const,
  query: new URLSearchParams(query),
  lenient: false,
  base: 'http://x',
  nowMs: 0,
  people: () => [],
  codingsOf: (code: Code) => [codingOf(code)],
  zone: 'UTC',
  gone,
  enough,
})

it('others have their turn while a search walks through everything', {
  timeout: 60_000,
}, async () => {
  const shelves = await library()
  let longest = 0
  let turns = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    turns += 1
  }, 1)
  closing.push(async () => clearInterval(timer))
  const began = performance.now()
  const { bundle } = await search(shelves, asked('_count=0'))
  const whole = performance.now() - began
  expect((bundle.total ?? 0) % READINGS).toBe(0)
  expect(bundle.total).toBeGreaterThan(READINGS * 30)
  // Not a measure of time: without pauses the longest wait is nearly the whole.
  expect(longest).toBeLessThan(whole / 2)
  expect(turns).toBeGreaterThan(3)
})

it('a search ends when whoever asked has left', { timeout: 60_000 }, async () => {
  const shelves = await library()
  let questions = 0
  const gone = () => {
    questions += 1
    return questions > 10
  }
  await expect(search(shelves, asked('code=nothing', { gone }))).rejects.toThrow('closed')
  expect(questions).toBe(11)
})

it('a search that takes long gives what it has found, and goes on page by page', {
  timeout: 60_000,
}, async () => {
  const shelves = await library()
  let looked = 0
  const enough = () => {
    looked += 1
    return looked % 90 === 0
  }
  const seen: unknown[] = []
  let pages = 0
  for (let query = 'code=157784&_count=500'; ; pages += 1) {
    const { bundle } = await search(shelves, asked(query, { enough }))
    seen.push(...(bundle.entry ?? []).map((one) => one.fullUrl))
    const next = bundle.link?.find((one) => one.relation === 'next')
    if (!next) break
    expect(bundle.total).toBeUndefined()
    query = next.url.split('?')[1] ?? ''
  }
  expect(pages).toBe(Math.floor(READINGS / 90))
  expect([seen.length, new Set(seen).size]).toEqual([READINGS, READINGS])
  // Nothing is found for long: the page is empty, and has a link all the same.
  const { bundle } = await search(shelves, asked('code=nothing', { enough }))
  expect(bundle.entry).toBeUndefined()
  expect(bundle.link?.some((one) => one.relation === 'next')).toBe(true)
  await expect(search(shelves, asked('_count=0', { enough: () => true }))).rejects.toThrow(
    'too much',
  )
})
