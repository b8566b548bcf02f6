// The desk a refill is written down at, for the page and the terminal alike: it knows the sheets from the
// audit log, takes readings from there, and has a running bridge append each step. It can ask that
// bridge for an interrogation, and for nothing else of a link.

import { type Env, sleep, utc } from '../../base/env.ts'
import { VERSION } from '../../base/version.ts'
import { ask, ControlError } from '../../control/client.ts'
import {
  type Args,
  READ_MS,
  type Reply,
  type RequestName,
  type Streamed,
} from '../../control/messages.ts'
import type { InterrogationRecord } from '../../model/record.ts'
import { sentence, sentences, WORDS, type Words } from '../../words/words.ts'
import type { Clinic } from '../sheet/compare.ts'
import type { Entries, Step } from '../sheet/entries.ts'
import { readingOf } from '../sheet/reading.ts'
import { choose, RECENT_MS } from '../sheet/recent.ts'
import { right, type Sheet } from '../sheet/sheet.ts'
import { type SheetFile, sheetFile } from '../sheet/sheet-file.ts'
import {
  type Context,
  type Given,
  type KnownPump,
  type Problem,
  take,
  takeIdentity,
} from '../sheet/take.ts'
import { wordsOf } from '../sheet/words.ts'
import { RefillLog } from './log.ts'

/** How often the log is looked at while the pump is read, and how often after it was. */
const LOOK_MS = 500
const CLOSE_LOOKS = 6

type Outcome = Reply<'interrogate'>[number]['outcome']

export interface DeskOptions {
  readonly env: Env
  readonly stateDir: string
  readonly clinic: Clinic
  /** How people come here: `page-link` or `terminal`. */
  readonly auth: string
}

/** What somebody wants written. */
export interface Wish {
  readonly sheet: string
  readonly step: Step
  readonly given: Given
  /** Position of what it corrects. */
  readonly corrects?: number | undefined
}

export type Result =
  | { readonly written: Sheet }
  /** Something must be put right; what was typed comes back. */
  | { readonly problem: Problem }
  /** Written already, or not to be written any more. */
  | { readonly late: true }

