// The desk a refill is written down at, for the page and the terminal alike: it knows the sheets from the
// audit log, takes readings from there (readings.ts), and has a running bridge append each step.

import { isDeepStrictEqual } from 'node:util'
import { type Env, utc } from '../../base/env.ts'
import { VERSION } from '../../base/version.ts'
import { ControlError } from '../../control/error.ts'
import { dateTime, inZone } from '../../model/format.ts'
import type { Source } from '../../model/reading.ts'
import { sentence, WORDS, type Words } from '../../words/words.ts'
import type { Clinic } from '../sheet/compare.ts'
import type { Entries, Reading, Step } from '../sheet/entries.ts'
import type { Given } from '../sheet/given.ts'
import { right, type Sheet, stateOf } from '../sheet/sheet.ts'
import { type SheetFile, sheetFile } from '../sheet/sheet-file.ts'
import { type Context, type Problem, take, takeIdentity } from '../sheet/take.ts'
import { wordsOf } from '../sheet/words.ts'
import { type Ask, askOf } from './ask.ts'
import { RefillLog } from './log.ts'
import { Readings } from './readings.ts'
import { Sittings } from './sittings.ts'

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
  readonly #ask: Ask
  readonly #readings: Readings
  readonly log: RefillLog
  readonly sittings: Sittings
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: DeskOptions) {
    this.#options = options
    this.log = new RefillLog(options.stateDir)
    this.sittings = new Sittings(options.env, options.stateDir)
    this.#ask = askOf(options.stateDir)
    this.#readings = new Readings(options.env, this.log, this.#ask, () => this.context())
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

  /** A reading that the sheet may take as it is, if somebody says so; null = there is none. */
  usable(sheet: Sheet, step: 'before' | 'after'): Reading | null {
    return this.#readings.usable(sheet, step)
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
      const pumps = this.#readings.recent(context.now)
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
      const chosen = await this.#readings.taken(sheet, step, use)
      if ('sentence' in chosen) return problem({ '': chosen.sentence })
      return this.#append(wish, chosen.reading, sheet, problem)
    }
    const taken = take(sheet, step, given, context)
    if (!('entries' in taken)) return problem(taken.wrong, taken.doubts)
    return this.#append(wish, taken.entries, sheet, problem)
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
}

/** Whether what was given is not what stands at the step already: who presses twice gives the same. */
function isOther(sheet: Sheet, { step, given }: Wish, context: Context): boolean {
  const written = sheet.steps[step]
  if (!written) return true
  if (step === 'identity' || step === 'before' || step === 'after') return false
  const taken = take(sheet, step, given, context)
  return !('entries' in taken) || !isDeepStrictEqual(taken.entries, written.entries)
}
