// `wandbridge config`: whether a configuration file is right, and that the running bridge reads its own again.
import type { Command } from 'commander'
import { readYamlFile, YamlFileError } from '../base/yaml-file.ts'
import { ask } from '../control/client.ts'
import { configSchema } from '../host/config.ts'
import { CommandError, Exit, orExit } from './exit.ts'
import { stateDirOf, withStateDir } from './options.ts'
import { reloadLines } from './reload.ts'

export function registerConfig(program: Command): void {
  const config = program.command('config').description('The configuration file.')
  config
    .command('check')
    .argument('<file>')
    .description('Say whether a configuration file is right, and print it with its defaults.')
    .action((file: string) => {
      try {
        console.log(JSON.stringify(readYamlFile(file, configSchema), null, 2))
      } catch (error) {
        if (error instanceof YamlFileError) throw new CommandError(Exit.NOT_SO, error.message)
        throw error
      }
    })
  withStateDir(config.command('reload'))
    .description(
      'Let the running bridge read its configuration again. No session with a pump is touched.',
    )
    .action(async (flags: { readonly stateDir?: string }) => {
      const dir = stateDirOf(flags)
      const reloaded = await orExit(ask(dir, 'reload', {}), Exit.NOT_SO, UNCHANGED)
      if (!reloaded) throw new CommandError(Exit.NOT_SO, `No bridge runs with ${dir}. ${UNCHANGED}`)
      for (const line of reloadLines(reloaded)) console.log(line)
    })
}

const UNCHANGED = 'Readings go on as before.'
