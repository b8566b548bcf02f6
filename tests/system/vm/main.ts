// Everything that runs in the virtual machine: every file *.guest.ts beside this one, by name. To add
// a topic, add a file; it registers its tests with node:test.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

// The hubs that wands and adapters are plugged into; what drives them the kernel loads by itself.
execFileSync('modprobe', ['--all', 'vhci_hcd', 'xhci_pci'])

// By the sources: what an earlier compilation has left behind is not asked.
const guests = readdirSync('tests/system/vm').filter((name) => name.endsWith('.guest.ts'))
for (const name of guests.sort()) await import(`./${name.slice(0, -3)}.js`)
