// What a bridge tells whoever runs it: one line a change, as text or as a JSON object, from a level on. Lines are for
// people and for collectors of logs; what must be kept is in the audit log. What is said again and again is written once
// a minute.
import { fstatSync } from 'node:fs'
import { type Env, utc } from './env.ts'

/** From what needs somebody now to what helps to find a fault. */
export const LEVELS = ['error', 'warning', 'info', 'debug'] as const
export type Level = (typeof LEVELS)[number]
export const FORMATS = ['text', 'json'] as const

/** How a room says something: a sentence and, where it is no bad news, its level. */
export type Say = (text: string, level?: Level) => void

export interface JournalSettings {
  readonly format: (typeof FORMATS)[number]
  readonly level: Level
}

/** As systemd's journal reads a priority (sd-daemon(3)). */
const PRIORITY: Readonly<Record<Level, string>> = {
  error: '<3>',
  warning: '<4>',
  info: '<6>',
  debug: '<7>',
}

/** The same line is news again after so long: it has happened once more. */
const AGAIN_MS = 60_000

export interface JournalOptions extends JournalSettings {
  readonly env: Env
  /** Whether the lines go to systemd's journal, which has a priority and the time of its own. */
  readonly systemd: boolean
  /** Of one line; `json`: it is, or ends in, JSON. */
  write(line: string, json: boolean): void
}

export class Journal {
  readonly #options: JournalOptions
  #settings: JournalSettings
  /** By what it is about: the newest line, and when it was written, in monotonic ms. */
  readonly #said = new Map<string, { readonly whole: string; readonly at: number }>()

  constructor(options: JournalOptions) {
    this.#options = options
    this.#settings = options
  }

  /** From now on like this. */
  use(settings: JournalSettings): void {
    this.#settings = settings
  }

  /** `about`: what it is about, such as `link` or `delivery`; `fields` go into JSON beside the sentence. */
  say(
    level: Level,
    about: string,
    text: string,
    fields: Readonly<Record<string, string>> = {},
  ): void {
    const key = JSON.stringify([about, fields['port'] ?? ''])
    const whole = `${level} ${text}`
    const { env, systemd, write } = this.#options
    const now = env.monotonic()
    const before = this.#said.get(key)
    if (before?.whole === whole && now - before.at < AGAIN_MS) return
    this.#said.set(key, { whole, at: now })
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.#settings.level)) return
    const at = utc(env.wall())
    const priority = systemd ? PRIORITY[level] : ''
    if (this.#settings.format === 'json') {
      return write(priority + JSON.stringify({ at, level, about, text, ...fields }), true)
    }
    const port = fields['port'] === undefined ? '' : `${fields['port']}  `
    const marked = level === 'info' || systemd ? '' : `${level}: `
    const line = text.replaceAll('\n', ' ')
    write(`${systemd ? priority : `${at}  `}${port}${marked}${line}`, false)
  }

  of(about: string): Say {
    return (text, level = 'warning') => this.say(level, about, text)
  }
}

/** Whether standard error is systemd's journal (`$JOURNAL_STREAM`). */
export function isJournal(stream = process.env['JOURNAL_STREAM']): boolean {
  if (!stream) return false
  const { dev, ino } = fstatSync(2)
  return stream === `${dev}:${ino}`
}
