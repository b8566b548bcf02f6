// What support is sent: how this computer and its bridge stand, and the last captures, with other words in the places
// of names. Pure: what was seen in, files out.
//
// It promises: a file in which a name that was replaced is found after all is not part of the bundle.
import type { Part } from '../capture/reader.ts'
import type { BridgeStatus, DestinationStatus } from '../model/status.ts'
import { maskedCapture } from './captures.ts'
import type { Names } from './names.ts'
import { type Shape, settingsFor } from './settings.ts'
import { type CounterValue, counterLines, standingFor } from './standing.ts'

export interface Seen {
  readonly versions: Readonly<Record<string, string>>
  /** Findings about this computer, and what is plugged in, made of facts whose names are replaced already. */
  readonly doctor: readonly string[]
  readonly devices: readonly object[]
  readonly settings: { readonly value: unknown; readonly schema: Shape }
  /** What the running bridge says, or a sentence on why it says nothing. */
  readonly bridge:
    | {
        readonly status: BridgeStatus
        readonly destinations: readonly DestinationStatus[]
        readonly counters: readonly CounterValue[]
      }
    | string
  readonly captures: readonly { readonly name: string; readonly parts: readonly Part[] }[]
}

export interface Entry {
  readonly name: string
  readonly what: string
  readonly bytes: Uint8Array
}

export interface Bundle {
  readonly entries: readonly Entry[]
  /** Sentences about what is not in it. */
  readonly missing: readonly string[]
}

export function bundleOf(seen: Seen, names: Names): Bundle {
  const missing: string[] = []
  const files = [
    file('versions.json', 'versions of program, Node and system', json(seen.versions)),
    file('doctor.txt', 'what `doctor` finds', lines(seen.doctor)),
    file('devices.json', 'serial and HID devices that are plugged in', json(seen.devices)),
    file(
      ...(['configuration.json', 'the configuration: switches, numbers, and other words'] as const),
      json(settingsFor(seen.settings.value, seen.settings.schema, names)),
    ),
  ]
  if (typeof seen.bridge !== 'string') {
    const { status, destinations, counters } = seen.bridge
    const standing = standingFor(status, destinations, names)
    files.push(file('status.json', 'how the running bridge stands', json(standing)))
    const counted = lines(counterLines(counters, names))
    files.push(file('counters.txt', 'what the running bridge has counted', counted))
  } else {
    missing.push(`There are no status and counters: ${seen.bridge}`)
  }
  const inside = new Map<Entry, Uint8Array>()
  for (const { name, parts } of seen.captures) {
    const capture = maskedCapture(parts, names)
    if (typeof capture === 'string') {
      missing.push(`A capture cannot be read, and is left out: ${capture}.`)
      continue
    }
    const { bytes, plain, leftOut, blanked, damaged } = capture
    const without = [
      damaged > 0 && `damaged in ${damaged} places`,
      leftOut > 0 && `${leftOut} bytes that are no frame are left out`,
      blanked > 0 && `${blanked} bytes of unknown meaning are zero`,
    ].filter((one) => one !== false)
    const what = ['traffic of wands', ...without].join(', ')
    const entry = { name: `captures/${name}`, what, bytes }
    inside.set(entry, plain)
    files.push(entry)
  }
  if (seen.captures.length === 0) missing.push('There is no capture.')
  // When every name has been met: one file may hold what another one has replaced.
  const safe = files.filter((entry) => {
    const found = names.survivesIn(inside.get(entry) ?? entry.bytes)
    if (found) missing.push(`${entry.name} is left out: a name in it could not be replaced.`)
    return !found
  })
  return { entries: [file('README.txt', 'what this is', readme(safe, missing)), ...safe], missing }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
const lines = (all: readonly string[]) => `${all.join('\n').trimEnd()}\n`
const file = (name: string, what: string, text: string): Entry => ({
  ...{ name, what, bytes: Buffer.from(text) },
})

/** One line a file, for people. */
export function listed(entries: readonly Entry[]): string[] {
  const widest = Math.max(...entries.map(({ name }) => name.length))
  return entries.map(({ name, what, bytes }) => {
    const size = `${Math.ceil(bytes.length / 1024)} KiB`.padStart(10)
    return `${name.padEnd(widest)} ${size}  ${what}`
  })
}

const readme = (entries: readonly Entry[], missing: readonly string[]) =>
  lines([
    'What support needs to see of a bridge (wandbridge support-bundle).',
    '',
    'Serial numbers, names of pumps and drugs, file names, addresses, and every text that somebody typed are replaced:',
    'X- and eight characters, the same for the same text in every file of this bundle, another one in the next bundle.',
    'They cannot be turned back. Secrets, patients, operators and the audit log are not read at all.',
    'What pumps reported is in the captures: volumes, rates, doses, alarms, dates. It names nobody, and is still to be',
    'kept like what a pump reports.',
    '',
    ...listed(entries),
    '',
    ...missing,
  ])
