// The options that several commands share, and what becomes of them: one configuration.
import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Env } from '../base/env.ts'
import type { Say } from '../base/journal.ts'
import { readYamlFile, YamlFileError } from '../base/yaml-file.ts'
import {
  type BrokerConfig,
  brokerProblem,
  type Config,
  configSchema,
  defaultStateDir,
  LISTEN,
} from '../host/config.ts'
import type { HostOptions } from '../host/host.ts'
import type { HttpOptions } from '../host/http-host.ts'
import { WAND_DRIVER, wandDriverApart } from '../host/wand-driver.ts'
import { codingsOf } from '../model/codings.ts'
import { SOURCES, type Source } from '../model/reading.ts'
import { Finder } from '../transport/finder.ts'
import type { PortSource } from '../transport/port.ts'
import { hidSourceFor, sourceFor } from '../transport/source.ts'
import { CommandError, Exit } from './exit.ts'

export interface BridgeFlags {
  readonly source?: Source
  readonly config?: string
  readonly serial?: string[]
  readonly hid?: string[]
  readonly stateDir?: string
  readonly policy?: string
  readonly listen?: string
}

/** Reads an option as a number in range. */
export function number(min: number, max: number, whole = true): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (
      text.trim() === '' ||
      !(value >= min && value <= max) ||
      (whole && !Number.isInteger(value))
    ) {
      const kind = whole ? 'a whole number' : 'a number'
      throw new InvalidArgumentError(`It must be ${kind} from ${min} to ${max}.`)
    }
    return value
  }
}

const collect = (value: string, before: string[] = []) => [...before, value]

export function withStateDir(command: Command): Command {
  return command.option('--state-dir <dir>', 'where the bridge keeps its files')
}

/** Where the bridge keeps its files; `source` as it is told beside it. */
export const stateDirOf = (flags: {
  readonly stateDir?: string | undefined
  readonly source?: Source | undefined
}): string => resolve(flags.stateDir ?? defaultStateDir(flags.source))

export function withBridgeOptions(command: Command): Command {
  return withStateDir(command)
    .addOption(
      new Option(
        '--source <kind>',
        'what kind of wands to read; others are refused (default: device)',
      ).choices(SOURCES),
    )
    .option('--config <file>', 'configuration file (YAML)')
    .option(
      '--serial <port>',
      'a wand: PATH, tcp://HOST:PORT, or auto for all that are plugged in; may be repeated',
      collect,
    )
    .option('--hid <device>', 'a wand: PATH, or auto; may be repeated', collect)
}

export interface Settings extends Config {
  readonly stateDir: string
}

