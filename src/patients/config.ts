// What the configuration says of patients: the clinic's table of pumps, and where their moves are heard.

import * as z from 'zod'
import { isLoopback } from '../base/loopback.ts'

const file = z.string().min(1)
const system = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[a-z][a-z0-9+.-]*:\S+$/i, 'must be a URI, such as urn:oid:1.2.3')

const adtSchema = z
  .strictObject({
    listen: z
      .string()
      .regex(/^(\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}$/i, 'must be HOST:PORT')
      .default('127.0.0.1:2576'),
    tls: z
      .strictObject({ cert: file, key: file, clientCa: file.optional() })
      .optional()
      .meta({ description: 'PEM files. With `clientCa` only senders with a certificate of it.' }),
    insecure: z.boolean().default(false).meta({
      description: 'True: messages come from other computers in clear text.',
    }),
    peers: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .default([])
      .meta({
        description:
          'Addresses of senders; others are not listened to. Needed beyond this computer.',
      }),
    authorities: z
      .array(
        z.strictObject({
          system,
          namespace: z.string().min(1).max(40).optional(),
          universalId: z.string().min(1).max(200).optional(),
        }),
      )
      .max(50)
      .default([])
      .meta({
        description:
          'Which system an identifier of PID-3 is of, by its assigning authority (CX-4). Others are left alone. One without authority is of `patients.system`.',
      }),
    encoding: z.enum(['utf-8', 'iso-8859-1']).default('utf-8').meta({
      description: 'Of messages that do not say it in MSH-18.',
    }),
    maxKiB: z.number().int().min(1).max(16_384).default(1_024),
  })
  .refine(({ listen, tls, insecure }) => tls || insecure || isLocal(listen), {
    path: ['listen'],
    error: 'is reached from other computers: give `tls`, or say insecure: true',
  })
  .refine(({ listen, tls, peers }) => isLocal(listen) || peers.length > 0 || tls?.clientCa, {
    path: ['peers'],
    error:
      'must name the senders, or tls.clientCa their certificates: it is reached from other computers',
  })
export type AdtConfig = z.output<typeof adtSchema>

/** Whether only this computer reaches it. */
function isLocal(listen: string): boolean {
  return isLoopback(listen.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''))
}

export const patientsSchema = z
  .strictObject({
    file: file.meta({
      description:
        'CSV (by its ending .csv) or YAML: which pump is whose. Read again when it changes.',
    }),
    encoding: z
      .enum(['utf-8', 'iso-8859-1'])
      .default('utf-8')
      .meta({ description: 'Of the file.' }),
    system: system.optional().meta({
      description: 'Who gives the identifiers, where a row or a message does not say it.',
    }),
    names: z.boolean().default(false).meta({
      description:
        'True: names are kept in the log and sent on. They stay there as long as the log does.',
    }),
    settleSeconds: z.number().min(0.1).max(3_600).default(2).meta({
      description: 'A file that was written so recently is not read yet.',
    }),
    adt: adtSchema.optional().meta({ description: 'Listens for HL7 ADT over MLLP.' }),
  })
  .optional()
export type PatientsConfig = NonNullable<z.output<typeof patientsSchema>>
