// The guest's line to the runner outside, which holds the plug of QEMU's own USB devices.
import { appendFileSync } from 'node:fs'
import type { CommandInput } from '../../../simulator/index.ts'

const LINE = '/dev/ttyS1'

/** Shown under the running test. */
export function note(text: string): void {
  say({ say: 'note', text })
}

/** Does something to the wand behind QEMU's FTDI adapter, which is simulated outside of the machine. */
export function tellOutside(command: CommandInput): void {
  say({ say: 'wand', command })
}

/** Plugs in QEMU's FTDI adapter, with the wand outside on its line, or takes it out. */
export function adapter(plug: 'in' | 'out'): void {
  say({ say: 'adapter', plug })
}

function say(what: Record<string, unknown>): void {
  appendFileSync(LINE, `${JSON.stringify(what)}\n`)
}
