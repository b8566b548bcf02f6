// What was told of patients who have a pump, kept beside the log: senders tell a merge once, and a log that is begun
// anew, or whose old records are dropped, does not say it any more. It is a copy: where there is none, or it cannot be
// read, the log alone counts.
import * as z from 'zod'
import { type Owners, toldSchema } from '../model/owner.ts'

const keptSchema = z.strictObject({ v: z.literal(1), told: z.record(z.string(), toldSchema) })

/** Throws when it is none. */
export const parseKept = (text: string | null): Owners['told'] =>
  text === null ? {} : keptSchema.parse(JSON.parse(text)).told

export const keptText = (told: Owners['told']) => `${JSON.stringify({ v: 1, told })}\n`
