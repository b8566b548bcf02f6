// What fleet.ts judges: the broker as it stands, and what the running bridge says of it.
import type { Env } from '../../base/env.ts'
import { ask } from '../../control/client.ts'
import type { Settings } from '../options.ts'
import type { FleetFacts } from './fleet.ts'

/** Null = no broker is configured. */
export async function gatherFleet(env: Env, settings: Settings): Promise<FleetFacts | null> {
  const { fleet, stateDir, source } = settings
  if (!fleet) return null
  const { lookAtFleet } = await import('../../host/fleet-look.ts')
  const look = await lookAtFleet(env, stateDir, fleet, source)
  const all = await ask(stateDir, 'delivery', {}).catch(() => null)
  const own = all?.find(({ kind }) => kind === 'nats')
  return { ...look, told: own?.state === 'failed' ? own.sentence : null }
}
