// Everything that runs in a virtual machine: every file *.guest.ts beside this one, by name, as far as
// WANDBRIDGE_TOPICS wants it. To add a topic, add a file; it registers its tests with node:test.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

// The hubs that wands and adapters are plugged into; what drives them the kernel loads by itself.
execFileSync('modprobe', ['--all', 'vhci_hcd', 'xhci_pci'])

const wanted = new RegExp(`^(${process.env['WANDBRIDGE_TOPICS'] ?? '.*'})$`)
for (const file of readdirSync(import.meta.dirname).sort()) {
  const topic = /^(.+)\.guest\.js$/.exec(file)?.[1]
  if (topic && wanted.test(topic)) await import(join(import.meta.dirname, file))
}
