// Codings of the clinic beside ours, as its configuration has them: of LOINC, SNOMED CT or its own system, for any
// quantity, alarm or event that is given away. They are checked before anything starts, because a code with a
// slip of the pen is filed as something else; none of them is ever ours. Pure, browser-safe.
import * as z from 'zod'
import { METRICS } from './metrics.ts'
import { type Code, MDC, MDC_SYSTEM, OWN_CODES } from './nomenclature.ts'

/** A coding of somebody else for the same thing. */
export interface ExtraCoding {
  readonly system: string
  readonly code: string
  readonly display: string
  /** What the system is called in HL7 v2 (table 0396). */
  readonly hl7: string
}

/** Of each code of ours, by its reference id. */
export type Codings = ReadonlyMap<string, readonly ExtraCoding[]>

export const NO_CODINGS: Codings = new Map()

/** Everything that can be given another coding, by reference id. */
export const CODED: ReadonlyMap<string, Code> = new Map(
  [...Object.values(MDC), ...OWN_CODES].map((one) => [one.ref, one]),
)

/** Systems whose codes end in a check digit, and what HL7 v2 calls them. */
const SYSTEMS: Readonly<
  Record<string, { name: string; hl7: string; form: RegExp; right(code: string): boolean }>
> = {
  'http://loinc.org': { name: 'LOINC', hl7: 'LN', form: /^\d{1,7}-\d$/, right: luhn },
  'http://snomed.info/sct': { name: 'SNOMED CT', hl7: 'SCT', form: /^\d{6,18}$/, right: verhoeff },
}

const digitsOf = (code: string) => [...code.replace('-', '')].map(Number).reverse()

/** The check digit of LOINC. */
function luhn(code: string): boolean {
  const sum = digitsOf(code).reduce((all, digit, i) => {
    const twice = digit * 2
    return all + (i % 2 === 0 ? digit : twice > 9 ? twice - 9 : twice)
  }, 0)
  return sum % 10 === 0
}

const TURNS = '1576283094'
/** The check digit of SNOMED CT: of the dihedral group of the pentagon. */
function verhoeff(code: string): boolean {
  const times = (a: number, b: number) =>
    a < 5 ? ((a + b) % 5) + (b < 5 ? 0 : 5) : ((a - b + 10) % 5) + (b < 5 ? 5 : 0)
  const turned = (digit: number, turns: number): number =>
    turns === 0 ? digit : turned(Number(TURNS[digit]), turns - 1)
  return digitsOf(code).reduce((all, digit, i) => times(all, turned(digit, i % 8)), 0) === 0
}

const printable = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}]*$/u, 'holds a control character')

const codingSchema = z
  .strictObject({
    of: z.string().meta({
      description:
        'Our code, by its reference id, such as MDCX_PUMP_RESERVOIR_VOLUME_REPORTED: docs/interoperability.md lists them.',
    }),
    system: z
      .string()
      .max(200)
      .regex(/^[a-z][a-z0-9+.-]*:[^\s]+$/i, 'is no URI, such as http://loinc.org'),
    code: printable(64).regex(/^\S+( \S+)*$/, 'has blanks around it, or two in a row'),
    display: printable(200),
    hl7: z
      .string()
      .regex(/^[A-Z0-9-]{1,20}$/, 'is no name of table 0396, such as LN, SCT, L or 99CLINIC')
      .optional()
      .meta({ description: 'Its system in HL7 v2; default LN, SCT, and L (local) for others.' }),
  })
  .superRefine(({ of, system, code }, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (!CODED.has(of)) wrong('of', unknownCode(of))
    if (system === MDC_SYSTEM || system.startsWith('urn:wandbridge:')) {
      wrong('system', 'is a system of which only verified codes and ours are given')
    }
    const known = SYSTEMS[system]
    if (!known) return
    const { name, form, right } = known
    if (!form.test(code)) wrong('code', `is no code of ${name}`)
    else if (!right(code)) wrong('code', `is no code of ${name}: its check digit is wrong`)
  })

function unknownCode(of: string): string {
  const metric = METRICS.find(({ key }) => key === of)
  const like = [...CODED.keys()].find((ref) => ref.replace(/^MDCX?_/, '') === of.toUpperCase())
  const meant = metric?.code.ref ?? like
  return `${JSON.stringify(of.slice(0, 80))} is no code that is given${meant ? `; ${meant} is` : ''}`
}

export const codingsSchema = z
  .array(codingSchema)
  .max(1_000)
  .superRefine((all, context) => {
    const seen = new Set<string>()
    for (const [i, { of, system }] of all.entries()) {
      if (seen.has(`${of} ${system}`)) {
        const message = `${of} has two codes of ${system}: which is meant, nobody could tell`
        context.addIssue({ code: 'custom', path: [i], message })
      }
      seen.add(`${of} ${system}`)
    }
  })
  .default([])
  .meta({
    description:
      'Codings beside ours in FHIR and HL7, of LOINC, SNOMED CT or the clinic. In HL7 v2 there is room for the first of each.',
  })

export function codingsOf(configured: z.output<typeof codingsSchema>): Codings {
  const found = new Map<string, ExtraCoding[]>()
  for (const { of, system, code, display, hl7 = SYSTEMS[system]?.hl7 ?? 'L' } of configured) {
    found.set(of, [...(found.get(of) ?? []), { system, code, display, hl7 }])
  }
  return found
}
