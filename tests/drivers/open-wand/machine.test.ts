// The link machine by itself, against a fake wand and a channel that does its worst.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulberry32 } from '../../../src/base/env.ts'
import { TIMING } from '../../../src/drivers/open-wand/link-state.ts'
import { PHASES, type Phase, TRANSITIONS } from '../../../src/drivers/open-wand/table.ts'
import { POLICIES, type Policy } from '../../../src/model/policy.ts'
import { type Fate, World } from './world.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

const FATES: readonly Fate[] = [
  'lose',
  'double',
  'late',
  'other-link',
  'other-seq',
  'other-type',
  'no-reply-flag',
  'other-mark',
  'short',
  ...Array.from({ length: 30 }, (_, i) => ({ code: i % 15, acted: i >= 15 })),
]

type Act = (w: World) => void
const ACTS: Readonly<Record<string, Act>> = {
  lift: (w) => {
    w.wand.pump = null
  },
  place: (w) => {
    w.wand.pump = 'SIM-0001'
  },
  swap: (w) => {
    w.wand.pump = 'SIM-0002'
  },
  deaf: (w) => {
    w.wand.deaf = true
  },
  hearing: (w) => {
    w.wand.deaf = false
  },
  program: (w) => {
    w.wand.counter += 1
  },
  stick: (w) => {
    w.wand.stuck = true
  },
  unstick: (w) => {
    w.wand.stuck = false
  },
  restart: (w) => w.wand.restart(),
  occupy: (w) => w.wand.occupy(w.now),
  unplug: (w) => w.unplug(),
  plug: (w) => {
    w.plugged = true
  },
  denied: (w) => {
    w.openFails = true
  },
  allowed: (w) => {
    w.openFails = false
  },
  silence: (w) => void w.fates.push(...Array<Fate>(12).fill('lose')),
  read: (w) => w.input({ type: 'read' }),
  jump: (w) => w.input({ type: 'clock-jump' }),
  late: (w) => w.input({ type: 'held-up' }),
  version: (w) => w.input({ type: 'other-version', major: 2 }),
}

interface Move {
  readonly act: string
  readonly waitMs: number
}
const move: fc.Arbitrary<Move> = fc.record({
  act: fc.constantFrom(...Object.keys(ACTS), ...FATES.map((_, i) => `fate ${i}`)),
  waitMs: fc.oneof(fc.nat(300), fc.nat(3_000), fc.nat(12_000)),
})

function play(w: World, moves: readonly Move[]): void {
  w.input({ type: 'start' })
  for (const { act, waitMs } of moves) {
    const fate = FATES[Number(act.split(' ')[1])]
    if (act.startsWith('fate') && fate) w.fates.push(fate)
    else ACTS[act]?.(w)
    w.advance(waitMs)
  }
}

/** Everything well again, and the wand lifted and put in place as people do. */
function heal(w: World): void {
  w.fates = []
  w.plugged = true
  w.openFails = false
  w.wand.deaf = false
  w.wand.stuck = false
  w.wand.pump = null
  // Long enough for the link to see it: it may be waiting to try the port again.
  w.advance(15_000)
  w.wand.pump = 'SIM-0001'
}

const runs = { numRuns: LONG ? 10_000 : 60 }

describe('whatever wand, cable and people do', () => {
  // The world itself checks every step: legal transitions only, one request out, no reply that is not
  // the answer, one session per want, nothing live without identity, never asleep, never spinning.
  it('the rules hold, and a healthy wand is read again within two minutes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...POLICIES),
        fc.array(move, { maxLength: 40 }),
        (policy: Policy, moves) => {
          const w = new World(policy)
          play(w, moves)
          heal(w)
          if (policy === 'manual') {
            w.advance(10_000)
            w.input({ type: 'read' })
          }
          const before = w.told('snapshot')
          expect(w.until(() => w.told('snapshot') > before, 120_000)).not.toBeNull()
        },
      ),
      runs,
    )
  })

  it('it stops within three seconds, and every session told open is told ended', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...POLICIES),
        fc.array(move, { maxLength: 20 }),
        (policy: Policy, moves) => {
          const w = new World(policy)
          play(w, moves)
          w.input({ type: 'stop' })
          expect(w.until(() => w.state.phase === 'stopped', 3_000)).not.toBeNull()
          expect(w.told('session-end')).toBe(w.told('session-open'))
          expect(w.state.session).toBeNull()
          // A session that an implant may still be in is on record.
          if (w.wand.session && w.wand.session.link !== 0 && !w.lied) {
            expect(w.state.unclosed.length).toBeGreaterThan(0)
          }
          const asked = w.asked.length
          w.advance(20_000)
          expect(w.asked).toHaveLength(asked)
        },
      ),
      runs,
    )
  })

  it('on-placement reads at most once for each time the wand was put in place', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { maxLength: 8 }), (waits) => {
        const w = new World('on-placement')
        w.input({ type: 'start' })
        for (const ms of waits) {
          w.wand.pump = null
          w.advance(2_000)
          w.wand.pump = 'SIM-0001'
          w.advance(ms)
        }
        expect(w.told('snapshot')).toBeLessThanOrEqual(waits.length + 1)
        expect(w.wand.opened).toBeLessThanOrEqual(2 * waits.length + 1)
      }),
      { numRuns: LONG ? 2_000 : 40 },
    )
  })
})

