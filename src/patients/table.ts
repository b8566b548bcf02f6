// The clinic's table of pumps and patients, as a file has it: CSV with a line of names, or YAML. What is not
// whole and clear is refused as a whole, with the line: nobody's pump is guessed. Pure.
import { parseDocument } from 'yaml'
import * as z from 'zod'
import { strictUtf8 } from '../base/utf8.ts'
import { type Link, linkKey, ownerSchema, type PatientId, samePatient } from '../model/owner.ts'

export interface TableSettings {
  readonly format: 'csv' | 'yaml'
  readonly encoding: 'utf-8' | 'iso-8859-1'
  /** Of rows that name none. */
  readonly system?: string | undefined
  /** False: names are not taken, though they stand there. */
  readonly names: boolean
}

export interface Table {
  readonly links: readonly Link[]
  /** Pumps that two patients claim. */
  readonly refused: readonly Conflict[]
}

export interface Conflict {
  readonly serial: string
  readonly model: string | null
  readonly claims: readonly PatientId[]
}

/** What is wrong, in a sentence that names the line and no patient. */
export class TableProblem extends Error {}

/** More pumps than any clinic has. */
export const MOST_ROWS = 20_000
const COLUMNS = ['serial', 'model', 'system', 'value', 'name', 'location', 'provider'] as const
type Column = (typeof COLUMNS)[number]
type Row = { readonly [C in Column]?: string } & { readonly where: string }

/** Throws TableProblem. */
export function parseTable(bytes: Uint8Array, settings: TableSettings): Table {
  const text = decoded(bytes, settings.encoding).replace(/^\uFEFF/, '')
  if (text.trim() === '') throw new TableProblem('it is empty')
  // Whoever writes a file writes its end last.
  if (!/\r?\n$/.test(text))
    throw new TableProblem('its last line has no end: it may be half a file')
  const rows = settings.format === 'csv' ? csvRows(text) : yamlRows(text)
  if (rows.length === 0) throw new TableProblem('it names no pump')
  if (rows.length > MOST_ROWS) throw new TableProblem(`it has more than ${MOST_ROWS} rows`)
  return sorted(rows.map((row) => linkOf(row, settings)))
}

function decoded(bytes: Uint8Array, encoding: TableSettings['encoding']): string {
  if (bytes.includes(0)) throw new TableProblem('it is no text')
  if (encoding === 'iso-8859-1') return Buffer.from(bytes).toString('latin1')
  try {
    return strictUtf8(bytes)
  } catch {
    const line = Buffer.from(bytes).toString('utf8').split('\uFFFD')[0]?.split('\n').length ?? 1
    throw new TableProblem(
      `line ${line} is not UTF-8. Save it as UTF-8, or set patients.encoding to iso-8859-1 if it is that`,
    )
  }
}

const rowSchema = ownerSchema.extend({
  serial: z.string().min(1).max(64),
  model: z.string().min(1).max(64).nullable(),
})

