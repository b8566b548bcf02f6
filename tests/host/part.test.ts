// A part that is begun anew: one change at a time, and one that cannot be used leaves what was.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Part } from '../../src/host/part.ts'

it('runs with the newest settings that could be used, one of it at a time, and none in the end', async () => {
  const change = fc.record({ settings: fc.nat(), good: fc.boolean(), wait: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      const good = new Set([-1])
      let open = 0
      const part = new Part<{ at: number; close(): Promise<void> }, number>(-1, async (at) => {
        await null
        if (!good.has(at)) throw new Error(`no ${at}`)
        open += 1
        expect(open).toBe(1)
        return {
          at,
          async close() {
            open -= 1
          },
        }
      })
      await part.use()
      let best = -1
      const all: Promise<unknown>[] = []
      for (const [i, one] of changes.entries()) {
        if (one.good) good.add(i)
        if (one.good) best = i
        const used = part.use(i)
        const fits = one.good
          ? expect(used).resolves.toBeUndefined()
          : expect(used).rejects.toThrow()
        all.push(fits)
        if (one.wait) await fits
      }
      await Promise.all(all)
      expect(part.now?.at).toBe(best)
      expect(part.changing).toBe(false)
      await part.close()
      expect([open, part.now]).toEqual([0, null])
    }),
    { numRuns: 50 },
  )
})
