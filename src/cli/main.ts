#!/usr/bin/env node
// The command line. Each command has its file; this one only names them and turns errors into exit
// codes.
import { Command, CommanderError } from 'commander'
import { VERSION } from '../base/version.ts'
import type { Source } from '../model/reading.ts'
import { CommandError, Exit } from './exit.ts'
import { guardOutput } from './output.ts'

interface StateFlags {
  readonly stateDir?: string
  readonly config?: string
  readonly source?: Source
}

const program = new Command('wandbridge')
  .description(
    'Reads wands of intrathecal pumps that speak the open wand protocol, or the simulator. It only reads. It is not a medical device and not for patient care.',
  )
  .addHelpText(
    'after',
    '\nExit codes: 0 ok, 1 the thing checked is not so, 2 usage, 3 no wand answers,\n4 wand found but link, implant or close failed, or a session is not known to be closed,\n5 audit failed.',
  )
  .version(VERSION, '--version', 'say which version this is')
  .exitOverride()
  // Options of a command with verbs are not taken from behind a verb.
  .enablePositionalOptions()
  .showSuggestionAfterError()

guardOutput(Exit.NOT_SO)

/** By name, in the order in which they are listed. Each is loaded when it is named, all of them for help. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  demo: async () => (await import('./demo.ts')).registerDemo,
  serve: async () => (await import('./serve.ts')).registerServe,
  status: async () => (await import('./status.ts')).registerStatus,
  watch: async () => (await import('./watch.ts')).registerWatch,
  sim: async () => (await import('./sim.ts')).registerSim,
  refill: async () => (await import('./refill.ts')).registerRefill,
  audit: async () => (await import('./audit.ts')).registerAudit,
  witness: async () => (await import('./witness.ts')).registerWitness,
  capture: async () => (await import('./capture.ts')).registerCapture,
  replay: async () => (await import('./replay.ts')).registerReplay,
  token: async () => (await import('./token.ts')).registerToken,
  operator: async () => (await import('./operator.ts')).registerOperator,
  open: async () => (await import('./open.ts')).registerOpen,
  fhir: async () => (await import('./fhir.ts')).registerFhir,
  hl7: async () => (await import('./hl7.ts')).registerHl7,
  devices: async () => (await import('./devices.ts')).registerDevices,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  'support-bundle': async () => (await import('./support-bundle.ts')).registerSupportBundle,
  config: async () => (await import('./config.ts')).registerConfig,
  backup: async () => (await import('./backup.ts')).registerBackup,
}
const named = process.argv[2] ?? ''
const one = Object.hasOwn(COMMANDS, named) ? COMMANDS[named] : undefined
const wanted = named === '--version' ? [] : one ? [one] : Object.values(COMMANDS)
for (const register of await Promise.all(wanted.map((load) => load()))) register(program)
for (const command of program.commands) command.exitOverride()

// A state directory of a later release is not touched by any command.
program.hook('preAction', async (_, action) => {
  if (!action.options.some(({ long }) => long === '--state-dir')) return
  const { checkState, LaterState } = await import('../host/state-format.ts')
  try {
    checkState(await usedBy(action.opts<StateFlags>()))
  } catch (error) {
    if (error instanceof LaterState) throw new CommandError(Exit.USAGE, error.message)
    // What cannot be read is told by the command that wants it.
  }
})

/** The directory, as the command itself finds it: it may stand in the configuration. */
async function usedBy({ stateDir, config, source }: StateFlags): Promise<string> {
  if (stateDir !== undefined) return stateDir
  const { settings, stateDirOf } = await import('./options.ts')
  if (config === undefined) return stateDirOf({ source })
  return settings({ config, ...(source && { source }) }).stateDir
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it already; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? Exit.OK : Exit.USAGE
  } else if (error instanceof CommandError) {
    console.error(error.message)
    process.exitCode = error.code
  } else throw error
}
