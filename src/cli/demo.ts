// `wandbridge demo`: a simulated pump behind a real serial port, the bridge, and what it reads, drawn
// in the terminal. Keys do to the pump and the wand what hands would do.
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { type Env, systemEnv } from '../base/env.ts'
import type { Host } from '../host/host.ts'
import { sourceFor } from '../transport/source.ts'
import { CommandError, Exit, stopInOrder } from './exit.ts'
import { number } from './options.ts'
import { type Key, screenOf } from './screen.ts'
import { hold, stopHost } from './serve.ts'
import { sentence } from './watch.ts'

export type Simulator = Awaited<
  ReturnType<typeof import('../../simulator/index.ts')['startSimulator']>
>

interface DemoFlags {
  readonly scenario?: string
  readonly seed?: number
  readonly stateDir: string
  readonly port: number
}

const READER = { locale: 'en-US', zone: 'UTC' } as const
const REDRAW_MS = 250

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('Simulator and bridge together, with keys that move the wand.')
    .option('--scenario <name>', 'scenario by name, or a YAML file')
    .option('--seed <n>', 'seed of everything random', number(0, 0xffffffff))
    .option('--port <n>', 'where to serve HTTP on 127.0.0.1; 0 = any', number(0, 65_535), 8_420)
    .option('--state-dir <dir>', 'where the demo keeps its files', './.wandbridge-demo')
    .action(async (flags: DemoFlags) => {
      const env = systemEnv()
      const stateDir = resolve(flags.stateDir)
      let simulator: Simulator | null = null
      const host = await hold(env, stateDir, async () => {
        simulator = await simulate(flags, stateDir)
        const ports = simulator.describe().map((device) => sourceFor(device.path, env))
        const http = { host: '127.0.0.1', port: flags.port, log: () => {} }
        return { source: 'simulator' as const, ports, policy: 'continuous' as const, http }
      }).catch(async (error: unknown) => {
        // What is simulated would keep this process going.
        await simulator?.stop()
        throw error
      })
      const curl = curlLine(host)
      let restore = () => {}
      const ends = stopInOrder(async (why, signal) => {
        restore()
        const code = await stopHost(host, 'demo', { why, signal })
        await simulator?.stop()
        console.log(`Audit files: ${host.auditor.dir}`)
        return code
      })
      const quit = () => void ends.stop(Exit.OK)
      const screen = process.stdout.isTTY && process.stdin.isTTY
      restore = screen
        ? draw(env, host, simulator as unknown as Simulator, curl, quit)
        : print(host, curl)
    })
}

const DAY_MS = 86_400_000

/** A line to paste: what it shows comes from the simulator, and so does all its token lets through. */
function curlLine({ http }: Host): string[] {
  const token = http?.lend({
    label: 'demo',
    scopes: ['status', 'history', 'audit', 'metrics', 'fhir'],
    lifeMs: DAY_MS,
  })
  return [`curl -H 'Authorization: Bearer ${token}' \\`, `  ${http?.url}/api/v1/pumps`]
}

/** On a pseudo-terminal; where there is none, over loopback TCP, and it says so. */
export async function simulate(
  flags: Pick<DemoFlags, 'scenario' | 'seed'>,
  stateDir: string,
): Promise<Simulator> {
  const { startSimulator, SimulatorError } = await import('../../simulator/index.ts')
  const { scenario, seed } = flags
  const options = {
    ...(scenario === undefined ? {} : { scenario }),
    ...(seed === undefined ? {} : { seed }),
  }
  try {
    return await startSimulator({
      ...options,
      ports: [{ kind: 'pty', link: join(stateDir, 'wand') }],
    })
  } catch (error) {
    if (!(error instanceof SimulatorError)) throw error
    if (error.reason !== 'no-pty') throw new CommandError(Exit.USAGE, error.message)
    console.error(`${error.message}\nThe simulated wand is reached over loopback TCP instead.`)
    return startSimulator({ ...options, ports: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }] })
  }
}

/** The page's line: its link lets one browser in, once, within two minutes. */
const pageLine = ({ http }: Host) => `Page: ${http?.openLink()}`

