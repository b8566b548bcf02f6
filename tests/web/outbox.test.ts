// What is said of a destination of HL7 messages: everything that is wrong with it, and nothing else.
import { describe, expect, it } from 'vitest'
import type { DestinationStatus } from '../../src/model/status.ts'
import { readerOf } from '../../src/words/reader.ts'
import { outboxLines } from '../../web/view/outbox.ts'

const reader = readerOf('en-US', 'UTC')
const well: DestinationStatus = {
  name: 'emr',
  kind: 'hl7',
  address: 'emr.example:2575',
  state: 'idle',
  lagMs: 0,
  waiting: 0,
  parked: 0,
  aside: [],
  sent: 7,
  strays: 0,
  code: 'delivery.idle',
  args: {},
  sentence: '',
}
const lines = (more: Partial<DestinationStatus>) => outboxLines({ ...well, ...more }, reader)

describe('a destination', () => {
  it('that has everything says only that', () => {
    expect(lines({})).toEqual(['Everything recorded has been taken.'])
  })

  it('that is behind says how far, also when the messages are not made yet', () => {
    expect(lines({ waiting: 3, lagMs: 360_000 })[0]).toContain('6 min old')
    expect(lines({ lagMs: 360_000 })).toHaveLength(1)
  })

  it('that fails or refuses says that first, with what to do', () => {
    const said = lines({ state: 'failed', waiting: 1, lagMs: 60_000, parked: 2 })
    expect(said).toHaveLength(3)
    expect(said[0]).toContain('wandbridge hl7 send --parked')
    expect(said.join(' ')).toContain('The readings here are not affected.')
    expect(said.join(' ')).not.toContain('has been taken')
  })
})
