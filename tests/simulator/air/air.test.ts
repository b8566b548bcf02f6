// The air: weaker with distance and angle, worse with both, and the same from the same seed.
import { describe, expect, it } from 'vitest'
import { Air } from '../../../simulator/air/air.ts'
import {
  adviceFor,
  bandOf,
  couplingAt,
  couplingOf,
  IN_PLACE,
} from '../../../simulator/air/coupling.ts'
import { BITS_PER_MS, type Fate, Noise, type NoiseLevel } from '../../../simulator/air/noise.ts'
import { FakeImplant } from '../fake-implant.ts'
import { Bench, living } from '../wand/bench.ts'

describe('coupling', () => {
  it('follows [1 + (d/r)²]^(-3/2) × cos θ', () => {
    for (const d of [0, 5, 17, 35, 55, 70, 300]) {
      for (const angle of [0, 1, 45, 60, 89]) {
        const exact = (1 + (d / 30) ** 2) ** -1.5 * Math.cos((angle * Math.PI) / 180) * 1e6
        expect(Math.abs(couplingOf(d, angle) - exact)).toBeLessThanOrEqual(2)
      }
    }
  })

  it('is the same turned either way, and null at a right angle', () => {
    expect(couplingOf(10, 90)).toBe(0)
    expect(couplingOf(10, -90)).toBe(0)
    for (const angle of [3, 44, 71]) {
      expect(couplingOf(10, -angle)).toBe(couplingOf(10, angle))
      expect(couplingOf(10, 180 - angle)).toBe(couplingOf(10, angle))
    }
  })

  it('passes from band to band at 35, 55 and 70 mm', () => {
    const bands = [0, 35, 36, 55, 56, 70, 71].map((d) => bandOf(couplingOf(d, 0)))
    expect(bands).toEqual(['near', 'near', 'middle', 'middle', 'far', 'far', 'lost'])
  })

  it('advises what helps', () => {
    const at = (gap: number, angle: number) => adviceFor({ ...IN_PLACE, gap, angle })
    expect(at(5, 0)).toBe('good')
    expect(at(50, 0)).toBe('move-closer')
    expect(at(5, 83)).toBe('turn')
    expect(at(5, 90)).toBe('no-implant')
    expect(at(80, 0)).toBe('no-implant')
    expect(couplingAt({ ...IN_PLACE, lifted: true })).toBe(0)
  })
})

function fates(
  level: NoiseLevel,
  band: 'near' | 'middle' | 'far',
  seed: number,
  n = 2000,
  bytes = 78,
): Record<Fate, number> {
  const noise = new Noise(seed)
  noise.level = level
  const count = { ok: 0, lost: 0, corrupt: 0 }
  for (let i = 0; i < n; i += 1) count[noise.frame(band, i * 207, bytes)] += 1
  return count
}

describe('bits', () => {
  it('spoil frames as often as the two states of the channel say', () => {
    // far: stationary share of the bad state 1/51; a frame of 624 bits survives in the good state with
    // (1 - 5e-4 - 1e-4)^624 = 0.69, in the bad one hardly ever.
    const far = fates('none', 'far', 7)
    expect(far.ok / 2000).toBeGreaterThan(0.61)
    expect(far.ok / 2000).toBeLessThan(0.73)
    // The first 32 of 624 bits decide whether a frame is noticed at all.
    expect(far.corrupt).toBeGreaterThan(far.lost)
    expect(fates('none', 'middle', 7).ok / 2000).toBeGreaterThan(0.97)
    expect(fates('none', 'near', 7).ok / 2000).toBeGreaterThan(0.998)
  })

  it('fare worse near the mains and in an unsteady hand', () => {
    const ok = (['none', 'low', 'high'] as const).map((level) => fates(level, 'near', 3).ok)
    expect(ok[0]).toBeGreaterThan(ok[1] as number)
    expect(ok[1]).toBeGreaterThan(ok[2] as number)
    expect(ok[2]).toBeGreaterThan(1000)
  })

  it('are the same from the same seed and others from another', () => {
    expect(fates('high', 'far', 5)).toEqual(fates('high', 'far', 5))
    expect(fates('high', 'far', 5)).not.toEqual(fates('high', 'far', 6))
  })

  it('slip for 100 to 800 ms, whoever asks and in which order', () => {
    const a = new Noise(9)
    const b = new Noise(9)
    a.level = 'high'
    b.level = 'high'
    const times = Array.from({ length: 60_000 }, (_, i) => i * 10)
    const forward = times.map((t) => a.slipped(t, t))
    const backward = [...times]
      .reverse()
      .map((t) => b.slipped(t, t))
      .reverse()
    expect(forward).toEqual(backward)
    const lengths = forward
      .map((slipped) => (slipped ? '#' : '.'))
      .join('')
      .split('.')
      .filter((run) => run !== '')
      .map((run) => run.length * 10)
    expect(lengths.length).toBeGreaterThan(15)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(90)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(820)
  })
})

it('a frame takes its time on air', () => {
  expect(new Air(1, null).duration(75)).toBe((75 * 8) / BITS_PER_MS)
})

describe('the wand in bad air', () => {
  it('retries, counts what it lost, and reads at the edge of range if at all whole', () => {
    const outcomes: Record<string, number> = {}
    let retried = 0
    for (let seed = 1; seed <= 30; seed += 1) {
      const bench = new Bench({ seed })
      bench.air.place = { ...IN_PLACE, gap: 52 }
      const opened = bench.open()
      const read = opened.code === 'OK' ? bench.work('INTERROGATE') : opened
      outcomes[read.code] = (outcomes[read.code] ?? 0) + 1
      const counters = bench.ask('WAND').fields
      retried += counters?.airRetried ?? 0
      bench.work('CLOSE')
      // However often its answer was lost, it was told once.
      expect(bench.implant.began).toBeLessThanOrEqual(1)
      expect(bench.implant.ended).toBeLessThanOrEqual(1)
      expect(counters?.airSent).toBeGreaterThan(
        (counters?.airLost ?? 0) + (counters?.airCorrupt ?? 0) - 2,
      )
    }
    expect(retried).toBeGreaterThan(50)
    expect(outcomes.OK).toBeGreaterThan(10)
    expect(
      Object.keys(outcomes).every((code) => ['OK', 'AIR_FAILED', 'NO_IMPLANT'].includes(code)),
    ).toBe(true)
  })

  it('a pump that is put there in the middle of an exchange is not heard in place of the other', () => {
    const bench = new Bench()
    bench.open()
    const raw = bench.request('LIVE')
    bench.send(raw)
    bench.wait(30)
    bench.air.pump = living(new FakeImplant('SIM-0009'))
    bench.wait(3000)
    expect(bench.send(raw).code).toBe('NO_IMPLANT')
  })
})
