// What can be done to a simulated wand and its pump while it runs: one union, the same from JSON lines
// on stdin, from a scenario's timeline and from a test. The vendor's programmer, a syringe and a hand
// on the wand are all here; nothing here goes over the wand protocol, which only reads.
import { z } from 'zod'
import { Code, type CodeName } from '../protocol/codec/pdu.ts'
import { MESSAGES, type MessageName } from '../protocol/messages/index.ts'
import { FAULT_NAMES, type Faults } from './cable/faults.ts'
import { FAULTY_ENDPOINTS } from './ports/usb/faults.ts'

const mm = z.number().min(0).max(500)
const angle = z.number().int().min(-180).max(180)
const level = z.enum(['none', 'low', 'high'])
const chance = z.number().min(0).max(1)
const nanolitres = z.number().int().min(0).max(50_000_000)
const span = z.number().min(0)
const u32 = z.number().int().min(0).max(0xffffffff)
const MESSAGE_NAMES = Object.keys(MESSAGES) as [MessageName, ...MessageName[]]
const CODE_NAMES = Object.keys(Code) as [CodeName, ...CodeName[]]

const faults = z.partialRecord(z.enum(FAULT_NAMES as [keyof Faults, ...(keyof Faults)[]]), chance)

/** `wand`: which one, from 0. */
const on = { wand: z.number().int().min(0).default(0) }
/** One endpoint of the wand's USB plug; "in" is towards the host. */
const at = { ...on, endpoint: z.enum(FAULTY_ENDPOINTS) }

export const CommandSchema = z.discriminatedUnion('do', [
  /** Where the wand is: mm from skin to wand, mm from skin to pump, degrees from flat. */
  z.strictObject({
    do: z.literal('move'),
    ...on,
    gap: mm.optional(),
    depth: mm.optional(),
    angle: angle.optional(),
  }),
  z.strictObject({ do: z.literal('lift'), ...on }),
  z.strictObject({ do: z.literal('place'), ...on, gap: mm.optional(), angle: angle.optional() }),
  /** Another pump of the scenario is under the wand: its index from 0 or its serial; null = none. */
  z.strictObject({
    do: z.literal('present'),
    ...on,
    pump: z.union([z.number().int().min(0), z.string(), z.null()]),
  }),
  z.strictObject({ do: z.literal('unplug'), ...on }),
  z.strictObject({ do: z.literal('plug'), ...on }),
  /** The next `count` reports, or transfers of the serial line, pass as if well and are lost. */
  z.strictObject({
    do: z.literal('usb-drop'),
    ...at,
    count: z.number().int().min(1).max(100_000).default(1),
  }),
  /** Transfers fail as STALL, until the host clears the halt or the wand is plugged in anew. */
  z.strictObject({ do: z.literal('usb-stall'), ...at }),
  /** No transfer ends for so long: the endpoint answers NAK. */
  z.strictObject({ do: z.literal('usb-nak'), ...at, seconds: span.max(3600).default(1) }),
  /** The cable is pulled in the middle of the next transfer. */
  z.strictObject({ do: z.literal('usb-pull'), ...at }),
  /**
   * What becomes of replies of one type: the `nth` from now and `count` in all, 0 = all that follow.
   * Without a fault: they are as they should be again.
   */
  z.strictObject({
    do: z.literal('reply'),
    ...on,
    to: z.enum(MESSAGE_NAMES),
    nth: z.number().int().min(1).default(1),
    count: z.number().int().min(0).default(1),
    /** It is lost. */
    drop: z.boolean().optional(),
    delayMs: z.number().int().min(0).max(600_000).optional(),
    /** Another result, without a payload. */
    code: z.enum(CODE_NAMES).optional(),
    /** Its marks say that it comes from there. */
    source: z.enum(['device', 'simulator', 'replay']).optional(),
    session: u32.optional(),
    /** Fields of the payload, in protocol units; null = unavailable. */
    set: z.record(z.string(), z.union([z.number().int(), z.string(), z.null()])).optional(),
  }),
  /** `level` is for cable and air; `faults` are single chances of the cable on top; `air` overrides. */
  z.strictObject({
    do: z.literal('noise'),
    ...on,
    level: level.default('none'),
    faults: faults.optional(),
    air: level.optional(),
  }),
  /** The pump lives on so long at once. */
  z.strictObject({
    do: z.literal('advance'),
    ...on,
    days: span.optional(),
    hours: span.optional(),
    minutes: span.optional(),
    seconds: span.optional(),
  }),
  z.strictObject({ do: z.literal('restart-wand'), ...on }),
  /** Draws off `volume` nL; without it, all there is. */
  z.strictObject({ do: z.literal('drain'), ...on, volume: nanolitres.optional() }),
  /** Fills in `volume` nL; `program`: and tells the pump so. */
  z.strictObject({
    do: z.literal('refill'),
    ...on,
    volume: nanolitres,
    program: z.boolean().optional(),
  }),
  z.strictObject({ do: z.literal('program'), ...on, change: z.record(z.string(), z.unknown()) }),
  z.strictObject({
    do: z.literal('alarm'),
    ...on,
    code: z.string(),
    on: z.boolean().default(true),
  }),
  z.strictObject({ do: z.literal('patient-bolus'), ...on }),
  z.strictObject({
    do: z.literal('fault'),
    ...on,
    fault: z.string(),
    on: z.boolean().default(true),
  }),
])

export type SimulatorCommand = z.output<typeof CommandSchema>
/** As it is written: what has a default may be left out. */
export type CommandInput = z.input<typeof CommandSchema>

export interface CommandResult {
  readonly ok: boolean
  /** A sentence: what was done, or why not. */
  readonly message: string
}

/** The command, or a sentence on what is wrong with it. */
export function readCommand(input: unknown): SimulatorCommand | string {
  const read = CommandSchema.safeParse(input)
  if (read.success) return read.data
  const known = CommandSchema.options.map((option) => option.shape.do.value)
  const name = (input as { do?: unknown } | null)?.do
  if (!known.some((one) => one === name)) {
    return `"do" must be one of ${known.join(', ')}.`
  }
  return read.error.issues
    .map((issue) => `${name} ${issue.path.join('.')}: ${issue.message}`.replace(' :', ':'))
    .join('; ')
}

/** One line of JSON in, one line out, always. */
export function readLine(line: string): SimulatorCommand | string {
  try {
    return readCommand(JSON.parse(line))
  } catch {
    return 'This line is not JSON. Send one object a line, such as {"do":"lift"}.'
  }
}
