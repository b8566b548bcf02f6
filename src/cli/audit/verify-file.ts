// `wandbridge audit verify FILE`: a device audit file or the proof of one record, without its log.
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { parseVerifierKey } from '../../audit/format/note.ts'
import { checkProof, parseProof } from '../../audit/format/proof.ts'
import { verifyDeviceFile } from '../../audit/verify/device-file.ts'
import { printable } from '../../model/printable.ts'
import { CommandError, Exit } from '../exit.ts'
import { readKept, refusedBySystem } from './kept.ts'
import type { VerifyFlags } from './verify.ts'

/** A record has 64 KiB, a path 64 hashes. */
const MOST_PROOF = 262_144

interface Result {
  readonly ok: boolean
  readonly sentence: string
}

export async function verifyFile(path: string, flags: VerifyFlags): Promise<void> {
  if (flags.since !== undefined || flags.rederive || flags.witness) {
    throw new CommandError(
      Exit.USAGE,
      '--since, --rederive and --witness are for whole logs: a device audit file or a proof has its own checkpoint. Nothing was checked.',
    )
  }
  const isProof = (await head(path)).startsWith('c2sp.org/tlog-proof@v1')
  const result = isProof ? verifyProof(path, flags) : await verifyDevice(path, flags)
  const { ok, sentence } = result
  if (flags.json) console.log(JSON.stringify({ file: basename(path), ...result }, null, 2))
  else (ok ? console.log : console.error)(printable(`${basename(path)}: ${sentence}`))
  if (!ok) process.exitCode = Exit.NOT_SO
}

async function head(path: string): Promise<string> {
  try {
    for await (const chunk of createReadStream(path, { end: 63 })) return String(chunk)
  } catch (error) {
    throw refusedBySystem(path, error)
  }
  return ''
}

const verifyDevice = (path: string, { key }: VerifyFlags) =>
  verifyDeviceFile(createReadStream(path), key === undefined ? {} : { key })

function verifyProof(path: string, { key }: VerifyFlags): Result & { readonly index?: number } {
  if (key === undefined) {
    throw new CommandError(
      Exit.USAGE,
      'A proof is checked with the verifier key of its log: give --key.',
    )
  }
  const verifier = parseVerifierKey(key.trim())
  if (typeof verifier === 'string') throw new CommandError(Exit.USAGE, `--key: ${verifier}`)
  const proof = parseProof(readKept(path, MOST_PROOF))
  if (typeof proof === 'string') return { ok: false, sentence: `not proven: ${proof}.` }
  const { index, checkpoint } = proof
  const reason = checkProof(proof, verifier)
  return reason === null
    ? {
        ok: true,
        index,
        sentence: `record ${index} is in ${checkpoint.origin}, as the key kept elsewhere vouches.`,
      }
    : { ok: false, index, sentence: `not proven: ${reason}.` }
}