function print(host: Host, curl: readonly string[]): () => void {
  process.stdout.write(`${pageLine(host)}\n`)
  process.stdout.write(`${curl.join('\n')}\n`)
  process.stdout.write(`Audit files: ${host.auditor.dir}\n`)
  const subscription = host.watch().subscribe((line) => {
    process.stdout.write(`${sentence(line, READER)}\n`)
  })
  return () => subscription.unsubscribe()
}

export interface DemoKey extends Key {
  /** The simulator's command; `on` changes with every press. */
  command(on: boolean): object
}

export const KEYS: readonly DemoKey[] = [
  {
    key: 'l',
    does: 'lift',
    means: 'lifts the wand off the pump; again: puts it back',
    command: (on) => ({ do: on ? 'lift' : 'place' }),
  },
  {
    key: 'u',
    does: 'unplug',
    means: 'pulls the wand’s cable; again: plugs it in',
    command: (on) => ({ do: on ? 'unplug' : 'plug' }),
  },
  {
    key: 'n',
    does: 'noise',
    means: 'disturbs the cable; again: leaves it alone',
    command: (on) => ({ do: 'noise', level: on ? 'high' : 'none' }),
  },
  {
    key: 'd',
    does: 'drain',
    means: 'empties the reservoir with a syringe',
    command: () => ({ do: 'drain' }),
  },
  {
    key: 'r',
    does: 'refill',
    means: 'fills in 20 mL and tells the pump so, with its own programmer',
    command: () => ({ do: 'refill', volume: 20_000_000, program: true }),
  },
  {
    key: 'b',
    does: 'bolus',
    means: 'the patient asks for a bolus',
    command: () => ({ do: 'patient-bolus' }),
  },
  {
    key: 'a',
    does: 'day',
    means: 'lets one day pass in the pump',
    command: () => ({ do: 'advance', days: 1 }),
  },
]
const PAGE_KEY = 'p'
const HELP_KEY = 'c'
/** Every key of the demo, as the screen names them. */
export const ALL_KEYS: readonly Key[] = [
  ...KEYS,
  {
    key: PAGE_KEY,
    does: 'page',
    means: 'makes a new link to the page: one works once, two minutes',
  },
  { key: HELP_KEY, does: 'keys', means: 'shows and hides this list' },
  { key: 'q', does: 'quit', means: 'closes the session with the pump and ends' },
]

/** Draws until the returned function is called, which gives the terminal back. */
function draw(
  env: Env,
  host: Host,
  simulator: Simulator,
  curl: readonly string[],
  quit: () => void,
): () => void {
  const toggled = new Map<string, boolean>()
  let said = ''
  let page = pageLine(host)
  let ended = false
  let help = false
  const redraw = () => {
    if (ended) return
    const around = {
      ...{ page, said, help, keys: ALL_KEYS },
      more: [`Audit files: ${host.auditor.dir}`, ...curl],
    }
    const rows = Math.max(1, process.stdout.rows - 1)
    const shown = screenOf(host.bridge.status(), around, rows, READER)
    process.stdout.write(`\x1b[H${shown.map((line) => `${line}\x1b[K`).join('\n')}\x1b[J`)
  }
  const onKey = (text: string) => {
    if (text === 'q' || text === '\x03') return quit()
    if (text === PAGE_KEY) {
      page = pageLine(host)
      return redraw()
    }
    if (text === HELP_KEY) {
      help = !help
      return redraw()
    }
    const key = KEYS.find((k) => k.key === text)
    if (!key) return
    const on = !toggled.get(key.key)
    toggled.set(key.key, on)
    void simulator.command(key.command(on)).then(({ message }) => {
      said = message
      redraw()
    })
  }
  const subscription = host.bridge.changes$.subscribe(redraw)
  let cancel = () => {}
  const tick = () => {
    redraw()
    cancel = env.after(REDRAW_MS, tick)
  }
  process.stdout.write('\x1b[?1049h\x1b[?25l')
  const { stdin } = process
  // A terminal that hangs up has no keys any more.
  stdin.setRawMode(true).setEncoding('utf8').resume().on('data', onKey).on('error', quit)
  tick()
  return () => {
    ended = true
    cancel()
    subscription.unsubscribe()
    process.stdin.setRawMode(false).pause()
    process.stdout.write('\x1b[?25h\x1b[?1049l')
  }
}
