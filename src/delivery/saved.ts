// How far a destination is, as it is kept: its place in the log, and the messages that were set aside.
import * as z from 'zod'
import { utcSchema } from '../model/value.ts'

const count = z.number().int().nonnegative()

const parkedSchema = z.strictObject({
  log: z.string(),
  position: count,
  control: z.string(),
  code: z.string(),
  text: z.string(),
  attempts: count,
  at: utcSchema,
})
/** A message that its destination would not take. */
export type Parked = z.infer<typeof parkedSchema>

const savedSchema = z.strictObject({
  v: z.literal(3),
  destination: z.string(),
  /** Only what was recorded since is sent. */
  since: utcSchema,
  /** Everything up to here was accepted, set aside, or is not for it; null = it has not begun. */
  place: z.strictObject({ log: z.string(), position: z.number().int().min(-1) }).nullable(),
  parked: z.array(parkedSchema),
  /** It said that it wants no message any more, and nobody has asked it again. */
  disabled: z.strictObject({ at: utcSchema, code: z.string(), text: z.string() }).nullable(),
})
export type Saved = z.infer<typeof savedSchema>

/** What is kept says nothing of this destination. */
export class UnreadablePlace extends Error {}

/** Throws when it is not ours: to begin anew would send what was sent, or leave out what was not. */
export function parseSaved(text: string | null, destination: string, since: string): Saved {
  if (text === null) return { v: 3, destination, since, place: null, parked: [], disabled: null }
  const saved = savedSchema.safeParse(jsonOf(text))
  if (saved.success && saved.data.destination === destination) return saved.data
  throw new UnreadablePlace(`the file that says how far ${destination} is cannot be read`)
}

export const savedText = (saved: Saved) => `${JSON.stringify(saved, null, 1)}\n`

/** What is no JSON is null. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
