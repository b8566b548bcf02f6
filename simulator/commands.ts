// What can be done to a simulated wand and its pump while it runs: one union, the same from JSON lines
// on stdin, from a scenario's timeline and from a test. The vendor's programmer, a syringe and a hand
// on the wand are all here; nothing here goes over the wand protocol, which only reads.
import * as z from 'zod'
import { Code, type CodeName, MAX_PAYLOAD } from '../protocol/codec/pdu.ts'
import { BLOCKS, type BlockName } from '../protocol/fields/blocks.ts'
import { MESSAGES, type MessageName } from '../protocol/messages/index.ts'
import { FAULT_NAMES, type Faults } from './cable/faults.ts'
import { FAULTY_ENDPOINTS } from './ports/usb/faults.ts'

const mm = z.number().min(0).max(500)
const angle = z.number().int().min(-180).max(180)
const level = z.enum(['none', 'low', 'high'])
const chance = z.number().min(0).max(1)
const nanolitres = z.number().int().min(0).max(50_000_000)
const span = z.number().min(0)
const u8 = z.number().int().min(0).max(0xff)
const u16 = z.number().int().min(0).max(0xffff)
const u32 = z.number().int().min(0).max(0xffffffff)
const MESSAGE_NAMES = Object.keys(MESSAGES) as [MessageName, ...MessageName[]]
const CODE_NAMES = Object.keys(Code) as [CodeName, ...CodeName[]]
const BLOCK_CHOICES = Object.keys(BLOCKS) as [BlockName, ...BlockName[]]

const faults = z
  .partialRecord(z.enum(FAULT_NAMES as [keyof Faults, ...(keyof Faults)[]]), chance)
  .describe('chances of single faults of the cable, on top of `level`')

const on = { wand: z.number().int().min(0).default(0).describe('which one, from 0') }
const at = {
  ...on,
  endpoint: z.enum(FAULTY_ENDPOINTS).describe('of its USB plug; `in` is towards the host'),
}

/** What one reply says of itself, in place of what is right. */
const header = z
  .strictObject({
    major: u8,
    type: u8,
    flags: u8,
    seq: u16,
    link: u32,
    session: u32,
  })
  .partial()

type Setting = number | string | null
const setting: z.ZodType<Setting | Record<string, Setting>[]> = z.union([
  z.number().int(),
  z.string(),
  z.null(),
  z.array(z.record(z.string(), z.union([z.number().int(), z.string(), z.null()]))),
])

