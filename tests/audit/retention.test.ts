// Retention over ten years: what is left verifies, from any checkpoint kept on the way; nothing younger
// than the rule is dropped, whatever the wall clock says; and what a round could not do is said.
import type { KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/audit/format/canonical.ts'
import { keyChange } from '../../src/audit/format/key-change.ts'
import { Frontier, inclusionBehind, leafHash, Tree } from '../../src/audit/format/merkle.ts'
import { type SigningKey, signingKey } from '../../src/audit/format/note.ts'
import { proofText } from '../../src/audit/format/proof.ts'
import { commitLine } from '../../src/audit/format/segment.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import type { AuditLog } from '../../src/audit/log/log.ts'
import { readRecords } from '../../src/audit/read/reader.ts'
import { accountOf } from '../../src/audit/verify/account.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { mulberry32, VirtualEnv } from '../../src/base/env.ts'
import { type Retention, upkeep } from '../../src/recorder/upkeep.ts'
import {
  type Bench,
  bench,
  close,
  during,
  duringReal,
  logDir,
  open,
  refused,
  stop,
} from './bench-log.ts'
import { MemoryDisk } from './memory-disk.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const DAY = 86_400_000
const KEEP = 400

const care = (b: Bench, log: AuditLog, retention?: Partial<Retention>) =>
  duringReal(
    b.env,
    upkeep({
      disk: b.disk,
      dir: logDir(log),
      append: (record) => log.append(record),
      retention: { keepDays: KEEP, age: () => log.age, wall: () => b.env.wall(), ...retention },
    }),
  )

/** Positions whose entries are kept. */
async function kept(b: Bench, log: AuditLog): Promise<Set<number>> {
  const positions = new Set<number>()
  for await (const { position } of readRecords(b.disk, logDir(log))) positions.add(position)
  return positions
}

interface Life {
  readonly b: Bench
  readonly log: AuditLog
}

/** Records that a checkpoint covers. */
const sizeOf = (note: string) => Number(note.split('\n')[1])

/** One computer with one log, over as many starts as it takes. */
class Years {
  disk = new MemoryDisk()
  key: KeyObject = newKey(new VirtualEnv({ seed: 99 }))
  /** What the time really is. */
  now = Date.UTC(2026, 0, 5, 8)
  readonly written = new Map<number, number>()
  segmentBytes = 4_000
  #lives = 0

  /** A start after `days`, with a clock that is wrong by so many. */
  async start(days: number, clock: 'synchronised' | 'unknown', wrongDays = 0): Promise<Life> {
    this.now += days * DAY
    this.#lives += 1
    const b = bench(this.#lives, this.disk, {
      keys: async () => [this.key],
      clock: () => clock,
      limits: { segmentBytes: this.segmentBytes },
    })
    b.env.setWall(this.now + wrongDays * DAY - b.env.wall())
    const log = await open(b)
    return { b, log }
  }

  async write({ b, log }: Life, n: number): Promise<void> {
    for (let i = 0; i < n; i += 1) {
      const receipt = await during(b.env, log.append(refused(i)))
      if (receipt) this.written.set(receipt.position, this.now)
    }
  }

  async end({ b, log }: Life, how: 'stop' | 'kill'): Promise<void> {
    if (how === 'stop') await during(b.env, log.append(stop))
    if (how === 'stop') await close(b, log)
    this.disk = how === 'stop' ? b.disk : b.disk.killed()
  }

  /** Records that are younger than the rule and not there any more. */
  async lost(life: Life): Promise<number[]> {
    const there = await kept(life.b, life.log)
    return [...this.written]
      .filter(([position, at]) => this.now - at < KEEP * DAY && !there.has(position))
      .map(([position]) => position)
  }
}