/** File first, flags over it. Throws CommandError(USAGE) with everything that is wrong. */
export function settings(flags: BridgeFlags): Settings {
  try {
    const file: Partial<Config> =
      flags.config === undefined ? {} : readYamlFile(flags.config, configSchema)
    const given = {
      ...file,
      ...(flags.source ? { source: flags.source } : {}),
      ...(flags.serial ? { serial: flags.serial } : {}),
      ...(flags.hid ? { hid: flags.hid } : {}),
      ...(flags.policy === undefined ? {} : { policy: flags.policy }),
      ...(flags.stateDir === undefined ? {} : { stateDir: flags.stateDir }),
      ...(flags.listen === undefined ? {} : { http: { ...file.http, listen: flags.listen } }),
    }
    const parsed = configSchema.safeParse(given)
    if (!parsed.success) {
      const issues = parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`)
      throw new CommandError(Exit.USAGE, issues.join('\n'))
    }
    const { stateDir = defaultStateDir(parsed.data.source) } = parsed.data
    return { ...parsed.data, stateDir: resolve(stateDir) }
  } catch (error) {
    if (error instanceof YamlFileError) throw new CommandError(Exit.USAGE, error.message)
    throw error
  }
}

/** How the audit log is kept. */
export function auditOf({ audit }: Config): NonNullable<HostOptions['audit']> {
  const { keepDays, witnesses } = audit
  return { ...(keepDays !== undefined && { keepDays }), ...(witnesses && { witnesses }) }
}

/** Whose pump is whose. */
export const patientsOf = (
  { patients }: Config,
  log: Say,
): NonNullable<HostOptions['patients']> => ({ config: patients ?? null, log })

/** The broker that `--from` names; the configuration says how it lets us in. Throws CommandError(USAGE). */
export function brokerOf({ fleet }: Config, from: string): BrokerConfig {
  const { credentials, nkey, tls } = fleet ?? {}
  const broker = {
    servers: from.split(','),
    ...(credentials !== undefined && { credentials }),
    ...(nkey !== undefined && { nkey }),
    ...(tls && { tls }),
  }
  const wrong = brokerProblem(broker)
  if (wrong !== null) throw new CommandError(Exit.USAGE, `--from: ${wrong}`)
  return broker
}

/** Where messages go. */
export function deliveryOf(
  { hl7, delivery, codings }: Config,
  log: Say,
): NonNullable<HostOptions['delivery']> {
  return { destinations: { hl7: hl7.destinations, ...delivery, codings: codingsOf(codings) }, log }
}

/** How captures of raw traffic are kept. */
export function captureOf({ capture }: Config): NonNullable<HostOptions['capture']> {
  const { on, budgetMiB, keepDays } = capture
  return { on, keepDays, budgetBytes: budgetMiB * 2 ** 20 }
}

/** Where to listen and how; undefined = nowhere. Throws CommandError(USAGE) on what cannot be. */
export function httpOf(
  { http: { listen, tls, publicUrl, ...http }, locale, zone, codings }: Config,
  log: Say,
): HttpOptions | undefined {
  if (listen === 'none') return undefined
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(listen)
  const port = Number(found?.[3])
  if (!found || port > 65_535) {
    throw new CommandError(Exit.USAGE, `--listen ${listen} is not HOST:PORT, such as ${LISTEN}.`)
  }
  const host = String(found[1] ?? found[2])
  const page = { locale, zone }
  return {
    ...{ host, port, page, log, ...http, codings: codingsOf(codings) },
    ...(publicUrl !== undefined && { publicUrl }),
    ...(tls !== undefined && { tls: tlsOf(tls) }),
  }
}

const tlsOf = ({ cert, key, clientCa }: NonNullable<Config['http']['tls']>) => ({
  cert,
  key,
  ...(clientCa !== undefined && { clientCa }),
})

export interface Wands {
  readonly ports: readonly PortSource[]
  /** Given when a wand is named `auto`. */
  readonly finder: Finder | null
}

const AUTO = 'auto'

/** The file behind a path, whatever links lead to it. */
function deviceOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** A port for every wand named. Throws CommandError(USAGE) on none, on a double one, on nonsense. */
export function wandsOf({ serial, hid }: Config, env: Env): Wands {
  const all = [...serial, ...hid]
  if (all.length === 0) {
    throw new CommandError(
      Exit.USAGE,
      'No wand is named. Give --serial PATH, --serial tcp://HOST:PORT, --hid PATH, or auto for PATH; `wandbridge devices` shows what is plugged in.',
    )
  }
  const named = all.filter((path) => path !== AUTO)
  const devices = named.map(deviceOf)
  const twice = devices.findIndex((device, i) => devices.indexOf(device) !== i)
  if (twice >= 0) {
    const [one, other] = [named[devices.indexOf(String(devices[twice]))], named[twice]]
    const what =
      one === other ? `${one} is given twice.` : `${one} and ${other} are two names of one port.`
    throw new CommandError(
      Exit.USAGE,
      `${what} One wand is read on one path: leave one of them out.`,
    )
  }
  const kinds = [
    ...(serial.includes(AUTO) ? (['serial'] as const) : []),
    ...(hid.includes(AUTO) ? (['hid'] as const) : []),
  ]
  const { fingerprints } = WAND_DRIVER
  try {
    return {
      ports: [
        ...serial.filter((spec) => spec !== AUTO).map((spec) => sourceFor(spec, env)),
        ...hid.filter((spec) => spec !== AUTO).map((spec) => hidSourceFor(spec, env)),
      ],
      finder: kinds.length > 0 ? new Finder({ env, fingerprints, kinds, named }) : null,
    }
  } catch (error) {
    throw new CommandError(Exit.USAGE, (error as Error).message)
  }
}

/** The wands named and those plugged in at this moment. Throws CommandError(NO_WAND) when it is none. */
export async function wandsNow(config: Config, env: Env): Promise<readonly PortSource[]> {
  const { ports, finder } = wandsOf(config, env)
  const now = [...ports, ...((await finder?.look()) ?? [])]
  if (now.length > 0) return now
  throw new CommandError(
    Exit.NO_WAND,
    'No wand is plugged in, or none that this computer knows. Nothing was read. `wandbridge devices` shows what is plugged in; a device can also be named with --serial PATH or --hid PATH.',
  )
}

/** What a bridge is made of that goes on looking. */
export function bridgeWands(config: Config, env: Env) {
  const { ports, finder } = wandsOf(config, env)
  const driver = config.apart ? wandDriverApart() : WAND_DRIVER
  if (!driver) {
    throw new CommandError(
      Exit.USAGE,
      'apart: true needs the files of the built program, and they are not here. Build it (npm run build), or leave it out.',
    )
  }
  return { source: config.source, ports, driver, ...(finder ? { finder } : {}) }
}
