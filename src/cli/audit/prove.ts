// `wandbridge audit prove` and `audit checkpoint`: what is kept elsewhere, so that the log is pinned.
import { renderUnicodeCompact } from 'uqr'
import { newestCheckpoint } from '../../audit/read/files.ts'
import { prove } from '../../audit/verify/prove.ts'
import { nodeDisk } from '../../base/disk.ts'
import { printable } from '../../base/printable.ts'
import { CommandError, Exit } from '../exit.ts'
import { oneLog, type StateFlags } from './logs.ts'

export async function printProof(position: number, flags: StateFlags): Promise<void> {
  const { dir } = await oneLog(flags)
  try {
    process.stdout.write(await prove(nodeDisk, dir, position))
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(Exit.USAGE, error.message)
    throw new CommandError(
      Exit.NOT_SO,
      `${printable((error as Error).message)}\nNo proof was made.`,
    )
  }
}

export async function printCheckpoint(flags: StateFlags & { readonly qr: boolean }): Promise<void> {
  const { dir, log } = await oneLog(flags)
  const newest = await newestCheckpoint(nodeDisk, dir)
  if (typeof newest === 'string') {
    throw new CommandError(Exit.NOT_SO, `${log}: ${newest}. Run: wandbridge audit verify`)
  }
  const { checkpoint, key } = newest
  if (flags.qr && process.stdout.isTTY) console.log(renderUnicodeCompact(checkpoint, { border: 2 }))
  process.stdout.write(checkpoint)
  console.error(
    `\nKeep this text elsewhere, and check later with: wandbridge audit verify --since FILE\nVerifier key (--key):\n${key}`,
  )
}
