// The options that several commands share, and what becomes of them: one configuration.
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { type Config, configSchema, defaultStateDir } from '../config.ts'
import type { HostOptions } from '../host.ts'
import type { PortSource } from '../transport/port.ts'
import { sourceFor } from '../transport/source.ts'
import { readYamlFile, YamlFileError } from '../yaml-file.ts'
import { CommandError, Exit } from './exit.ts'

export interface BridgeFlags {
  readonly config?: string
  readonly serial?: string[]
  readonly stateDir?: string
  readonly policy?: string
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

export function withBridgeOptions(command: Command): Command {
  return withStateDir(command)
    .option('--config <file>', 'configuration file (YAML)')
    .option(
      '--serial <port>',
      'a wand: PATH or tcp://HOST:PORT; may be given several times',
      collect,
    )
}

export interface Settings extends Config {
  readonly stateDir: string
}

/** File first, flags over it. Throws CommandError(USAGE) with everything that is wrong. */
export function settings(flags: BridgeFlags): Settings {
  try {
    const file = flags.config === undefined ? {} : readYamlFile(flags.config, configSchema)
    const given = {
      ...file,
      ...(flags.serial ? { serial: flags.serial } : {}),
      ...(flags.policy === undefined ? {} : { policy: flags.policy }),
      ...(flags.stateDir === undefined ? {} : { stateDir: flags.stateDir }),
    }
    const parsed = configSchema.safeParse(given)
    if (!parsed.success) {
      const issues = parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`)
      throw new CommandError(Exit.USAGE, issues.join('\n'))
    }
    return { ...parsed.data, stateDir: resolve(parsed.data.stateDir ?? defaultStateDir()) }
  } catch (error) {
    if (error instanceof YamlFileError) throw new CommandError(Exit.USAGE, error.message)
    throw error
  }
}

/** How the audit log is kept. */
export function auditOf({ audit }: Config): NonNullable<HostOptions['audit']> {
  return audit.keepDays === undefined ? {} : { keepDays: audit.keepDays }
}

/** How captures of raw traffic are kept. */
export function captureOf({ capture }: Config): NonNullable<HostOptions['capture']> {
  const { on, budgetMiB, keepDays } = capture
  return { on, keepDays, budgetBytes: budgetMiB * 2 ** 20 }
}

/** A port for every wand named. Throws CommandError(USAGE) on none, on a double one, on nonsense. */
export function portsOf(config: Config): PortSource[] {
  if (config.serial.length === 0) {
    throw new CommandError(
      Exit.USAGE,
      'No wand is named. Give --serial PATH or --serial tcp://HOST:PORT; `wandbridge devices` shows what is plugged in.',
    )
  }
  const twice = config.serial.find((path, i) => config.serial.indexOf(path) !== i)
  if (twice !== undefined) throw new CommandError(Exit.USAGE, `${twice} is given twice.`)
  try {
    return config.serial.map((spec) => sourceFor(spec))
  } catch (error) {
    throw new CommandError(Exit.USAGE, (error as Error).message)
  }
}
