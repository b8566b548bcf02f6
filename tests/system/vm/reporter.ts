// Test events as the JSON lines that tools/vm/run.ts reads.
import type { TestEvent } from 'node:test/reporters'

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type === 'test:dequeue') yield line({ say: 'start', name: data.name })
    // What went wrong outside of any test makes the run fail, and is told only here.
    if (type === 'test:diagnostic' && data.message.startsWith('Error')) {
      yield line({ say: 'note', text: data.message })
    }
    if (type === 'test:pass') {
      const ms = data.details.duration_ms
      yield data.skip === undefined
        ? line({ say: 'pass', name: data.name, ms })
        : line({ say: 'skip', name: data.name, why: String(data.skip) })
    }
    if (type === 'test:fail') {
      const error = data.details.error
      const cause = error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : ''
      const why = cause || error.message
      yield line({ say: 'fail', name: data.name, ms: data.details.duration_ms, why })
    }
  }
}

const line = (said: Record<string, unknown>) => `${JSON.stringify(said)}\n`
