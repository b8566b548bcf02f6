// What the configuration says of destinations.
import * as z from 'zod'
import { destinationName, since, testMessages } from '../delivery/config.ts'
import { RULES } from '../delivery/machine.ts'
import { type Codings, NO_CODINGS } from '../model/codings.ts'
import { PROFILE, type Profile } from './heading.ts'

const text = z.string().max(180)
/** HD: a name, or namespace, universal id and its type between `^`. */
const hd = text
  .refine((one) => one.split('^').length <= 3, 'has at most three components: NAME^ID^TYPE')
  .meta({ description: 'NAME, or NAME^ID^TYPE such as EMR^1.2.3^ISO.' })

export const destinationSchema = z
  .strictObject({
    name: destinationName,
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535),
    tls: z
      .strictObject({
        ca: z.string().min(1).optional(),
        cert: z.string().min(1).optional(),
        key: z.string().min(1).optional(),
        servername: z.string().min(1).optional(),
      })
      .optional()
      .meta({ description: 'PEM files. Without it the certificates of the system are trusted.' }),
    insecure: z.boolean().default(false).meta({
      description: 'True: readings go to another computer in clear text. Not needed for this one.',
    }),
    alarms: z.boolean().default(false).meta({
      description:
        "PCD-04 for every change among the pump's own alarms, as they are read. Not for notification: nobody watches the pump.",
    }),
    events: z.boolean().default(false).meta({
      description:
        'PCD-10 shaped ORU^R42 for what the pump has logged itself, as it is read: alarms that came and went, stalls and recoveries, boluses.',
    }),
    testMessages: testMessages.meta({
      description:
        'True: what a bridge for simulated or replayed wands reads goes there, too, marked as a test (MSH-11 T).',
    }),
    since,
    acceptAck: z.enum(['AL', 'NE']).default('AL'),
    applicationAck: z.enum(['AL', 'NE']).default('NE'),
    reportProfile: text.default(PROFILE.reportProfile).meta({ description: 'MSH-21 of PCD-01.' }),
    alarmProfile: text.default(PROFILE.alarmProfile).meta({ description: 'MSH-21 of PCD-04.' }),
    eventProfile: text
      .default(PROFILE.eventProfile)
      .meta({ description: 'MSH-21 of the events; none is claimed by default.' }),
    sendingApplication: hd.default(PROFILE.sendingApplication),
    sendingFacility: hd.default(PROFILE.sendingFacility),
    receivingApplication: hd.default(PROFILE.receivingApplication),
    receivingFacility: hd.default(PROFILE.receivingFacility),
    ackSeconds: z
      .number()
      .min(1)
      .max(600)
      .default(RULES.ackMs / 1_000),
    patienceMinutes: z.number().min(0).max(10_080).default(10).meta({
      description:
        'How long a message that is answered with an error (AE, CE), or never while others are, is tried at least before it is set aside.',
    }),
    attempts: z.number().int().min(1).max(100).default(RULES.attempts).meta({
      description:
        'How often a message that is answered with an error is sent before it is set aside.',
    }),
  })
  .refine(({ acceptAck, applicationAck }) => acceptAck === 'AL' || applicationAck === 'AL', {
    message: 'acceptAck or applicationAck must be AL: without any reply nobody knows what arrived',
  })
export type DestinationConfig = z.output<typeof destinationSchema>

export const hl7Schema = z
  .strictObject({
    destinations: z.array(destinationSchema).default([]),
  })
  .prefault({})

export function profileOf(config: DestinationConfig, codings: Codings = NO_CODINGS): Profile {
  const { sendingApplication, sendingFacility, receivingApplication, receivingFacility } = config
  const { acceptAck, applicationAck, reportProfile, alarmProfile, eventProfile } = config
  return {
    sendingApplication,
    sendingFacility,
    receivingApplication,
    receivingFacility,
    acceptAck,
    applicationAck,
    reportProfile,
    alarmProfile,
    eventProfile,
    codings,
  }
}
