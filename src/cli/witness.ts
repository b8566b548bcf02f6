// `wandbridge witness`: a witness for the logs of other computers, until it is stopped. It cosigns a
// checkpoint only when the log has grown from the one that it cosigned before.
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { nodeDisk } from '../base/disk.ts'
import { systemEnv, utc } from '../base/env.ts'
import { Locked } from '../base/lock.ts'
import { defaultStateDir } from '../host/config.ts'
import { CommandError, Exit, stopInOrder } from './exit.ts'

interface Flags {
  readonly stateDir?: string
  readonly listen: string
  readonly name?: string
  readonly log: readonly string[]
}

const LISTEN = '127.0.0.1:8422'

export function registerWitness(program: Command): void {
  program
    .command('witness')
    .description('Witness the audit logs of bridges: cosign only what has grown.')
    .option('--listen <host:port>', 'where bridges reach it', LISTEN)
    .option('--log <key>', 'verifier key of a log; may be given several times', collect, [])
    .option('--name <name>', 'name of its key; default: one made of the key')
    .option('--state-dir <dir>', 'where it keeps its key, `logs`, and what it has cosigned')
    .action(witness)
}

const collect = (value: string, before: readonly string[]) => [...before, value]

async function witness({ stateDir, listen, name, log: logs }: Flags): Promise<void> {
  const [, host = '', digits] = /^(?:\[?([0-9A-Za-z.:-]+?)\]?):(\d{1,5})$/.exec(listen) ?? []
  const port = Number(digits)
  if (host === '' || !(port <= 65_535))
    throw new CommandError(Exit.USAGE, `--listen ${listen} is not HOST:PORT, such as ${LISTEN}.`)
  const env = systemEnv()
  const dir = resolve(stateDir ?? `${defaultStateDir()}-witness`)
  const log = (text: string) => console.error(`${utc(env.wall())}  ${text}`)
  const { runWitness } = await import('../witness/run.ts')
  const options = { env, disk: nodeDisk, dir, logs, host, port, log, ...(name && { name }) }
  const running = await runWitness(options).catch((error: Error) => {
    if (error instanceof RangeError)
      throw new CommandError(Exit.USAGE, `${error.message}\nNothing was witnessed.`)
    const what = error instanceof Locked ? 'Another witness runs there.' : error.message
    const next = 'Nothing was witnessed. Give another --listen, or another --state-dir.'
    throw new CommandError(Exit.USAGE, `The witness cannot run in ${dir}: ${what}\n${next}`)
  })
  stopInOrder(() => running.close())
  log(`Witness ready on ${running.url}. State: ${dir}`)
  log(`Its key, for the bridges (audit.witnesses) and for audit verify --witness: ${running.key}`)
  log(`Logs whose keys it knows: those given with --log, and those in ${join(dir, 'logs')}`)
}