export const CommandSchema = z.discriminatedUnion('do', [
  z
    .strictObject({
      do: z.literal('move'),
      ...on,
      gap: mm.optional().describe('mm from skin to wand'),
      depth: mm.optional().describe('mm from skin to pump'),
      angle: angle.optional().describe('degrees from flat'),
    })
    .describe('Puts the wand elsewhere.'),
  z.strictObject({ do: z.literal('lift'), ...on }).describe('Lifts the wand off the patient.'),
  z
    .strictObject({
      do: z.literal('place'),
      ...on,
      gap: mm.optional().describe('mm from skin to wand; 5'),
      angle: angle.optional().describe('degrees from flat; 0'),
    })
    .describe('Puts the wand down.'),
  z
    .strictObject({
      do: z.literal('present'),
      ...on,
      pump: z
        .union([z.number().int().min(0), z.string(), z.null()])
        .describe('index in the scenario from 0, or serial; null = none'),
    })
    .describe('Another pump of the scenario is under the wand.'),
  z.strictObject({ do: z.literal('unplug'), ...on }).describe('Pulls the cable.'),
  z.strictObject({ do: z.literal('plug'), ...on }).describe('Plugs the cable in.'),
  z
    .strictObject({
      do: z.literal('usb-drop'),
      ...at,
      count: z.number().int().min(1).max(100_000).default(1).describe('how many'),
    })
    .describe('The next reports, or transfers of the serial line, pass as if well and are lost.'),
  z
    .strictObject({ do: z.literal('usb-stall'), ...at })
    .describe(
      'Transfers fail as STALL, until the host clears the halt or the wand is plugged in anew.',
    ),
  z
    .strictObject({
      do: z.literal('usb-nak'),
      ...at,
      seconds: span.max(3600).default(1).describe('how long'),
    })
    .describe('No transfer ends for so long: the endpoint answers NAK.'),
  z
    .strictObject({ do: z.literal('usb-pull'), ...at })
    .describe('The cable is pulled in the middle of the next transfer.'),
  z
    .strictObject({
      do: z.literal('reply'),
      ...on,
      to: z.enum(MESSAGE_NAMES).describe('type of the message'),
      nth: z.number().int().min(1).default(1).describe('which, from now on; 1 = the next'),
      count: z.number().int().min(0).default(1).describe('how many in all; 0 = all that follow'),
      drop: z.boolean().optional().describe('it is lost'),
      delayMs: z.number().int().min(0).max(600_000).optional().describe('it comes so much later'),
      stallMs: z
        .number()
        .int()
        .min(0)
        .max(600_000)
        .optional()
        .describe('the wand says nothing at all for so long, then all that it owes'),
      twice: z.boolean().optional().describe('it comes twice'),
      old: z
        .boolean()
        .optional()
        .describe('it has the code and the payload of the reply of this type before it'),
      code: z
        .union([z.enum(CODE_NAMES), u8])
        .optional()
        .describe('another code, by name or number, without a payload'),
      source: z
        .enum(['device', 'simulator', 'replay'])
        .optional()
        .describe('its marks say that it comes from there'),
      header: header.optional().describe('fields of the header: `{"session":0}`'),
      set: z
        .record(z.string(), setting)
        .optional()
        .describe(
          'fields of the payload, in protocol units; null = unavailable; a list as a list of objects, `data` as hexadecimal text',
        ),
      length: z
        .number()
        .int()
        .min(0)
        .max(MAX_PAYLOAD)
        .optional()
        .describe('bytes of payload: it is cut, or filled up with zeros'),
    })
    .describe(
      'What becomes of replies of one type. PENDING does not count as one. Without a fault: they are as they should be again.',
    ),
  z
    .strictObject({
      do: z.literal('block'),
      ...on,
      block: z.enum(BLOCK_CHOICES).describe('which'),
      length: z
        .number()
        .int()
        .min(0)
        .max(4096)
        .optional()
        .describe('bytes of it: it is cut, or filled up with zeros'),
      set: z.record(z.string(), setting).optional().describe('fields of it, as with `reply`'),
      missing: z.boolean().optional().describe('the directory does not name it'),
      twice: z.boolean().optional().describe('the directory names it twice'),
      old: z.boolean().optional().describe('it is that of the snapshot before'),
    })
    .describe(
      'What becomes of a block of the snapshots from now on, under a checksum that is right. Without a fault: it is as it should be again.',
    ),
  z
    .strictObject({
      do: z.literal('noise'),
      ...on,
      level: level.default('none').describe('of cable and air'),
      faults: faults.optional(),
      air: level.optional().describe('of the air, in place of `level`'),
    })
    .describe('Disturbs cable and air.'),
  z
    .strictObject({
      do: z.literal('advance'),
      ...on,
      days: span.optional(),
      hours: span.optional(),
      minutes: span.optional(),
      seconds: span.optional(),
    })
    .describe('The pump lives on so long at once.'),
  z
    .strictObject({ do: z.literal('restart-wand'), ...on })
    .describe('The wand loses its power and starts again.'),
  z
    .strictObject({
      do: z.literal('drain'),
      ...on,
      volume: nanolitres.optional().describe('nL; all there is if not given'),
    })
    .describe('Draws drug off the reservoir.'),
  z
    .strictObject({
      do: z.literal('refill'),
      ...on,
      volume: nanolitres.describe('nL'),
      program: z.boolean().optional().describe('and the pump is told so'),
    })
    .describe('Fills drug in.'),
  z
    .strictObject({
      do: z.literal('program'),
      ...on,
      change: z.record(z.string(), z.unknown()).describe('what is set, as in a scenario'),
    })
    .describe('What the programmer does: the pump is told another programme.'),
  z
    .strictObject({
      do: z.literal('alarm'),
      ...on,
      code: z.string().describe('name of the alarm'),
      on: z.boolean().default(true).describe('false = it ends'),
    })
    .describe('An alarm of the pump.'),
  z
    .strictObject({ do: z.literal('patient-bolus'), ...on })
    .describe('The patient asks for a bolus.'),
  z
    .strictObject({
      do: z.literal('fault'),
      ...on,
      fault: z.string().describe('name of the fault'),
      on: z.boolean().default(true).describe('false = it ends'),
    })
    .describe('Something in the pump or its catheter breaks, or is well again.'),
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
