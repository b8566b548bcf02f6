// Reads a whole log and names the first bad record, its file and its byte, or says what the result is
// worth. Signatures are checked beside the reading, because nothing else takes so long.
import { basename } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { Signatures } from '../format/note.ts'
import { readKept, witnessFile } from '../read/cosigned.ts'
import { Found } from './chain.ts'
import { notRead } from './not-read.ts'
import { noteOf } from './outside.ts'
import { notIntact, type Problem, type Verification, type VerifyOptions } from './verification.ts'
import { Verifier } from './verifier.ts'
import { Witnessed } from './witnessed.ts'

/**
 * Verifies the log in `dir` (its name is the log's id). Rejects with RangeError when `key`, `since`
 * or a witness's key cannot be read as such; everything else is in the result.
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
  const { witnesses = [], leaf, since, older = false } = options
  const log = basename(dir)
  const kept = witnesses.length === 0 ? { notes: [] } : await keptOf(disk, dir)
  const notes = [...('reason' in kept ? [] : kept.notes), ...(since ? [noteOf(since)] : [])]
  const witnessed = witnesses.length === 0 ? null : new Witnessed(log, witnesses, notes, older)
  const told: VerifyOptions = {
    ...options,
    leaf(...one) {
      witnessed?.leaf(one[0], one[1])
      leaf?.(...one)
    },
  }
  const verifier = new Verifier(disk, dir, witnessed ? told : options, signatures)
  let problem: Problem | null = null
  try {
    await verifier.run()
  } catch (error) {
    if (!(error instanceof Found)) throw error
    problem = error.problem
  }
  const { end, records, outside, contents, hashesOnly } = verifier.chain
  const through = Math.max(0, records - 1)
  const refused = 'reason' in kept ? { ...kept, through } : witnessed?.problem(end?.note ?? null)
  if (refused && !problem)
    problem = { file: basename(witnessFile(dir)), offset: 0, position: 0, ...refused }
  const cosigned = witnessed && (problem ? 0 : witnessed.records)
  const vouched = outside.vouched(records)
  const { rederived, differing, named, accepted, facts } = contents
  return {
    ok: problem === null,
    log,
    problem,
    records,
    hashesOnly,
    checkpoint: end?.note ?? null,
    key: end?.key.text ?? null,
    vouched: problem
      ? { key: 0, checkpoint: 0, nothing: records }
      : { ...vouched, nothing: Math.min(vouched.nothing, records - (cosigned ?? 0)) },
    cosigned,
    witnesses: witnessed?.sizes ?? [],
    refused: contents.refused,
    sentence: problem ? notIntact(problem) : outside.sentence(records, witnessed),
    rederived,
    differing,
    named: [...named.values()],
    accepted: [...accepted.values()],
    strays: verifier.strays,
    facts,
  }
}

async function keptOf(disk: Disk, dir: string) {
  try {
    return { notes: await readKept(disk, dir) }
  } catch (error) {
    return notRead(error)
  }
}
