// A scenario: a named situation a clinic knows. Which pumps there are, where the wand is, and what
// happens when. Files in this folder, or anywhere else.
import * as z from 'zod'
import { CommandSchema } from '../commands.ts'
import { implantSpec } from '../implant/spec.ts'

const UNITS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  min: 60_000,
  s: 1_000,
}
const DURATION = /^\d+ (?:d|h|min|s)(?: \d+ (?:h|min|s))*$/

/** `2 d 3 h 10 min 5 s`, in milliseconds. */
const duration = z
  .string()
  .regex(DURATION, 'must be written like "2 d 3 h", with d, h, min and s')
  .transform((text) =>
    [...text.matchAll(/(\d+) (d|h|min|s)/g)].reduce(
      (sum, [, n, unit]) => sum + Number(n) * (UNITS[unit ?? 's'] ?? 0),
      0,
    ),
  )

/** `at` of the pump's own time since the scenario began, and a command as on stdin. */
const step = z.looseObject({ at: duration }).transform(({ at, ...rest }, context) => {
  const command = CommandSchema.safeParse(rest)
  if (command.success) return { at, command: command.data }
  for (const issue of command.error.issues) {
    context.addIssue({ code: 'custom', path: issue.path as string[], message: issue.message })
  }
  return z.NEVER
})

const length = z.number().min(0).max(500)

export const scenarioSchema = z.strictObject({
  title: z.string().min(1).max(80),
  /** For people: what they will see, and what they will not. */
  description: z.string().min(1),
  /** The first lies under the wand. */
  pumps: z.array(implantSpec).min(1).max(8),
  /** mm from skin to wand, mm from skin to pump, degrees from flat. */
  place: z
    .strictObject({
      gap: length.default(5),
      depth: length.default(12),
      angle: z.number().int().min(-180).max(180).default(0),
      lifted: z.boolean().default(false),
    })
    .default({ gap: 5, depth: 12, angle: 0, lifted: false }),
  noise: z.enum(['none', 'low', 'high']).default('none'),
  timeline: z.array(step).default([]),
})
export type Scenario = z.output<typeof scenarioSchema>
export type ScenarioInput = z.input<typeof scenarioSchema>
