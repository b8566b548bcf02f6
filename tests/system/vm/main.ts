// Everything that runs in the virtual machine: every file *.guest.ts beside this one, by name. To add
// a topic, add a file; it registers its tests with node:test.
import { readdirSync } from 'node:fs'

const guests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.guest.js'))
for (const name of guests.sort()) await import(`./${name}`)
