// Where the surface listens: on this computer as it is, anywhere else with TLS only. Limits what a
// connection may cost before anybody knows whose it is.

import { isIP, type Socket } from 'node:net'
import type { FastifyServerOptions } from 'fastify'
import { isLoopback } from '../base/loopback.ts'
import { type HttpApp, makeApp } from './app.ts'
import { ListenError } from './listen-error.ts'
import { refuseRaw, serverOptions } from './raw.ts'
import { type Proxied, Trust } from './reached.ts'
import { type HttpLimits, type HttpSettings, type HttpSources, LIMITS } from './sources.ts'
import { followFiles, loadTls, type TlsFiles } from './tls.ts'

export interface ListenOptions extends Proxied {
  readonly host: string
  /** 0 = any that is free. */
  readonly port: number
  readonly tls?: TlsFiles
  /** Further names it is asked for by, with port where it is not the usual one. */
  readonly hosts?: readonly string[]
  /** Origins whose pages may read with a token. */
  readonly origins?: readonly string[]
  readonly limits?: Partial<HttpLimits>
}

export interface HttpServer {
  /** `http://127.0.0.1:8420` */
  readonly url: string
  /** A link that lets one browser in, once, for two minutes. */
  openLink(): string
  close(): Promise<void>
}

/** What the server itself needs of what it serves. */
export type Served = Pick<HttpSources, 'env' | 'access' | 'log'>

/** `make` gives what answers; a bridge's own surface if it is not given. */
export function listen(sources: HttpSources, options: ListenOptions): Promise<HttpServer> {
  return listenWith(sources, options, (settings, own) => makeApp(sources, settings, own))
}

export async function listenWith(
  sources: Served,
  options: ListenOptions,
  make: (settings: HttpSettings, own: FastifyServerOptions) => Promise<HttpApp>,
): Promise<HttpServer> {
  const { host, port, tls, origins = [] } = options
  const proxied = new Trust(options)
  const known = proxied.publicUrl
  const hosts = [...(options.hosts ?? []), ...(known ? [known.host] : [])]
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
    proxied,
    origins,
    limits: { ...LIMITS, ...options.limits },
  }
  const { env } = sources
  const app = await make(
    settings,
    serverOptions(env, settings.limits, tls && (await loadTls(tls).catch(unusable))),
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
    openLink: () => `${known?.origin ?? url}/open/${sources.access.links.create()}`,
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
