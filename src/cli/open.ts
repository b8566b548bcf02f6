// `wandbridge open`: a link to the page of a running bridge, for one browser, once, within two minutes.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { ControlConnection } from '../control/client.ts'
import { defaultStateDir } from '../host/config.ts'
import { CommandError, Exit } from './exit.ts'
import { withStateDir } from './options.ts'

const NOTHING = 'Nothing was opened.'

export function registerOpen(program: Command): void {
  withStateDir(program.command('open'))
    .description('Open the page of the running bridge in a browser.')
    .option('--print', 'only print the link; it works once, for two minutes')
    .action(async ({ stateDir, print }: { stateDir?: string; print?: boolean }) => {
      const link = await linkOf(resolve(stateDir ?? defaultStateDir()))
      if (print || !(await browse(link))) console.log(link)
    })
}

async function linkOf(stateDir: string): Promise<string> {
  const control = await ControlConnection.open(stateDir)
  if (!control) {
    const next = 'Start one with: wandbridge serve, or give the --state-dir of the one that runs.'
    throw new CommandError(Exit.NOT_SO, `No bridge runs with ${stateDir}. ${NOTHING} ${next}`)
  }
  control.send({ do: 'open' })
  try {
    for await (const answer of control.answers()) {
      const { link, error } = answer as { link?: string; error?: string }
      if (link !== undefined) return link
      throw new CommandError(Exit.NOT_SO, `${error ?? 'The bridge gave no link.'} ${NOTHING}`)
    }
  } finally {
    control.close()
  }
  throw new CommandError(Exit.NOT_SO, `The bridge has ended. ${NOTHING}`)
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  linux: ['xdg-open'],
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** Whether the system's own program took it. */
export function browse(link: string): Promise<boolean> {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  return new Promise((done) => {
    const child = spawn(program, [...args, link], { stdio: 'ignore', detached: true })
    child.once('error', () => done(false))
    child.once('spawn', () => {
      child.unref()
      done(true)
    })
  })
}
