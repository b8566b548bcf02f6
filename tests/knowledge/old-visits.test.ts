// Interrogations that are not kept beside the log any more: read from the log, they are what they were.
import { expect, it } from 'vitest'
import { oldVisits } from '../../src/knowledge/old-visits.ts'
import { during } from '../audit/bench-log.ts'
import { randomRecords } from './records.ts'
import { world } from './world.ts'

const all = async <T>(items: AsyncIterable<T>) => {
  const out: T[] = []
  for await (const item of items) out.push(item)
  return out
}

it('are the same as those that are kept, in either order, from any of them on', async () => {
  const w = await world(1)
  await w.append(await randomRecords(31, 600))
  const { knowledge } = await w.know()
  expect(knowledge.owed).toBe(w.log.state.size)
  for (const { id } of knowledge.pumps()) {
    const kept = knowledge.visits(id).items.map(({ events: _, ...visit }) => visit)
    expect(kept.length).toBeGreaterThan(5)
    const middle = kept[Math.floor(kept.length / 2)]
    for (const order of ['asc', 'desc'] as const) {
      for (const after of [undefined, middle?.position]) {
        for (const from of [undefined, middle?.readAt]) {
          const query = { order, after, from, before: w.log.state.size }
          const read = await during(w.env, all(oldVisits(w.feed, id, query)))
          const expected = knowledge.visits(id, { order, after, from }).items
          const given = (list: typeof read) => list.map(({ events: _, ...visit }) => visit)
          expect(given(read)).toEqual(given([...expected]))
        }
      }
    }
    const before = middle?.position ?? 0
    const older = await during(w.env, all(oldVisits(w.feed, id, { before })))
    expect(older.map(({ position }) => position)).toEqual(
      kept.map(({ position }) => position).filter((position) => position < before),
    )
  }
  await w.stop(knowledge)
  await w.close()
})