function linkOf({ where, ...row }: Row, { system, names }: TableSettings): Link {
  const { name, ...others } = row
  const given = { system, ...others, model: row.model ?? null, ...(names && name && { name }) }
  const parsed = rowSchema.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new TableProblem(`${where}: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { serial, model, ...owner } = parsed.data
  return { serial, model, owner }
}

/**
 * One link for each pump; where two patients are named there is none. A row without a model speaks of every pump
 * of its serial, so another patient beside it makes all of them doubtful.
 */
function sorted(all: readonly Link[]): Table {
  const bySerial = groups(all, ({ serial }) => serial)
  const pumps = bySerial.flatMap((same) =>
    same.some(({ model }) => model === null) && claimsOf(same).length > 1
      ? [same]
      : groups(same, ({ serial, model }) => linkKey(serial, model)),
  )
  const links: Link[] = []
  const refused: Conflict[] = []
  for (const same of pumps) {
    const claims = claimsOf(same)
    if (claims.length === 1) links.push(same[0] as Link)
    else {
      const keys = new Map(same.map((one) => [linkKey(one.serial, one.model), one]))
      for (const { serial, model } of keys.values()) refused.push({ serial, model, claims })
    }
  }
  return { links, refused }
}

function groups<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  const found = new Map<string, T[]>()
  for (const one of all) found.set(keyOf(one), [...(found.get(keyOf(one)) ?? []), one])
  return [...found.values()]
}

const MOST_CLAIMS = 10
const claimsOf = (links: readonly Link[]): PatientId[] =>
  links
    .map(({ owner: { system, value } }) => ({ system, value }))
    .filter((one, i, ids) => ids.findIndex((other) => samePatient(one, other)) === i)
    .slice(0, MOST_CLAIMS)

function csvRows(text: string): Row[] {
  const lines = csvCells(text)
  const [head] = lines
  const names = (head?.cells ?? []).map((name) => name.trim().toLowerCase())
  const strange = names.find((name) => !(COLUMNS as readonly string[]).includes(name))
  if (strange !== undefined) {
    const known = COLUMNS.join(', ')
    throw new TableProblem(
      `line 1: no column is called ${JSON.stringify(strange.slice(0, 40))}; they are ${known}`,
    )
  }
  if (new Set(names).size !== names.length)
    throw new TableProblem('line 1: a column is there twice')
  for (const must of ['serial', 'value']) {
    if (!names.includes(must)) throw new TableProblem(`line 1: there is no column ${must}`)
  }
  return lines.slice(1).flatMap(({ cells, line }) => {
    if (cells.length === 1 && cells[0]?.trim() === '') return []
    if (cells.length !== names.length) {
      throw new TableProblem(
        `line ${line} has ${cells.length} cells, and line 1 has ${names.length}`,
      )
    }
    const row = Object.fromEntries(
      names.map((name, i) => [name, (cells[i] ?? '').trim()]).filter(([, cell]) => cell !== ''),
    )
    return [{ ...row, where: `line ${line}` }]
  })
}

interface Line {
  readonly line: number
  readonly cells: readonly string[]
}

/** RFC 4180, with commas, or with semicolons where the first line has them. The text ends with a line's end. */
function csvCells(text: string): Line[] {
  const first = text.split('\n', 1)[0] ?? ''
  const comma = first.includes(';') && !first.includes(',') ? ';' : ','
  const lines: Line[] = []
  let [line, begun] = [1, 1]
  let cells: string[] = []
  let cell = ''
  let quote: 'none' | 'open' | 'closed' = 'none'
  const endCell = () => {
    cells.push(cell)
    cell = ''
    quote = 'none'
  }
  for (let i = 0; i < text.length; i += 1) {
    const one = text[i] as string
    if (quote === 'open') {
      if (one === '\n') line += 1
      if (one !== '"') cell += one
      else if (text[i + 1] === '"') {
        cell += one
        i += 1
      } else quote = 'closed'
    } else if (one === comma) endCell()
    else if (one === '\n') {
      endCell()
      lines.push({ line: begun, cells })
      cells = []
      line += 1
      begun = line
    } else if (one === '\r' && text[i + 1] === '\n') continue
    else if (quote === 'closed')
      throw new TableProblem(`line ${line}: there is text behind a quote`)
    else if (one === '"' && cell === '') quote = 'open'
    else cell += one
  }
  if (quote === 'open') throw new TableProblem(`line ${begun}: a quote is not closed`)
  return lines
}

// A number would lose the zeros that an identifier begins with.
const cell = z.string('must be text: put it between quotes').nullable().optional()
const yamlSchema = z.strictObject({
  pumps: z.array(
    z.strictObject(
      Object.fromEntries(COLUMNS.map((name) => [name, cell])) as Record<Column, typeof cell>,
    ),
  ),
})

function yamlRows(text: string): Row[] {
  // No tags, and no aliases that make much out of little.
  const document = parseDocument(text, { schema: 'core', intAsBigInt: false })
  const [broken] = document.errors
  if (broken) throw new TableProblem(broken.message.split('\n')[0] ?? 'it is no YAML')
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 })
  } catch (error) {
    throw new TableProblem((error as Error).message)
  }
  const parsed = yamlSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new TableProblem(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
  }
  return parsed.data.pumps.map((row, i) => {
    const filled = Object.entries(row).filter(([, one]) => (one ?? '').trim() !== '')
    return { ...(Object.fromEntries(filled) as Omit<Row, 'where'>), where: `entry ${i + 1}` }
  })
}
