// Knowledge beside its log: begun from a snapshot or from nothing, it is the same; and the log decides.
import { describe, expect, it } from 'vitest'
import { mulberry32 } from '../../src/base/env.ts'
import { during } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'
import { randomRecords } from './records.ts'
import { FILE, rebuilt, told, world } from './world.ts'

describe('knowledge', () => {
  it('follows the log, and is after a restart what it was, from the snapshot and the rest', async () => {
    const records = await randomRecords(21, 500)
    const w = await world(1)
    const first = await w.know()
    await w.append(records.slice(0, 200))
    await w.env.advance(1_000)
    expect(first.knowledge.state).toMatchObject({ phase: 'following', notUnderstood: 0 })
    await w.stop(first.knowledge)
    await w.append(records.slice(200, 350))
    const second = await w.know()
    expect(second.states.filter(({ phase }) => phase === 'reading')[0]?.rebuilding).toBe(false)
    await w.append(records.slice(350))
    // Of a kind that adds nothing: it is passed over, and known to be.
    await w.append([{ kind: 'accept', body: { log: 'x', reason: 'looked at' } }])
    await w.env.advance(1_000)
    const { knowledge } = second
    expect(knowledge.state.position).toBe(w.log.state.size - 1)
    expect(knowledge.pumps()).toHaveLength(3)
    const pair = knowledge.pumps().filter(({ serial }) => serial === 'P-1')
    expect(pair.map(({ sameSerial }) => sameSerial)).toEqual(
      pair.map(({ id }) => pair.map((one) => one.id).filter((one) => one !== id)),
    )
    expect(told(knowledge)).toEqual(await rebuilt(w.disk))
  })

  it('takes what was written last before it ends, as the end of a session', async () => {
    const w = await world(3)
    const { knowledge } = await w.know()
    const records = await randomRecords(23, 80)
    const written = Promise.all(records.map((record) => w.log.append(record)))
    await during(
      w.env,
      written.then(() => knowledge.stop()),
    )
    expect(knowledge.state.position).toBe(w.log.state.size - 1)
    expect(told(knowledge)).toEqual(await rebuilt(w.disk))
  })

  it('is known again after a kill and after a power cut at any moment', async () => {
    const chance = mulberry32(5)
    const below = (n: number) => chance() % n
    let w = await world(1)
    for (let turn = 0; turn < 12; turn += 1) {
      const { knowledge } = await w.know()
      const records = await randomRecords(100 + turn, 60)
      const appending = Promise.all(records.map((record) => w.log.append(record)))
      await w.env.advance(below(200))
      if (below(2) === 0) await w.env.advance(70_000)
      void appending
      const after = below(2) === 0 ? w.disk.killed() : w.disk.cut(below)
      await w.stop(knowledge)
      await w.close()
      w = await world(200 + turn, after)
      const again = await w.know()
      expect(told(again.knowledge)).toEqual(await rebuilt(w.disk))
      await w.stop(again.knowledge)
    }
  })

  it('throws away a snapshot that was damaged, and is what it would be without', async () => {
    const w = await world(1)
    await w.append(await randomRecords(22, 150))
    const { knowledge } = await w.know()
    await w.stop(knowledge)
    const file = w.disk.files.get(FILE)
    const good = Buffer.from(file?.bytes ?? [])
    const expected = await rebuilt(w.disk)
    const chance = mulberry32(9)
    for (let turn = 0; turn < 30; turn += 1) {
      const bytes = Buffer.from(good)
      const at = chance() % bytes.length
      if (turn % 3 === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << (chance() % 8))
      else if (turn % 3 === 1) bytes.copyWithin(at, chance() % bytes.length)
      const left = turn % 3 === 2 ? bytes.subarray(0, at) : bytes
      w.disk.files.set(FILE, { bytes: left, synced: left.length })
      const next = await w.know()
      expect(told(next.knowledge)).toEqual(expected)
    }
  })

  it('throws away a snapshot of a log that went on otherwise', async () => {
    const records = await randomRecords(23, 300)
    const w = await world(1)
    await w.append(records.slice(0, 100))
    // Yesterday's copy, and what became of the log since.
    const copy = w.disk.killed()
    await w.append(records.slice(100, 200))
    const { knowledge } = await w.know()
    await w.stop(knowledge)
    const snapshot = w.disk.files.get(FILE)
    if (!snapshot) throw new Error('no snapshot was written')
    for (const more of [0, 50, 200]) {
      const disk = copy.killed()
      disk.files.set(FILE, snapshot)
      const other = await world(3, disk)
      expect(other.log.state.log).toBe(w.log.state.log)
      await other.append(records.slice(100, 100 + more).reverse())
      const next = await other.know()
      expect(told(next.knowledge)).toEqual(await rebuilt(other.disk))
    }
  })

  it('is of the new log once another one is written', async () => {
    const w = await world(1, new MemoryDisk(), 1 << 20)
    await w.append(await randomRecords(24, 100))
    const { knowledge } = await w.know()
    const old = knowledge.state.log
    expect(knowledge.pumps().length).toBeGreaterThan(0)
    for (const name of w.disk.files.keys()) if (name.includes(`${old}/`)) w.disk.files.delete(name)
    const records = await randomRecords(25, 60)
    await w.append(records)
    await w.env.advance(5_000)
    expect(knowledge.state.log).not.toBe(old)
    expect(told(knowledge)).toEqual(await rebuilt(w.disk))
  })

  it('says when the log cannot be read, and goes on when it can', async () => {
    const w = await world(1)
    await w.append(await randomRecords(26, 60))
    w.disk.fault = (operation) => {
      if (operation === 'read') throw Object.assign(new Error('EIO'), { code: 'EIO' })
    }
    const { knowledge } = await w.know()
    expect(knowledge.state).toMatchObject({ phase: 'failed', code: 'EIO' })
    w.disk.fault = () => {}
    await w.env.advance(3_000)
    expect(knowledge.state).toMatchObject({ phase: 'following', code: null })
    expect(told(knowledge)).toEqual(await rebuilt(w.disk))
  })

  it('goes on without a snapshot that cannot be written, and counts it', async () => {
    const w = await world(1)
    const { knowledge } = await w.know()
    w.disk.fault = (_operation, path) => {
      if (path.startsWith(FILE)) throw Object.assign(new Error('EROFS'), { code: 'EROFS' })
    }
    await w.append(await randomRecords(27, 60))
    await w.env.advance(70_000)
    expect(knowledge.state).toMatchObject({ phase: 'following', notSaved: 1, code: 'EROFS' })
    w.disk.fault = () => {}
    await w.stop(knowledge)
    expect(w.disk.files.has(FILE)).toBe(true)
  })

  it('waits for a log where there is none yet', async () => {
    const w = await world(1, new MemoryDisk())
    const { knowledge } = await w.know()
    await w.append(await randomRecords(28, 30))
    await w.env.advance(2_000)
    expect(told(knowledge)).toEqual(await rebuilt(w.disk))
  })
})
