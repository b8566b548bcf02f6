// Where a command writes: a new file, durable at the end and for its owner only, or the standard output.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { CommandError, Exit } from '../exit.ts'

export interface Sink {
  write(text: string): Promise<void>
  close(): void
  /** Leaves nothing behind: half a file would be taken for one, and be in the way of the next. */
  discard(): void
}

export function printed(): Sink {
  const write = (text: string) =>
    new Promise<void>((resolve) => void process.stdout.write(text, () => resolve()))
  return { write, close: () => {}, discard: () => {} }
}

export function newFile(path: string): Sink {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? `${path} is there already.` : message
    throw new CommandError(Exit.USAGE, `${why} Nothing was written. Give the name of a new file.`)
  }
  return {
    write: async (text) => void writeSync(file, text),
    close: () => {
      fsyncSync(file)
      closeSync(file)
    },
    discard: () => {
      closeSync(file)
      rmSync(path, { force: true })
    },
  }
}