describe('the table', () => {
  it('reaches every phase but the first', () => {
    const reached = new Set<string>(Object.values(TRANSITIONS).map((t) => t.to))
    expect(PHASES.filter((p) => !reached.has(p))).toEqual(['idle'])
  })

  /** Takes a world to a phase, the way people would. */
  function reach(phase: Phase): World {
    const w = new World(phase === 'watching' ? 'manual' : 'continuous')
    if (phase === 'idle') return w
    w.plugged = phase !== 'waiting'
    w.input({ type: 'start' })
    if (phase === 'ending') {
      w.until(() => w.state.phase === 'holding', 30_000)
      w.wand.deaf = true
    }
    expect(
      w.until(() => w.state.phase === phase, 60_000),
      phase,
    ).not.toBeNull()
    return w
  }
  const BLOWS: readonly Act[] = [
    ACTS['unplug'] as Act,
    ACTS['jump'] as Act,
    ACTS['late'] as Act,
    ACTS['version'] as Act,
    ACTS['restart'] as Act,
    ACTS['deaf'] as Act,
    ACTS['denied'] as Act,
    (w) => w.input({ type: 'stop' }),
    (w) => w.fates.push(...Array<Fate>(100).fill('lose')),
    (w) => {
      w.fates.push(...Array<Fate>(100).fill('lose'))
      w.input({ type: 'stop' })
    },
    (w) => {
      w.answers = { PING: 9, HELLO: 9 }
    },
    (w) => {
      w.answers = { OPEN: 9, CLOSE: 9, INTERROGATE: 9, LIVE: 9 }
    },
    (w) => {
      w.answers = { OPEN: 1, CLOSE: 1, INTERROGATE: 1, LIVE: 1 }
    },
    (w) => {
      w.fates = ['other-mark']
    },
    (w) => {
      w.wand.session = null
    },
    ACTS['stick'] as Act,
  ]

  it('holds no transition that never happens', () => {
    const went = new Set<string>()
    const take = (w: World) => {
      for (const pair of w.went) went.add(pair)
    }
    for (const phase of PHASES.filter((p) => p !== 'stopped')) {
      for (const blow of BLOWS) {
        const w = reach(phase)
        blow(w)
        w.advance(20_000)
        take(w)
      }
    }
    const every = Object.entries(TRANSITIONS).flatMap(([cause, t]) =>
      t.from.map((from) => `${from} ${cause}`),
    )
    const names = [...Object.keys(ACTS), ...FATES.map((_, i) => `fate ${i}`)]
    for (let seed = 1; seed <= 100 && every.some((pair) => !went.has(pair)); seed += 1) {
      const rng = mulberry32(seed)
      const below = (n: number) => rng() % n
      const w = new World(POLICIES[seed % 3] as Policy)
      const waits = [50, 200, 700, 700, 1_500, 3_000, 3_000, 9_000, 16_000, 121_000]
      const moves = Array.from({ length: below(30) }, () => {
        return { act: names[below(names.length)] ?? '', waitMs: waits[below(waits.length)] ?? 0 }
      })
      play(w, moves)
      take(w)
    }
    expect(every.filter((pair) => !went.has(pair))).toEqual([])
  })
})

