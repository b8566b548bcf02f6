// `wandbridge backup`: a copy of a state directory, while its bridge runs or not.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { CommandError, Exit } from './exit.ts'
import { stateDirOf, withStateDir } from './options.ts'

export function registerBackup(program: Command): void {
  withStateDir(program.command('backup'))
    .argument('<directory>', 'a directory that is not there yet')
    .description(
      'Copy the state directory of a bridge, also while it runs. The copy holds the key that signs the log: keep it as safe as the original.',
    )
    .action(async (to: string, flags: { readonly stateDir?: string }) => {
      const { backup } = await import('../host/backup.ts')
      const from = stateDirOf(flags)
      try {
        const { files, bytes, logs } = await backup(from, resolve(to))
        console.log(
          `${files} files, ${bytes} bytes, in ${resolve(to)}. Logs: ${logs.join(', ') || 'none'}.`,
        )
        console.log(
          'To restore it, copy it to where the state directory was and start the bridge: it sees that this is a copy, begins another log and says so (`wandbridge audit accept`).',
        )
      } catch (error) {
        throw new CommandError(
          Exit.NOT_SO,
          `The backup is not complete: ${(error as Error).message}. The bridge is not touched. Remove ${resolve(to)} and try another directory.`,
        )
      }
    })
}
