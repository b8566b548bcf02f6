// A sheet as a file: everything that its printed form is made of, so that it can be made again. It
// stands inside the HTML as data, and may be given alone as JSON. Pure.
import * as z from 'zod'
import { LOCALES } from '../../model/format.ts'
import { signedSchema } from '../../model/signed.ts'
import { ENTRIES, isStep, type Step, sheetIdSchema } from './entries.ts'
import type { Sheet, Written } from './sheet.ts'

const writtenSchema = z.strictObject({
  step: z.string().refine(isStep, 'is no step of a sheet'),
  position: z.number().int().min(0),
  at: z.string(),
  entries: z.record(z.string(), z.unknown()),
  signed: signedSchema.optional(),
})

export const sheetFileSchema = z.strictObject({
  format: z.literal('wandbridge-sheet-1'),
  /** Of the program that made it: another one may word it differently. */
  version: z.string(),
  sheet: sheetIdSchema,
  log: z.string(),
  serial: z.string(),
  records: z.array(writtenSchema).min(1),
  clinic: z.strictObject({
    locale: z.enum(LOCALES),
    zone: z.string(),
    clinic: z.string().optional(),
    phone: z.string().optional(),
    tolerance: z.number().optional(),
    source: z.string().optional(),
    alarmSounds: z.string().optional(),
  }),
  /** The signed checkpoint of the log when it was made, and the key that vouches for it. */
  checkpoint: z.string().nullable(),
  key: z.string().nullable(),
})
export type SheetFile = z.infer<typeof sheetFileSchema>

export function sheetFile(
  sheet: Sheet,
  clinic: SheetFile['clinic'],
  { version, checkpoint, key }: Pick<SheetFile, 'version' | 'checkpoint' | 'key'>,
): SheetFile {
  return {
    format: 'wandbridge-sheet-1',
    version,
    sheet: sheet.id,
    log: sheet.log,
    serial: sheet.serial,
    records: recordsOf(sheet),
    clinic,
    checkpoint,
    key,
  }
}

const DATA = /<script type="application\/json" id="sheet">([^<]*)<\/script>/g

/** Reads a sheet's file, HTML or JSON; a sentence when it is none. */
export function readSheetFile(text: string): SheetFile | string {
  const found = text.trimStart().startsWith('<') ? [...text.matchAll(DATA)] : []
  if (found.length > 1) return 'it holds the data of more than one sheet'
  const json = found[0]?.[1] ?? text
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return 'it holds no data of a sheet'
  }
  const read = sheetFileSchema.safeParse(value)
  if (!read.success) {
    const issue = read.error.issues[0]
    return `its data are not a sheet’s: ${issue?.path.join('.')}: ${issue?.message}`
  }
  for (const { step, entries } of read.data.records) {
    const one = ENTRIES[step as Step].safeParse(entries)
    if (!one.success) return `its data are not a sheet’s: ${step} is not as a sheet writes it`
  }
  return read.data
}

/** Positions and entries of a sheet, to be compared. */
export const recordsOf = ({ history }: Sheet): SheetFile['records'] =>
  history.map(({ step, position, at, entries, signed }: Written) => ({
    step,
    position,
    at,
    entries: entries as Record<string, unknown>,
    ...(signed && { signed }),
  }))
