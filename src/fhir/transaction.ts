// A Bundle as a transaction for another server: everything of it is created there if the server has none of
// that identifier, and refers to the rest by names that the server replaces. Pure: the same Bundle gives the
// same text, so that whoever gets it twice has everything once.
import { createHash } from 'node:crypto'
import type { Bundle, BundleEntry, FhirResource, Identifier } from 'fhir/r4.js'
import { PUMP_SYSTEM, RECORD_SYSTEM } from './elements.ts'

/** Of what has no identifier of its own. */
const ID_SYSTEM = 'urn:wandbridge:resource'

/** What there is a second version of. */
const CHANGING: readonly string[] = ['DiagnosticReport', 'Observation']

type Identified = FhirResource & { identifier?: Identifier[] | Identifier }

/**
 * `again`: the values and reports of it were sent before, and are another version now: they take the place of what is
 * there under their identifier.
 */
export function transactionOf(
  { entry = [], identifier }: Bundle<FhirResource>,
  { again = false }: { readonly again?: boolean } = {},
): Bundle {
  const names = new Map<string, string>()
  for (const { resource } of entry) if (resource) names.set(keyOf(resource), nameOf(resource))
  return {
    resourceType: 'Bundle',
    ...(identifier && { identifier }),
    type: 'transaction',
    entry: entry.flatMap(({ resource }) => (resource ? [entryOf(resource, names, again)] : [])),
  }
}

const keyOf = ({ resourceType, id }: FhirResource) => `${resourceType}/${id ?? ''}`

function entryOf(
  resource: FhirResource,
  names: ReadonlyMap<string, string>,
  again: boolean,
): BundleEntry {
  const { id: _id, meta, ...rest } = resource as Identified
  const [first] = [rest.identifier ?? []].flat()
  const own = first ?? { system: ID_SYSTEM, value: keyOf(resource) }
  const { versionId: _v, lastUpdated: _l, ...kept } = meta ?? {}
  const sent = {
    ...rest,
    ...(Object.keys(kept).length > 0 && { meta: kept }),
    ...(first === undefined && { identifier: [own] }),
  }
  const condition = `identifier=${word(own.system ?? '')}|${word(own.value ?? '')}`
  return {
    fullUrl: nameOf(resource),
    resource: renamed(sent, names) as FhirResource,
    request:
      again && CHANGING.includes(resource.resourceType)
        ? { method: 'PUT', url: `${resource.resourceType}?${condition}` }
        : { method: 'POST', url: resource.resourceType, ifNoneExist: condition },
  }
}

/** In a search `,`, `|`, `$` and `\` of a value are escaped; in an address everything that is no letter. */
const word = (text: string) =>
  encodeURIComponent(text.replace(/[\\,|$]/g, (one) => `\\${one}`)).replace(/%(3A|2F)/g, (code) =>
    decodeURIComponent(code),
  )

/** A UUID of the resource's own name: the same for ever. */
function nameOf(resource: FhirResource): string {
  const hex = createHash('sha256')
    .update(`wandbridge ${keyOf(resource)}`)
    .digest('hex')
  const [a, b, c, d, e] = [
    [0, 8],
    [8, 12],
    [13, 16],
    [17, 20],
    [20, 32],
  ].map(([from, to]) => hex.slice(from, to))
  return `urn:uuid:${a}-${b}-8${c}-8${d}-${e}`
}

/**
 * References to what is in the Bundle as the names it has there. What is not in it, as the volume before a refill,
 * the server may have under an id of its own: it is referred to by our identifier.
 */
function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => renamed(one, names))
  if (typeof value !== 'object' || value === null) return value
  const { reference, ...rest } = value as { reference?: unknown; identifier?: unknown }
  if (typeof reference === 'string' && !names.has(reference)) {
    if (rest.identifier !== undefined) return rest
    const [type = '', id = ''] = reference.split('/')
    const system = type === 'Observation' ? RECORD_SYSTEM : PUMP_SYSTEM
    const own = type === 'Observation' ? id.replace(/[.]/, '/').replace(/[.]/, '/') : id
    return { type, identifier: { system, value: own } }
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) =>
      key === 'reference' && typeof one === 'string'
        ? [key, names.get(one) ?? one]
        : [key, renamed(one, names)],
    ),
  )
}
