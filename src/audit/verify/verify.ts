// Reads a whole log and names the first bad record, its file and its byte, or says what the result is
// worth. Signatures are checked beside the reading, because nothing else takes so long.
import { basename } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { Signatures } from '../format/note.ts'
import { Found } from './chain.ts'
import { notIntact, type Problem, type Verification, type VerifyOptions } from './verification.ts'
import { Verifier } from './verifier.ts'

/**
 * Verifies the log in `dir` (its name is the log's id). Rejects with RangeError when `key` or `since`
 * cannot be read as such; everything else is in the result.
 */
export async function verify(
  disk: Disk,
  dir: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const signatures = new Signatures()
  const result = await attempt(disk, dir, options, signatures)
  // Which of many signatures is the wrong one only a reading step by step can tell.
  return (await signatures.settle()) ? result : attempt(disk, dir, options, null)
}

async function attempt(
  disk: Disk,
  dir: string,
  options: VerifyOptions,
  signatures: Signatures | null,
): Promise<Verification> {
  const verifier = new Verifier(disk, dir, options, signatures)
  let problem: Problem | null = null
  try {
    await verifier.run()
  } catch (error) {
    if (!(error instanceof Found)) throw error
    problem = error.problem
  }
  const { end, records, outside, contents, hashesOnly } = verifier.chain
  const { rederived, differing, named, accepted, facts } = contents
  return {
    ok: problem === null,
    log: basename(dir),
    problem,
    records,
    hashesOnly,
    checkpoint: end?.note ?? null,
    key: end?.key.text ?? null,
    vouched: problem ? { key: 0, checkpoint: 0, nothing: records } : outside.vouched(records),
    sentence: problem ? notIntact(problem) : outside.sentence(records),
    rederived,
    differing,
    named: [...named.values()],
    accepted: [...accepted.values()],
    strays: verifier.strays,
    facts,
  }
}
