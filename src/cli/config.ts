// `wandbridge config check`: is this configuration file right?
import type { Command } from 'commander'
import { readYamlFile, YamlFileError } from '../base/yaml-file.ts'
import { configSchema } from '../host/config.ts'
import { CommandError, Exit } from './exit.ts'

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
}
