// Asks the bridge that has the state directory.
import { ask } from '../../control/client.ts'
import { ControlError } from '../../control/error.ts'
import type { Args, Reply, RequestName, Streamed } from '../../control/messages.ts'

/** The reply, or why there is none; null = no bridge answers. */
export type Ask = <N extends Exclude<RequestName, Streamed>>(
  name: N,
  args: Args<N>,
) => Promise<Reply<N> | ControlError | null>

export const askOf =
  (stateDir: string): Ask =>
  async (name, args) => {
    try {
      return await ask(stateDir, name, args)
    } catch (error) {
      if (error instanceof ControlError) return error.why === 'ended' ? null : error
      throw error
    }
  }
