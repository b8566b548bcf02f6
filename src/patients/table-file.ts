// The file of the clinic's table, watched: read when it has changed and nobody has written to it for a moment,
// as a whole or not at all. What cannot be read, or is no table, is told, and what was known stays.
import { open, stat } from 'node:fs/promises'
import type { Cancel, Env } from '../base/env.ts'
import { parseTable, type Table, TableProblem, type TableSettings } from './table.ts'

export interface TableFileOptions {
  readonly env: Env
  readonly path: string
  readonly settings: TableSettings
  /** A file that was written so recently, in ms, is not read yet. */
  readonly settleMs: number
  readonly lookMs?: number
  taken(table: Table): Promise<void>
  /** Null = it is well. */
  wrong(problem: string | null): void
}

const LOOK_MS = 1_000
const MOST_BYTES = 4 << 20

type Look = { readonly mark: string; readonly mtimeMs: number }

export class TableFile {
  readonly #options: TableFileOptions
  #timer: Cancel = () => {}
  #ended = false
  /** What was read last, well or not. */
  #read: string | null = null
  /** What was seen last, and since when, by the monotonic clock. */
  #seen: { readonly mark: string; readonly since: number } | null = null
  #busy: Promise<void> = Promise.resolve()

  constructor(options: TableFileOptions) {
    this.#options = options
  }

  /** Resolves when it was read, if it has stood there for a while. */
  async start(): Promise<void> {
    await this.#look()
    this.#again()
  }

  async stop(): Promise<void> {
    this.#ended = true
    this.#timer()
    await this.#busy
  }

  #again(): void {
    const { env, lookMs = LOOK_MS } = this.#options
    if (this.#ended) return
    this.#timer = env.after(
      lookMs,
      () => {
        this.#busy = this.#look().then(() => this.#again())
      },
      { background: true },
    )
  }

  async #look(): Promise<void> {
    const { env, path, settings, settleMs, wrong, taken } = this.#options
    try {
      const before = await marked(path)
      const now = env.monotonic()
      if (this.#seen?.mark !== before.mark) this.#seen = { mark: before.mark, since: now }
      if (before.mark === this.#read) return
      // By this computer's two clocks: a file from elsewhere may carry any time.
      const settled = now - this.#seen.since >= settleMs || env.wall() - before.mtimeMs >= settleMs
      if (!settled) return
      const bytes = await readWhole(path)
      // Somebody has written to it meanwhile: it is looked at again.
      if ((await marked(path)).mark !== before.mark) return
      const table = parseTable(bytes, settings)
      await taken(table)
      this.#read = before.mark
      wrong(null)
    } catch (error) {
      if (error instanceof TableProblem) this.#read = this.#seen?.mark ?? null
      const { code, message } = error as NodeJS.ErrnoException
      wrong(code ?? message)
    }
  }
}

/** Reads a regular file, bounded; a pipe is not waited for. */
async function readWhole(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(MOST_BYTES + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length)
      length += bytesRead
      if (bytesRead === 0 || length === bytes.length) break
    }
    if (length > MOST_BYTES) throw new TableProblem(`it is longer than ${MOST_BYTES} bytes`)
    return bytes.subarray(0, length)
  } finally {
    await file.close()
  }
}

async function marked(path: string): Promise<Look> {
  const found = await stat(path)
  if (!found.isFile()) throw new TableProblem('it is no regular file')
  const { ino, size, mtimeMs, ctimeMs } = found
  return { mark: [ino, size, mtimeMs, ctimeMs].join(' '), mtimeMs }
}
