// Every change of a log's key is given as a proof, whether its entry is still there or retention dropped it, and
// however bridges ended: whoever knew the key before knows the one behind it.
import { describe, expect, it } from 'vitest'
import { originOf } from '../../src/audit/format/checkpoint.ts'
import { keyChange } from '../../src/audit/format/key-change.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { mulberry32, VirtualEnv } from '../../src/base/env.ts'
import { allKeyChanges } from '../../src/recorder/key-changes.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { bench, close, during, duringReal, logDir, open, refused } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const RUNS = LONG ? 200 : 4
const MS = LONG ? 600_000 : 60_000

describe('the changes of a key', () => {
  it(
    'are all told, oldest first, over retention, packing, kills and power cuts',
    async () => {
      let changes = 0
      let dropped = 0
      for (let seed = 1; seed <= RUNS; seed += 1) {
        const rng = mulberry32(seed)
        const chance = (n: number) => rng() % n
        let disk = new MemoryDisk()
        let key = newKey(new VirtualEnv({ seed: seed * 100 }))
        const keys: string[] = []
        for (let life = 0; life < 4; life += 1) {
          const signing = key
          const limits = { segmentBytes: 1_500 + chance(4_000) }
          const b = bench(seed * 10 + life, disk, { limits, keys: async () => [signing] })
          const log = await open(b)
          const dir = logDir(log)
          if (keys.length === 0) keys.push(log.state.key ?? '')
          for (let i = chance(6); i >= 0; i -= 1) await during(b.env, log.append(refused(i)))
          if (chance(3) > 0) {
            key = newKey(new VirtualEnv({ seed: seed * 100 + life + 1 }))
            await during(b.env, log.rotateKey(key, 'a test'))
            keys.push(log.state.key ?? '')
          }
          for (let i = chance(6); i > 0; i -= 1) await during(b.env, log.append(refused(i)))
          const append = (record: NewRecord) => log.append(record)
          const retention = { keepDays: 0, age: () => log.age, wall: () => b.env.wall() }
          const care = { disk, dir, append }
          if (chance(3) === 0) {
            const done = await duringReal(
              b.env,
              upkeep(chance(3) > 0 ? { ...care, retention } : care),
            )
            if (done.dropped !== null) dropped += 1
          }
          const told = await allKeyChanges(disk, dir, log.state.key ?? '')
          const steps = told.map((text) => keyChange(text, originOf(log.state.log ?? '')))
          expect(steps.map((step) => [step?.from.text, step?.to.text])).toEqual(
            keys.slice(1).map((to, i) => [keys[i], to]),
          )
          changes = Math.max(changes, told.length)
          const end = chance(3)
          await close(b, log)
          disk = end === 0 ? disk.cut(chance) : disk.killed()
        }
      }
      expect(changes).toBeGreaterThan(2)
      expect(dropped).toBeGreaterThan(0)
    },
    MS,
  )
})