describe('ten years', () => {
  it.each([
    ['of monthly visits, the clock kept', 31, 'synchronised' as const],
    ['of work every 25 days, nobody knows of the clock', 25, 'unknown' as const],
  ])(
    '%s, with kills, key changes and wrong clocks: what is left verifies',
    async (_what, gap, clock) => {
      const property = fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
        const rng = mulberry32(seed)
        const chance = (n: number) => rng() % n
        const years = new Years()
        years.segmentBytes = LONG ? 4_000 : 20_000
        const checkpoints: { since: string; key: string }[] = []
        const starts = Math.floor(3_650 / gap)
        let name: string | null = null
        let dropped = 0
        for (let n = 0; n < starts; n += 1) {
          const wrong = chance(20) === 0 ? ([400, 800, -2_000][chance(3)] ?? 0) : 0
          const life = await years.start(gap, wrong ? 'unknown' : clock, wrong)
          const { b, log } = life
          name ??= log.state.log
          expect(log.state).toMatchObject({ log: name, state: 'ok', unaccepted: [] })
          await years.write(life, 1 + chance(6))
          checkpoints.push({ since: log.state.checkpoint ?? '', key: log.state.key ?? '' })
          const rotate = n === Math.floor(starts / 3) || n === Math.floor((2 * starts) / 3)
          if (rotate) {
            const next = newKey(new VirtualEnv({ seed: n }))
            await during(b.env, log.rotateKey(next, 'yearly'))
            years.key = next
          }
          const result = n % 3 === 0 ? await care(b, log) : { failures: [], dropped: null }
          expect(result.failures).toEqual([])
          if (result.dropped !== null) dropped += 1
          if (n % 6 === 0) expect(await years.lost(life)).toEqual([])
          await years.end(life, chance(3) === 0 ? 'kill' : 'stop')
          if (n % 12 !== 11 && n !== starts - 1) continue
          // Whatever was kept on the way, alone: the retention record carries the changes of key.
          const { since, key } = checkpoints[chance(checkpoints.length)] ?? { since: '', key: '' }
          const options = { schemas: true, since }
          const found = await verify(years.disk, `/state/audit/${name}`, options)
          expect(found.problem).toBeNull()
          expect(found.vouched.checkpoint).toBe(sizeOf(since))
          const byKey = await verify(years.disk, `/state/audit/${name}`, { key })
          expect(byKey.problem).toBeNull()
          expect(byKey.vouched).toMatchObject({ key: byKey.records, nothing: 0 })
        }
        expect(dropped).toBeGreaterThan(3)
        // Most of what is older than the rule is gone, the copies of what was set aside among it.
        const life = await years.start(gap, clock)
        expect((await kept(life.b, life.log)).size).toBeLessThan(life.log.state.size / 2)
        const voids = [...life.b.disk.files.keys()].filter((file) => file.endsWith('.void'))
        const numbers = voids.map((file) => Number(/(\d{8})\.void$/.exec(file)?.[1]))
        const plain = [...life.b.disk.files.keys()].flatMap(
          (file) => /(\d{8})\.jsonl/.exec(file)?.[1] ?? [],
        )
        expect(Math.min(...numbers, 1e9)).toBeGreaterThan(Math.min(...plain.map(Number)))
        await close(life.b, life.log)
      })
      await fc.assert(property, { numRuns: LONG ? 30 : 1 })
    },
    600_000,
  )
})

