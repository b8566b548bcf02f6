// The lines of a log's file, cut out of the bytes as they are read. Pure.
import { MAX_LINE } from './record.ts'

/** Takes one line without its newline: where it is in `bytes`, and where it starts in the file. */
export type TakeLine = (bytes: Uint8Array, start: number, end: number, offset: number) => void

const CHECKPOINT = Buffer.from('{"checkpoint":')

export function isCheckpoint(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < CHECKPOINT.length) return false
  for (let i = 0; i < CHECKPOINT.length; i += 1)
    if (bytes[start + i] !== CHECKPOINT[i]) return false
  return true
}
/** Cuts chunks into lines without copying them, but for the line across two chunks. */
export class Lines {
  readonly #line: TakeLine
  #rest: Uint8Array = new Uint8Array()
  #skipped = 0
  /** Where the unfinished line starts. */
  offset = 0

  constructor(line: TakeLine) {
    this.#line = line
  }

  /** Bytes behind the last newline. */
  get rest(): number {
    return this.#rest.length + this.#skipped
  }

  push(chunk: Uint8Array): void {
    let bytes = chunk
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, chunk])
    let from = 0
    for (let at = bytes.indexOf(10, this.#rest.length); at >= 0; at = bytes.indexOf(10, from)) {
      // What was skipped made the line too long; whoever takes it is told a length that says so.
      this.#line(bytes, from, at, this.offset)
      this.offset += at + 1 - from + this.#skipped
      this.#skipped = 0
      from = at + 1
    }
    this.#rest = bytes.subarray(from)
    // A line without end must not fill the memory. Its front is kept: it is too long already.
    const keep = MAX_LINE + 1
    if (this.#rest.length > keep * 2) {
      this.#skipped += this.#rest.length - keep
      this.#rest = this.#rest.subarray(0, keep)
    }
  }
}
