// Where the FHIR surface stands on the server, and what it is given.
import type { Env } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import type { Bridge } from '../bridge/bridge.ts'
import type { Feed } from '../feed/feed.ts'
import { fhirSurface } from '../fhir/surface.ts'
import type { Mount } from '../http/mount.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import type { Codings } from '../model/codings.ts'

const FHIR_PREFIX = '/fhir/R4'

interface Rooms {
  readonly bridge: Pick<Bridge, 'status'>
  readonly feed: Feed
  readonly knowledge: Knowledge
}

export function fhirMount(
  env: Env,
  { bridge, feed, knowledge }: Rooms,
  zone: string,
  codings: Codings,
): Mount {
  const status = () => bridge.status()
  const surface = fhirSurface({ env, version: VERSION, zone, codings, status, feed, knowledge })
  return { prefix: FHIR_PREFIX, scope: 'fhir', ...surface }
}
