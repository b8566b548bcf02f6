// Files that somebody kept and hands in: regular, of a size that such a file can have, and readable; or
// a sentence that says what is the matter. Nothing is read from a pipe or a device.
import { readFileSync, type Stats, statSync } from 'node:fs'
import { errorCode } from '../../base/disk.ts'
import { printable } from '../../model/printable.ts'
import { CommandError, Exit } from '../exit.ts'

/** What the system refuses is no word about the log. */
export function refusedBySystem(path: string, error: unknown): CommandError {
  return new CommandError(
    Exit.AUDIT,
    `${printable(path)} cannot be read: ${errorCode(error)}. Nothing was checked, and whether it is intact is not known.\nGive this user the right to read it, or copy it to a disk that works.`,
  )
}

/** Whether it is a directory or a regular file; anything else throws. */
export function kindOf(path: string): 'directory' | 'file' {
  let stats: Stats
  try {
    stats = statSync(path)
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw refusedBySystem(path, error)
    throw new CommandError(Exit.USAGE, `${printable(path)} is not there. Nothing was checked.`)
  }
  if (stats.isDirectory()) return 'directory'
  if (stats.isFile()) return 'file'
  throw new CommandError(
    Exit.USAGE,
    `${printable(path)} is neither a directory nor a regular file. Nothing was checked.`,
  )
}

/** The text of a file of at most so many bytes. */
export function readKept(path: string, most: number): string {
  if (kindOf(path) === 'directory')
    throw new CommandError(Exit.USAGE, `${printable(path)} is a directory. Give a file.`)
  if (statSync(path).size > most) {
    throw new CommandError(
      Exit.USAGE,
      `${printable(path)} is larger than such a file can be. Nothing was checked.`,
    )
  }
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw refusedBySystem(path, error)
  }
}
