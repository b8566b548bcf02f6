// How commands end. Every error says what happened, what it means for the reading, what to do next.
import { ControlError } from '../control/error.ts'
import { onReaderGone } from './output.ts'

export const Exit = {
  OK: 0,
  /** The thing checked is not so. */
  NOT_SO: 1,
  USAGE: 2,
  /** No wand answers. */
  NO_WAND: 3,
  /** A wand answers, but link, implant or close failed, or a session is not known to be closed. */
  NOT_READ: 4,
  AUDIT: 5,
} as const
export type ExitCode = (typeof Exit)[keyof typeof Exit]

export class CommandError extends Error {
  readonly code: ExitCode
  constructor(code: ExitCode, message: string) {
    super(message)
    this.code = code
  }
}

export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type Signal = (typeof SIGNALS)[number]

/** What a running bridge was asked for; when it did not do it, the command ends with `code`, and `means` is said. */
export async function orExit<T>(asked: Promise<T>, code: ExitCode, means: string): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ControlError)
      throw new CommandError(code, `${error.message} ${means}`.trim())
    throw error
  }
}

/**
 * Runs `stop` once at the first signal or uncaught error and then ends the process: in good order, with
 * every session closed, and with the worse of both codes, if `stop` gives one; `why` goes into the audit.
 * A second signal does not hurry it; `stop` is bounded by itself.
 */
export function stopInOrder(
  stop: (why: string, signal: Signal | 'none') => Promise<ExitCode> | Promise<void>,
  signals: readonly Signal[] = SIGNALS,
): {
  stop(code: ExitCode): Promise<never>
} {
  let stopping: Promise<never> | null = null
  const end = (code: ExitCode, why = 'ended', signal: Signal | 'none' = 'none'): Promise<never> => {
    stopping ??= stop(why, signal)
      .catch((error: unknown) => void console.error(error))
      .then((own) => process.exit(Math.max(code, own ?? Exit.OK)))
    return stopping
  }
  for (const signal of signals) process.on(signal, () => void end(Exit.OK, signal, signal))
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      console.error('An error nobody expected. Sessions are being closed. Please report this:')
      console.error(error)
      void end(Exit.NOT_SO, String(error).slice(0, 500))
    })
  }
  // Whoever read our output has gone: that is a way to stop, not an error.
  onReaderGone(() => void end(Exit.OK))
  return { stop: end }
}
