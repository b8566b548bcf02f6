// Every read of a pump's data is recorded before it is answered. A disk that hangs is not waited for:
// whoever asks learns within half a second that nothing is live.
import type { FastifyRequest } from 'fastify'
import type { Env } from '../base/env.ts'
import { HttpProblem } from './problems.ts'
import { principalOf } from './reply.ts'
import type { HttpSources } from './sources.ts'

const WAIT_MS = 400

export interface OfPump {
  readonly serial: string
}

/** Rejects with audit-failed when the read could not be recorded in time. */
export function recorded(
  { env, reads }: Pick<HttpSources, 'env' | 'reads'>,
  request: FastifyRequest,
  pump: OfPump | null,
): Promise<void> | undefined {
  const written = reads.read({
    principal: principalOf(request),
    route: request.route,
    pump: pump?.serial ?? null,
  })
  return written === true ? undefined : within(env, written)
}

async function within(env: Env, written: Promise<boolean>): Promise<void> {
  const ok = await new Promise<boolean>((resolve) => {
    const cancel = env.after(WAIT_MS, () => resolve(false))
    void written.then((kept) => {
      cancel()
      resolve(kept)
    })
  })
  if (!ok) throw new HttpProblem('audit-failed')
}
