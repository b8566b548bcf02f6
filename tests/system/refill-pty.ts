// The worksheet in a real terminal of 80 columns: what it was told, in words, and the keys that are pressed.
import { join } from 'node:path'
import { eventually, MAIN, type Program, run, temporary } from './programs.ts'
import type { World } from './refill-world.ts'

export const DOWN = '\x1b[B'
export const CTRL_C = '\x03'
export const ENTER = '\r'
/** Stands before a question that waits; one that was answered has another mark. */
const OPEN = '◆'
const DONE = '◇'

/** What a terminal was told, in words: every move of the cursor begins a line. */
function screen(told: string): string {
  const ESC = String.fromCharCode(27)
  return told
    .split(ESC)
    .map((part, i) =>
      i === 0 ? part : part.replace(/^\[[0-9;?]*([A-Za-z])/, (_, end) => (end === 'm' ? '' : '\n')),
    )
    .join('')
}

export class Terminal {
  readonly program: Program
  #from = 0

  constructor({ state, config }: Pick<World, 'state' | 'config'>) {
    const command = `stty cols 80 rows 60; exec ${process.execPath} ${MAIN} refill --terminal --state-dir ${state} --config ${config}`
    this.program = run('script', ['-qfec', command, join(temporary(), 'typescript')], {
      TERM: 'xterm-256color',
    })
  }

  /** All of it, in words. */
  plain(): string {
    return screen(this.program.out())
  }

  /** What came since the last answer, its lines run together. */
  since(): string {
    return this.plain()
      .slice(this.#from)
      .replace(/[\s│]+/g, ' ')
  }

  /** Waits until a question is open, then answers it; what came before is done with. */
  async answer(question: string, keys: string): Promise<void> {
    await this.#shows(
      () => this.since().split(OPEN).slice(1),
      (open) => open.some((one) => one.split(DONE)[0]?.includes(question)),
    )
    this.press(keys)
  }

  /** Waits until one of some questions is open, and gives which it is. */
  async which(questions: readonly string[]): Promise<string> {
    const found = () => questions.find((one) => this.since().includes(`${OPEN} ${one}`))
    await this.#shows(found, (one) => one !== undefined)
    return found() ?? ''
  }

  press(keys: string): void {
    this.#from = this.plain().length
    this.program.child.stdin?.write(keys)
  }

  says(sentence: string): Promise<void> {
    const all = () => this.plain().replace(/[\s│]+/g, ' ')
    return this.#shows(all, (words) => words.includes(sentence))
  }

  /** Of the longest line that was told. */
  get widest(): number {
    return Math.max(
      ...this.plain()
        .split(/[\r\n]+/)
        .map((line) => line.length),
    )
  }

  #shows<T>(get: () => T, good: (value: T) => boolean): Promise<void> {
    return eventually(get, good, 60_000)
  }
}
