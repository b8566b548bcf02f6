// The schemas of what is said to people as data. Apart from statement.ts, so that a client that says something itself
// brings no schemas along. Browser-safe.
import * as z from 'zod'

const argsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))

export const statementShape = {
  code: z.string().meta({ description: 'What is said, as a code: the same in every language.' }),
  args: argsSchema.meta({ description: 'What the sentence of this code is about.' }),
}

export const statementSchema = z.object(statementShape).meta({ id: 'Statement' })
