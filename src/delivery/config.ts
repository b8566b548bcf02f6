// What the configuration says of destinations that are reached by HTTP: FHIR servers and webhooks. What is
// secret stands in files of its own.
import * as z from 'zod'
import { RECORD_KINDS } from '../model/record.ts'
import { mayBeSent } from './http.ts'
import { RULES } from './machine.ts'

/** Goes into a file name and a metric. */
export const destinationName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be of a-z, 0-9 and -')
export const since = z.union([z.iso.datetime(), z.iso.date()]).optional().meta({
  description:
    'UTC. What was recorded since then is sent, the first time. Default: what is recorded from now on.',
})
export const testMessages = z.boolean().default(false)
const file = z.string().min(1)
const url = z.url({ protocol: /^https?$/ }).refine((text) => new URL(text).username === '', {
  error: 'must not hold a user or a password: give them in a file',
})

const shared = {
  name: destinationName,
  url,
  tls: z
    .strictObject({ ca: file.optional(), cert: file.optional(), key: file.optional() })
    .optional()
    .meta({ description: 'PEM files. Without `ca` the certificates of the system are trusted.' }),
  insecure: z.boolean().default(false).meta({
    description: 'True: readings go to another computer in clear text. Not needed for this one.',
  }),
  testMessages: testMessages.meta({
    description: 'True: what a bridge for simulated or replayed wands reads goes there, too.',
  }),
  since,
  timeoutSeconds: z
    .number()
    .min(1)
    .max(600)
    .default(RULES.ackMs / 1_000)
    .meta({ description: 'How long an answer is waited for.' }),
  attempts: z.number().int().min(1).max(100).default(8).meta({
    description:
      'How often a message that is answered with an error of the server is sent before it is set aside.',
  }),
}

const encrypted = {
  path: ['url'],
  error: 'goes to another computer in clear text: use https, or say insecure: true',
}

const auth = z
  .union([
    z.strictObject({ tokenFile: file }),
    z.strictObject({
      tokenUrl: url,
      clientId: z.string().min(1),
      clientSecretFile: file,
      scope: z.string().min(1).optional(),
    }),
    z.strictObject({
      tokenUrl: url,
      clientId: z.string().min(1),
      privateKeyFile: file,
      keyId: z.string().min(1).optional(),
      scope: z.string().min(1).optional(),
    }),
  ])
  .optional()
  .meta({
    description:
      'A file with a bearer token, or OAuth 2 client credentials, with a secret or with a private key (private_key_jwt). None: the server needs none, or takes the certificate of `tls`.',
  })
export type FhirAuth = z.output<typeof auth>

const fhirSchema = z
  .strictObject({ ...shared, auth })
  .refine(mayBeSent, encrypted)
  .refine(
    ({ auth, insecure }) =>
      !auth || !('tokenUrl' in auth) || mayBeSent({ url: auth.tokenUrl, insecure }),
    { ...encrypted, path: ['auth', 'tokenUrl'] },
  )
export type FhirConfig = z.output<typeof fhirSchema>

const webhookSchema = z
  .strictObject({
    ...shared,
    kinds: z
      .array(z.enum(RECORD_KINDS))
      .min(1)
      .default(['interrogation', 'alarm'])
      .meta({ description: 'Which records it gets.' }),
    people: z.boolean().default(false).meta({
      description:
        'True: of worksheets it gets what people wrote down, and their names; else figures, drugs and devices alone.',
    }),
    secretFiles: z.array(file).min(1).max(4).meta({
      description:
        'Files with one secret each, `whsec_…`. With several every message is signed with each, for a change from one to the other.',
    }),
  })
  .refine(mayBeSent, encrypted)
export type WebhookConfig = z.output<typeof webhookSchema>

export const deliverySchema = z
  .strictObject({
    fhir: z.array(fhirSchema).default([]).meta({ description: 'FHIR R4 servers.' }),
    webhooks: z.array(webhookSchema).default([]),
  })
  .prefault({})
export type DeliveryConfig = z.output<typeof deliverySchema>
