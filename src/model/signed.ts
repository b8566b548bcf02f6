// Who wrote an entry down, and how sure that is. Browser-safe.
import * as z from 'zod'

export const signedSchema = z
  .strictObject({
    operator: z
      .string()
      .min(1)
      .max(80)
      .nullable()
      .meta({ description: 'Null = nobody was named.' }),
    verified: z
      .enum(['pin', 'claimed'])
      .meta({ description: '`pin`: signed in with a PIN; `claimed`: a name that somebody typed.' }),
  })
  .meta({ id: 'Signed', description: 'Who wrote it down, and how sure that is.' })
export type Signed = z.infer<typeof signedSchema>
