// `wandbridge capture`: raw traffic of a running bridge, for support, until it is interrupted.
import type { Command } from 'commander'
import { sleep, systemEnv } from '../base/env.ts'
import { ControlConnection } from '../control/client.ts'
import { registerCaptureFiles } from './capture-files.ts'
import { CommandError, Exit, type ExitCode, orExit, stopInOrder } from './exit.ts'
import { number, settings, withStateDir } from './options.ts'

interface CaptureFlags {
  readonly stateDir?: string
  readonly seconds?: number
}

export function registerCapture(program: Command): void {
  const command = withStateDir(program.command('capture'))
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
  registerCaptureFiles(command)
}

async function capture(control: ControlConnection, seconds: number | undefined): Promise<void> {
  let end = () => {}
  const ends = new Promise<void>((resolve) => {
    end = resolve
  })
  const finished = captured(control, seconds, ends).finally(() => control.close())
  stopInOrder(async () => {
    end()
    await finished
  })
  process.exitCode = await finished
}

/** Captures until it is to end, or so many seconds, and says what there is of it. */
async function captured(
  control: ControlConnection,
  seconds: number | undefined,
  ends: Promise<void>,
): Promise<ExitCode> {
  const asked = <T>(answer: Promise<T>) => orExit(answer, Exit.NOT_SO, '')
  const capturing = async () => {
    for await (const _ of control.follow('capture', {})) {
      console.error('Capturing. It holds what the pump reported: treat it like a patient record.')
      if (seconds !== undefined) return sleep(systemEnv(), seconds * 1_000)
      console.error('End with Ctrl-C.')
    }
  }
  await asked(Promise.race([capturing(), ends]))
  const sealed = await asked(control.ask('capture-stop', {}))
  if (sealed === null) {
    console.error('The capture could not be ended well. What there is of it is kept.')
    return Exit.NOT_SO
  }
  console.log(
    `${sealed.file}\n${sealed.bytes} bytes, SHA-256 ${sealed.sha256}, sealed in the audit log`,
  )
  return Exit.OK
}
