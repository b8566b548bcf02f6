// The connection to the broker. It is made again by itself for as long as it takes; whoever uses it sees
// requests that fail meanwhile.
import { readFile } from 'node:fs/promises'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import {
  connect,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  PermissionViolationError,
} from '@nats-io/transport-node'
import { Emitter } from '../../base/emitter.ts'
import type { BrokerConfig } from './config.ts'
import { brokerFault } from './fault.ts'

export interface Broker {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  /** Calls `listener` whenever the connection was lost, or is there again. */
  onChange(listener: (there: boolean) => void): () => void
  /** Calls `listener` when the broker does not let this user publish to a subject. */
  onRefusal(listener: (error: Error, subject: string) => void): () => void
  close(): Promise<void>
}

/** How long an answer of the broker is waited for, in ms. */
export const ANSWER_MS = 5_000

/** Rejects with what is wrong and what to do when the first connection cannot be made. */
export async function openBroker(config: BrokerConfig, name: string): Promise<Broker> {
  const { servers, credentials, nkey, tls } = config
  const secret = credentials ?? nkey
  const bytes = secret === undefined ? null : await readFile(secret)
  const authenticator =
    bytes === null
      ? null
      : credentials === undefined
        ? nkeyAuthenticator(Buffer.from(bytes.toString().trim()))
        : credsAuthenticator(bytes)
  const { ca: caFile, cert: certFile, key: keyFile } = tls ?? {}
  const files = {
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
  }
  const secured = tls !== undefined || servers.some((one) => one.startsWith('tls:'))
  const connection = await connect({
    servers: servers.map((one) => one.replace(/^(nats|tls):\/\//, '')),
    name,
    timeout: ANSWER_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    // A broker that hangs is one that is away: found within a few seconds.
    pingInterval: 2_000,
    maxPingOut: 2,
    // A stack for each request costs more than the request.
    noAsyncTraces: true,
    ...(authenticator && { authenticator }),
    ...(secured && { tls: files }),
  }).catch((error: unknown) => Promise.reject(brokerFault(error)))
  try {
    const manager = await jetstreamManager(connection, { timeout: ANSWER_MS })
    const changes = new Emitter<[boolean]>()
    const refusals = new Emitter<[Error, string]>()
    void follow(connection, changes, refusals)
    return {
      connection,
      manager,
      onChange: (listener) => changes.on(listener),
      onRefusal: (listener) => refusals.on(listener),
      async close() {
        await connection.close()
      },
    }
  } catch (error) {
    await connection.close()
    throw brokerFault(error)
  }
}

async function follow(
  connection: NatsConnection,
  changes: Emitter<[boolean]>,
  refusals: Emitter<[Error, string]>,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') changes.emit(false)
    if (status.type === 'reconnect') changes.emit(true)
    if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue
    const { operation, subject } = status.error
    if (operation === 'publish') refusals.emit(status.error, subject)
  }
}
