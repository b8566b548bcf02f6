// Events as records: the longest snapshot a wand may send fits one line, a longer one is refused before
// anybody waits for it.
import { describe, expect, it } from 'vitest'
import { MAX_PDU } from '../../protocol/codec/pdu.ts'
import { MAX_SNAPSHOT } from '../../protocol/fields/blocks.ts'
import { draft } from '../../src/audit/format/entry.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { addDirectory, emptyAssembly } from '../../src/drivers/open-wand/assembly.ts'
import { apiRecord } from '../../src/feed/api-record.ts'
import type { ReadingEvent } from '../../src/model/event.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { blocksOf } from '../bridge/blocks.ts'
import { rig } from '../bridge/rig.ts'

const U32 = 0xffff_fffe
/** Bytes of a block that one PDU carries (protocol/README.md §9.6). */
const PIECE = 225

const ORIGIN = {
  env: new VirtualEnv(),
  source: 'simulator' as const,
  boot: 'b'.repeat(64),
  clock: () => 'unknown' as const,
  nonce: () => 'A'.repeat(24),
}

async function reading(): Promise<ReadingEvent> {
  const r = await rig({ scenario: 'event-log-overflow' })
  r.bridge.start()
  await r.live()
  await r.stop()
  return r.events.find((e): e is ReadingEvent => e.kind === 'reading') as ReadingEvent
}

describe('the record of an interrogation', () => {
  it('has room for the longest snapshot, every list full and every number at its longest', async () => {
    const one = await reading()
    const longest = (value: unknown): unknown =>
      typeof value === 'number'
        ? U32
        : typeof value === 'string'
          ? 'W'.repeat(16)
          : Array.isArray(value)
            ? value.map(longest)
            : value && typeof value === 'object'
              ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, longest(v)]))
              : U32
    const repeat = (list: readonly unknown[], n: number) =>
      Array.from({ length: n }, () => longest(list[0] ?? {}))
    const repr = blocksOf(one)
    const alarm = { class: 0, code: 0, detectedAt: 0, id: 0, occurredAt: 0, state: 0 }
    const full = {
      ...(longest(repr) as object),
      events: { ...(longest(repr.events) as object), events: repeat(repr.events.events, 64) },
      alarms: { ...(longest(repr.alarms) as object), alarms: repeat([alarm], 16) },
      drugs: { ...(longest(repr.drugs) as object), drugs: repeat(repr.drugs.drugs, 5) },
      infusion: {
        ...(longest(repr.infusion) as object),
        schedule: repeat(repr.infusion.schedule, 48),
      },
    }
    const pieces = Math.ceil(MAX_SNAPSHOT / PIECE) + 11
    const pdus = Array.from({ length: pieces }, () => new Uint8Array(MAX_PDU))
    const record = recordOf({
      ...one,
      evidence: { decoder: one.evidence.decoder, pdus, body: full as never },
    })
    const made = draft(record as never, ORIGIN)
    expect('refused' in made ? made.reason : 'fits').toBe('fits')
  })

  it('says so when another answer of the pump said something else', async () => {
    const one = await reading()
    const body = (contradicted: boolean) =>
      (recordOf({ ...one, contradicted }) as NewRecord<'interrogation'>).body
    expect(body(false)).not.toHaveProperty('contradicted')
    expect(body(true)).toHaveProperty('contradicted', true)
    const record = { ...recordOf({ ...one, contradicted: true }), at: one.receivedAt } as never
    const place = { position: 1, log: 'simulator-1-00000000', source: 'simulator' } as const
    expect(apiRecord(record, place)).toMatchObject({ kind: 'interrogation', contradicted: true })
  })

  // Seen: a clock 0.04 s behind made -0, which is no number of canonical JSON, and a reading was lost.
  it.each([-0, -0.04, 0, 0.1, -3600.1])(
    'takes a pump’s clock that is %d s off',
    async (offsetS) => {
      const one = await reading()
      const record = recordOf({ ...one, clock: { ...one.clock, offsetS } })
      expect('refused' in draft(record as never, ORIGIN)).toBe(false)
    },
  )

  it('is never waited for when the snapshot is longer than that', () => {
    const directory = (length: number) =>
      ({ snapshot: 1, counterBefore: 1, counterAfter: 1, blocks: [{ block: 9, length }] }) as never
    const raw = new Uint8Array(MAX_PDU)
    expect(addDirectory(emptyAssembly(1), directory(MAX_SNAPSHOT), raw)).toHaveProperty('pdus')
    expect(addDirectory(emptyAssembly(1), directory(MAX_SNAPSHOT + 1), raw)).toEqual({
      code: 'read.too-large',
      args: { bytes: 24_577 },
    })
  })
})
