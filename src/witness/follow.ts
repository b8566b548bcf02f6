// The witnesses of a bridge: each is sent the newest checkpoint whenever the log has grown, soon and not
// too often, beside the log and never in its way; at an orderly end once more, within a short bound. What a
// witness has cosigned is kept. What it refuses is told while it does, and stands in the log, which tells it on.
import { join } from 'node:path'
import type { Observable, Subscription } from 'rxjs'
import { originOf } from '../audit/format/checkpoint.ts'
import type { Cosigner } from '../audit/format/cosignature.ts'
import type { NewRecord } from '../audit/format/record.ts'
import { cosignedBy, readKept, writeKept } from '../audit/read/cosigned.ts'
import type { Disk } from '../base/disk.ts'
import type { Cancel, Env } from '../base/env.ts'
import { overlooked, wellAgain } from '../base/failures.ts'
import { isFork, type WitnessStatus } from '../model/status.ts'
import { type Newest, type Outcome, type Post, submit, type Tree } from './submit.ts'

/** After a cosignature the next checkpoint waits for so long; after a failure longer each time. In ms. */
const PACE_MS = 2_000
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
/** So long the end of a bridge waits for all of them together, in ms. */
const END_MS = 2_000

export interface FollowOptions {
  readonly env: Env
  readonly disk: Disk
  /** `<state>/audit` */
  readonly dir: string
  readonly witnesses: readonly { readonly cosigner: Cosigner; readonly post: Post }[]
  newest(): Newest | null
  tree(log: string): Tree
  /** Something may be durable that was not. */
  readonly commits$: Observable<unknown>
  /** Writes down what a witness refused. */
  record(record: NewRecord<'witness'>): void
  /** What `status` says is another thing now. */
  changed(): void
}

type Refused = Exclude<Outcome, { readonly note: string }>

interface Followed {
  readonly cosigner: Cosigner
  readonly post: Post
  /** Of which log what follows is. */
  log: string
  /** The newest checkpoint that it cosigned, and its size. */
  note: string | null
  size: number
  problem: Refused | null
  /** It said that it saw less than it has cosigned; told until the bridge ends. */
  forgot: Refused | null
  busy: boolean
  sending: Promise<void>
  /** Ends the pause between two submissions; null = there is none. */
  pause: Cancel | null
  wait: number
}

export class Witnesses {
  readonly #options: FollowOptions
  readonly #all: readonly Followed[]
  #subscription: Subscription | null = null
  #stopped = false
  #saving: Promise<void> = Promise.resolve()