describe('ten years on three computers', () => {
  it('to each of which the folder is copied: every log is accounted for, and verifies from what was kept of it', async () => {
    const rng = mulberry32(7)
    const chance = (n: number) => rng() % n
    const years = new Years()
    years.segmentBytes = 20_000
    const checkpoints: { log: string; since: string; key: string }[] = []
    const names: string[] = []
    const [gap, starts] = LONG ? [31, 118] : [92, 40]
    const third = Math.floor(starts / 3)
    for (let n = 0; n < starts; n += 1) {
      // The third computer's clock is nine months ahead until somebody sets it.
      if (n === third || n === 2 * third) years.disk = years.disk.copied()
      const wrong = n >= 2 * third && n < 2 * third + 6 ? 270 : 0
      const life = await years.start(gap, wrong ? 'unknown' : 'synchronised', wrong)
      const { b, log } = life
      const name = log.state.log ?? ''
      if (!names.includes(name)) {
        // Positions are counted anew.
        if (names.length > 0)
          expect(log.state.unaccepted.map(({ log }) => log)).toContain(names.at(-1))
        names.push(name)
        years.written.clear()
      }
      await years.write(life, 1 + chance(6))
      checkpoints.push({ log: name, since: log.state.checkpoint ?? '', key: log.state.key ?? '' })
      if (n === third - 5 || n === 2 * third - 5) {
        const next = newKey(new VirtualEnv({ seed: n }))
        await during(b.env, log.rotateKey(next, 'yearly'))
        years.key = next
      }
      if (n % 3 === 0) expect((await care(b, log)).failures).toEqual([])
      if (n % 6 === 0) expect(await years.lost(life)).toEqual([])
      await years.end(life, chance(3) === 0 ? 'kill' : 'stop')
    }
    expect(names).toHaveLength(3)
    for (const { log, since, key } of checkpoints.filter((_, n) => LONG || n % 6 === 0)) {
      const dir = `/state/audit/${log}`
      expect((await verify(years.disk, dir, { since })).vouched.checkpoint).toBe(sizeOf(since))
      expect(await verify(years.disk, dir, { key })).toMatchObject({ problem: null, ok: true })
    }
    const results = []
    for (const log of names)
      results.push(await verify(years.disk, `/state/audit/${log}`, { schemas: true }))
    expect(
      accountOf(results).map(({ log, ok, setAside }) => [log, ok, setAside?.why?.code]),
    ).toEqual([
      [names[0], true, 'aside.copied'],
      [names[1], true, 'aside.copied'],
      [names[2], true, undefined],
    ])
    // Without the second one its absence is told by what the third says of it.
    const [first, , last] = results
    const left = accountOf([first, last].flatMap((one) => one ?? []))
    expect(left.find(({ log }) => log === names[1])).toMatchObject({
      verification: null,
      ok: false,
    })
  }, 600_000)
})

