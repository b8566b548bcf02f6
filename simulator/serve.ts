// Commands as JSON lines, for any language: one line in, one line out, in order.
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { readLine } from './commands.ts'
import type { Simulator } from './index.ts'

/**
 * Serves until `input` ends. Whatever comes in is answered: `{"ok":…,"message":…}`. Any streams of Node will do; no type
 * of theirs is named, so that who uses the package needs no types of Node.
 */
export async function serveCommands(
  simulator: Pick<Simulator, 'command'>,
  input: AsyncIterable<string | Uint8Array>,
  output: { write(line: string): unknown },
): Promise<void> {
  const lines = createInterface({
    input: Readable.from(input),
    crlfDelay: Number.POSITIVE_INFINITY,
  })
  for await (const line of lines) {
    if (line.trim() === '') continue
    const command = readLine(line)
    const result =
      typeof command === 'string'
        ? { ok: false, message: command }
        : await simulator.command(command)
    output.write(`${JSON.stringify(result)}\n`)
  }
}