  constructor(options: FollowOptions) {
    this.#options = options
    this.#all = options.witnesses.map((one) => ({
      ...one,
      ...{ log: '', note: null, size: 0, problem: null },
      ...{
        forgot: null,
        sending: Promise.resolve(),
        busy: false,
        pause: null,
        wait: FIRST_WAIT_MS,
      },
    }))
  }

  start(): void {
    this.#subscription = this.#options.commits$.subscribe(() => this.#look())
    this.#look()
  }

  async stop(): Promise<void> {
    this.#subscription?.unsubscribe()
    if (!this.#stopped) await this.#last()
    this.#stopped = true
    for (const one of this.#all) one.pause?.()
    await this.#saving
  }

  /** What the log has grown by since the last pause; a witness that does not answer in time goes without. */
  async #last(): Promise<void> {
    let cancel: Cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.env.after(END_MS, resolve)
    })
    const sent = this.#all.map(async (one) => {
      await one.sending
      one.pause?.()
      one.pause = null
      await this.#send(one)
    })
    await Promise.race([late, Promise.all(sent)])
    cancel()
  }

  status(): WitnessStatus {
    const { log = '', size = 0 } = this.#options.newest() ?? {}
    const sizes = this.#all.map((one) => (one.log === log ? one.size : 0))
    const problems = this.#all.flatMap(({ cosigner, problem, forgot }) =>
      [problem, forgot].flatMap((one) =>
        one === null ? [] : [{ name: cosigner.witness.name, ...one }],
      ),
    )
    return {
      of: this.#all.length,
      signed: sizes.filter((one) => one === size).length,
      behind: size - Math.min(size, ...sizes),
      problems,
    }
  }

  /** The checkpoint with every cosignature that is kept for it. */
  cosigned(checkpoint: string): string {
    const lines = this.#all.flatMap(({ note }) =>
      note?.startsWith(checkpoint) ? [note.slice(checkpoint.length)] : [],
    )
    return checkpoint + lines.join('')
  }

  /** The largest checkpoint of a log that one of them has cosigned, with every cosignature kept for it. */
  last(log: string): string | null {
    const [largest] = this.#all.filter((one) => one.log === log).sort((a, b) => b.size - a.size)
    if (!largest?.note) return null
    const text = largest.note.slice(0, largest.note.lastIndexOf('\n\n') + 2)
    const lines = this.#all.flatMap(({ note }) =>
      note?.startsWith(text) ? note.slice(text.length).split(/(?<=\n)/) : [],
    )
    return text + [...new Set(lines)].join('')
  }

  #look(): void {
    for (const one of this.#all) if (!one.busy) one.sending = this.#send(one)
  }

  async #send(one: Followed): Promise<void> {
    const newest = this.#options.newest()
    if (newest === null || one.busy || one.pause !== null || this.#stopped) return
    if (one.log === newest.log && one.size === newest.size && one.note !== null) return
    one.busy = true
    let outcome: Outcome
    try {
      if (one.log !== newest.log) await this.#begin(one, newest.log)
      outcome = await submit(
        newest,
        one.size,
        this.#options.tree(newest.log),
        one.cosigner,
        one.post,
      )
    } catch (error) {
      outcome = { problem: 'no-answer', theirs: null, said: (error as Error).message.slice(0, 200) }
    }
    one.busy = false
    if (this.#stopped) return
    this.#take(one, newest, outcome)
    const { env } = this.#options
    const ms = 'note' in outcome ? PACE_MS : one.wait
    const again = () => {
      one.pause = null
      one.sending = this.#send(one)
    }
    one.pause = env.after(ms, again, { background: true })
    one.wait = 'note' in outcome ? FIRST_WAIT_MS : Math.min(one.wait * 2, LONGEST_WAIT_MS)
  }

  /** What it has cosigned of this log before. */
  async #begin(one: Followed, log: string): Promise<void> {
    const { disk, dir } = this.#options
    const notes = await readKept(disk, join(dir, log))
    const [kept] = cosignedBy(notes, originOf(log), one.cosigner)
    one.log = log
    one.note = kept?.note ?? null
    one.size = kept?.size ?? 0
    one.forgot = null
  }

  #take(one: Followed, { log, size }: Newest, outcome: Outcome): void {
    const before = `${one.problem?.problem} ${one.forgot?.problem}`
    const { problem: was } = one.problem ?? {}
    if ('note' in outcome) {
      one.note = outcome.note
      one.size = size
      one.problem = null
      this.#save(log)
      const { forgot: theirs } = outcome
      if (theirs !== undefined) {
        one.forgot = { problem: 'forgot', theirs, said: `409 ${theirs}` }
        this.#record(one, size, one.forgot)
      }
    } else {
      one.problem = outcome
      // What a fork is told of stands in the log as well, once for every time that it begins.
      if (isFork(outcome.problem) && was !== outcome.problem) this.#record(one, size, outcome)
    }
    if (before !== `${one.problem?.problem} ${one.forgot?.problem}`) this.#options.changed()
  }

  #record({ cosigner }: Followed, size: number, refused: Refused): void {
    const body = { name: cosigner.witness.name, size, ...refused }
    this.#options.record({ kind: 'witness', body, outcome: { ok: false } })
  }

  /** A cosignature that could not be kept is asked for again after a restart. */
  #save(log: string): void {
    const { disk, dir } = this.#options
    this.#saving = this.#saving
      .then(() => {
        const notes = this.#all.flatMap((one) => (one.log === log && one.note ? [one.note] : []))
        return writeKept(disk, join(dir, log), notes)
      })
      .then(
        () => wellAgain('cosignatures'),
        (error: unknown) => overlooked('cosignatures', error),
      )
  }
}