describe('freshness', () => {
  it.each([0, 50, 100, 150, 199, 333, 777])(
    'is lost within one second of a silent cable, %i ms in',
    (ms) => {
      const w = new World('continuous')
      w.input({ type: 'start' })
      expect(w.until(() => w.told('live') > 1, 30_000)).not.toBeNull()
      w.advance(ms)
      w.fates = Array<Fate>(100).fill('lose')
      const lost = w.until(() => !w.state.contact.fresh, 1_000)
      expect(lost).not.toBeNull()
      w.advance(1_000 - (lost ?? 0))
      expect(w.state.contact.loss).toBe('wand-lost')
    },
  )

  it('counts the age of contact from the first sending, and is never younger than the truth', () => {
    const w = new World('manual')
    w.input({ type: 'start' })
    w.until(() => w.state.contact.fresh, 5_000)
    // Two replies lost: the third is the wand's memory of the first.
    w.wand.pump = null
    const liftedAt = w.now
    w.fates = ['lose', 'lose']
    w.advance(1_000)
    expect(w.state.contact.heardAt ?? 0).toBeLessThanOrEqual(liftedAt)
    expect(w.state.contact.fresh).toBe(false)
  })

  it('goes on counting the age where the wand counts no further, and says that it is at least so much', () => {
    const w = new World('manual')
    w.input({ type: 'start' })
    w.until(() => w.state.contact.fresh, 5_000)
    w.wand.pump = null
    const liftedAt = w.now
    w.advance(60_000)
    expect(w.state.contact).toMatchObject({ atLeast: false })
    for (const ms of [10_000, 40_000, 3_600_000]) {
      w.advance(ms)
      const { heardAt, atLeast } = w.state.contact
      expect(atLeast).toBe(true)
      // Never later than the truth by more than the wand leaves open, and it does not stand still.
      expect(Math.abs((heardAt ?? 0) - liftedAt)).toBeLessThan(500)
    }
    w.wand.pump = 'SIM-0001'
    w.until(() => w.state.contact.fresh, 5_000)
    expect(w.state.contact.atLeast).toBe(false)
  })

  it('a silent cable is not taken for lifting the wand', () => {
    const w = new World('on-placement')
    w.input({ type: 'start' })
    w.until(() => w.state.phase === 'watching' && w.told('snapshot') === 1, 30_000)
    w.fates = Array<Fate>(30).fill('lose')
    w.advance(60_000)
    expect(w.told('snapshot')).toBe(1)
  })

  it('after a break the pump is recognised by LIVE, or read again if its counter moved', () => {
    for (const moved of [false, true]) {
      const w = new World('continuous')
      w.input({ type: 'start' })
      w.until(() => w.told('live') > 0, 30_000)
      w.wand.deaf = true
      w.until(() => !w.state.contact.fresh, 3_000)
      if (moved) w.wand.counter += 1
      w.wand.deaf = false
      const before = w.news.length
      w.until(() => w.state.recognised, 5_000)
      const kinds = () => w.news.slice(before).map((n) => n.news.kind)
      expect(kinds()).toContain(moved ? 'outdated' : 'recognised')
      w.advance(8_000)
      expect(kinds().includes('snapshot')).toBe(moved)
      if (moved) expect(kinds().indexOf('live')).toBeGreaterThan(kinds().indexOf('snapshot'))
    }
  })
})

describe('a session that is not confirmed closed', () => {
  const unclosed = (w: World) => w.state.unclosed.map((u) => u.why)

  it('stays on record until the implant confirms a close, and is closed when the wand is held again', () => {
    const w = new World('on-placement')
    w.wand.stuck = true
    w.input({ type: 'start' })
    w.until(() => w.told('session-end') > 0, 30_000)
    expect(unclosed(w)).toEqual(['stuck'])
    // It tries by itself, but not for ever.
    w.advance(60_000)
    expect(unclosed(w)).toEqual(['stuck'])
    expect(w.wand.opened).toBe(1 + TIMING.reopens)
    w.wand.stuck = false
    w.wand.pump = null
    w.advance(3_000)
    w.wand.pump = 'SIM-0001'
    w.advance(15_000)
    expect(unclosed(w)).toEqual([])
  })

  it('of an earlier host is shown, and goes when the wand says that its lease ended it', () => {
    const w = new World('manual')
    w.wand.occupy(w.now)
    w.input({ type: 'start' })
    w.advance(500)
    expect(unclosed(w)).toEqual(['still-open'])
    w.advance(7_000)
    expect(unclosed(w)).toEqual([])
    expect(w.state.hello?.lastEnd).toBe(3)
    expect(w.wand.opened).toBe(0)
  })

  it('with one pump is not forgotten because another one closes well', () => {
    const w = new World('continuous')
    w.input({ type: 'start' })
    w.until(() => w.told('live') > 0, 30_000)
    w.wand.pump = 'SIM-0002'
    w.until(() => w.told('snapshot') > 1, 60_000)
    expect(w.state.session?.pump.serial).toBe('SIM-0002')
    expect(w.state.unclosed.map((u) => u.pump?.serial)).toEqual(['SIM-0001'])
  })

  it('is waited for by its lease when another link holds it', () => {
    const w = new World('continuous')
    w.wand.occupy(w.now)
    w.input({ type: 'start' })
    w.advance(4_000)
    expect(w.asked).not.toContain('OPEN')
    expect(w.until(() => w.told('snapshot') > 0, 20_000)).not.toBeNull()
  })
})

