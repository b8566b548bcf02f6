// One POST over HTTP or HTTPS to a destination: the edge. Clear text leaves this computer only when the
// configuration says so; redirects are not followed; an answer is read within a bound. And what an answer's
// status means for a message, where its kind of destination does not know better.

import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { request as requestTls, Agent as TlsAgent } from 'node:https'
import type { Env } from '../base/env.ts'

import { isLoopback } from '../base/loopback.ts'
import { type PemFiles, pemOf } from './line.ts'

import type { Reply } from './sender.ts'

export interface HttpAddress {
  readonly url: string
  readonly tls?: PemFiles | undefined
  /** Clear text to another computer. */
  readonly insecure: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Of its first bytes, if it is longer than is read. */
  readonly body: string
}

export type Headers = Readonly<Record<string, string>>
/** Rejects when nothing, or only a part of an answer, came. */
export type Post = (
  request: { readonly headers: Headers; readonly body: string; readonly url?: string },
  signal: AbortSignal,
) => Promise<Answer>

/** Of an answer so much is read, and of one that goes on the connection is cut. */
const MOST_READ = 1 << 20

/** Whether what is sent to it stays on this computer, is encrypted, or may be read on the way. */
export function mayBeSent({ url, insecure }: HttpAddress): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || insecure || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

/** The address as it is shown: without what may be a secret. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

export function poster({ url, tls = {} }: HttpAddress): { post: Post; end(): void } {
  const plain = new Agent({ keepAlive: true, maxSockets: 1 })
  let secure: TlsAgent | null = null
  const secured = () => {
    secure ??= new TlsAgent({
      ...{ keepAlive: true, maxSockets: 1, minVersion: 'TLSv1.2' as const },
      ...pemOf(tls),
    })
    return secure
  }
  const post: Post = async ({ headers, body, url: other = url }, signal) => {
    const bytes = Buffer.from(body)
    const isTls = other.startsWith('https:')
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': bytes.length },
      agent: isTls ? secured() : plain,
      signal,
    }
    return new Promise((resolve, reject) => {
      const sent = (isTls ? requestTls : request)(other, options, (reply) => {
        const chunks: Buffer[] = []
        let length = 0
        const done = () => {
          const text = Buffer.concat(chunks).toString('utf8', 0, MOST_READ)
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: text })
        }
        reply.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          length += chunk.length
          if (length <= MOST_READ) return
          done()
          sent.destroy()
        })
        reply.on('end', done)
        reply.on('error', reject)
        reply.on('close', () => reject(new Error('the answer broke off')))
      })
      sent.on('error', reject)
      sent.end(bytes)
    })
  }
  return {
    post,
    end() {
      plain.destroy()
      secure?.destroy()
      secure = null
    },
  }
}

/** The destination takes nothing now: it is too busy, or what stands before it, or it does not know us. */
const LATER = new Set([401, 403, 404, 405, 407, 408, 425, 429, 502, 503, 504])

/** What a status that is no success means for a message. */
export function refusal(
  env: Env,
  { status, headers }: Answer,
  text: string,
): Omit<Reply, 'control'> {
  const afterMs = retryAfter(env, headers['retry-after'])
  const code = String(status)
  if (LATER.has(status)) return { means: 'later', code, text, afterMs }
  if (status >= 400 && status < 500) return { means: 'refused', code, text }
  if (status >= 500) return { means: 'try-again', code, text, afterMs }
  const where = status >= 300 ? 'it redirects, which is not followed' : 'it is no answer to a POST'
  return { means: 'later', code, text: where }
}

/** In ms; 0 = it does not say. */
function retryAfter(env: Env, text: string | undefined): number {
  if (text === undefined) return 0
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1_000
  const until = Date.parse(text)
  return Number.isNaN(until) ? 0 : Math.max(0, until - env.wall())
}

/** Words of another program, for logs and terminals. */
export const saidBy = (text: string) =>
  text
    .slice(0, 500)
    .replace(/\p{C}+/gu, ' ')
    .trim()
