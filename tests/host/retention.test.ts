// Retention in the whole house: nothing goes that a follower has not had.
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { Closers } from '../../src/host/closers.ts'
import { openRooms } from '../../src/host/rooms.ts'
import { duringReal, refused } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'

it('keeps what a destination is owed, and lets it go once it has been had', async () => {
  const env = new VirtualEnv({ seed: 1 })
  const closers = new Closers((_, error) => {
    throw error
  })
  let owed = 12
  const { auditor, feed, start } = openRooms(
    {
      ...{ env, stateDir: '/state', source: 'simulator', boot: 'boot', settings: {}, ports: [] },
      ...{ policy: 'manual', driver: openWand, why: () => 'the test ends' },
      owed: () => owed,
      audit: {
        disk: new MemoryDisk(),
        clock: () => 'synchronised',
        limits: { segmentBytes: 6_000 },
      },
    },
    closers,
  )
  const days = async (n: number) => {
    for (let hour = 0; hour < n * 24; hour += 6) {
      await duringReal(env, Promise.all([1, 2, 3, 4].map((k) => auditor.append(refused(k)))))
      await env.advance(6 * 3_600_000)
      // Packing takes real time.
      await setTimeout(5)
    }
  }
  await duringReal(env, start())
  await days(2)
  expect(await feed.oldest()).toBe(0)
  // As a configuration says that is read again.
  auditor.keep(1)
  await days(4)
  const first = await feed.oldest()
  expect(first).toBeLessThanOrEqual(owed)
  owed = Number.POSITIVE_INFINITY
  await days(3)
  expect(await feed.oldest()).toBeGreaterThan(12)
  await duringReal(env, closers.close())
}, 60_000)
