// `wandbridge witness`: a witness for the logs of other computers, until it is stopped. It cosigns a
// checkpoint only when the log has grown from the one that it cosigned before.
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { nodeDisk } from '../base/disk.ts'
import { systemEnv, utc } from '../base/env.ts'
import { Locked } from '../base/lock.ts'
import { defaultStateDir } from '../host/config.ts'
import type { Found, Watching } from '../host/fleet-watch.ts'
import { SOURCES, type Source } from '../model/reading.ts'
import type { RunningWitness } from '../witness/run.ts'
import { CommandError, Exit, stopInOrder } from './exit.ts'
import { brokerOf, settings } from './options.ts'

interface Flags {
  readonly stateDir?: string
  readonly listen: string
  readonly name?: string
  readonly log: readonly string[]
  readonly from?: string
  readonly config?: string
  readonly source?: Source
}

const LISTEN = '127.0.0.1:8422'

export function registerWitness(program: Command): void {
  program
    .command('witness')
    .description('Witness the audit logs of bridges: cosign only what has grown.')
    .option('--listen <host:port>', 'where bridges reach it', LISTEN)
    .option('--log <key>', 'verifier key of a log; may be given several times', collect, [])
    .option('--name <name>', 'name of its key; default: one made of the key')
    .option(
      '--from <servers>',
      'watch over what a broker has of many sites, too (nats://HOST:PORT,…)',
    )
    .option('--config <file>', 'configuration file (YAML): `fleet` says how the broker lets it in')
    .addOption(new Option('--source <kind>', 'of which kind the logs there are').choices(SOURCES))
    .option('--state-dir <dir>', 'where it keeps its key, `logs`, and what it has cosigned')
    .action(witness)
}

const collect = (value: string, before: readonly string[]) => [...before, value]

async function witness(flags: Flags): Promise<void> {
  const { stateDir, listen, name, log: logs, from } = flags
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
  const watching = from === undefined ? null : await watchOver(flags, from, dir, running, log)
  stopInOrder(async () => {
    await watching?.close()
    await running.close()
  })
  log(`Witness ready on ${running.url}. State: ${dir}`)
  log(`Its key, for the bridges (audit.witnesses) and for audit verify --witness: ${running.key}`)
  log(`Logs whose keys it knows: those given with --log, and those in ${join(dir, 'logs')}`)
}

/** Follows the logs of a fleet; what is wrong with one is said at once. */
async function watchOver(
  { config, source }: Flags,
  from: string,
  dir: string,
  running: RunningWitness,
  log: (text: string) => void,
): Promise<Watching> {
  const chosen = settings({ ...(config !== undefined && { config }), ...(source && { source }) })
  const broker = brokerOf(chosen, from)
  const { foundSentence, startWatch } = await import('../host/fleet-watch.ts')
  const own = { broker, source: chosen.source, witness: running.witness, log }
  const found = (one: Found) => log(`FOUND ${foundSentence(one)}`)
  return startWatch(systemEnv(), dir, { ...own, found }).catch(async (error: Error) => {
    await running.close()
    throw new CommandError(
      Exit.USAGE,
      `The broker cannot be followed: ${error.message}\nNothing was watched. Check --from, and what the broker lets this user do.`,
    )
  })
}