export class Desk {
  readonly #options: DeskOptions
  readonly log: RefillLog
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: DeskOptions) {
    this.#options = options
    this.log = new RefillLog(options.stateDir)
  }

  get #words(): Words {
    return WORDS[this.#options.clinic.locale]
  }

  /** What everything is worded and judged with, now. */
  context(): Context {
    const { env, clinic } = this.#options
    return { now: utc(env.wall()), clinic, words: wordsOf(clinic.locale) }
  }

  /** A name for a sheet that is begun now. */
  fresh(): string {
    const { env } = this.#options
    const [date = '', time = ''] = utc(env.wall()).split('T')
    const random = Buffer.from(env.random(2)).toString('hex')
    return `${date.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}-${random}`
  }

  async sheets(): Promise<Sheet[]> {
    await this.log.refresh()
    return this.log.sheets()
  }

  async sheet(id: string): Promise<Sheet | null> {
    await this.log.refresh()
    return this.log.sheet(id)
  }

  /** Whether the pump is free for its own programmer, in words; null = not known. */
  async session(serial: string): Promise<string | null> {
    const status = await this.#ask('status', {})
    if (status === null || status instanceof ControlError) return null
    const session = status.pumps.find((one) => one.pump.serial === serial)?.session
    if (!session) return null
    return session.state === 'open'
      ? this.context().words.closeFirst
      : sentence(this.#words, session)
  }

  /** The sheet as a file, with the checkpoint that pins it. */
  async file(sheet: Sheet): Promise<SheetFile> {
    const { clinic } = this.#options
    const pin = await this.log.checkpoint(sheet.log)
    const { locale, zone, ...rest } = clinic
    const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
    return sheetFile(
      sheet,
      { locale, zone, ...said },
      { version: VERSION, checkpoint: pin?.checkpoint ?? null, key: pin?.key ?? null },
    )
  }

  /**
   * Writes one step, if it may be written and what was given is what it needs. One at a time: who
   * presses twice has written once.
   */
  write(wish: Wish): Promise<Result> {
    const result = this.#last.then(() => this.#write(wish))
    this.#last = result.catch(() => {})
    return result
  }

  async #write(wish: Wish): Promise<Result> {
    const { step, given, corrects } = wish
    await this.log.refresh()
    const sheet = this.log.sheet(wish.sheet)
    const context = this.context()
    const problem = (wrong: Problem['wrong'], doubts: Problem['doubts'] = []): Result => ({
      problem: { step, wrong, doubts, given },
    })
    if (!sheet) {
      if (step !== 'identity') return { late: true }
      const pumps = this.#recent(context.now)
      const taken = takeIdentity(given, pumps, context)
      if (!('entries' in taken)) return problem(taken.wrong, taken.doubts)
      return this.#append(wish, taken.entries as Entries<'identity'>, null, problem)
    }
    const may = right(sheet, step)
    const current = sheet.steps[step]?.position
    if (may === 'no' || current !== corrects || step === 'identity') return { late: true }
    if (step === 'before' || step === 'after') {
      const chosen = await this.#reading(sheet, step)
      if ('sentence' in chosen) return problem({ '': chosen.sentence })
      return this.#append(wish, chosen.reading, sheet, problem)
    }
    const taken = take(sheet, step, given, context)
    if (!('entries' in taken)) return problem(taken.wrong, taken.doubts)
    return this.#append(wish, taken.entries, sheet, problem)
  }

  /** The reading a sheet may take; when there is none, the pump is read now. */
  async #reading(sheet: Sheet, step: 'before' | 'after') {
    const first = this.#choose(sheet, step)
    if ('reading' in first) return first
    const outcome = await this.#interrogate(sheet, step)
    await this.log.refresh()
    const second = this.#choose(sheet, step)
    if ('reading' in second) return second
    const w = this.context().words
    const why =
      outcome === null
        ? w.noBridge
        : outcome.kind === 'read'
          ? ''
          : w.notRead(sentences(this.#words, outcome.why))
    return { sentence: `${second.sentence} ${why}`.trim() }
  }

  /**
   * Has the pump read, and waits for the end of the session, so that whoever takes the programmer now
   * may; but not where the bridge holds its sessions. Null = no bridge answers.
   */
  async #interrogate(sheet: Sheet, step: 'before' | 'after'): Promise<Outcome | null> {
    const { env } = this.#options
    const port = this.#port(sheet)
    const asked = this.#ask('interrogate', { readMs: READ_MS, ...(port && { ports: [port] }) })
    let ended = false
    const done = asked.finally(() => {
      ended = true
    })
    for (let seen = 0; !ended && seen < CLOSE_LOOKS; ) {
      await Promise.race([done, sleep(env, LOOK_MS)])
      await this.log.refresh()
      if ('reading' in this.#choose(sheet, step)) seen += 1
    }
    if (!ended) return { kind: 'failed', why: [], sentence: '' }
    const answer = await done
    if (answer instanceof ControlError) return { kind: 'failed', why: [], sentence: answer.message }
    const all = answer?.map(({ outcome }) => outcome) ?? []
    return all.find(({ kind }) => kind === 'read') ?? all[0] ?? null
  }

  #choose(sheet: Sheet, step: 'before' | 'after') {
    const all = this.log.newest()
    const own = all.find((one) => one.source === sheet.source && isOf(one, sheet.serial)) ?? null
    const same = all.filter((one) => one.source === sheet.source && one.wand === own?.wand)
    const chosen = choose(sheet, step, own && readingOf(own), same.map(known), this.context())
    // A correction of a reading is another reading.
    const taken = sheet.steps[step]?.entries.position
    const old = 'reading' in chosen && chosen.reading.position === taken
    return old ? { sentence: this.context().words.noReading } : chosen
  }

  /** The port that read the sheet's pump. */
  #port(sheet: Sheet): string | null {
    return this.log.newest().find((one) => isOf(one, sheet.serial))?.port ?? null
  }

  /** Pumps that were read lately enough to be the one under the wand. */
  #recent(now: string): KnownPump[] {
    const since = utc(Date.parse(now) - RECENT_MS)
    return this.log
      .newest()
      .filter((one) => one.at >= since)
      .map(known)
  }

  async #append(
    { sheet: id, step, corrects }: Wish,
    entries: Entries,
    sheet: Sheet | null,
    problem: (wrong: Problem['wrong']) => Result,
  ): Promise<Result> {
    const identity = sheet?.steps.identity?.entries ?? (entries as Entries<'identity'>)
    const { operator } = entries as Partial<Entries<'finish'>>
    const answer = await this.#ask('worksheet', {
      pump: identity.serial,
      model: identity.model,
      ...(identity.pseudonym !== undefined && { patient: identity.pseudonym }),
      sheet: id,
      step,
      entries,
      ...(corrects !== undefined && { corrects }),
      actor: { id: operator ?? 'worksheet', role: 'operator', auth: this.#options.auth },
    })
    const w = this.context().words
    if (answer === null) return problem({ '': w.noBridge })
    if (answer instanceof ControlError) return problem({ '': w.notRecorded(answer.message) })
    const written = await this.sheet(id)
    return written ? { written } : problem({ '': w.notRecorded('') })
  }

  /** The reply, or why there is none; null = no bridge answers. */
  async #ask<N extends Exclude<RequestName, Streamed>>(name: N, args: Args<N>) {
    try {
      return await ask(this.#options.stateDir, name, args)
    } catch (error) {
      if (error instanceof ControlError) return error.why === 'ended' ? null : error
      throw error
    }
  }
}

const isOf = (record: InterrogationRecord, serial: string) => record.pump?.serial === serial

const known = (record: InterrogationRecord): KnownPump => ({
  serial: record.pump?.serial ?? '',
  model: record.identity.model,
  source: record.source,
  readAt: record.at,
  wand: record.wand,
})
