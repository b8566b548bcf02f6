// What a bridge can be told: by a YAML file, by command-line options, or not at all. One schema.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { parseCosigner } from '../audit/format/cosignature.ts'
import { FORMATS, LEVELS } from '../base/journal.ts'
import { deliverySchema } from '../delivery/config.ts'
import { type BrokerConfig, brokerProblem, fleetSchema } from '../fleet/stream/config.ts'
import { hl7Schema } from '../hl7/config.ts'
import { isProxy } from '../http/reached.ts'
import { codingsSchema } from '../model/codings.ts'
import { isZone, LOCALES } from '../model/format.ts'
import { POLICIES } from '../model/policy.ts'
import { SOURCES, type Source } from '../model/reading.ts'
import { patientsSchema } from '../patients/config.ts'
import { CHECKED_STEPS } from '../refill/sheet/entries.ts'

/** Scheme and host alone. */
const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text

export { type BrokerConfig, brokerProblem }

/** Where a bridge listens if it is not told. */
export const LISTEN = '127.0.0.1:8420'

/** A year, and a month for the audit of it to be done. */
export const KEEP_DAYS_FLOOR = 396

export const configSchema = z
  .strictObject({
    source: z.enum(SOURCES).default('device').meta({
      description:
        'What kind of wands the bridge reads. A wand of another kind is refused, and nothing of it is shown.',
    }),
    serial: z.array(z.string().min(1)).default([]).meta({
      description:
        'Serial ports or tcp://HOST:PORT, one wand each; auto = every wand that is plugged in.',
    }),
    hid: z
      .array(z.string().min(1))
      .default([])
      .meta({ description: 'HID devices, one wand each; auto = every wand that is plugged in.' }),
    apart: z.boolean().default(false).meta({
      description:
        'True: what speaks with a wand runs in a process of its own, one for each. When it hangs or dies, the other wands do not notice. Each takes about 60 MiB of memory, and a third of a second to start.',
    }),
    policy: z.enum(POLICIES).default('on-placement').meta({ description: 'When a pump is read.' }),
    stateDir: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Where the bridge keeps its files.' }),
    audit: z
      .strictObject({
        keepDays: z.number().int().min(1).optional().meta({
          description:
            'Records older than so many days are dropped by `serve`, but never their hashes, nor what a destination has not had. Default: everything is kept.',
        }),
        keepDaysBelowFloor: z
          .literal('I accept that a yearly audit will miss records')
          .optional()
          .meta({ description: `Must be said for keepDays below ${KEEP_DAYS_FLOOR}.` }),
        witnesses: z
          .array(
            z.strictObject({
              url: z.url({ protocol: /^https?$/ }).meta({
                description:
                  'Its submission prefix, what stands before `/add-checkpoint`: http://HOST:PORT.',
              }),
              key: z
                .string()
                .refine((text) => typeof parseCosigner(text) !== 'string', {
                  error: 'is not the verifier key of a witness, as `wandbridge witness` prints it',
                })
                .meta({ description: 'Its verifier key, as `wandbridge witness` prints it.' }),
            }),
          )
          .max(16)
          .optional()
          .meta({
            description:
              'Witnesses of the log (`wandbridge witness`, or any of c2sp.org/tlog-witness): each is sent its signed checkpoints, never a record.',
          }),
      })
      .refine(
        ({ keepDays = KEEP_DAYS_FLOOR, keepDaysBelowFloor }) =>
          keepDays >= KEEP_DAYS_FLOOR || keepDaysBelowFloor !== undefined,
        {
          path: ['keepDays'],
          error:
            `Below ${KEEP_DAYS_FLOOR} days a yearly audit misses records. Keep them longer, or add ` +
            'keepDaysBelowFloor: I accept that a yearly audit will miss records',
        },
      )
      .default({}),
    capture: z
      .strictObject({
        on: z.boolean().default(false).meta({ description: 'Capture raw traffic from the start.' }),
        budgetMiB: z.number().int().min(1).default(64).meta({
          description: 'The oldest captures go when together they take more.',
        }),
        keepDays: z.number().int().min(1).default(30).meta({
          description: 'Captures that are older go.',
        }),
      })
      .prefault({}),
    http: z
      .strictObject({
        listen: z.string().min(1).default(LISTEN).meta({
          description: 'HOST:PORT, or none. Only this computer without `tls`.',
        }),
        tls: z
          .strictObject({
            cert: z
              .string()
              .min(1)
              .meta({ description: 'Certificate, and those that vouch for it.' }),
            key: z.string().min(1).meta({ description: 'Its private key.' }),
            clientCa: z
              .string()
              .min(1)
              .optional()
              .meta({ description: 'Who vouches for clients.' }),
          })
          .optional()
          .meta({
            description:
              'PEM files, read again when they change. With `clientCa` only clients with a certificate of it are let in.',
          }),
        hosts: z
          .array(z.string().min(1))
          .default([])
          .meta({ description: 'Further names it is asked for by, with port where it has one.' }),
        publicUrl: z
          .url({ protocol: /^https?$/ })
          .refine(
            (text) => isOrigin(text.replace(/\/$/, '')),
            'must be scheme and host alone, without a path',
          )
          .optional()
          .meta({
            description:
              'Address that clients use, where a proxy stands before the bridge: https://pumps.example. Links go there.',
          }),
        trustedProxies: z
          .array(z.string().refine(isProxy, 'is no address or network, such as 10.0.0.0/8'))
          .default([])
          .meta({
            description: 'Proxies whose X-Forwarded-Host and X-Forwarded-Proto are believed.',
          }),
        origins: z
          .array(
            z
              .url({ protocol: /^https?$/ })

              .refine(isOrigin, 'must be an origin alone'),
          )
          .default([])
          .meta({
            description:
              'Web sites whose pages may read the API and FHIR with a token (CORS): https://emr.example. None by default.',
          }),
        tokens: z.boolean().default(true).meta({
          description: 'False: whoever reaches the port may read. On this computer only.',
        }),
      })
      .prefault({}),
    log: z
      .strictObject({
        format: z.enum(FORMATS).default('text').meta({
          description: 'Lines for people, or one JSON object a line.',
        }),
        level: z.enum(LEVELS).default('info').meta({
          description: 'What is said: this and what is more urgent.',
        }),
      })
      .prefault({})
      .meta({ description: 'What `serve` says of itself, on standard error.' }),
    hl7: hl7Schema.meta({ description: 'Where HL7 v2 messages go. None by default.' }),
    delivery: deliverySchema.meta({
      description: 'Where readings go as FHIR transactions and as webhooks. Nowhere by default.',
    }),
    codings: codingsSchema,
    fleet: fleetSchema.optional().meta({
      description: 'The NATS JetStream broker that every record goes to. None by default.',
    }),
    patients: patientsSchema.meta({
      description:
        'Which pump is whose: a file of the clinic, and HL7 ADT. Nobody\u2019s by default.',
    }),
    refill: z
      .strictObject({
        clinic: z.string().min(1).max(120).optional().meta({ description: 'Name, for paper.' }),
        phone: z
          .string()
          .min(1)
          .max(60)
          .optional()
          .meta({ description: 'Telephone number on the patient\u2019s slip.' }),
        tolerance: z.number().gt(0).max(100).multipleOf(0.1).optional().meta({
          description:
            'In percent around 100: how far what left may be from what should have. Needs `source`. Without it no verdict is shown.',
        }),
        source: z
          .string()
          .min(1)
          .max(200)
          .optional()
          .meta({ description: 'Where the tolerance comes from, as it stands on the sheet.' }),
        checks: z
          .array(
            z.strictObject({
              step: z.enum(CHECKED_STEPS),
              text: z.string().min(1).max(120),
            }),
          )
          .max(20)
          .optional()
          .meta({
            description:
              'Lines that people confirm at a step, such as { step: aspirated, text: The needle is in the refill port }.',
          }),
        alarmSounds: z.string().min(1).max(300).optional().meta({
          description:
            'What the pump’s alarm sounds mean and what to do, in the clinic’s words, on the patient’s slip.',
        }),
      })
      .refine(
        ({ tolerance, source }) => (tolerance === undefined) === (source === undefined),
        'tolerance and source go together: a verdict names where it comes from',
      )
      .default({}),
    locale: z
      .enum(LOCALES)
      .default('en-US')
      .meta({ description: 'Language of the page, of paper, and of what is said of readings.' }),
    zone: z
      .string()
      .default('UTC')
      .refine(isZone, 'is not a time zone such as Europe/London')
      .meta({ description: 'Time zone of the clinic, for what people read.' }),
  })
  .refine(
    ({ hl7, delivery }) => {
      const all = [...hl7.destinations, ...delivery.fhir, ...delivery.webhooks]
      return new Set(all.map((one) => one.name)).size === all.length
    },
    { path: ['delivery'], error: 'two destinations have the same name' },
  )
  .meta({ id: 'Config' })
export type Config = z.infer<typeof configSchema>

/**
 * `$XDG_STATE_HOME/wandbridge`, or where each system keeps such files; a bridge that does not read
 * devices has a directory of its own beside it.
 */
export function defaultStateDir(
  source: Source = 'device',
  env: NodeJS.ProcessEnv = process.env,
): string {
  const { LOCALAPPDATA, XDG_STATE_HOME } = env
  const name = source === 'device' ? 'wandbridge' : `wandbridge-${source}`
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, name)
  const base = XDG_STATE_HOME ? resolve(XDG_STATE_HOME) : join(homedir(), '.local', 'state')
  return join(base, name)
}
