// The firmware as a native program under sanitizers, spoken to in lines: tests/firmware/harness/bench.c says
// which. A report of a sanitizer ends the program, and fails whatever waits for it.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { HARNESS } from './build.ts'

export class Firmware {
  readonly #child: ChildProcessWithoutNullStreams
  #lines: string[] = []
  #waiting: { done(lines: string[]): void; failed(error: Error): void } | null = null
  #said = ''

  constructor() {
    this.#child = spawn(HARNESS)
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line !== '.') return void this.#lines.push(line)
      const lines = this.#lines
      this.#lines = []
      const waiting = this.#waiting
      this.#waiting = null
      waiting?.done(lines)
    })
    this.#child.stdin.on('error', () => {})
    this.#child.on('close', (code, signal) => {
      this.#waiting?.failed(new Error(`the firmware ended: ${signal ?? code}\n${this.#said}`))
    })
  }

  /** What comes of the commands, line by line. */
  ask(...commands: readonly string[]): Promise<string[]> {
    return new Promise((done, failed) => {
      this.#waiting = { done, failed }
      this.#child.stdin.write(`${[...commands, '?'].join('\n')}\n`)
    })
  }

  /** Ends it; leaks and what else a sanitizer has to say at the end count, too. */
  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stdin.end()
    const code = await closed
    if (code !== 0) throw new Error(`the firmware ended with ${code}\n${this.#said}`)
  }
}
