// The desk a refill is written down at, for the page and the terminal alike: it knows the sheets from the
// audit log, takes readings from there, and has a running bridge append each step. It can ask that
// bridge for an interrogation, and for nothing else of a link.

import { isDeepStrictEqual } from 'node:util'
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
import { dateTime, inZone } from '../../model/format.ts'
import type { Source } from '../../model/reading.ts'
import type { InterrogationRecord } from '../../model/record.ts'
import { sentence, sentences, WORDS, type Words } from '../../words/words.ts'
import type { Clinic } from '../sheet/compare.ts'
import type { Entries, Reading, Step } from '../sheet/entries.ts'
import { readingOf } from '../sheet/reading.ts'
import { choose, RECENT_MS } from '../sheet/recent.ts'
import { right, type Sheet, stateOf } from '../sheet/sheet.ts'
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
import { Sittings } from './sittings.ts'

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
  /** Who sits there, if they signed in with their PIN. */
  readonly by?: string | null
}

export type Result =
  | { readonly written: Sheet }
  /** Something must be put right; what was typed comes back. */
  | { readonly problem: Problem }
  /** Written already, or not to be written any more. `other`: and what was given now is not what stands. */
  | { readonly late: true; readonly other: boolean }

export class Desk {
  readonly #options: DeskOptions
  readonly log: RefillLog
  readonly sittings: Sittings
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: DeskOptions) {
    this.#options = options
    this.log = new RefillLog(options.stateDir)
    this.sittings = new Sittings(options.env, options.stateDir)
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

  /** What kind of wands the readings here are of; null = nothing has been read. */
  source(): Source | null {
    return this.log.newest().at(-1)?.source ?? null
  }

  async sheets(): Promise<Sheet[]> {
    await this.log.refresh()
    return this.log.sheets()
  }

  async sheet(id: string): Promise<Sheet | null> {
    await this.log.refresh()
    return this.log.sheet(id)
  }

  /** Null = signed in at this place; else why not, in words. */
  async signIn(place: string, name: string, pin: string): Promise<string | null> {
    const result = await this.sittings.signIn(place, name, pin)
    if (result.ok) return null
    const { sign } = this.context().words
    return result.waitMs === 0 ? sign.wrong : sign.wait(Math.ceil(result.waitMs / 1_000))
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

  /** A link to the page of readings, for one browser, once; or why there is none, in words. */
  async readings(): Promise<{ readonly link: string } | { readonly sentence: string }> {
    const link = await this.#ask('open', {})
    const { words: w } = this.context()
    if (typeof link === 'string') return { link }
    return { sentence: link === null ? w.noBridge : w.noReadingsPage(link.message) }
  }

  /** The sheet as a file, with the checkpoint that pins it. */
  async file(sheet: Sheet): Promise<SheetFile> {
    const { clinic } = this.#options
    const pin = await this.log.checkpoint(sheet.log)
    const { locale, zone, checks: _, ...rest } = clinic
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
      if (step !== 'identity') return { late: true, other: true }
      const pumps = this.#recent(context.now)
      const taken = takeIdentity(given, pumps, context)
      if (!('entries' in taken)) return problem(taken.wrong, taken.doubts)
      const { serial } = taken.entries
      const open = this.log.sheets().find((one) => one.serial === serial && stateOf(one) === 'open')
      if (open?.steps.identity) {
        const at = dateTime(inZone(open.steps.identity.at, context.clinic.zone))
        return problem({ card: context.words.openAlready(serial, at) })
      }
      return this.#append(wish, taken.entries as Entries<'identity'>, null, problem)
    }
    const may = right(sheet, step)
    const current = sheet.steps[step]?.position
    if (may === 'no' || current !== corrects || step === 'identity') {
      return { late: true, other: isOther(sheet, wish, context) }
    }
    if (step === 'before' || step === 'after') {
      const use = given['use'] === undefined ? null : Number(given['use'])
      const chosen = await this.#reading(sheet, step, use)
      if ('sentence' in chosen) return problem({ '': chosen.sentence })
      return this.#append(wish, chosen.reading, sheet, problem)
    }
    const taken = take(sheet, step, given, context)
    if (!('entries' in taken)) return problem(taken.wrong, taken.doubts)
    return this.#append(wish, taken.entries, sheet, problem)
  }

  /** A reading that the sheet may take as it is, if somebody says so; null = there is none. */
  usable(sheet: Sheet, step: 'before' | 'after'): Reading | null {
    const chosen = this.#choose(sheet, step)
    return 'reading' in chosen ? chosen.reading : null
  }

  /** The reading at `use`, which somebody has chosen; without one the pump is read now. */
  async #reading(sheet: Sheet, step: 'before' | 'after', use: number | null) {
    const unclosed = await this.#unclosed(sheet.serial)
    const w = this.context().words
    if (use !== null) {
      const chosen = this.#choose(sheet, step, null, unclosed)
      if (!('reading' in chosen) || chosen.reading.position === use) return chosen
      return { sentence: w.newerReading }
    }
    const since = this.#newestOf(sheet)?.position ?? -1
    const outcome = await this.#interrogate(sheet, step, since)
    await this.log.refresh()
    const second = this.#choose(sheet, step, since, await this.#unclosed(sheet.serial))
    if ('reading' in second) return second
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
  async #interrogate(
    sheet: Sheet,
    step: 'before' | 'after',
    since: number,
  ): Promise<Outcome | null> {
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
      if ('reading' in this.#choose(sheet, step, since)) seen += 1
    }
    if (!ended) return { kind: 'failed', why: [], sentence: '' }
    const answer = await done
    if (answer instanceof ControlError) return { kind: 'failed', why: [], sentence: answer.message }
    const all = answer?.map(({ outcome }) => outcome) ?? []
    return all.find(({ kind }) => kind === 'read') ?? all[0] ?? null
  }

  #newestOf(sheet: Sheet): InterrogationRecord | null {
    const all = this.log.newest()
    return all.find((one) => one.source === sheet.source && isOf(one, sheet)) ?? null
  }

  /** Whether a session with this pump is not known to be closed now. */
  async #unclosed(serial: string): Promise<boolean> {
    const status = await this.#ask('status', {})
    if (status === null || status instanceof ControlError) return false
    return status.wands.some(({ unclosed }) => unclosed.some((one) => one.pump === serial))
  }

  /** `since`: only a reading behind that record will do. */
  #choose(sheet: Sheet, step: 'before' | 'after', since: number | null = null, unclosed = false) {
    const all = this.log.newest()
    const own = this.#newestOf(sheet)
    const same = all.filter((one) => one.source === sheet.source && one.wand === own?.wand)
    const chosen = choose(
      sheet,
      step,
      own && readingOf(own, unclosed, step === 'before' ? this.log.before(own) : null),
      same.map(known),
      this.context(),
    )
    // A correction of a reading is another reading.
    const taken = sheet.steps[step]?.entries.position
    const old =
      'reading' in chosen &&
      (chosen.reading.position === taken || (since !== null && chosen.reading.position <= since))
    return old ? { sentence: this.context().words.noReading } : chosen
  }

  /** The port that read the sheet's pump. */
  #port(sheet: Sheet): string | null {
    return this.log.newest().find((one) => isOf(one, sheet))?.port ?? null
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
    { sheet: id, step, corrects, by = null }: Wish,
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
      signed: { operator: by ?? operator ?? null, verified: by === null ? 'claimed' : 'pin' },
      ...(corrects !== undefined && { corrects }),
      actor: {
        id: by ?? operator ?? 'worksheet',
        role: 'operator',
        auth: by === null ? this.#options.auth : 'pin',
      },
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

/** Whether what was given is not what stands at the step already: who presses twice gives the same. */
function isOther(sheet: Sheet, { step, given }: Wish, context: Context): boolean {
  const written = sheet.steps[step]
  if (!written) return true
  if (step === 'identity' || step === 'before' || step === 'after') return false
  const taken = take(sheet, step, given, context)
  return !('entries' in taken) || !isDeepStrictEqual(taken.entries, written.entries)
}

const isOf = ({ pump, identity }: InterrogationRecord, { serial, steps }: Sheet) =>
  pump?.serial === serial && identity.model === (steps.identity?.entries.model ?? null)

const known = (record: InterrogationRecord): KnownPump => ({
  serial: record.pump?.serial ?? '',
  model: record.identity.model,
  source: record.source,
  readAt: record.at,
  wand: record.wand,
})
