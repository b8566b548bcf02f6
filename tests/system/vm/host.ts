// The guest's line to the runner outside, which holds the plug of QEMU's own USB devices.
import { appendFileSync } from 'node:fs'

const LINE = '/dev/ttyS1'

/** Shown under the running test. */
export function note(text: string): void {
  say({ say: 'note', text })
}

/** Plugs in QEMU's FTDI adapter, or takes it out. */
export function adapter(plug: 'in' | 'out'): void {
  say({ say: 'adapter', plug })
}

function say(what: Record<string, unknown>): void {
  appendFileSync(LINE, `${JSON.stringify(what)}\n`)
}
