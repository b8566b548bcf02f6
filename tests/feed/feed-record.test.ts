// A record that is damaged is told to whoever asks for it, and to nobody else.
import { expect, it } from 'vitest'
import { FeedRecord } from '../../src/feed/feed-record.ts'

it('a record that cannot be parsed is let go of like any other, and says so when it is asked', () => {
  const stored = {
    ...{ position: 7, kind: 'live', at: '2026-11-30T08:00:00.000Z', line: '{' },
    get record(): never {
      throw new Error('record 7 is not readable')
    },
    forget() {},
  }
  const record = new FeedRecord('simulator-1-00000000', stored as never)
  record.forget()
  expect(() => record.pump).toThrow('record 7 is not readable')
})
