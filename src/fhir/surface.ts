// The FHIR R4 surface: a request in, an answer out. It reads, searches and describes itself; every error
// is an OperationOutcome. It knows no server.
import type { Resource } from 'fhir/r4.js'
import { utc } from '../base/env.ts'
import type { SurfaceAnswer, SurfaceRequest } from '../model/surface.ts'
import { capability } from './capability.ts'
import { lastn } from './lastn.ts'
import { Library } from './library.ts'
import { FHIR_TYPE, FhirProblem, outcomeOf, type Told } from './outcome.ts'
import { quoted } from './params.ts'
import { type Found, isType, isVersioned, TYPES } from './query.ts'
import { search } from './search.ts'
import type { FhirSources } from './sources.ts'

export interface FhirSurface {
  /** Addresses below the base, `:name` for what varies; the first needs no scope. */
  readonly routes: readonly { readonly path: string; readonly open: boolean }[]
  answer(request: SurfaceRequest): Promise<SurfaceAnswer>
  /** How a failure of the server around it is said here. */
  failure(told: Told): SurfaceAnswer
}

/** A search does not go on for longer: it gives what it has found, and a link to go on by. */
const ENOUGH_MS = 5_000

const PATHS = [
  '/Observation/$lastn',
  ...TYPES.flatMap((type) => [
    `/${type}`,
    `/${type}/:id`,
    ...(isVersioned(type) ? [`/${type}/:id/_history/:version`] : []),
  ]),
]

export function fhirSurface(sources: FhirSources): FhirSurface {
  const library = new Library(sources)
  return {
    routes: [{ path: '/metadata', open: true }, ...PATHS.map((path) => ({ path, open: false }))],
    failure: (told) => json(told.status, outcomeOf(told)),
    async answer(request) {
      try {
        acceptable(request)
        return await answerOf(sources, library, request)
      } catch (error) {
        if (!(error instanceof FhirProblem)) throw error
        return json(error.status, error.outcome)
      }
    },
  }
}

async function answerOf(
  { env, version, zone }: FhirSources,
  library: Library,
  request: SurfaceRequest,
): Promise<SurfaceAnswer> {
  const [, type = '', id, , vid] = request.path.split('/')
  const { base, query } = request
  if (type === 'metadata') return json(200, capability(version, base, utc(env.wall())))
  if (!isType(type)) throw new FhirProblem(404, `There is no ${quoted(type)} here.`)
  const lasts = type === 'Observation' && id === '$lastn'
  if (id === undefined || lasts) {
    const lenient = isLenient(request.headers['prefer'])
    const { gone } = request
    const began = env.monotonic()
    const enough = () => env.monotonic() - began > ENOUGH_MS
    const { people, codingsOf } = library
    const nowMs = env.wall()
    const asked = { type, query, lenient, base, nowMs, zone, codingsOf, people, gone, enough }
    const { bundle, pump } = await (lasts ? lastn : search)(library, asked)
    await request.recorded(pump)
    return json(200, bundle)
  }
  const found = await library.one(type, id, { version: vid, gone: request.gone })
  if (!found || (vid !== undefined && versionOf(found) !== vid)) {
    await request.recorded(null)
    throw new FhirProblem(
      404,
      `There is no ${type} ${quoted(id)}${vid ? ` of version ${quoted(vid)}` : ''}.`,
    )
  }
  await request.recorded(found.pump)
  return read(found.resource, request.headers['if-none-match'])
}

const versionOf = ({ resource }: Found) => resource.meta?.versionId ?? '1'

function read(resource: Resource, known: string | string[] | undefined): SurfaceAnswer {
  const { versionId, lastUpdated } = resource.meta ?? {}
  const tag = versionId === undefined ? null : `W/"${versionId}"`
  const headers = {
    ...(tag !== null && { etag: tag }),
    ...(lastUpdated !== undefined && { 'last-modified': new Date(lastUpdated).toUTCString() }),
  }
  const held = [known ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((one) => one.trim())
  if (tag !== null && (held.includes(tag) || held.includes('*')))
    return { status: 304, headers, body: '' }
  return json(200, resource, headers)
}

const json = (
  status: number,
  resource: object,
  headers: SurfaceAnswer['headers'] = {},
): SurfaceAnswer => ({
  status,
  headers: { 'content-type': FHIR_TYPE, ...headers },
  body: JSON.stringify(resource),
})

const isLenient = (prefer: string | string[] | undefined) =>
  [prefer ?? []]
    .flat()
    .join(',')
    .split(/[,;]/)
    .some((one) => one.trim().toLowerCase().replaceAll('"', '') === 'handling=lenient')

const FORMATS = ['json', 'application/json', 'application/fhir+json', 'text/json']
const RANGES = ['*/*', 'application/*', ...FORMATS]

/** Throws FhirProblem 406 when the client takes no JSON of R4. `_format` goes before Accept. */
function acceptable({ headers, query }: SurfaceRequest): void {
  const format = query.get('_format')
  // A plus sign that was not escaped has come as a space.
  const wanted = format?.replace(' ', '+') ?? [headers['accept'] ?? '*/*'].flat().join(',')
  const takes = wanted.split(',').some((part) => {
    const [range = '', ...params] = part.split(';').map((one) => one.trim().toLowerCase())
    const value = (name: string) =>
      params
        .find((one) => one.startsWith(`${name}=`))
        ?.slice(name.length + 1)
        .replaceAll('"', '')
    const version = value('fhirversion')
    return RANGES.includes(range) && Number(value('q') ?? 1) > 0 && (version ?? '4.0') === '4.0'
  })
  if (!takes) {
    throw new FhirProblem(
      406,
      `Here is application/fhir+json of FHIR 4.0 only, not ${quoted(wanted)}.`,
    )
  }
}
