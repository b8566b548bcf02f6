#!/usr/bin/env node
// The command line. Each command has its file; this one only names them and turns errors into exit
// codes.
import { Command, CommanderError } from 'commander'
import { VERSION } from '../base/version.ts'
import { registerAudit } from './audit.ts'
import { registerCapture } from './capture.ts'
import { registerConfig } from './config.ts'
import { registerDemo } from './demo.ts'
import { registerDevices } from './devices.ts'
import { registerDoctor } from './doctor.ts'
import { CommandError, Exit } from './exit.ts'
import { registerFhir } from './fhir.ts'
import { registerHl7 } from './hl7.ts'
import { registerOpen } from './open.ts'
import { registerOperator } from './operator.ts'
import { guardOutput } from './output.ts'
import { registerRefill } from './refill.ts'
import { registerReplay } from './replay.ts'
import { registerServe } from './serve.ts'
import { registerSim } from './sim.ts'
import { registerStatus } from './status.ts'
import { registerSupportBundle } from './support-bundle.ts'
import { registerToken } from './token.ts'
import { registerWatch } from './watch.ts'
import { registerWitness } from './witness.ts'

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

for (const register of [
  registerDemo,
  registerServe,
  registerStatus,
  registerWatch,
  registerSim,
  registerRefill,
  registerAudit,
  registerWitness,
  registerCapture,
  registerReplay,
  registerToken,
  registerOperator,
  registerOpen,
  registerFhir,
  registerHl7,
  registerDevices,
  registerDoctor,
  registerSupportBundle,
  registerConfig,
]) {
  register(program)
}
for (const command of program.commands) command.exitOverride()

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
