// The wand's transmitter: one exchange with the implant after another, repeated while it fails.
//
// Promises: an implant acts on a request once, however often its answer is lost; an answer counts
// only whole, and only from the implant that was addressed.
import type { Air, Living } from '../air/air.ts'
import type { Implant } from '../implant/api.ts'

/** Bytes of a frame on air besides what it carries: preamble, address, number, check. */
export const FRAME = 14
/** From the end of a request to the start of its answer, in ms: the implant wakes its receiver. */
const TURN_MS = 90
/** After the end of a request, an answer that has not come by now does not come. */
const TIMEOUT_MS = 210
const TRIES = 6
/** Longer than this, in ms, no work may take. */
const WORK_MS = 10_000

/** One request to an implant and its answer. `T` is what the answer says. */
export interface Exchange<T> {
  /** Serial number; null = whoever is there. */
  readonly to: string | null
  /** Bytes of the request and of what the answer carries, without FRAME. */
  readonly asks: number
  readonly answer: (implant: Implant) => { readonly says: T; readonly bytes: number }
  /** How far the work is at this exchange, in percent. */
  readonly progress: number
}

/** Exchanges one after the other; what it returns is the result. */
export type Work<R> = Generator<Exchange<unknown>, R, unknown>

/** An exchange as a step of a work. */
export function* ask<T>(exchange: Exchange<T>): Work<T> {
  return (yield exchange) as T
}

export type Outcome<R> =
  | { readonly ok: true; readonly result: R }
  /** `heard`: some answer came, whole or not. */
  | { readonly ok: false; readonly heard: boolean }

interface Running {
  readonly work: Work<unknown>
  readonly done: (outcome: Outcome<unknown>, ms: number) => void
  readonly began: number
  heard: boolean
  exchange: Exchange<unknown>
  tried: number
  /** What the implant answered this exchange with, however often it must say so. */
  answer: { readonly pump: Living; readonly says: unknown; readonly bytes: number } | null
  phase: 'asking' | 'answering' | 'waiting'
  due: number
}

export class Radio {
  readonly counters = { sent: 0, lost: 0, corrupt: 0, retried: 0 }
  /** When the last good exchange ended; null = none since start-up. */
  lastGood: number | null = null
  /** When the transmitter last fell idle. */
  idleSince = 0
  readonly #air: Air
  #running: Running | null = null

  constructor(air: Air) {
    this.#air = air
  }

  get idle(): boolean {
    return this.#running === null
  }

  get progress(): number {
    return this.#running?.exchange.progress ?? 0
  }

  get nextEventAt(): number {
    return this.#running?.due ?? Number.POSITIVE_INFINITY
  }

  /** Begins `work` at `ms` and drops what was running. */
  start<R>(work: Work<R>, ms: number, done: (outcome: Outcome<R>, ms: number) => void): void {
    const first = work.next()
    if (first.done) throw new Error('work without an exchange')
    this.#running = {
      work,
      done: done as Running['done'],
      began: ms,
      heard: false,
      exchange: first.value,
      tried: 0,
      answer: null,
      phase: 'asking',
      due: 0,
    }
    this.#send(this.#running, ms)
  }

  stop(ms: number): void {
    this.#running = null
    this.idleSince = ms
  }

  /** What is due at `nextEventAt`. */
  step(): void {
    const running = this.#running
    if (!running) return
    const ms = running.due
    if (running.phase === 'asking') this.#arrive(running, ms)
    else if (running.phase === 'answering') this.#hear(running, ms)
    else this.#again(running, ms)
  }

  #send(running: Running, ms: number): void {
    this.counters.sent += 1
    running.tried += 1
    running.phase = 'asking'
    running.due = ms + this.#air.duration(FRAME + running.exchange.asks)
  }

  #arrive(running: Running, ms: number): void {
    const { exchange } = running
    running.phase = 'waiting'
    running.due = ms + TIMEOUT_MS
    const fate = this.#air.frame(ms, FRAME + exchange.asks)
    const { pump } = this.#air
    if (fate !== 'ok' || !pump) return
    const implant = pump.at(ms)
    if (exchange.to !== null && implant.serial !== exchange.to) return
    if (running.answer?.pump !== pump) running.answer = { pump, ...exchange.answer(implant) }
    running.phase = 'answering'
    running.due = ms + TURN_MS + this.#air.duration(FRAME + running.answer.bytes)
  }

  #hear(running: Running, ms: number): void {
    const { answer } = running
    const fate =
      answer && answer.pump === this.#air.pump ? this.#air.frame(ms, FRAME + answer.bytes) : 'lost'
    if (fate === 'lost' || !answer) return this.#again(running, ms)
    running.heard = true
    if (fate === 'corrupt') {
      this.counters.corrupt += 1
      return this.#retry(running, ms)
    }
    this.lastGood = ms
    const next = running.work.next(answer.says)
    if (next.done) return this.#end(running, { ok: true, result: next.value }, ms)
    running.exchange = next.value
    running.tried = 0
    running.answer = null
    if (ms - running.began > WORK_MS) return this.#end(running, { ok: false, heard: true }, ms)
    this.#send(running, ms)
  }

  #again(running: Running, ms: number): void {
    this.counters.lost += 1
    this.#retry(running, ms)
  }

  #retry(running: Running, ms: number): void {
    if (running.tried >= TRIES || ms - running.began > WORK_MS) {
      return this.#end(running, { ok: false, heard: running.heard }, ms)
    }
    this.counters.retried += 1
    this.#send(running, ms)
  }

  #end(running: Running, outcome: Outcome<unknown>, ms: number): void {
    this.stop(ms)
    running.done(outcome, ms)
  }
}
