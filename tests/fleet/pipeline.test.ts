// What the pipeline makes of answers: one speaks for every record before it, and one that comes again for none.
import { expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { Pipeline } from '../../src/fleet/publish/pipeline.ts'
import type { Broker } from '../../src/fleet/stream/broker.ts'

it('an answer that comes twice, or late, takes nothing back', async () => {
  let answer: (error: null, message: unknown) => void = () => {}
  const connection = {
    subscribe(_: string, { callback }: { callback: typeof answer }) {
      answer = callback
      return { unsubscribe() {} }
    },
    publish() {},
  }
  const broker = { connection, onChange: () => () => {}, onRefusal: () => () => {} }
  const taken: (readonly [number, number])[] = []
  const pipeline = new Pipeline(new VirtualEnv(), broker as unknown as Broker, {
    ...{ window: 10, less: 1, signal: new AbortController().signal },
    acked: (position, records) => void taken.push([position, records]),
  })
  for (let position = 0; position < 4; position += 1)
    void pipeline.send({ subject: 's', line: '', position, at: '', with: null })
  await pipeline.flush()
  for (const seq of [2, 1, 2, 4, 3, 4]) answer(null, { json: () => ({ seq }) })
  await pipeline.drained()
  expect(taken).toEqual([
    [1, 2],
    [3, 2],
  ])
  pipeline.end()
})
