// `wandbridge support-bundle`: one file for support, without names. What is in it is shown first; it is written when
// somebody says yes. Reads no pump, opens no port.
import { writeFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { release, type } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { zipSync } from 'fflate'
import * as z from 'zod'
import { nodeDisk } from '../base/disk.ts'
import { type Env, systemEnv, utc } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import { type Part, readCapture } from '../capture/reader.ts'
import { ControlConnection } from '../control/client.ts'
import { ControlError } from '../control/error.ts'
import { configSchema } from '../host/config.ts'
import { type Bundle, bundleOf, type Entry, listed, type Seen } from '../support/bundle.ts'
import { Names } from '../support/names.ts'
import type { Shape } from '../support/settings.ts'
import { lookAround } from './devices.ts'
import { check } from './doctor/checks.ts'
import { gather } from './doctor/facts.ts'
import { maskedDevice, maskedFacts } from './doctor/masked.ts'
import { renderFindings } from './doctor.ts'
import { CommandError, Exit } from './exit.ts'
import { type BridgeFlags, number, type Settings, settings, withBridgeOptions } from './options.ts'

interface BundleFlags extends BridgeFlags {
  readonly list?: boolean
  readonly show?: string
  readonly yes?: boolean
  readonly out?: string
  readonly captures: number
}

/** Captures beyond this are not read. */
const MOST_BYTES = 32 << 20

export function registerSupportBundle(program: Command): void {
  withBridgeOptions(program.command('support-bundle'))
    .description(
      'Put what support needs into one file (ZIP), with every name replaced. Shows what is in it first.',
    )
    .option('--list', 'show what would be in it, and write nothing')
    .option('--show <name>', 'print one of its files, and write nothing')
    .option('--yes', 'write it without asking')
    .option('--out <file>', 'where to write it')
    .option('--captures <n>', 'how many of the last captures', number(0, 100), 5)
    .action(async (flags: BundleFlags) => {
      const env = systemEnv()
      const bundle = await made(env, settings(flags), flags.captures)
      if (flags.show !== undefined) return show(bundle, flags.show)
      for (const line of [...listed(bundle.entries), '', ...bundle.missing]) console.log(line)
      if (flags.list) return
      const stamp = utc(env.wall()).slice(0, 19).replaceAll(/[:-]/g, '')
      const file = flags.out ?? `wandbridge-support-${stamp}Z.zip`
      if (!flags.yes && !(await agreed(file))) {
        console.error('Nothing is written.')
        return
      }
      write(file, bundle.entries, env)
      console.log(file)
    })
}

async function made(env: Env, chosen: Settings, captures: number): Promise<Bundle> {
  // The key is in this process alone: what was replaced cannot be found again, by us either.
  const names = new Names(env.random(32))
  const { devices, hidden } = await lookAround()
  const facts = maskedFacts(await gather(env, chosen, devices), names)
  return bundleOf(
    {
      versions: {
        ...{ made: utc(env.wall()), wandbridge: VERSION, node: process.versions.node },
        ...{ system: `${type()} ${release()}`, architecture: process.arch },
        ...{ libuv: process.versions.uv, openssl: process.versions.openssl ?? '' },
      },
      doctor: [
        ...renderFindings(check(facts)),
        ...(hidden ? [`${hidden} processes of other users could not be looked into.`] : []),
      ],
      devices: devices.map((device) => maskedDevice(device, names)),
      settings: { value: chosen, schema: z.toJSONSchema(configSchema, { io: 'output' }) as Shape },
      bridge: await running(chosen.stateDir),
      captures: await lastCaptures(join(chosen.stateDir, 'captures'), captures),
    },
    names,
  )
}

async function running(stateDir: string): Promise<Seen['bridge']> {
  const control = await ControlConnection.open(stateDir)
  if (!control) return 'no bridge runs with this state directory.'
  try {
    const status = await control.ask('status', {})
    const counters = await control.ask('counters', {})
    // It refuses where it has no destination.
    const destinations = await control.ask('delivery', {}).catch(() => [])
    return { status, counters, destinations }
  } catch (error) {
    if (error instanceof ControlError) return `the bridge did not tell (${error.why}).`
    throw error
  } finally {
    control.close()
  }
}

async function lastCaptures(dir: string, most: number): Promise<Seen['captures']> {
  const all = (await readdir(dir).catch(() => []))
    .filter((name) => /^\d{4}-\d\d-\d\dT[\d-]+Z-[0-9a-f]{4}\.wcap(?:\.part)?$/.test(name))
    .sort()
  const taken: { name: string; parts: Part[] }[] = []
  let bytes = 0
  for (const name of all.reverse().slice(0, most)) {
    bytes += (await stat(join(dir, name))).size
    if (bytes > MOST_BYTES) break
    const parts: Part[] = []
    for await (const part of readCapture(nodeDisk.read(join(dir, name)))) parts.push(part)
    taken.push({ name, parts })
  }
  return taken.reverse()
}

function show({ entries }: Bundle, name: string): void {
  const entry = entries.find((one) => one.name === name)
  if (!entry) {
    const names = entries.map((one) => one.name).join(', ')
    throw new CommandError(Exit.USAGE, `${name} is not in the bundle. There is: ${names}.`)
  }
  process.stdout.write(entry.bytes)
}

async function agreed(file: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new CommandError(
      Exit.USAGE,
      'Nothing is written: there is nobody to ask here. Read the list, then say --yes.',
    )
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(`Write it to ${file}? Type yes: `)
    return answer.trim().toLowerCase() === 'yes'
  } finally {
    asking.close()
  }
}

function write(file: string, entries: readonly Entry[], env: Env): void {
  const files = Object.fromEntries(entries.map(({ name, bytes }) => [name, bytes]))
  try {
    writeFileSync(file, zipSync(files, { mtime: env.wall() }), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw new CommandError(
      Exit.USAGE,
      `The bundle cannot be written: ${(error as Error).message}. Give another file with --out FILE.`,
    )
  }
}
