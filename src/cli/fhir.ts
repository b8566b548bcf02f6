// `wandbridge fhir export`: one interrogation as a FHIR R4 Bundle, from the log.
import type { Command } from 'commander'
import { codingsOf } from '../model/codings.ts'
import { CommandError, Exit } from './exit.ts'
import { number, settings, withStateDir } from './options.ts'

const BASE = 'http://127.0.0.1:8420/fhir/R4'

interface Flags {
  readonly config?: string
  readonly stateDir?: string
  readonly log?: string
  readonly base: string
}

export function registerFhir(program: Command): void {
  const fhir = program.command('fhir').description('Readings as FHIR R4.')
  withStateDir(fhir.command('export <position>'))
    .description('Print the interrogation at a position of the log as a FHIR Bundle.')
    .option('--config <file>', 'configuration file (YAML): the codings of the clinic')
    .option('--log <id>', 'which log, if there are several')
    .option('--base <url>', 'the address its references are resolved against', BASE)
    .exitOverride()
    .action(async (text: string, flags: Flags) => {
      const position = number(0, Number.MAX_SAFE_INTEGER)(text)
      const { oneLog } = await import('./audit/logs.ts')
      const { exportedBundle } = await import('../host/interop.ts')
      const { codings, stateDir } = settings(flags)
      const { dir, log } = await oneLog({ ...flags, stateDir })
      const base = flags.base.replace(/\/+$/, '')
      const how = { base, codings: codingsOf(codings) }
      const bundle = await exportedBundle(dir, log, position, how)
      if (!bundle) {
        throw new CommandError(
          Exit.NOT_SO,
          `There is no interrogation at position ${position} of ${log}. Nothing was exported.\nSee: wandbridge audit show --kind interrogation.`,
        )
      }
      console.log(JSON.stringify(bundle, null, 2))
    })
}
