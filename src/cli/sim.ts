// `wandbridge sim`: the simulator alone, as real devices, steered by JSON lines on stdin.
import type { Command } from 'commander'
import { CommandError, Exit, stopInOrder } from './exit.ts'
import { number } from './options.ts'

interface SimFlags {
  readonly scenario?: string
  readonly serialLink?: string
  readonly tcp?: string
  readonly usbip?: string | true
  readonly attach: boolean
  readonly wands: number
  readonly speed: number
  readonly seed?: number
}

export function registerSim(program: Command): void {
  program
    .command('sim')
    .description('Run the simulator alone: a pump, a wand and a real serial port.')
    .option('--scenario <name>', 'scenario by name, or a YAML file')
    .option('--serial-link <path>', 'keep a symbolic link to the serial port here')
    .option('--tcp <host:port>', 'serve the serial line over TCP instead of a pseudo-terminal')
    .option('--usbip [host:port]', 'be a USB device, over USB/IP; default 127.0.0.1:3240')
    .option('--no-attach', 'with --usbip: do not plug the wand into this machine')
    .option('--wands <n>', 'how many wands, each over its own pump', number(1, 64), 1)
    .option('--speed <x>', 'the pump lives so many times faster', number(0.1, 1_000_000, false), 1)
    .option('--seed <n>', 'seed of everything random', number(0, 0xffffffff))
    .action(async (flags: SimFlags) => {
      const { startSimulator, serveCommands, SimulatorError } = await import(
        '../../simulator/index.ts'
      )
      const { scenario, seed, speed, wands } = flags
      try {
        const simulator = await startSimulator({
          ...(scenario === undefined ? {} : { scenario }),
          ...(seed === undefined ? {} : { seed }),
          speed,
          wands,
          ports: [portOf(flags)],
        })
        stopInOrder(() => simulator.stop())
        for (const line of simulator.describe()) console.log(JSON.stringify(line))
        await serveCommands(simulator, process.stdin, process.stdout)
      } catch (error) {
        if (error instanceof SimulatorError) throw new CommandError(Exit.USAGE, error.message)
        throw error
      }
    })
}

function portOf({ tcp, usbip, attach, serialLink }: SimFlags) {
  if (usbip !== undefined) {
    const address = usbip === true ? {} : addressOf('--usbip', usbip, '127.0.0.1:3240')
    return { kind: 'usbip' as const, ...address, attach }
  }
  if (tcp !== undefined)
    return { kind: 'tcp' as const, ...addressOf('--tcp', tcp, '127.0.0.1:4001') }
  return { kind: 'pty' as const, ...(serialLink === undefined ? {} : { link: serialLink }) }
}

function addressOf(option: string, given: string, example: string) {
  const match = /^(.+):(\d{1,5})$/.exec(given)
  const port = Number(match?.[2])
  if (!match?.[1] || port > 65_535) {
    throw new CommandError(Exit.USAGE, `${option} ${given}: give HOST:PORT, such as ${example}.`)
  }
  return { host: match[1].replace(/^\[|\]$/g, ''), port }
}
