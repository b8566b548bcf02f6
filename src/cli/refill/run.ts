// Runs the worksheet: with the bridge that has the state directory, else with one of its own.
import { join, resolve } from 'node:path'
import { type Env, systemEnv } from '../../base/env.ts'
import { bridgeRuns } from '../../control/client.ts'
import type { Host } from '../../host/host.ts'
import { Desk } from '../../refill/desk/desk.ts'
import { type RefillServer, serveRefill } from '../../refill/page/server.ts'
import type { Clinic } from '../../refill/sheet/compare.ts'
import { sourceFor } from '../../transport/source.ts'
import { browseLink } from '../browse.ts'
import { type DemoKey, KEYS, type Simulator, simulate } from '../demo.ts'
import { CommandError, Exit, type ExitCode, type Signal, stopInOrder } from '../exit.ts'
import { bridgeWands, type Settings, settings } from '../options.ts'
import type { RefillFlags } from '../refill.ts'
import { sourceMark } from '../render.ts'
import { hold, stopHost } from '../serve.ts'

const PRACTICE_DIR = './.wandbridge-practice'

export const clinicOf = ({ locale, zone, refill }: Settings): Clinic => ({
  locale,
  zone,
  ...refill,
})

export async function run(flags: RefillFlags): Promise<void> {
  if (flags.practice && flags.terminal) {
    throw new CommandError(
      Exit.USAGE,
      '--practice needs the keys of this terminal. For a practice refill in the terminal run `wandbridge demo` in another one, and here: wandbridge refill --terminal --state-dir ./.wandbridge-demo',
    )
  }
  if (flags.terminal && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new CommandError(Exit.USAGE, '--terminal needs a terminal. Nothing was read.')
  }
  const env = systemEnv()
  const stateDir = flags.practice ? resolve(flags.stateDir ?? PRACTICE_DIR) : undefined
  const chosen = settings({ ...flags, ...(stateDir !== undefined && { stateDir }) })
  const { host, simulator } = await bridgeFor(env, chosen, flags)
  const desk = new Desk({
    env,
    stateDir: chosen.stateDir,
    clinic: clinicOf(chosen),
    auth: flags.terminal ? 'terminal' : 'page-link',
  })
  const stop = async (why: string, signal: Signal | 'none' = 'none') => {
    const code = host && (await stopHost(host, 'refill', { why, signal }))
    await simulator?.stop()
    return code ?? Exit.OK
  }
  if (!flags.terminal) return page(env, chosen.stateDir, desk, flags, simulator, stop)
  const ends = stopInOrder(stop)
  const { terminal } = await import('./terminal.ts')
  await terminal(desk)
  await ends.stop(Exit.OK)
}

interface Own {
  readonly host: Host | null
  readonly simulator: Simulator | null
}

/** A bridge of our own where none runs; a practice refill always has its own. */
async function bridgeFor(env: Env, chosen: Settings, flags: RefillFlags): Promise<Own> {
  const { stateDir, policy } = chosen
  if (flags.practice) {
    let simulator: Simulator | null = null
    const { scenario } = flags
    const host = await hold(env, stateDir, async () => {
      simulator = await simulate({ ...(scenario !== undefined && { scenario }) }, stateDir)
      const source = 'simulator' as const
      return {
        source,
        ports: simulator.describe().map((device) => sourceFor(device.path, env)),
        policy,
      }
    })
    return { host, simulator }
  }
  if (await bridgeRuns(stateDir)) return { host: null, simulator: null }
  const wands = bridgeWands(chosen, env)
  const host = await hold(env, stateDir, async () => ({ ...wands, policy }))
  return { host, simulator: null }
}

async function page(
  env: Env,
  stateDir: string,
  desk: Desk,
  flags: RefillFlags,
  simulator: Simulator | null,
  stop: (why: string, signal?: Signal | 'none') => Promise<ExitCode>,
): Promise<void> {
  const server = await served(env, desk, flags.port, stateDir).catch(async (error: unknown) => {
    await stop('cannot listen')
    throw error
  })
  const ends = stopInOrder(async (why, signal) => {
    if (process.stdin.isTTY) process.stdin.setRawMode(false)
    await server.close()
    return stop(why, signal)
  })
  if (simulator) for (const line of sourceMark('simulator')) console.log(line)
  console.log(`The worksheet is on ${server.url}. It sends nothing to the pump.`)
  const link = server.openLink()
  if (!flags.open || !(await browseLink(env, stateDir, link)).taken) console.log(link)
  console.log(helpOf(simulator !== null))
  keys(server, simulator, () => void ends.stop(Exit.OK))
}

async function served(env: Env, desk: Desk, port: number, stateDir: string): Promise<RefillServer> {
  // A browser keeps one sign-in for each port; of a port that changes it has none to show again.
  const sessions = port === 0 ? null : join(stateDir, `worksheet-sessions-${port}.json`)
  try {
    return await serveRefill({ env, desk, port, sessions, log: (text) => console.error(text) })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'EADDRINUSE'
        ? `127.0.0.1:${port} is taken: a worksheet may be open already. Use that one, or give another --port.`
        : `127.0.0.1:${port} cannot be listened on: ${message}. Give another --port.`
    throw new CommandError(Exit.USAGE, `${why}\nNothing was read.`)
  }
}

/** Besides the keys of the demo: what is injected and never told to the pump. */
const INJECT: DemoKey = {
  key: 'i',
  does: 'inject, not program',
  means: 'fills in 20 mL and does not tell the pump',
  command: () => ({ do: 'refill', volume: 20_000_000 }),
}
const PRACTICE_KEYS = [...KEYS, INJECT]

const helpOf = (practice: boolean) =>
  [
    'o another link',
    ...(practice ? PRACTICE_KEYS.map((k) => `${k.key} ${k.does}`) : []),
    'q quit',
  ].join('  ')

/** One key each; from a pipe, one letter each. */
function keys(server: RefillServer, simulator: Simulator | null, quit: () => void): void {
  const toggled = new Map<string, boolean>()
  const { stdin } = process
  if (stdin.isTTY) stdin.setRawMode(true)
  // A terminal that hangs up has no keys any more.
  stdin.on('error', quit)
  stdin.setEncoding('utf8').on('data', (text: string) => {
    for (const letter of text) {
      if (letter === 'q' || letter === '\x03') return quit()
      if (letter === 'o') console.log(server.openLink())
      const key = simulator && PRACTICE_KEYS.find((one) => one.key === letter)
      if (!key) continue
      const on = !toggled.get(letter)
      toggled.set(letter, on)
      void simulator.command(key.command(on)).then(({ message }) => console.log(message))
    }
  })
}
