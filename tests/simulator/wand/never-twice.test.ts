// For any sequence of requests, repeats, waits and moves: the wand acts once on each request, its
// numbers only grow, a repeated request has one final answer, and there is one session at most.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { MessageName } from '../../../protocol/messages/index.ts'
import { IN_PLACE } from '../../../simulator/air/coupling.ts'
import { emptyStore } from '../../../simulator/wand/wand.ts'
import { Bench, type Got } from './bench.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'

const PATHS = ['line', 'report'] as const
type PathName = (typeof PATHS)[number]
const NAMES = ['PING', 'WAND', 'HELLO', 'OPEN', 'CLOSE', 'INTERROGATE', 'LIVE'] as const

const path = fc.constantFrom<PathName[]>('line', 'line', 'line', 'report')
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      name: fc.constantFrom(...NAMES),
      path,
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('work' as const),
      name: fc.constantFrom('OPEN', 'OPEN', 'CLOSE', 'INTERROGATE', 'LIVE', 'LIVE'),
      path,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('repeat' as const), air: fc.boolean(), path }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 60, 300, 900, 3000, 5001),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('link' as const), path }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('gap' as const), gap: fc.constantFrom(5, 5, 52, 200) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stick' as const), lets: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

/** What a path's host has sent and may send again: the last request, and the last air work begun. */
interface Sent {
  readonly raw: Uint8Array
  readonly name: MessageName
  pending: boolean
  final: Uint8Array | null
}

/** What the implant was made to do, by what it can see of it. */
function watch(bench: Bench) {
  const seen = { identity: 0, alarms: 0 }
  bench.implant.onBlock = (name) => {
    if (name === 'identity' || name === 'alarms') seen[name] += 1
  }
  return {
    get OPEN() {
      return bench.implant.began
    },
    get INTERROGATE() {
      return seen.identity
    },
    // An interrogation reads alarms, too, unless it failed before.
    get LIVE() {
      return seen.alarms - seen.identity
    },
    get CLOSE() {
      return bench.implant.ended
    },
  }
}

function play(
  actions: readonly (typeof action extends fc.Arbitrary<infer A> ? A : never)[],
  seed: number,
) {
  const store = emptyStore()
  const bench = new Bench({ seed, store })
  const acts = watch(bench)
  const begun = { OPEN: 0, CLOSE: 0, INTERROGATE: 0, LIVE: 0 }
  const link: Record<PathName, number> = { line: 10, report: 11 }
  const session: Record<PathName, number> = { line: 0, report: 0 }
  const last: Record<PathName, Sent | null> = { line: null, report: null }
  const air: Record<PathName, Sent | null> = { line: null, report: null }
  const opened = new Set<number>()

  const heard = (at: PathName, name: MessageName, got: Got) => {
    if (name !== 'OPEN' || got.code !== 'OK') return
    expect(opened).not.toContain(got.session)
    opened.add(got.session)
    session[at] = got.session
  }
  const say = (at: PathName, sent: Sent) => {
    const got = bench.send(sent.raw, at)
    if (sent.final) expect(got.raw).toEqual(sent.final)
    else if (got.code !== 'PENDING') {
      if (sent.pending) expect(['OK', 'NO_IMPLANT', 'AIR_FAILED', 'CHANGED']).toContain(got.code)
      sent.final = got.raw
      heard(at, sent.name, got)
    } else if (!sent.pending) {
      sent.pending = true
      air[at] = sent
      begun[sent.name as 'OPEN'] += 1
    }
    return got
  }
  const ask = (at: PathName, name: MessageName) => {
    bench.link = link[at]
    bench.session = session[at]
    const sent: Sent = { raw: bench.request(name), name, pending: false, final: null }
    last[at] = sent
    say(at, sent)
    return sent
  }
  const hello = (at: PathName) => {
    air[at] = null
    session[at] = 0
    ask(at, 'HELLO')
  }
  for (const at of PATHS) hello(at)
  for (const a of actions) {
    if (a.do === 'wait') bench.wait(a.ms)
    else if (a.do === 'gap') bench.air.place = { ...IN_PLACE, gap: a.gap }
    else if (a.do === 'stick') bench.implant.lets = a.lets
    else if (a.do === 'ask') ask(a.path, a.name)
    else if (a.do === 'work') {
      const sent = ask(a.path, a.name as MessageName)
      for (let n = 0; n < 200 && !sent.final; n += 1) {
        bench.wait(60)
        say(a.path, sent)
      }
      expect(sent.final).not.toBeNull()
    } else if (a.do === 'repeat') {
      const sent = a.air ? air[a.path] : last[a.path]
      if (sent) say(a.path, sent)
    } else if (a.do === 'link') {
      link[a.path] += 2
      hello(a.path)
    } else {
      bench.wand.restart()
      for (const at of PATHS) hello(at)
    }
  }
  bench.wait(30_000)
  for (const at of PATHS) {
    const sent = air[at]
    if (!sent) continue
    say(at, sent)
    expect(sent.final).not.toBeNull()
  }
  return { acts, begun, store }
}

it('never acts twice', () => {
  let worked = 0
  fc.assert(
    fc.property(
      fc.array(action, { minLength: 20, maxLength: 80 }),
      fc.integer(),
      (actions, seed) => {
        const { acts, begun, store } = play(actions, seed)
        expect(acts.OPEN).toBeLessThanOrEqual(begun.OPEN)
        expect(acts.INTERROGATE).toBeLessThanOrEqual(begun.INTERROGATE)
        expect(acts.LIVE).toBeLessThanOrEqual(begun.LIVE)
        // Each session is closed by its lease at most once.
        expect(acts.CLOSE).toBeLessThanOrEqual(begun.CLOSE + store.lastSession)
        expect(store.lastSession).toBeLessThanOrEqual(acts.OPEN)
        expect(store.lastEnd).not.toBe('still-open')
        worked += acts.INTERROGATE + acts.LIVE
      },
    ),
    { numRuns: LONG ? 5000 : 200 },
  )
  expect(worked).toBeGreaterThan(50)
})
