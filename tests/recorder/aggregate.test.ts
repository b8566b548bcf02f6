// Aggregation: nothing is lost from the counts, the first read waits for its record, and a flood
// costs a handful of records.
import { describe, expect, it } from 'vitest'
import { draft } from '../../src/audit/format/entry.ts'
import { checkRecord, type NewRecord } from '../../src/audit/format/record.ts'
import type { Receipt } from '../../src/audit/log/queue.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { ReadAccess, RefusedTraffic } from '../../src/recorder/aggregate.ts'

function rig() {
  const env = new VirtualEnv()
  const records: NewRecord[] = []
  const origin = {
    env,
    source: 'simulator' as const,
    boot: 'b',
    clock: () => 'unknown' as const,
    nonce: () => 'AAAA',
  }
  let gate: Promise<Receipt | null> = Promise.resolve({ position: 1, log: 'x' })
  return {
    env,
    records,
    hold: (promise: Promise<Receipt | null>) => {
      gate = promise
    },
    append: (record: NewRecord) => {
      const made = draft(record, origin)
      if ('refused' in made) throw new Error(made.reason)
      expect(typeof checkRecord(JSON.parse(made.line(0)))).toBe('object')
      records.push(record)
      return gate
    },
  }
}

const actor = { id: 'token-1', role: 'reader', auth: 'token' }

describe('refused traffic', () => {
  it('is one record a second and port, with every frame and byte counted', async () => {
    const { env, records, append } = rig()
    const refused = new RefusedTraffic(env, append)
    for (let i = 0; i < 500; i += 1)
      refused.add('/dev/a', 'WAND-1', i % 2 ? 'noise' : 'checksum', { frames: 1, bytes: 3 })
    refused.add('/dev/b', null, 'too long', { frames: 1, bytes: 512 })
    await env.advance(1_000)
    expect(records.map((r) => r.body)).toMatchObject([
      {
        frames: 500,
        bytes: 1_500,
        reasons: [
          { why: 'checksum', frames: 250 },
          { why: 'noise', frames: 250 },
        ],
      },
      { frames: 1, bytes: 512 },
    ])
    await env.advance(5_000)
    expect(records.length).toBe(2)
  })
})

describe('read access', () => {
  const access = { actor, route: '/api/v1/pumps/{id}', pump: 'SIM-1' }

  it('lets the first reply wait for its record, and counts the others of the minute', async () => {
    const { env, records, append, hold } = rig()
    const reads = new ReadAccess(env, append)
    let release: (r: Receipt | null) => void = () => {}
    hold(new Promise((resolve) => (release = resolve)))
    let answered = false
    void Promise.resolve(reads.read(access)).then(() => (answered = true))
    await env.advance(10)
    expect(answered).toBe(false)
    let second = false
    void Promise.resolve(reads.read(access)).then(() => (second = true))
    await env.advance(10)
    expect(second).toBe(false)
    release({ position: 4, log: 'x' })
    await env.advance(10)
    expect([answered, second]).toEqual([true, true])
    for (let i = 0; i < 1_000; i += 1) expect(await reads.read(access)).toBe(true)
    for (let i = 0; i < 1_000; i += 1) reads.refuse()
    expect(records.length).toBe(1)
    await env.advance(60_000)
    expect(records.map((r) => r.body)).toMatchObject([
      { reads: 1, refused: 0 },
      { reads: 1_001, refused: 0 },
      { reads: 0, refused: 1_000 },
    ])
  })

  it('gives no reply whose record could not be kept', async () => {
    const { env, append, hold } = rig()
    const reads = new ReadAccess(env, append)
    hold(Promise.resolve(null))
    expect(await reads.read(access)).toBe(false)
    hold(Promise.resolve({ position: 1, log: 'x' }))
    expect(await reads.read(access)).toBe(true)
  })
})
