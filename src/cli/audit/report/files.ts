// The data of a report beside its page: one CSV a table, and one JSON document with the same rows, written as
// they come. All of the files are new, for their owner only, and there whole or not at all.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { csvLine } from '../csv.ts'
import { newFile, type Sink } from '../sink.ts'
import { TABLES, type TableName } from './collect.ts'
import type { Row } from './reading-columns.ts'

export interface DataFile {
  readonly name: string
  /** Rows under its heading; null = it is no table. */
  readonly rows: number | null
  readonly sha256: string
}

/** So much is gathered before it is written, in characters. */
const CHUNK = 1 << 16

class Output {
  readonly name: string
  rows = 0
  readonly #sink: Sink
  readonly #sha = createHash('sha256')
  #waiting = ''

  constructor(path: string) {
    this.name = basename(path)
    this.#sink = newFile(path)
  }

  async write(text: string): Promise<void> {
    this.#waiting += text
    if (this.#waiting.length < CHUNK) return
    await this.#flush()
  }

  async end(): Promise<string> {
    await this.#flush()
    return this.#sha.digest('hex')
  }

  async #flush(): Promise<void> {
    const text = this.#waiting
    this.#waiting = ''
    this.#sha.update(text)
    await this.#sink.write(text)
  }

  close = () => this.#sink.close()
  discard = () => this.#sink.discard()
}

const NAMES = Object.keys(TABLES) as TableName[]

export class ReportFiles {
  readonly #all: Output[] = []
  readonly #page: Output
  readonly #json: Output
  readonly #csv = new Map<TableName, Output>()
  #rows: { table: TableName; row: Row }[] = []

  /** `page`: the path of the page; the data have its name with other endings. */
  constructor(page: string) {
    const base = page.replace(/\.html?$/i, '')
    try {
      this.#page = this.#open(page === base ? `${page}.html` : page)
      this.#json = this.#open(`${base}.json`)
      for (const name of NAMES) this.#csv.set(name, this.#open(`${base}.${name}.csv`))
    } catch (error) {
      this.discard()
      throw error
    }
  }

  #open(path: string): Output {
    const output = new Output(path)
    this.#all.push(output)
    return output
  }

  /** What the JSON document says in front of its rows. */
  async begin(head: object): Promise<void> {
    const text = JSON.stringify({ ...head, tables: TABLES })
    await this.#json.write(`${text.slice(0, -1)},"rows":[`)
    for (const name of NAMES) await this.#csv.get(name)?.write(csvLine(TABLES[name]))
  }

  put(table: TableName, row: Row): void {
    this.#rows.push({ table, row })
  }

  /** Writes the rows that wait. */
  async flush(): Promise<void> {
    const rows = this.#rows
    this.#rows = []
    for (const { table, row } of rows) {
      const csv = this.#csv.get(table)
      if (!csv) continue
      const said = Object.entries(row).filter(([, cell]) => cell !== null && cell !== undefined)
      const comma = this.#json.rows === 0 ? '\n' : ',\n'
      await this.#json.write(comma + JSON.stringify({ table, ...Object.fromEntries(said) }))
      await csv.write(csvLine(TABLES[table].map((column) => row[column])))
      this.#json.rows += 1
      csv.rows += 1
    }
  }

  /** Ends the data; `tail` is said behind the rows. */
  async endData(tail: object): Promise<DataFile[]> {
    await this.flush()
    await this.#json.write(`\n],${JSON.stringify(tail).slice(1)}\n`)
    const files: DataFile[] = []
    for (const output of this.#all.slice(1)) {
      const rows = output === this.#json ? null : output.rows
      files.push({ name: output.name, rows, sha256: await output.end() })
    }
    return files
  }

  /** Ends everything; gives the names. */
  async end(page: string): Promise<readonly string[]> {
    await this.#page.write(page)
    await this.#page.end()
    for (const output of this.#all) output.close()
    return this.#all.map(({ name }) => name)
  }

  discard(): void {
    for (const output of this.#all) output.discard()
  }
}
