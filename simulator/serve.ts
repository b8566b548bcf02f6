// Commands as JSON lines, for any language: one line in, one line out, in order.
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { readLine } from './commands.ts'
import type { Simulator } from './index.ts'

/** Serves until `input` ends. Whatever comes in is answered: `{"ok":…,"message":…}`. */
export async function serveCommands(
  simulator: Pick<Simulator, 'command'>,
  input: Readable,
  output: Writable,
): Promise<void> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    const command = readLine(line)
    const result =
      typeof command === 'string'
        ? { ok: false, message: command }
        : await simulator.command(command)
    output.write(`${JSON.stringify(result)}\n`)
  }
}
