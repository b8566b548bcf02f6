// The readings a sheet may take: what the log has of its pump, and the one that the bridge makes when it is
// asked to. It can ask that bridge for an interrogation, and for nothing else of a link.
import { type Env, sleep, utc } from '../../base/env.ts'
import { ControlError } from '../../control/error.ts'
import { READ_MS, type Reply } from '../../control/messages.ts'
import type { InterrogationRecord } from '../../model/record.ts'
import { sentences, WORDS } from '../../words/words.ts'
import type { Reading } from '../sheet/entries.ts'
import { readingOf } from '../sheet/reading.ts'
import { choose, RECENT_MS } from '../sheet/recent.ts'
import type { Sheet } from '../sheet/sheet.ts'
import type { Context, KnownPump } from '../sheet/take.ts'
import type { Ask } from './ask.ts'
import type { RefillLog } from './log.ts'

/** How often the log is looked at while the pump is read, and how often after it was. */
const LOOK_MS = 500
const CLOSE_LOOKS = 6

type Outcome = Reply<'interrogate'>[number]['outcome']

export class Readings {
  readonly #env: Env
  readonly #log: RefillLog
  readonly #ask: Ask
  readonly #context: () => Context

  constructor(env: Env, log: RefillLog, ask: Ask, context: () => Context) {
    this.#env = env
    this.#log = log
    this.#ask = ask
    this.#context = context
  }

  /** A reading that the sheet may take as it is, if somebody says so; null = there is none. */
  usable(sheet: Sheet, step: 'before' | 'after'): Reading | null {
    const chosen = this.#choose(sheet, step)
    return 'reading' in chosen ? chosen.reading : null
  }

  /** The reading at `use`, which somebody has chosen; without one the pump is read now. */
  async taken(sheet: Sheet, step: 'before' | 'after', use: number | null) {
    const unclosed = await this.#unclosed(sheet.serial)
    const { words: w, clinic } = this.#context()
    if (use !== null) {
      const chosen = this.#choose(sheet, step, null, unclosed)
      if (!('reading' in chosen) || chosen.reading.position === use) return chosen
      return { sentence: w.newerReading }
    }
    const since = this.#newestOf(sheet)?.position ?? -1
    const outcome = await this.#interrogate(sheet, step, since)
    await this.#log.refresh()
    const second = this.#choose(sheet, step, since, await this.#unclosed(sheet.serial))
    if ('reading' in second) return second
    const why =
      outcome === null
        ? w.noBridge
        : outcome.kind === 'read'
          ? ''
          : w.notRead(sentences(WORDS[clinic.locale], outcome.why))
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
    const port = this.#port(sheet)
    const asked = this.#ask('interrogate', { readMs: READ_MS, ...(port && { ports: [port] }) })
    let ended = false
    const done = asked.finally(() => {
      ended = true
    })
    for (let seen = 0; !ended && seen < CLOSE_LOOKS; ) {
      await Promise.race([done, sleep(this.#env, LOOK_MS)])
      await this.#log.refresh()
      if ('reading' in this.#choose(sheet, step, since)) seen += 1
    }
    if (!ended) return { kind: 'failed', why: [], sentence: '' }
    const answer = await done
    if (answer instanceof ControlError) return { kind: 'failed', why: [], sentence: answer.message }
    const all = answer?.map(({ outcome }) => outcome) ?? []
    return all.find(({ kind }) => kind === 'read') ?? all[0] ?? null
  }

  #newestOf(sheet: Sheet): InterrogationRecord | null {
    const all = this.#log.newest()
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
    const all = this.#log.newest()
    const own = this.#newestOf(sheet)
    const same = all.filter((one) => one.source === sheet.source && one.wand === own?.wand)
    const chosen = choose(
      sheet,
      step,
      own && readingOf(own, unclosed, step === 'before' ? this.#log.before(own) : null),
      same.map(known),
      this.#context(),
    )
    // A correction of a reading is another reading.
    const taken = sheet.steps[step]?.entries.position
    const old =
      'reading' in chosen &&
      (chosen.reading.position === taken || (since !== null && chosen.reading.position <= since))
    return old ? { sentence: this.#context().words.noReading } : chosen
  }

  /** The port that read the sheet's pump. */
  #port(sheet: Sheet): string | null {
    return this.#log.newest().find((one) => isOf(one, sheet))?.port ?? null
  }

  /** Pumps that were read lately enough to be the one under the wand. */
  recent(now: string): KnownPump[] {
    const since = utc(Date.parse(now) - RECENT_MS)
    return this.#log
      .newest()
      .filter((one) => one.at >= since)
      .map(known)
  }
}

const isOf = ({ pump, identity }: InterrogationRecord, { serial, steps }: Sheet) =>
  pump?.serial === serial && identity.model === (steps.identity?.entries.model ?? null)

const known = (record: InterrogationRecord): KnownPump => ({
  serial: record.pump?.serial ?? '',
  model: record.identity.model,
  source: record.source,
  readAt: record.readAt,
  wand: record.wand,
})
