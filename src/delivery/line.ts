// A TCP or TLS connection to a destination: the edge. Clear text leaves this computer only when the
// configuration says so in as many words.

import { readFileSync } from 'node:fs'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Env } from '../base/env.ts'
import { isLoopback } from '../base/loopback.ts'
import { type Statement, statement } from '../model/statement.ts'

/** Paths of PEM files. */
export interface PemFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export interface Address {
  readonly host: string
  readonly port: number
  readonly tls?: (PemFiles & { readonly servername?: string | undefined }) | undefined
  /** Clear text to another computer. */
  readonly insecure: boolean
}

export interface LineEvents {
  connected(): void
  data(bytes: Uint8Array): void
  /** Once, whatever the reason. */
  closed(why: Statement): void
}

export interface Line {
  send(bytes: Uint8Array): void
  close(): void
}

export type Dial = (events: LineEvents) => Line

const CONNECT_MS = 10_000

/** TLS, unless it goes to this computer or the configuration says `insecure: true`. */
export const isSecure = ({ host, tls, insecure }: Address) =>
  tls !== undefined || !(insecure || isLoopback(host))

export function dialer(env: Env, address: Address): Dial {
  const { host, port, tls } = address
  return (events) => {
    let why = statement('delivery.closed')
    const socket = isSecure(address) ? secure(address) : connectPlain({ host, port })
    const cancel = env.after(CONNECT_MS, () => {
      why = statement('delivery.no-connection')
      socket.destroy()
    })
    socket.setNoDelay(true).setKeepAlive(true, 30_000)
    socket.once(tls || isSecure(address) ? 'secureConnect' : 'connect', () => {
      cancel()
      events.connected()
    })
    socket.on('data', (bytes: Buffer) => events.data(bytes))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      why = statement('delivery.refused', { text: error.code ?? error.message })
    })
    socket.once('close', () => {
      cancel()
      events.closed(why)
    })
    return {
      send: (bytes) => void socket.write(bytes),
      close: () => void socket.destroy(),
    }
  }
}

function secure({ host, port, tls = {} }: Address): Socket {
  const { servername = host } = tls
  return connectTls({
    host,
    port,
    ...(/^[\d.]+$|:/.test(servername) ? {} : { servername }),
    minVersion: 'TLSv1.2',
    ...pemOf(tls),
  })
}

/** What is in the files. */
export function pemOf({ ca, cert, key }: PemFiles) {
  const file = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path))
  return { ca: file(ca), cert: file(cert), key: file(key) }
}
