// One stream of server-sent events over fetch, so that it can carry a token and runs in browsers and
// Node alike. It connects again by itself, after its last event, for as long as somebody listens.
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { Observable } from 'rxjs'
import type { Problem } from '../model/api.ts'
import { checkedReply } from './checked.ts'
import type { Clock } from './clock.ts'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type StreamNews =
  | { readonly kind: 'connected' }
  | { readonly kind: 'message'; readonly message: EventSourceMessage }
  /** The connection has ended; another try follows. */
  | { readonly kind: 'lost'; readonly why: string }
  /** The server does not want us: no other try is made. */
  | { readonly kind: 'refused'; readonly problem: Problem | null; readonly status: number }

export interface StreamOptions {
  readonly clock: Clock
  readonly fetch: Fetch
  /** The address to connect to now, with the place to go on from. */
  readonly address: () => string
  readonly headers: () => Readonly<Record<string, string>>
  /** A connection on which nothing comes for so long is given up, in ms. */
  readonly silentMs: number
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000

/** Never errors, never completes. */
export function stream(options: StreamOptions): Observable<StreamNews> {
  return new Observable((subscriber) => {
    const { clock } = options
    let ended = false
    let wait = FIRST_WAIT_MS
    let cancel = () => {}
    let abort = new AbortController()

    const again = (why: string, ms: number) => {
      if (ended) return
      subscriber.next({ kind: 'lost', why })
      cancel = clock.after(ms, () => void connect())
      wait = Math.min(LONGEST_WAIT_MS, wait * 2)
    }

    const connect = async () => {
      abort = new AbortController()
      const { signal } = abort
      let silent = clock.after(options.silentMs, () => abort.abort())
      const heard = () => {
        silent()
        silent = clock.after(options.silentMs, () => abort.abort())
      }
      try {
        const reply = await options.fetch(options.address(), {
          headers: { accept: 'text/event-stream', ...options.headers() },
          signal,
        })
        if (!reply.ok || !reply.body) {
          const problem = await problemOf(reply)
          if (ended) return
          if (LATER.includes(reply.status)) {
            const after = Number(reply.headers.get('retry-after') ?? 0) * 1_000
            return again(problem?.detail ?? `status ${reply.status}`, Math.max(wait, after))
          }
          return subscriber.next({ kind: 'refused', problem, status: reply.status })
        }
        if (ended) return
        subscriber.next({ kind: 'connected' })
        await read(reply.body, heard, (message) => {
          wait = FIRST_WAIT_MS
          if (!ended) subscriber.next({ kind: 'message', message })
        })
        again('the connection has ended', wait)
      } catch (error) {
        again(signal.aborted ? 'the server is silent' : (error as Error).message, wait)
      } finally {
        silent()
      }
    }
    void connect()
    return () => {
      ended = true
      cancel()
      abort.abort()
    }
  })
}

/** Statuses that pass by themselves. */
const LATER: readonly number[] = [408, 425, 429, 500, 502, 503, 504]

async function read(
  body: ReadableStream<Uint8Array>,
  heard: () => void,
  take: (message: EventSourceMessage) => void,
): Promise<void> {
  const parser = createParser({ onEvent: take, maxBufferSize: 8 << 20 })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    heard()
    parser.feed(decoder.decode(value, { stream: true }))
  }
}

export async function problemOf(reply: Response): Promise<Problem | null> {
  try {
    return checkedReply('problem', await reply.json())
  } catch {
    return null
  }
}
