// Runs checks in their order, each only when all that it needs have passed, and ends with no session open.
import { Bench, type BenchOptions } from './bench.ts'
import type { Check } from './check.ts'
import { Forbidden } from './guard.ts'
import type { Traffic } from './host.ts'
import { Failed, Gone, NotRun } from './verdict.ts'

export interface Result {
  readonly check: Check
  readonly result: 'passed' | 'failed' | 'not-run'
  /** What failed, or why it was not run; null = it passed. */
  readonly why: string | null
  readonly ms: number
  /** What went both ways last, if it failed. `ms` from the beginning of the check. */
  readonly bytes: readonly {
    readonly ms: number
    readonly way: 'out' | 'in'
    readonly hex: string
  }[]
}

export interface Report {
  readonly path: string
  readonly noImplant: boolean
  /** Who the wand says it is. */
  readonly wand: { serial: string | null; model: string | null; firmware: string | null } | null
  readonly results: readonly Result[]
  /** Nothing at all came: there may be no wand. */
  readonly silent: boolean
  /** A session is not known to be closed. */
  readonly session: number
}

export interface RunOptions extends BenchOptions {
  readonly checks: readonly Check[]
  /** Called before each check, and with what came of it. */
  began?(check: Check): void
  ended?(result: Result): void
  /** True = somebody wants it to end: no check begins any more. */
  stopped?(): boolean
}

const SETTLE_MS = 500
/** Bytes of traffic that are shown of a check that failed. */
const SHOWN = 12

export async function run(options: RunOptions): Promise<Report> {
  const bench = new Bench(options)
  const results = new Map<number, Result>()
  let gone: string | null = null
  await bench.open()
  for (const check of options.checks) {
    const why = gone ?? (options.stopped?.() ? 'stopped' : excluded(check, bench, results))
    let result: Result = { check, result: 'not-run', why, ms: 0, bytes: [] }
    if (why === null) {
      options.began?.(check)
      result = await one(check, bench)
      if (result.result === 'failed') {
        bench.failed.add(check.number)
        await settled(bench)
      }
      if (bench.lost !== null) gone = bench.lost
    }
    results.set(check.number, result)
    options.ended?.(result)
  }
  const session = await closed(bench)
  await bench.close()
  const { hello } = bench.known
  return {
    path: bench.port.path,
    noImplant: bench.noImplant,
    wand: hello
      ? { serial: hello.wandSerial, model: hello.wandModel, firmware: hello.firmware }
      : null,
    results: [...results.values()],
    silent: !bench.traffic.some(({ way }) => way === 'in'),
    session,
  }
}

const isFor = ({ framing }: Check, bench: Bench) =>
  framing === undefined || framing === bench.port.framing.name

/** Why a check is not run; null = it is. */
function excluded(check: Check, bench: Bench, results: ReadonlyMap<number, Result>): string | null {
  const { framing, wand } = check
  if (!isFor(check, bench)) return framing === 'line' ? 'only over a serial line' : 'only over HID'
  if (wand === 'bare' && !bench.noImplant)
    return 'only without an implant: run again with --no-implant'
  if (wand === 'pump' && bench.noImplant)
    return 'only over an implant: run again without --no-implant'
  for (const number of check.needs) {
    const needed = results.get(number)
    // What is not for this framing is not needed with it.
    if (needed && !isFor(needed.check, bench)) continue
    if (needed?.result === 'failed') return `${number} failed`
    if (needed?.result !== 'passed') return `${number} was not run`
  }
  return null
}

async function one(check: Check, bench: Bench): Promise<Result> {
  bench.check = check.number
  const began = bench.clock.monotonic()
  const from = bench.traffic.length
  const done = (result: Result['result'], why: string | null): Result => ({
    ...{ check, result, why, ms: Math.round(bench.clock.monotonic() - began) },
    bytes: result === 'failed' ? shown(bench.traffic.slice(from), began) : [],
  })
  try {
    await check.run(bench)
    return done('passed', null)
  } catch (error) {
    if (error instanceof NotRun) return done('not-run', error.message)
    if (error instanceof Gone) {
      bench.lost = 'the port is gone'
      return done('failed', `the port is gone: ${error.message}`)
    }
    if (error instanceof Failed || error instanceof Forbidden) return done('failed', error.message)
    throw error
  }
}

/** What a failed check left behind shall not fail the next: the line falls silent, and a link is made anew. */
async function settled(bench: Bench): Promise<void> {
  if (bench.lost !== null) return
  await bench.wait(SETTLE_MS)
  // A session that is held would be orphaned by another link.
  if (bench.session !== 0) return
  try {
    await bench.reopen()
    await bench.hello()
  } catch (error) {
    if (error instanceof Gone) bench.lost = 'the port is gone'
    // Whether HELLO is answered at all is what a check says.
    else if (!(error instanceof Failed)) throw error
  }
}

function shown(traffic: readonly Traffic[], began: number): Result['bytes'] {
  return traffic.slice(-SHOWN).map(({ at, way, bytes }) => ({
    ...{ ms: Math.round(at - began), way },
    hex: Buffer.from(bytes).toString('hex'),
  }))
}

/** Closes what is open; the session that is not known to be closed then, or 0. */
async function closed(bench: Bench): Promise<number> {
  if (bench.session === 0 || bench.lost !== null) return bench.session
  bench.check = 0
  await bench.closeSession().catch(() => false)
  return bench.session
}
