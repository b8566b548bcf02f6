// The gate: order kept, nothing before its record, bad news at once.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Gate, NO_RECORDER } from '../../src/bridge/gate.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import { isImmediate } from '../../src/model/event.ts'
import { Script } from '../status/events.ts'

function events(kinds: readonly ('read' | 'lose' | 'contact')[]): BridgeEvent[] {
  const s = new Script()
  s.open(1)
  return kinds.map((k) => (k === 'read' ? s.reading() : s.contact(k === 'contact')))
}

describe('Gate', () => {
  it('releases in order, each after its record, whatever order the disk answers in', async () => {
    const kinds = fc.array(fc.constantFrom('read' as const, 'lose' as const, 'contact' as const))
    await fc.assert(
      fc.asyncProperty(
        kinds,
        fc.infiniteStream(fc.nat()),
        fc.boolean(),
        async (ks, order, some) => {
          const pending: { order: number; write: () => void }[] = []
          const written = new Set<number>()
          const refused = new Set<number>()
          const out: number[] = []
          const early: number[] = []
          const gate = new Gate(
            {
              ...NO_RECORDER,
              record: (event) => {
                if (some && event.order % 3 === 0) {
                  written.add(event.order)
                  return null
                }
                const kept = event.order % 5 !== 1
                return new Promise<boolean>((resolve) => {
                  pending.push({
                    order: event.order,
                    write: () => {
                      if (kept) written.add(event.order)
                      else refused.add(event.order)
                      resolve(kept)
                    },
                  })
                })
              },
            },
            {
              immediate: (event) => void early.push(event.order),
              durable: (event) => {
                expect(written).toContain(event.order)
                out.push(event.order)
              },
              lost: (event) => void expect(refused).toContain(event.order),
            },
          )
          const all = events(ks)
          for (const event of all) gate.push(event)
          // Bad news did not wait, nothing else came early.
          expect(early).toEqual(all.filter(isImmediate).map((e) => e.order))
          while (pending.length > 0) {
            const i = (order.next().value ?? 0) % pending.length
            pending.splice(i, 1)[0]?.write()
            await Promise.resolve()
            await Promise.resolve()
          }
          // What the log could not keep is never told; all else is, in order.
          expect(out).toEqual(all.map((e) => e.order).filter((order) => !refused.has(order)))
          expect(gate.waiting).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('does not grow without end while the disk hangs: what needs no record is let go', () => {
    const s = new Script()
    s.open(1)
    const gate = new Gate(
      { ...NO_RECORDER, record: (e) => (e.kind === 'contact' ? null : new Promise(() => {})) },
      { immediate: () => {}, durable: () => {}, lost: () => {} },
    )
    gate.push(s.reading())
    for (let n = 0; n < 20_000; n += 1) gate.push(s.contact(true))
    expect(gate.waiting).toBe(10_001)
  })
})
