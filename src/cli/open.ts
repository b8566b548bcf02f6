// `wandbridge open`: a link to the page of a running bridge, for one browser, once, within two minutes.
import type { Command } from 'commander'
import { systemEnv } from '../base/env.ts'
import { ask } from '../control/client.ts'
import { browseLink } from './browse.ts'
import { CommandError, Exit, orExit } from './exit.ts'
import { stateDirOf, withStateDir } from './options.ts'

const NOTHING = 'Nothing was opened.'

export function registerOpen(program: Command): void {
  withStateDir(program.command('open'))
    .description('Open the page of the running bridge in a browser.')
    .option('--print', 'only print the link; it works once, for two minutes')
    .action(async ({ stateDir, print }: { stateDir?: string; print?: boolean }) => {
      const dir = stateDirOf({ stateDir })
      const link = await linkOf(dir)
      if (print) return console.log(link)
      const { taken, removed } = await browseLink(systemEnv(), dir, link)
      if (!taken) console.log(link)
      await removed
    })
}

async function linkOf(stateDir: string): Promise<string> {
  const link = await orExit(ask(stateDir, 'open', {}), Exit.NOT_SO, NOTHING)
  if (link !== null) return link
  const next = 'Start one with: wandbridge serve, or give the --state-dir of the one that runs.'
  throw new CommandError(Exit.NOT_SO, `No bridge runs with ${stateDir}. ${NOTHING} ${next}`)
}
