// Everything that runs in a virtual machine: every file *.guest.ts beside this one, by name, as far as
// WANDBRIDGE_TOPICS wants it. To add a topic, add a file; it registers its tests with node:test.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

// The hubs that wands and adapters are plugged into; what drives them the kernel loads by itself.
execFileSync('modprobe', ['--all', 'vhci_hcd', 'xhci_pci'])

// By the sources: what an earlier compilation has left behind is not asked.
const guests = readdirSync('tests/system/vm').filter((name) => name.endsWith('.guest.ts'))
const wanted = new RegExp(`^(${process.env['WANDBRIDGE_TOPICS'] ?? '.*'})$`)
for (const name of guests.sort()) {
  if (wanted.test(name.replace('.guest.ts', ''))) await import(`./${name.slice(0, -3)}.js`)
}
