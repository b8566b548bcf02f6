// A FHIR R4 server that takes transactions and nothing else, and is strict about them: every entry is a valid
// resource, is created on a condition of one identifier, and refers only to what is there. It keeps what it
// created, all of a transaction or nothing, and does to each request what it is told.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Bundle, FhirResource } from 'fhir/r4.js'
import { hasJudges, validator } from '../fhir/oracle.ts'

/** What is done to a request. `lost`: it is carried out, and the answer is not sent. */
export type Deed = 'ok' | 'lost' | 'drop' | 'slow' | 'html' | 'short' | number

export interface R4Options {
  /** By the number of the request. */
  readonly deed?: (n: number, control: string) => Deed
  /** Transactions that are refused for ever, by their identifier. */
  readonly poison?: (control: string) => boolean
  /** What `authorization` must be; absent = nothing is asked for. */
  readonly authorization?: () => string
  readonly retryAfter?: string
  readonly slowMs?: number
  /** One of so many transactions is validated. */
  readonly checkEach?: number
}

class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export async function r4Server(options: R4Options = {}) {
  const {
    deed = () => 'ok',
    poison = () => false,
    authorization,
    slowMs = 3_000,
    checkEach = 1,
  } = options
  const valid = hasJudges ? await validator() : () => {}
  /** Type and identifier of what was created. */
  const store = new Set<string>()
  /** `status` of what has one, as it was sent last. */
  const statuses = new Map<string, string>()
  /** Transactions in the order in which each was first carried out. */
  const order: string[] = []
  const carried = new Set<string>()
  const requests: { control: string; deed: Deed; at: number; type: string | undefined }[] = []

  function carryOut(bundle: Bundle<FhirResource>, check: boolean): string[] {
    if (bundle.resourceType !== 'Bundle' || bundle.type !== 'transaction') {
      throw new Refused(400, 'this is no transaction')
    }
    const entries = bundle.entry ?? []
    const names = new Set(entries.map((one) => one.fullUrl))
    if (names.size !== entries.length) throw new Refused(400, 'fullUrl is not unique')
    const made: string[] = []
    const answers = entries.map(({ fullUrl = '', resource, request }) => {
      if (!resource) throw new Refused(400, 'an entry without resource')
      if (!/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(fullUrl)) {
        throw new Refused(400, `fullUrl ${fullUrl}`)
      }
      const [path, condition] = request?.url.split('?') ?? []
      const updates = request?.method === 'PUT' && condition !== undefined
      const creates = request?.method === 'POST' && condition === undefined
      if (path !== resource.resourceType || updates === creates) {
        throw new Refused(400, `request ${JSON.stringify(request)}`)
      }
      if (resource.id !== undefined) throw new Refused(400, 'a server gives the id itself')
      if (check) valid(resource)
      for (const reference of referencesIn(resource)) {
        if (!names.has(reference)) throw new Refused(400, `${reference} is nowhere`)
      }
      const params = [...new URLSearchParams(updates ? condition : request?.ifNoneExist)]
      const [[name = '', token = ''] = []] = params
      if (params.length !== 1 || name !== 'identifier') throw new Refused(412, 'ifNoneExist')
      const [system, value] = token.split('|')
      const own = (resource as { identifier?: { system?: string; value?: string }[] }).identifier
      if (!own?.some((one) => one.system === system && one.value === value)) {
        throw new Refused(412, `${token} is not its identifier`)
      }
      const key = `${resource.resourceType} ${token}`
      const { status = '' } = resource as { status?: string }
      if (updates || !store.has(key)) statuses.set(key, status)
      if (store.has(key)) return '200 OK'
      made.push(key)
      return '201 Created'
    })
    for (const key of made) store.add(key)
    return answers
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const bundle = JSON.parse(Buffer.concat(chunks).toString()) as Bundle<FhirResource>
    const control = bundle.identifier?.value ?? ''
    const done = deed(requests.length, control)
    const { 'content-type': type } = request.headers
    requests.push({ control, deed: done, at: performance.now(), type })
    const send = (status: number, body: object, headers = {}) =>
      void response
        .writeHead(status, { 'content-type': 'application/fhir+json', ...headers })
        .end(JSON.stringify(body))
    const outcome = (status: number, diagnostics: string) =>
      send(
        status,
        {
          resourceType: 'OperationOutcome',
          issue: [{ severity: 'error', code: 'processing', diagnostics }],
        },
        options.retryAfter === undefined ? {} : { 'retry-after': options.retryAfter },
      )
    if (authorization && request.headers.authorization !== authorization()) {
      return outcome(401, 'who are you?')
    }
    if (done === 'drop') return void request.socket.destroy()
    if (typeof done === 'number') return outcome(done, 'told to')
    if (done === 'html') return void response.writeHead(200).end('<html>Please log in</html>')
    if (poison(control)) return outcome(422, `no rule allows ${control}`)
    let answers: string[]
    try {
      answers = carryOut(bundle, requests.length % checkEach === 1 % checkEach)
    } catch (error) {
      return outcome(error instanceof Refused ? error.status : 422, (error as Error).message)
    }
    if (!carried.has(control)) order.push(control)
    carried.add(control)
    if (done === 'lost') return void request.socket.destroy()
    if (done === 'slow') await new Promise((go) => setTimeout(go, slowMs))
    const entry = answers.map((status) => ({ response: { status } }))
    const given = done === 'short' ? entry.slice(1) : entry
    send(200, { resourceType: 'Bundle', type: 'transaction-response', entry: given })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/fhir`,
    store,
    statuses,
    order,
    requests,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) =>
    key === 'reference' && typeof one === 'string' ? [one] : referencesIn(one),
  )
}
