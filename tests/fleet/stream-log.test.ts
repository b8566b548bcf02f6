// What is known of a stream is known at once: records, and the checkpoint that vouches for them.
import { expect, it } from 'vitest'
import { type StreamFacts, StreamLog } from '../../src/fleet/serve/stream-log.ts'
import { CHECKPOINT, descriptionOf } from '../../src/fleet/stream/names.ts'
import { env } from './world.ts'

it('the checkpoint of a stream that was made again is there when its records are', async () => {
  let answer = (_: unknown) => {}
  const manager = {
    streams: { getMessage: () => new Promise((resolve) => (answer = resolve)) },
  }
  const seen: unknown[] = []
  const ref = { site: 'a', log: 'simulator-1-00000000' }
  const one = new StreamLog(env, { manager } as never, ref, () =>
    seen.push([one.known, one.vouched?.checkpoint]),
  )
  const facts: StreamFacts = {
    ...{ created: 'now', description: descriptionOf(0), firstSeq: 1, lastSeq: 31 },
  }
  const taken = one.take(facts).catch(() => 'cannot be followed')
  await new Promise((resolve) => setImmediate(resolve))
  expect([one.known, one.vouched]).toEqual([0, null])
  const header = new Map([[CHECKPOINT, Buffer.from('signed').toString('base64')]])
  answer({ data: Buffer.from('{"at":"2026-11-24T14:02:11.000Z"}'), header })
  expect(await taken).toBe('cannot be followed')
  expect(seen).toEqual([[31, 'signed']])
})
