// Where the surface listens: on this computer as it is, anywhere else with TLS only. Limits what a
// connection may cost before anybody knows whose it is.

import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import type { FastifyServerOptions } from 'fastify'
import type { Env } from '../base/env.ts'
import { makeApp, problemText } from './app.ts'
import { SECURITY_HEADERS } from './guard.ts'
import { HttpProblem, type ProblemName } from './problems.ts'
import { PROBLEM_TYPE } from './reply.ts'
import { type HttpLimits, type HttpSources, LIMITS } from './sources.ts'
import { followFiles, loadTls, type TlsFiles } from './tls.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 = any that is free. */
  readonly port: number
  readonly tls?: TlsFiles
  /** Further names it is asked for by, with port where it is not the usual one. */
  readonly hosts?: readonly string[]
  readonly limits?: Partial<HttpLimits>
}

export interface HttpServer {
  /** `http://127.0.0.1:8420` */
  readonly url: string
  /** A link that lets one browser in, once, for two minutes. */
  openLink(): string
  close(): Promise<void>
}

/** It cannot listen as it was told: the message says what to change. */
export class ListenError extends Error {}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/
export const isLoopback = (host: string) => LOOPBACK.test(host)

/** Time for a request, in ms. */
const REQUEST_MS = 10_000
/** Without any byte either way. The stream of events ticks more often. */
const SILENT_MS = 30_000
/** How long an answer to what was no request may take to be read. */
const FAREWELL_MS = 1_000

export async function listen(sources: HttpSources, options: ListenOptions): Promise<HttpServer> {
  const { host, port, tls, hosts = [] } = options
  if (!tls && !isLoopback(host)) {
    throw new ListenError(
      `${host} can be reached from other computers, and readings are not sent there in clear text. Give \`http.tls\` (cert, key) in the configuration, or listen on 127.0.0.1.`,
    )
  }
  let names: readonly string[] = []
  let bound = port
  const settings = {
    hosts: () => names,
    cookie: () => `wandbridge-${bound}`,
    tls: tls !== undefined,
    limits: { ...LIMITS, ...options.limits },
  }
  const { env } = sources
  const app = await makeApp(
    sources,
    settings,
    await serverOptions(env, tls, settings.limits).catch(unusable),
  )
  const { fastify } = app
  const { server } = fastify
  server.on('connect', (_request, socket) => refuseRaw(env, socket as Socket, 'read-only'))
  try {
    await fastify.listen({ host, port })
  } catch (error) {
    await app.close()
    throw new ListenError(sentenceOf(error as NodeJS.ErrnoException, host, port))
  }
  const address = server.address()
  bound = typeof address === 'object' && address ? address.port : port
  names = namesOf(host, bound, tls !== undefined, hosts)
  const unfollow = tls ? followFiles(sources, server, tls) : () => {}
  const url = `${tls ? 'https' : 'http'}://${hostText(isLoopback(host) ? host : (hosts[0] ?? host), bound)}`
  return {
    url,
    openLink: () => `${url}/open/${sources.access.links.create()}`,
    async close() {
      unfollow()
      await app.close()
    },
  }
}

function unusable(error: Error): never {
  throw new ListenError(
    `The key or certificate cannot be used: ${error.message}. Check the paths in \`http.tls\`: PEM, the certificate with its chain, and its key.`,
  )
}

async function serverOptions(
  env: Env,
  tls: TlsFiles | undefined,
  { headersMs }: HttpLimits,
): Promise<FastifyServerOptions> {
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
  const https = { ...limits, ...(await loadTls(tls)), handshakeTimeout: headersMs }
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
function refuseRaw(env: Env, socket: Socket, name: ProblemName): void {
  if (!socket.writable) return void socket.destroy()
  const { problem } = new HttpProblem(name)
  const body = problemText(problem)
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

/** What may stand in `Host`. Names of this computer are never mistaken for others. */
function namesOf(host: string, port: number, tls: boolean, more: readonly string[]): string[] {
  const own = isLoopback(host)
    ? ['127.0.0.1', 'localhost', '[::1]', hostOnly(host)]
    : [hostOnly(host)]
  const usual = port === (tls ? 443 : 80)
  const all = own.flatMap((name) => (usual ? [name, `${name}:${port}`] : [`${name}:${port}`]))
  return [...new Set([...all, ...more.map((name) => name.toLowerCase())])]
}

const hostOnly = (host: string) => (isIP(host) === 6 ? `[${host}]` : host.toLowerCase())

function hostText(host: string, port: number): string {
  return /:\d+$/.test(host) && isIP(host) !== 6 ? host : `${hostOnly(host)}:${port}`
}

function sentenceOf({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${host}:${port}`
  switch (code) {
    case 'EADDRINUSE':
      return `${where} is taken by another program. Give another --listen, or end that program.`
    case 'EACCES':
      return `${where} may not be used by this user. Give a port above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this computer. Give another --listen.`
    default:
      return `${where} cannot be listened on: ${message}`
  }
}
