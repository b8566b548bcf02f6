// What a connection may cost before there is a request on it, the same on every server of this program, and the
// answer to what is no request at all.
import type { Socket } from 'node:net'
import type { FastifyServerOptions } from 'fastify'
import type { Env } from '../base/env.ts'
import { SECURITY_HEADERS } from './origin.ts'
import { HttpProblem, type ProblemName } from './problems.ts'
import { PROBLEM_TYPE } from './reply.ts'
import type { HttpLimits } from './sources.ts'
import type { loadTls } from './tls.ts'

/** Time for a request, in ms. */
const REQUEST_MS = 10_000
/** Without any byte either way. The stream of events ticks more often. */
const SILENT_MS = 30_000
/** How long an answer to what was no request may take to be read. */
const FAREWELL_MS = 1_000

export function serverOptions(
  env: Env,
  { headersMs }: Pick<HttpLimits, 'headersMs'>,
  tls?: Awaited<ReturnType<typeof loadTls>>,
): FastifyServerOptions {
  const limits = {
    maxHeaderSize: 16_384,
    // Two of a header that is one are no value of it: not the first, not the last.
    joinDuplicateHeaders: true,
    headersTimeout: headersMs,
    connectionsCheckingInterval: Math.min(1_000, headersMs),
  }
  const options = {
    requestTimeout: REQUEST_MS,
    connectionTimeout: SILENT_MS,
    keepAliveTimeout: SILENT_MS,
    forceCloseConnections: 'idle' as const,
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) =>
      refuseRaw(env, socket, rawProblem(error)),
  }
  if (!tls) return { ...options, http: limits } as FastifyServerOptions
  const https = { ...limits, ...tls, handshakeTimeout: headersMs }
  return { ...options, https } as FastifyServerOptions
}

const RAW_ERRORS: Readonly<Record<string, ProblemName>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'too-slow',
}

function rawProblem(error: NodeJS.ErrnoException): ProblemName {
  const { code = '', rawPacket } = error as { readonly code?: string; readonly rawPacket?: Buffer }
  // A method that Node does not know, or bytes that are none.
  const asked = rawPacket?.toString('latin1', 0, 100) ?? ''
  if (code === 'HPE_INVALID_METHOD' && /^[!#$%&'*+.^_`|~\w-]+ \//.test(asked)) return 'read-only'
  return RAW_ERRORS[code] ?? 'bad-request'
}

/** An answer to what is no request at all. */
export function refuseRaw(env: Env, socket: Socket, name: ProblemName): void {
  if (!socket.writable) return void socket.destroy()
  const { problem } = new HttpProblem(name)
  const body = JSON.stringify(problem)
  const headers = {
    ...SECURITY_HEADERS,
    ...(problem.status === 405 && { allow: 'GET, HEAD' }),
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const head = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`)
  const text = `HTTP/1.1 ${problem.status} ${problem.title}\r\n${head.join('')}\r\n${body}`
  // Whoever goes on sending is not waited for, nor who never finished the handshake of TLS.
  socket.once(
    'close',
    env.after(FAREWELL_MS, () => socket.destroy(), { background: true }),
  )
  socket.end(text, () => socket.destroy())
}
