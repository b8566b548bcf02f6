// Many wands for long: none lost, no reading missing, memory flat.
import { describe, expect, it } from 'vitest'
import { rig } from './rig.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const SECONDS = LONG ? 600 : 20
const WANDS = 64

/** Heap in use after a collection, in MB; without --expose-gc the least of a few looks. */
function heap(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

describe('64 wands, each read four times a second', () => {
  it('loses none and keeps its memory flat', { timeout: 1_800_000 }, async () => {
    const r = await rig({ wands: WANDS, liveMs: 250 })
    const reads = new Map<string, number>()
    const lost: string[] = []
    r.bridge.events$.subscribe((event) => {
      if (event.kind === 'live') reads.set(event.port, (reads.get(event.port) ?? 0) + 1)
      if (event.kind === 'read-failed' || event.kind === 'refused') lost.push(event.kind)
      if (event.kind === 'link' && event.phase === 'waiting') lost.push(event.cause)
      if (event.kind === 'session-end' && event.how !== 'confirmed') lost.push(event.how)
      // What a test keeps must not be what it measures.
      r.events.length = 0
      r.changes.length = 0
    })
    r.bridge.start()
    await r.env.advance((SECONDS * 1000) / 2)
    const half = heap()
    await r.env.advance((SECONDS * 1000) / 2)
    const end = heap()
    expect(lost).toEqual([])
    expect(reads.size).toBe(WANDS)
    // Opening, a whole interrogation and the close of every session take their share of the time.
    for (const n of reads.values()) expect(n / SECONDS).toBeGreaterThan(LONG ? 3.5 : 2.5)
    if (LONG) expect(end).toBeLessThan(half * 1.2 + 8)
    await r.stop()
  })
})