describe('a wand that is done at once', () => {
  it('gives results without PENDING, and is read like any other', () => {
    const w = new World('on-placement')
    w.wand.atOnce = true
    w.input({ type: 'start' })
    expect(w.until(() => w.told('session-end') > 0, 10_000)).not.toBeNull()
    expect(w.told('snapshot')).toBe(1)
    expect(w.state.unclosed).toEqual([])
  })
})

describe('stopping', () => {
  it('ends with a confirmed close in three seconds at every moment of a reading', () => {
    for (let ms = 0; ms <= 6_000; ms += 37) {
      const w = new World('continuous')
      w.input({ type: 'start' })
      w.advance(ms)
      w.input({ type: 'stop' })
      expect(w.until(() => w.state.phase === 'stopped', 3_000)).not.toBeNull()
      expect(w.wand.session, `stopped at ${ms}`).toBeNull()
      expect(w.state.unclosed).toEqual([])
      for (const { news } of w.news) {
        if (news.kind === 'session-end') expect(news.how).toBe('confirmed')
      }
    }
  })

  it('says so when a session was being opened and nobody will know', () => {
    const w = new World('continuous')
    w.input({ type: 'start' })
    w.until(() => w.state.phase === 'starting', 5_000)
    w.fates = Array<Fate>(50).fill('lose')
    w.input({ type: 'stop' })
    expect(w.until(() => w.state.phase === 'stopped', 3_000)).not.toBeNull()
    expect(w.state.unclosed).toMatchObject([{ why: 'left-to-lease', session: 0 }])
  })
})

describe('the mark of a wand', () => {
  const causes = (w: World) =>
    w.news.flatMap(({ news }) => (news.kind === 'phase' ? [news.cause] : []))

  it('of another kind is refused at its first word, slowly tried again, and nothing of it is told', () => {
    const w = new World('continuous', 'device')
    w.input({ type: 'start' })
    w.advance(60_000)
    expect(causes(w)).toEqual(['start', 'opened', 'other-source'])
    expect(w.news.every(({ news }) => news.kind === 'phase' || news.kind === 'contact')).toBe(true)
    expect(w.state.hello).toBeNull()
    expect(w.asked.every((name) => name === 'HELLO')).toBe(true)
    expect(w.asked.length).toBeLessThan(20)
    const refused = w.news.at(-1)?.news
    expect(refused).toMatchObject({
      why: { code: 'why.other-source', args: { is: 'simulator', reads: 'device' } },
    })
  })

  it.each(PHASES.filter((p) => !['idle', 'opening', 'greeting', 'waiting', 'stopped'].includes(p)))(
    'that changes while %s breaks the link; a session is told as not closed, an attempt as failed',
    (phase) => {
      const w = new World('continuous')
      w.input({ type: 'start' })
      expect(w.until(() => w.state.phase === phase, 200_000)).not.toBeNull()
      const { session } = w.state
      const before = w.news.length
      w.fates = ['other-mark']
      expect(w.until(() => causes(w).includes('mark-changed'), 2_000)).not.toBeNull()
      const told = w.news.slice(before).map(({ news }) => news.kind)
      expect(told).not.toContain('snapshot')
      expect(w.state).toMatchObject({ phase: 'waiting', session: null, assembly: null })
      if (session) expect(w.state.unclosed).toMatchObject([{ pump: session.pump }])
      if (phase === 'starting' || phase === 'reading') expect(told).toContain('read-failed')
    },
  )
})

describe('a wand that is away for a night', () => {
  it('is said once, not at every attempt', () => {
    const w = new World('continuous')
    w.input({ type: 'start' })
    w.until(() => w.told('live') > 0, 30_000)
    w.unplug()
    w.advance(2_000)
    const before = w.told('phase')
    w.advance(600_000)
    expect(w.told('phase') - before).toBeLessThanOrEqual(1)
    w.plugged = true
    expect(w.until(() => w.state.phase === 'watching', 2_000)).not.toBeNull()
  })
})
