// Readings of one version against those of another: what differs, in the order of time, and no more.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeptReading, parseKept, ReadingDiff } from '../../src/host/replayed-readings.ts'

const reading = (n: number, volume: number, wandbridge = '1.0.0'): KeptReading => ({
  ...{ wandbridge, decoder: `d-${wandbridge}`, source: 'replay', port: '/dev/wand' },
  at: new Date(n * 1_000).toISOString(),
  values: { reservoir: { reportedVolume: { value: volume } } },
})

async function diffOf(then: readonly KeptReading[], now: readonly KeptReading[]) {
  async function* kept() {
    yield* then
  }
  const diff = new ReadingDiff(kept())
  const found = []
  for (const one of now) found.push(...(await diff.now(one)))
  found.push(...(await diff.end()))
  return { found, same: diff.same, from: diff.from?.wandbridge ?? null }
}

describe('two versions of the same readings', () => {
  it('differ in what was read by one alone, and in values, whoever wrote them', async () => {
    const numbers = fc
      .uniqueArray(fc.nat(50), { maxLength: 20 })
      .map((all) => all.sort((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(numbers, numbers, fc.nat(3), async (then, now, every) => {
        const volume = (n: number) => (every > 0 && n % every === 0 ? n + 1 : n)
        const { found, same } = await diffOf(
          then.map((n) => reading(n, n, '0.9.0')),
          now.map((n) => reading(n, volume(n))),
        )
        const both = then.filter((n) => now.includes(n))
        const changed = both.filter((n) => volume(n) !== n)
        const of = (kind: string) => found.filter((one) => one.kind === kind)
        expect(of('only-then')).toHaveLength(then.length - both.length)
        expect(of('only-now')).toHaveLength(now.length - both.length)
        expect(of('value').map((one) => 'path' in one && [one.path, one.was, one.is])).toEqual(
          changed.map((n) => ['values.reservoir.reportedVolume.value', n, volume(n)]),
        )
        expect(same).toBe(both.length - changed.length)
        const moments = found.map((one) => one.at)
        expect(moments).toEqual([...moments].sort())
      }),
    )
  })

  it('are told with who made the older ones; a line that is none is refused', async () => {
    expect((await diffOf([reading(1, 1, '0.9.0')], [])).from).toBe('0.9.0')
    expect(parseKept(JSON.stringify(reading(1, 1)))).toEqual(reading(1, 1))
    for (const line of ['', 'x', '{}', '{"at":1,"port":2}']) expect(parseKept(line)).toBe(null)
  })
})
