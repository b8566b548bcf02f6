// Waiting, without stopping this process, which may be the very device that is waited for.
import { execFile } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Runs a program to its end. */
export const run = promisify(execFile)

/**
 * Waits until `look` gives something, at most `ms`; says what was waited for. Without an `ms` of its own
 * that only ends what hangs: drivers and rules come from the host's disk, in the host's time.
 */
export async function until<T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  ms = 120_000,
): Promise<T> {
  const began = performance.now()
  for (;;) {
    const found = await look()
    if (found) return found
    const spent = performance.now() - began
    if (spent > ms) throw new Error(`not within ${ms} ms: ${what}`)
    // What takes long is looked for seldom: the machine has one slow processor.
    await wait(Math.min(500, 20 + spent / 10))
  }
}
