// By which address a client has reached this server. Behind a proxy that ends TLS that is not the one it listens
// on: the public address of the configuration says it, or a proxy that is trusted does. What anybody else says of
// it is not looked at. Links, cookies and the origin of the page follow from it.
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** What is configured of proxies. */
export interface Proxied {
  /** `https://pumps.example`: scheme and host, without a path. */
  readonly publicUrl?: string
  /** Addresses or networks (`10.0.0.0/8`) of proxies whose X-Forwarded-Host and -Proto count. */
  readonly trustedProxies?: readonly string[]
}

export interface Outside {
  readonly tls: boolean
  proxied?: Trust
}

export interface Reached {
  /** `host:port` as the client wrote it, lower case. */
  readonly host: string
  readonly secure: boolean
  /** `https://pumps.example` */
  readonly origin: string
}

export class Trust {
  /** Of the public address; null = none is configured. */
  readonly publicUrl: URL | null
  readonly #proxies = new BlockList()
  readonly #none: boolean

  constructor({ publicUrl, trustedProxies = [] }: Proxied) {
    this.#none = trustedProxies.length === 0
    this.publicUrl = publicUrl === undefined ? null : new URL(publicUrl)
    for (const proxy of trustedProxies) {
      const [address = '', bits] = proxy.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (bits === undefined) this.#proxies.addAddress(address, family)
      else this.#proxies.addSubnet(address, Number(bits), family)
    }
  }

  trusts(address: string | undefined): boolean {
    if (this.#none) return false
    const plain = address?.replace(/^::ffff:(?=\d+\.)/, '') ?? ''
    const version = isIP(plain)
    return version !== 0 && this.#proxies.check(plain, version === 6 ? 'ipv6' : 'ipv4')
  }
}

/** Whether a text names a proxy: an address, or a network. */
export function isProxy(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32))
  )
}

export function reached(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  { tls, proxied }: Outside,
): Reached {
  const trusted = proxied?.trusts(socket.remoteAddress) ?? false
  const told = (name: string) => (trusted ? last(headers[name]) : undefined)
  const host = (told('x-forwarded-host') ?? headers.host ?? '').toLowerCase()
  const scheme = told('x-forwarded-proto')
  const known = proxied?.publicUrl
  const secure =
    known && known.host === host ? known.protocol === 'https:' : scheme ? scheme === 'https' : tls
  return { host, secure, origin: `${secure ? 'https' : 'http'}://${host}` }
}

/** What the nearest proxy has added: what stands before it, anybody may have sent. */
const last = (value: string | string[] | undefined) => {
  const text = [value ?? []].flat().join(',').split(',').at(-1)?.trim().toLowerCase() ?? ''
  return text === '' ? undefined : text
}
