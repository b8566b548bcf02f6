// `wandbridge capture`: raw traffic of a running bridge, for support, until it is interrupted.
import type { Command } from 'commander'
import { systemEnv } from '../base/env.ts'
import { ControlConnection } from '../control/client.ts'
import { CommandError, Exit, type ExitCode, stopInOrder } from './exit.ts'
import { number, settings, withStateDir } from './options.ts'

interface CaptureFlags {
  readonly stateDir?: string
  readonly seconds?: number
}

export function registerCapture(program: Command): void {
  withStateDir(program.command('capture'))
    .description(
      'Capture the raw traffic of the running bridge, noise included, until interrupted.',
    )
    .option('--seconds <n>', 'how long', number(1, 86_400))
    .action(async (flags: CaptureFlags) => {
      const { stateDir } = settings(flags)
      const control = await ControlConnection.open(stateDir)
      if (!control) {
        throw new CommandError(
          Exit.USAGE,
          `No bridge runs with the state directory ${stateDir}, so there is no traffic to capture.\nStart one with: wandbridge serve`,
        )
      }
      await capture(control, flags.seconds)
    })
}

async function capture(control: ControlConnection, seconds: number | undefined): Promise<void> {
  let result: (code: ExitCode) => void = () => {}
  const finished = new Promise<ExitCode>((resolve) => {
    result = resolve
  })
  const ask = (what: 'start' | 'stop') => control.send({ do: 'capture', what })
  stopInOrder(async () => {
    ask('stop')
    await finished
  })
  ask('start')
  for await (const answer of control.answers()) {
    const { capturing, done, error } = answer as {
      capturing?: boolean
      done?: { file: string; bytes: number; sha256: string } | null
      error?: string
    }
    if (capturing) {
      console.error('Capturing. It holds what the pump reported: treat it like a patient record.')
      if (seconds !== undefined) systemEnv().after(seconds * 1000, () => ask('stop'))
      else console.error('End with Ctrl-C.')
    }
    if (done) {
      console.log(
        `${done.file}\n${done.bytes} bytes, SHA-256 ${done.sha256}, sealed in the audit log`,
      )
      result(Exit.OK)
      break
    }
    if (error !== undefined || done === null) {
      console.error(error ?? 'The capture could not be ended well. What there is of it is kept.')
      result(Exit.NOT_SO)
      break
    }
  }
  result(Exit.NOT_SO)
  control.close()
  process.exitCode = await finished
}
