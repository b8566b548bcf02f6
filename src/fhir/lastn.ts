// `Observation/$lastn`: the newest of everything that a pump was ever asked about. What is told apart is what a
// DeviceMetric is: two drugs have doses of one code, and each has its newest. The log is walked from its newest
// record until everything has been found, or for as long as a search may take.
import type { Observation } from 'fhir/r4.js'
import type { Library } from './library.ts'
import { type Asked, narrowed, refuseUnless, testsOf } from './matching.ts'
import { FhirProblem } from './outcome.ts'
import { quoted } from './params.ts'
import type { Found } from './query.ts'
import { entryOf, leftOut, type Searched, searchset, warning } from './search.ts'

const CONTROL = ['_format', '_pretty', 'max']
const MOST = 100
const MOST_IN_ALL = 5_000

/** Throws FhirProblem. */
export async function lastn(library: Library, asked: Asked): Promise<Searched> {
  const { query, base, lenient, gone, enough } = asked
  const { tests, ignored, used } = testsOf(asked, CONTROL)
  refuseUnless(lenient, 'Observation', ignored)
  const most = mostOf(query.getAll('max'))
  const narrow = narrowed(asked)
  const owed = new Map(library.metrics(narrow).map((id) => [`DeviceMetric/${id}`, { left: most }]))
  const found: Found[] = []
  let open = owed.size
  let whole = true
  for await (const one of library.all('Observation', { ...narrow, order: 'desc', gone })) {
    if (open === 0) break
    if (one.resource === null) {
      if (!enough()) continue
      whole = false
      break
    }
    const of = owed.get((one.resource as Observation).device?.reference ?? '')
    if (!of || of.left === 0 || !tests.every((test) => test(one.resource))) continue
    of.left -= 1
    if (of.left === 0) open -= 1
    found.push(one)
    if (found.length > MOST_IN_ALL) {
      throw new FhirProblem(
        503,
        `These are more than ${MOST_IN_ALL}. Ask for less: device, code, max.`,
        'too-costly',
      )
    }
  }
  const entry = found.map((one) => entryOf(base, one, 'match'))
  if (ignored.length > 0) entry.push(leftOut(ignored))
  if (!whole) entry.push(warning('too-costly', NOT_ALL))
  used.set('max', String(most))
  const link = [{ relation: 'self', url: `${base}/Observation/$lastn?${used}` }]
  return searchset(asked, found, { total: found.length, link, entry })
}

const NOT_ALL =
  'The log was not walked to its beginning: what was not observed for long may be missing here. Ask for less: device, code.'

function mostOf(values: readonly string[]): number {
  const [text = '1'] = values
  if (values.length <= 1 && /^\d{1,4}$/.test(text) && Number(text) >= 1) {
    return Math.min(Number(text), MOST)
  }
  throw new FhirProblem(400, `max: ${quoted(values.join('&'))} is no whole number from 1 on.`)
}
