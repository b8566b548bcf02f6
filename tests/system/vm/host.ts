// The guest's line to the runner outside, which holds the plug of QEMU's own USB devices.
import { appendFileSync } from 'node:fs'

const LINE = '/dev/ttyS1'

/** Shown under the running test. */
export function note(text: string): void {
  appendFileSync(LINE, `${JSON.stringify({ say: 'note', text })}\n`)
}
