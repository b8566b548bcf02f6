// A part that is begun anew: one change at a time, and one that cannot be used leaves what was.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { systemEnv } from '../../src/base/env.ts'
import { deliveryOf, settings } from '../../src/cli/options.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { startHost } from '../../src/host/host.ts'
import { owedToDestinations } from '../../src/host/owed.ts'
import { Part, PartGone } from '../../src/host/part.ts'

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
      await part.start()
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

/** One that cannot be begun with the settings in `bad`. */
function parts(first: string) {
  const bad = new Set<string>()
  const open: string[] = []
  const part = new Part<{ at: string; close(): Promise<void> }, string | undefined>(
    first,
    async (at) => {
      await null
      if (at === undefined) return null
      if (bad.has(at)) throw new Error(`no ${at}`)
      open.push(at)
      return { at, close: async () => void open.splice(open.indexOf(at), 1) }
    },
  )
  return { part, bad, open }
}

it('can be asked for what it knew until another runs', async () => {
  const { part, bad } = parts('old')
  await part.start()
  const changed = part.use('new')
  await null
  await null
  expect([part.now, part.newest?.at]).toEqual([null, 'old'])
  await changed
  expect(part.newest?.at).toBe('new')
  bad.add('new').add('bad')
  await expect(part.use('bad')).rejects.toThrow(PartGone)
  expect([part.now, part.newest?.at]).toEqual([null, 'new'])
  bad.delete('new')
  await part.use('new')
  await part.close()
  expect([part.now, part.newest?.at]).toEqual([null, 'new'])
})

it('says when it could not be begun again either', async () => {
  const { part, bad } = parts('old')
  await part.start()
  bad.add('old').add('new')
  await expect(part.use('new')).rejects.toThrow(/^no new\n.*could not be begun again: no old$/)
  expect([part.now, part.settings]).toEqual([null, 'old'])
})

it('does not begin once it is closed', async () => {
  const { part, open } = parts('old')
  await part.start()
  const going = part.use('new')
  await null
  const closed = part.close()
  const waiting = part.use('late')
  await expect(waiting).rejects.toThrow('is being stopped')
  await Promise.all([going, closed])
  await expect(part.use('later')).rejects.toThrow('is being stopped')
  expect(open).toEqual([])
})

it('ends when there is to be none', async () => {
  const { part, open } = parts('old')
  await part.start()
  await part.use(undefined)
  expect([open, part.now, part.newest]).toEqual([[], null, null])
})

it('has no destinations where none is configured', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'wandbridge-part-'))
  const host = await startHost(systemEnv(), stateDir, async () => ({
    ...{ source: 'simulator', policy: 'manual', ports: [] },
    delivery: deliveryOf(settings({}), () => {}),
  }))
  try {
    expect(host.delivery).toBeNull()
  } finally {
    await host.stop('the test ends')
    rmSync(stateDir, { recursive: true, force: true })
  }
})

it('owes everything to destinations that have ended and were not begun again', async () => {
  const { destinations, log } = deliveryOf(settings({}), () => {})
  const none = { destinations, log }
  const hl7 = [destinationSchema.parse({ name: 'emr', host: '127.0.0.1', port: 1, insecure: true })]
  const some = { log, destinations: { ...destinations, hl7 } }
  let fails = false
  const part = new Part<{ owed: number; close(): Promise<void> }, typeof none>(none, async (of) => {
    if (fails) throw new Error('no')
    return of === none ? null : { owed: 7, close: async () => {} }
  })
  const owed = () => owedToDestinations(part)
  await part.start()
  expect(owed()).toBe(Number.POSITIVE_INFINITY)
  const begun = part.use(some)
  await null
  expect(owed()).toBe(0)
  await begun
  expect(owed()).toBe(7)
  fails = true
  await expect(part.use(none)).rejects.toThrow(PartGone)
  expect(owed()).toBe(0)
})
