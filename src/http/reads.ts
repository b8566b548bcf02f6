// Every read of a pump's data is recorded before it is answered. A disk that hangs is not waited for:
// whoever asks learns within half a second that nothing is live.
import type { FastifyRequest } from 'fastify'
import type { Env } from '../env.ts'
import type { Source } from '../model/reading.ts'
import { HttpProblem } from './problems.ts'
import { principalOf } from './reply.ts'
import type { HttpSources } from './sources.ts'

const WAIT_MS = 400

export interface OfPump {
  readonly ref: { readonly serial: string }
  readonly source: Source
}

/** Rejects with audit-failed when the read could not be recorded in time. */
export async function recorded(
  { env, reads }: Pick<HttpSources, 'env' | 'reads'>,
  request: FastifyRequest,
  pump: OfPump | null,
): Promise<void> {
  const written = reads.read({
    principal: principalOf(request),
    route: routeOf(request),
    pump: pump?.ref.serial ?? null,
    source: pump?.source,
  })
  if (!(await within(env, written))) throw new HttpProblem('audit-failed')
}

/** The address as it was registered, in the words of OpenAPI: never its parameters. */
export function routeOf({ routeOptions }: FastifyRequest): string {
  return (routeOptions.url ?? 'unknown').replace(/:(\w+)/g, '{$1}')
}

function within(env: Env, written: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = env.after(WAIT_MS, () => resolve(false))
    void written.then((ok) => {
      cancel()
      resolve(ok)
    })
  })
}
