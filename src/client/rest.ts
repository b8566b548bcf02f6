// The addresses of the API as functions: every reply is checked against its schema before anybody
// gets it.
import type { Problem } from '../model/api.ts'
import { checkedReply, type Replies } from './checked.ts'
import { type Fetch, problemOf } from './stream.ts'

export interface Range {
  /** ISO 8601 with zone. */
  readonly from?: string
  readonly to?: string
  /** Cursor: `next` of the page before. */
  readonly after?: string
  readonly limit?: number
  /** `desc`: newest first. */
  readonly order?: 'asc' | 'desc'
}

/** The server refused, or could not answer. `problem` says what that means and what to do. */
export class ApiError extends Error {
  readonly status: number
  readonly problem: Problem | null

  constructor(status: number, problem: Problem | null) {
    super(problem ? `${problem.title}. ${problem.detail} ${problem.next}` : `status ${status}`)
    this.status = status
    this.problem = problem
  }
}

export type Rest = ReturnType<typeof rest>

/** Functions reject with ApiError, with NotV1Error when a reply is not what v1 says, or as fetch does. */
export function rest(fetch: Fetch, base: string, headers: () => Readonly<Record<string, string>>) {
  async function ask(path: string, accept: string, signal?: AbortSignal): Promise<Response> {
    const reply = await fetch(`${base}${path}`, {
      headers: { accept, ...headers() },
      ...(signal && { signal }),
    })
    if (!reply.ok) throw new ApiError(reply.status, await problemOf(reply))
    return reply
  }
  async function get<N extends keyof Replies>(path: string, reply: N): Promise<Replies[N]> {
    return checkedReply(reply, await (await ask(path, 'application/json')).json())
  }
  const pump = (id: string) => `/api/v1/pumps/${encodeURIComponent(id)}`
  return {
    /** Every wand, with the state of the bridge. */
    wands: () => get('/api/v1/wands', 'wands'),
    /** Every pump that was read, with its newest reading. */
    pumps: () => get('/api/v1/pumps', 'pumps'),
    /** One of them, by `pump.id`. */
    pump: (id: string) => get(pump(id), 'pump'),
    /** What moved, reading by reading. */
    readings: (id: string, range: Range = {}) =>
      get(`${pump(id)}/readings${query(range)}`, 'readings'),
    /** Every interrogation in short. */
    interrogations: (id: string, range: Range = {}) =>
      get(`${pump(id)}/interrogations${query(range)}`, 'visits'),
    /** The whole of one; `record`: its id, from the list. */
    interrogation: (id: string, record: string) =>
      get(`${pump(id)}/interrogations/${encodeURIComponent(record)}`, 'interrogation'),
    /** What the pump has logged itself. */
    events: (id: string, range: Range = {}) => get(`${pump(id)}/events${query(range)}`, 'events'),
    /** Refills as the pump reports them, with what was written down at each. */
    refills: (id: string, range: Range = {}) =>
      get(`${pump(id)}/refills${query(range)}`, 'refills'),
    /** A tile of a log, by its address in c2sp.org/tlog-tiles. */
    tile: async (log: string, path: string) => {
      const address = `/api/v1/audit/${encodeURIComponent(log)}/${path}`
      return new Uint8Array(await (await ask(address, 'application/octet-stream')).arrayBuffer())
    },
    /** Every reading of a range as it comes, however many; rejects when the stream is cut off. */
    async *allReadings(id: string, range: Omit<Range, 'limit'> = {}, signal?: AbortSignal) {
      let after = range.after
      for (;;) {
        const asked = { ...range, ...(after !== undefined && { after }), limit: PAGE }
        const reply = await ask(`${pump(id)}/readings${query(asked)}`, LINES, signal)
        let n = 0
        for await (const line of linesOf(reply)) {
          const reading = checkedReply('reading', JSON.parse(line))
          after = reading.id
          n += 1
          yield reading
        }
        if (n < PAGE) return
      }
    },
  }
}

const LINES = 'application/x-ndjson'
const PAGE = 10_000

function query(range: Range): string {
  const text = new URLSearchParams()
  for (const [key, value] of Object.entries(range)) {
    if (value !== undefined) text.set(key, String(value))
  }
  return text.size === 0 ? '' : `?${text}`
}

async function* linesOf(reply: Response): AsyncGenerator<string> {
  if (!reply.body) return
  const reader = reply.body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') throw new Error('the stream of lines was cut off')
}
