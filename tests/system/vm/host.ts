// The guest's line to the runner outside, which holds the plug of QEMU's own USB devices.
import { appendFileSync } from 'node:fs'

const LINE = '/dev/ttyS1'

/** A hand on the USB plug: QEMU's `device_add` and `device_del`. */
export function qmp(execute: string, args: Record<string, unknown>): void {
  appendFileSync(LINE, `${JSON.stringify({ say: 'qmp', execute, arguments: args })}\n`)
}

/** Shown under the running test. */
export function note(text: string): void {
  appendFileSync(LINE, `${JSON.stringify({ say: 'note', text })}\n`)
}
