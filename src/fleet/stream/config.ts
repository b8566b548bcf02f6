// How a bridge, or a replica, is told of the broker: one schema for both.
import * as z from 'zod'
import { isLoopback } from '../../base/loopback.ts'
import { SITE } from './names.ts'

/** Records under way at once when nothing else is said. */
const WINDOW = 250

/** Null = it is no address of a broker. */
function hostOf(server: string): string | null {
  const url = URL.canParse(server) ? new URL(server) : null
  if (url === null || !['nats:', 'tls:'].includes(url.protocol) || url.hostname === '') return null
  return url.hostname.replace(/^\[|\]$/g, '')
}

const tls = z.strictObject({
  ca: z.string().min(1).optional().meta({ description: 'PEM file of who vouches for the broker.' }),
  cert: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
})

const CLEAR_TEXT =
  'Readings are not sent to other computers in clear text: give tls://, or `tls` in the configuration'

/** An address is told in the status and in records. */
const SECRET =
  'An address of a broker has no name and no password in it, because addresses are shown: name a file in fleet.nkey or fleet.credentials'
/** Also of a text that is no address: what stands before an @ is not shown. */
const hasSecret = (server: string) => server.includes('@')

const brokerShape = {
  servers: z
    .array(
      z
        .string()
        .refine((text) => !hasSecret(text), { error: SECRET, abort: true })
        .refine((text) => hostOf(text) !== null, {
          error: 'is no address of a broker, such as tls://broker.example:4222',
        }),
    )
    .min(1)
    .meta({ description: 'Addresses of the broker: nats://HOST:PORT or tls://HOST:PORT.' }),
  credentials: z.string().min(1).optional().meta({
    description:
      'File with the credentials (JWT and seed) of a NATS user; of a replica also a directory with one for each site.',
  }),
  nkey: z.string().min(1).optional().meta({
    description:
      'File with the seed of an NKey user; of a replica also a directory with one for each site.',
  }),
  tls: tls.optional().meta({
    description: 'PEM files, where the system\u2019s own authorities do not vouch for the broker.',
  }),
}

/** Readings are not sent to other computers in clear text. */
const isPrivate = (all: { readonly servers: readonly string[]; readonly tls?: unknown }) =>
  all.tls !== undefined ||
  all.servers.every((one) => one.startsWith('tls:') || isLoopback(hostOf(one) ?? ''))

export const fleetSchema = z
  .strictObject({
    ...brokerShape,
    site: z
      .string()
      .regex(SITE, 'must be small letters, digits and hyphens, at most 40')
      .meta({ description: 'Name of this bridge among all; it stands in every subject.' }),
    replicas: z.number().int().min(1).max(5).default(3).meta({
      description: 'On how many nodes of the broker the log\u2019s stream is kept.',
    }),
    keepDays: z.number().int().min(1).optional().meta({
      description: 'Older records are dropped at the broker. Default: everything is kept.',
    }),
    keepMiB: z.number().int().min(1).optional().meta({
      description: 'The oldest records are dropped at the broker when the stream takes more.',
    }),
    window: z.number().int().min(1).max(1_000).default(WINDOW).meta({
      description: 'Records that are under way to the broker at once.',
    }),
  })
  .refine(isPrivate, { path: ['servers'], error: CLEAR_TEXT })
  .refine(({ credentials, nkey }) => credentials === undefined || nkey === undefined, {
    path: ['nkey'],
    error: 'credentials and nkey do not go together',
  })
  .meta({ id: 'Fleet' })
export type FleetConfig = z.infer<typeof fleetSchema>
/** How a broker is reached. */
export type BrokerConfig = Pick<FleetConfig, 'servers' | 'credentials' | 'nkey' | 'tls'>

/** Why a broker cannot be used as it is named; null = it can. */
export function brokerProblem(broker: BrokerConfig): string | null {
  if (broker.servers.some(hasSecret)) return SECRET
  const wrong = broker.servers.find((one) => hostOf(one) === null)
  if (wrong !== undefined)
    return `${wrong} is no address of a broker, such as nats://127.0.0.1:4222`
  return isPrivate(broker) ? null : CLEAR_TEXT
}
