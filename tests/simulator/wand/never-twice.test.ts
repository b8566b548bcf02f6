// For any sequence of requests, repeats, waits and moves: the wand acts once on each request, its
// numbers only grow, a repeated request has one final answer, and there is one session at most.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { IN_PLACE } from '../../../simulator/air/coupling.ts'
import { emptyStore } from '../../../simulator/wand/wand.ts'
import { Bench } from './bench.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      name: fc.constantFrom('PING', 'WAND', 'OPEN', 'CLOSE', 'INTERROGATE', 'LIVE', 'HELLO'),
      path: fc.constantFrom('line', 'report'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('repeat' as const),
      back: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 60, 300, 900, 3000, 5001),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      path: fc.constantFrom('line', 'report'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lift' as const), lifted: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stick' as const), lets: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

it('never acts twice', () => {
  fc.assert(
    fc.property(
      fc.array(action, { minLength: 5, maxLength: 80 }),
      fc.integer(),
      (actions, seed) => {
        const store = emptyStore()
        const bench = new Bench({ seed, store })
        const links: Record<string, number> = { line: 10, report: 11 }
        const sessions: Record<string, number> = { line: 0, report: 0 }
        const sent: { raw: Uint8Array; path: string }[] = []
        const final = new Map<string, Uint8Array>()
        const pending = new Set<string>()
        const asked: Record<string, number> = { OPEN: 0, CLOSE: 0 }
        let newest = 0

        const say = (raw: Uint8Array, path: string) => {
          const key = `${path} ${Buffer.from(raw).toString('hex')}`
          const got = bench.send(raw, path)
          if (got.session !== 0) {
            expect(got.session).toBeGreaterThanOrEqual(newest)
            newest = got.session
            sessions[path] = got.session
          }
          if (got.code === 'PENDING') pending.add(key)
          else if (got.code !== 'WRONG_LINK') {
            if (pending.has(key)) {
              const before = final.get(key)
              if (before) expect(got.raw).toEqual(before)
              final.set(key, got.raw)
            }
          }
          expect(store.lastSession).toBeGreaterThanOrEqual(newest)
        }
        const forget = (path: string) => {
          for (const key of [...final.keys(), ...pending]) {
            if (!key.startsWith(path)) continue
            final.delete(key)
            pending.delete(key)
          }
          for (let i = sent.length - 1; i >= 0; i -= 1)
            if (sent[i]?.path === path) sent.splice(i, 1)
        }
        const hello = (path: string) => {
          bench.link = links[path] as number
          bench.session = 0
          const raw = bench.request('HELLO')
          sent.push({ raw, path })
          say(raw, path)
        }
        hello('line')
        hello('report')
        for (const a of actions) {
          if (a.do === 'wait') bench.wait(a.ms)
          else if (a.do === 'lift') bench.air.place = { ...IN_PLACE, lifted: a.lifted }
          else if (a.do === 'stick') bench.implant.lets = a.lets
          else if (a.do === 'link') {
            links[a.path] = (links[a.path] as number) + 2
            forget(a.path)
            hello(a.path)
          } else if (a.do === 'restart') {
            bench.wand.restart()
            forget('line')
            forget('report')
            hello('line')
            hello('report')
          } else if (a.do === 'repeat') {
            // What is older than the two exchanges the wand remembers may not be repeated by a host.
            const paths = ['line', 'report']
            const mine = sent.filter((one) => one.path === paths[a.back % 2]).slice(-1)
            for (const { raw, path } of mine) say(raw, path)
          } else {
            bench.link = links[a.path] as number
            bench.session = sessions[a.path] as number
            const name = a.name as 'PING'
            asked[a.name] = (asked[a.name] ?? 0) + 1
            const raw = bench.request(name)
            sent.push({ raw, path: a.path })
            say(raw, a.path)
          }
        }
        bench.wait(30_000)
        expect(bench.implant.began).toBeLessThanOrEqual(asked.OPEN as number)
        expect(store.lastSession).toBeLessThanOrEqual(bench.implant.began)
        // Each CLOSE that was asked for closes once, and each lease that ran out.
        expect(bench.implant.ended).toBeLessThanOrEqual((asked.CLOSE as number) + store.lastSession)
        expect(['none', 'closed', 'lease-expired', 'wand-restarted', 'stuck']).toContain(
          store.lastEnd,
        )
      },
    ),
    { numRuns: LONG ? 5000 : 200 },
  )
})
