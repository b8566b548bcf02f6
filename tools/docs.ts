// Writes the generated parts of the documentation. They stand between `<!-- generated:NAME -->` and
// `<!-- /generated -->` and come from the declarations, so that nothing is said twice.
//
//   node dist/tools/docs.js            writes them
//   node dist/tools/docs.js --check    exits 1 and names every file that is out of date
//
// To add one: a function that returns Markdown, and its line in GENERATED.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkTable } from './check-table.ts'
import { reference } from './client-reference.ts'
import { configuration } from './configuration.ts'
import { picture, roomTable, walks } from './house.ts'
import { linkDiagram, linkTable } from './link-tables.ts'
import * as mapping from './mapping.ts'
import * as protocol from './protocol-tables.ts'
import { run } from './run.ts'
import { commands } from './simulator-commands.ts'
import { wiresharkTables } from './wireshark-tables.ts'

/** File → name of the marker → what stands there. */
export type Generated = Readonly<Record<string, Readonly<Record<string, () => string>>>>

export const GENERATED: Generated = {
  'CONTRIBUTING.md': { rooms: roomTable, house: picture, walks },
  'conformance/README.md': { checks: checkTable },
  'docs/client.md': { reference },
  'docs/configuration.md': { settings: configuration },
  // In a comment of Lua, which the tables end and begin again.
  'docs/wireshark/wandbridge.lua': { tables: wiresharkTables },
  'docs/interoperability.md': {
    fields: mapping.fields,
    codes: mapping.codes,
    enumerations: mapping.enumerations,
    units: mapping.units,
    header: mapping.header,
    alarms: mapping.alarms,
  },
  'src/drivers/open-wand/README.md': { diagram: linkDiagram, transitions: linkTable },
  'simulator/README.md': { commands },
  'protocol/README.md': {
    limits: protocol.limits,
    example: protocol.example,
    flags: protocol.flags,
    codes: protocol.codes,
    units: protocol.units,
    messages: protocol.messages,
    blocks: protocol.blocks,
    timing: protocol.timing,
    'report-descriptor': protocol.reportDescriptor,
    usb: protocol.usb,
  },
}

const SECTION = /<!-- generated:([a-z-]+) -->\n[\s\S]*?<!-- \/generated -->/g

/** `text` with every generated part made anew. Throws when a marker and a generator do not meet. */
export function renewed(file: string, text: string, makers: Generated[string]): string {
  const missing = new Set(Object.keys(makers))
  const out = text.replace(SECTION, (_, name: string) => {
    const make = makers[name]
    if (!make)
      throw new Error(`${file}: nothing generates "${name}"; see GENERATED in tools/docs.ts`)
    missing.delete(name)
    return `<!-- generated:${name} -->\n\n${make().trim()}\n\n<!-- /generated -->`
  })
  if (missing.size > 0) {
    throw new Error(
      `${file}: no marker <!-- generated:${[...missing].join(' -->, <!-- generated:')} -->`,
    )
  }
  return out
}

/** Brings the files under `root` up to date, or only says which are not. */
export function generate(root: string, check: boolean, generated: Generated = GENERATED): string[] {
  const stale: string[] = []
  for (const [file, makers] of Object.entries(generated)) {
    const path = join(root, file)
    const old = readFileSync(path, 'utf8')
    const text = renewed(file, old, makers)
    if (text === old) continue
    stale.push(file)
    if (!check) writeFileSync(path, text)
  }
  return stale
}

await run(import.meta.url, generate)
