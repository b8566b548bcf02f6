// Conservation end to end: every byte received is accounted for, no value comes out that the wand did
// not send, none twice, and what an earlier opener left in the buffer is refused.
import { describe, expect, it } from 'vitest'
import { decoderOf } from '../../src/drivers/decoders.ts'
import { blocksOf, fixedIn } from './blocks.ts'
import { rig } from './rig.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const SEEDS = Array.from({ length: LONG ? 100 : 6 }, (_, i) => i + 1)

describe('under a storm of faults', () => {
  it.each(SEEDS)('no byte is lost and no wrong value comes out, seed %i', async (seed) => {
    let received = 0
    const r = await rig({
      seed,
      framing: seed % 3 === 0 ? 'report' : 'line',
      tap: (direction, bytes) => {
        if (direction === 'received') received += bytes.length
      },
    })
    r.bridge.start()
    await r.live()
    const truth = r.simulator.wands[0]
    await r.command({ do: 'noise', level: 'high' })
    for (let i = 0; i < 6; i += 1) {
      await r.env.advance(5_000)
      await r.command({ do: 'unplug' })
      await r.env.advance(300)
      await r.command({ do: 'plug' })
    }
    await r.env.advance(5_000)
    const counters = r.bridge.counters()['loop-0']
    const refused = Object.values(counters?.discarded ?? {})
    const sum = refused.reduce((n, c) => n + c.bytes, 0)
    expect(counters?.bytesIn).toBe(received)
    expect((counters?.accepted.bytes ?? 0) + sum + (counters?.held ?? 0)).toBe(received)
    expect(sum).toBeGreaterThan(0)
    await r.stop()
    const after = r.bridge.counters()['loop-0']
    expect(after?.held).toBe(0)

    const readings = r.events.filter((e) => e.kind === 'reading')
    expect(readings.length).toBeGreaterThan(0)
    // Serial, capacity and concentration never move in this scenario: any other value was made up.
    expect(new Set(readings.map(fixedIn)).size).toBe(1)
    expect(readings[0]?.pump.serial).toBe(truth?.implantSerial)
    // Every value can be derived again from the bytes that came.
    for (const { evidence, pump, clock } of readings) {
      const again = decoderOf(evidence.decoder)?.decode('interrogation', evidence.pdus)
      expect(again).toEqual({
        said: evidence.body,
        pump: pump.serial,
        model: pump.model,
        deviceTime: clock.deviceTime,
      })
    }
    const keys = readings.map((e) => `${e.session}/${e.snapshot}`)
    expect(new Set(keys).size).toBe(keys.length)
    // Dead reckoning only falls: a volume that rises was never sent.
    const volumes = r.events.flatMap((e) =>
      e.kind === 'reading'
        ? [blocksOf(e).reservoir.reportedVolume ?? 0]
        : e.kind === 'live'
          ? [Math.round((e.reportedVolume.value ?? 0) * 1e6)]
          : [],
    )
    expect(volumes).toEqual([...volumes].sort((a, b) => b - a))
  })
})

describe('replies left over from an earlier opener', () => {
  it('are refused by their link', async () => {
    const r = await rig({ policy: 'manual' })
    await r.command({ do: 'noise', faults: { leftovers: 1, delay: 1 } })
    r.bridge.start()
    await r.env.advance(3_000)
    for (let i = 0; i < 12; i += 1) {
      await r.env.advance(1_500 + 7 * i)
      // The host closes and opens again while a reply is on its way.
      r.env.setWall(60_000)
    }
    const counters = r.bridge.counters()['loop-0']
    expect(counters?.discarded['wrong-link']?.frames ?? 0).toBeGreaterThan(0)
    await r.stop()
  })
})