describe('changes of key among dropped entries', () => {
  it('are followed from the retention record: an older key and an older checkpoint vouch alone', async () => {
    const years = new Years()
    const kept: { since: string; key: string }[] = []
    for (let n = 0; n < 90; n += 1) {
      const life = await years.start(20, 'unknown')
      const { b, log } = life
      await years.write(life, 2)
      if (n === 0 || n === 6) {
        kept.push({ since: log.state.checkpoint ?? '', key: log.state.key ?? '' })
        const next = newKey(new VirtualEnv({ seed: 500 + n }))
        await during(b.env, log.append(refused(n)))
        await during(b.env, log.rotateKey(next, 'yearly'))
        years.key = next
      }
      if (n > 0 && n % 30 === 0) expect((await care(b, log)).dropped).not.toBeNull()
      await years.end(life, 'stop')
    }
    const last = await years.start(20, 'unknown')
    expect((await care(last.b, last.log)).dropped).not.toBeNull()
    const dir = logDir(last.log)
    // Neither change is there as an entry, and the records that first carried them were dropped in their turn.
    const kinds = []
    for await (const { record } of readRecords(last.b.disk, dir)) kinds.push(record.kind)
    expect(kinds).not.toContain('key-rotation')
    const forged = newKey(new VirtualEnv({ seed: 1 }))
    await close(last.b, last.log)
    for (const { since, key } of kept) {
      const bySince = await verify(last.b.disk, dir, { since })
      expect(bySince.problem).toBeNull()
      expect(bySince.vouched.checkpoint).toBe(sizeOf(since))
      const byKey = await verify(last.b.disk, dir, { key, schemas: true })
      expect(byKey.problem).toBeNull()
      expect(byKey.vouched.nothing).toBe(0)
    }
    const { key = '' } = kept[0] ?? {}
    const other = signingKey(key.split('+')[0] ?? '', forged).verifier.text
    expect((await verify(last.b.disk, dir, { key: other })).ok).toBe(false)
  }, 60_000)

  it('need a record that the old key signed for, not only its signature', async () => {
    const origin = 'wandbridge/device-1-00000000'
    const [old, next] = [1, 2].map((seed) =>
      signingKey(origin, newKey(new VirtualEnv({ seed }))),
    ) as [SigningKey, SigningKey]
    const line = (to: string) =>
      Buffer.from(
        canonical({
          body: { from: old.verifier.text, reason: '', to },
          kind: 'key-rotation',
          seq: 2,
        }),
      )
    const proofOf = (extra: Uint8Array, leaf: Uint8Array) => {
      const leaves = [leafHash(Buffer.from('a')), leafHash(Buffer.from('b')), leafHash(leaf)]
      const start = new Frontier()
      for (const one of leaves.slice(0, 2)) start.append(one)
      const path = inclusionBehind(start, leaves.slice(2), 2)
      start.append(leaves[2] as Uint8Array)
      const checkpoint = { origin, size: 3, root: start.root() }
      const { note } = commitLine(checkpoint, [old, next])
      return proofText({ index: 2, path, extra, checkpoint: note })
    }
    const change = line(next.verifier.text)
    expect(keyChange(proofOf(change, change), origin)).toMatchObject({ index: 2, size: 3 })
    expect(keyChange(proofOf(change, Buffer.from('{}')), origin)).toBeNull()
    expect(keyChange(proofOf(change, change), `${origin}1`)).toBeNull()
    const self = line(old.verifier.text)
    expect(keyChange(proofOf(self, self), origin)).toBeNull()
    for (const none of ['', null, 3, 'c2sp.org/tlog-proof@v1\n\n']) {
      expect(keyChange(none, origin)).toBeNull()
    }
  })

  it('are proven by the same path as a whole tree gives', () => {
    const property = fc.property(
      fc.nat(70),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(),
      (start, n, at) => {
        const tree = new Tree()
        const frontier = new Frontier()
        const behind: Uint8Array[] = []
        for (let i = 0; i < start + n; i += 1) {
          const leaf = leafHash(Buffer.from(`${i}`))
          tree.append(leaf)
          if (i < start) frontier.append(leaf)
          else behind.push(leaf)
        }
        const index = start + (at % n)
        expect(inclusionBehind(frontier, behind, index)).toEqual(tree.inclusion(index))
      },
    )
    fc.assert(property)
  })
})

describe('a clock that jumped', () => {
  it.each([
    [400, 'unknown' as const],
    [800, 'unknown' as const],
    [800, 'unsynchronised' as const],
    [800, 'synchronised' as const],
  ])('%i days ahead (%s) drops nothing, is a record, and is told', async (days, clock) => {
    const years = new Years()
    for (let n = 0; n < 6; n += 1) {
      const life = await years.start(20, 'unknown')
      await years.write(life, 6)
      await years.end(life, 'stop')
    }
    const wrong = await years.start(1, clock as 'unknown', days)
    await years.write(wrong, 3)
    const result = await care(wrong.b, wrong.log)
    expect(result).toMatchObject({ dropped: null, held: { why: 'clock', segment: 1 } })
    expect(await years.lost(wrong)).toEqual([])
    await years.end(wrong, 'stop')
    const right = await years.start(1, clock as 'unknown')
    await years.write(right, 1)
    const jumps = []
    for await (const { record } of readRecords(right.b.disk, logDir(right.log), {
      kinds: ['clock-jump'],
    })) {
      jumps.push(record.body)
    }
    const vouched = clock === 'synchronised'
    expect(jumps).toMatchObject([{ vouched }, { vouched }])
    const sizes = jumps.map((jump) => Math.round((jump as { sizeMs: number }).sizeMs / DAY))
    expect(sizes).toEqual([days + 1, 1 - days])
    await close(right.b, right.log)
    expect(await verify(right.b.disk, logDir(right.log), { schemas: true })).toMatchObject({
      ok: true,
    })
  })

  it('within one process is a record with its size; the clock that drifts is none', async () => {
    const b = bench()
    const log = await open(b)
    await during(b.env, log.append(refused(1)))
    await b.env.suspend(10 * DAY)
    b.env.setWall(60_000)
    await during(b.env, log.append(refused(2)))
    b.env.setWall(-7_200_000)
    await during(b.env, log.append(refused(3)))
    const found: unknown[] = []
    for await (const { record } of readRecords(b.disk, logDir(log), { after: 0 })) {
      found.push(record.kind === 'clock-jump' ? record.body.sizeMs : record.kind)
    }
    expect(found).toEqual(['link', 'link', -7_200_000, 'link'])
    // Ten days have passed; the two hours are not counted.
    expect(Math.round(log.age.ms / DAY)).toBe(10)
    await close(b, log)
  })
})

describe('a round', () => {
  async function old(): Promise<Life & { readonly years: Years }> {
    const years = new Years()
    for (let n = 0; n < 30; n += 1) {
      const life = await years.start(20, 'unknown')
      await years.write(life, 3)
      await years.end(life, 'stop')
    }
    const life = await years.start(20, 'unknown')
    await years.write(life, 6)
    return { ...life, years }
  }

  it('keeps what a follower is owed', async () => {
    const { b, log } = await old()
    let owed = 3
    const first = await care(b, log, { owed: () => owed })
    expect(first).toMatchObject({ dropped: null, held: { why: 'owed', segment: 1 } })
    owed = 60
    const second = await care(b, log, { owed: () => owed })
    expect(second.dropped).toBeGreaterThan(3)
    expect(second.dropped).toBeLessThanOrEqual(60)
    expect((await kept(b, log)).has(60)).toBe(true)
    await close(b, log)
    expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({ ok: true })
  })

  it('says what it could not do, does the rest, and the next one does that', async () => {
    const { b, log } = await old()
    b.disk.fault = (operation, path) => {
      if (operation === 'create' && /\.leaves\.new$/.test(path))
        throw Object.assign(new Error('EIO'), { code: 'EIO' })
    }
    const failed = await care(b, log)
    expect(failed.failures).toEqual([{ step: 'leaves', code: 'EIO' }])
    expect(failed.packed.length).toBeGreaterThan(0)
    expect(failed).toMatchObject({ dropped: null, held: { why: 'leaves', segment: 1 } })
    b.disk.fault = (operation) => {
      if (operation === 'list') throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    }
    expect((await care(b, log)).failures).toMatchObject([{ code: 'EACCES' }, { code: 'EACCES' }])
    b.disk.fault = () => {}
    const healed = await care(b, log)
    expect(healed).toMatchObject({ failures: [], dropped: expect.any(Number) })
    await close(b, log)
    expect(await verify(b.disk, logDir(log), { schemas: true })).toMatchObject({ ok: true })
  })

  it('that is cut at any moment leaves a log that verifies', async () => {
    const { b, log } = await old()
    const key = log.state.key ?? ''
    let removals = 0
    const cuts: MemoryDisk[] = []
    const rng = mulberry32(7)
    b.disk.fault = (operation) => {
      if (operation !== 'remove' && operation !== 'syncDir' && operation !== 'rename') return
      removals += 1
      if (removals % (LONG ? 3 : 20) !== 0) return
      cuts.push(
        b.disk.cut((n) => rng() % n),
        b.disk.killed(),
      )
    }
    await care(b, log)
    expect(removals).toBeGreaterThan(20)
    for (const disk of cuts) {
      const c = bench(77, disk, { keys: b.options.keys })
      const again = await open(c)
      expect(again.state).toMatchObject({ state: 'ok', log: log.state.log, unaccepted: [] })
      await close(c, again)
      expect((await verify(c.disk, logDir(again), { key })).problem).toBeNull()
    }
    await close(b, log)
  }, 60_000)
})
