// What is taken out of a log to be checked without it: the proof of one record, and the device audit
// file, which is one pump's records with their proofs. Both are made only of a log that verifies.
import { basename } from 'node:path'
import type { Disk } from '../../base/disk.ts'
import { canonical } from '../format/canonical.ts'
import { type Hash, Tree } from '../format/merkle.ts'
import { toBase64 } from '../format/note.ts'
import { proofText } from '../format/proof.ts'
import type { AuditRecord } from '../format/record.ts'
import { DEVICE_FORMAT } from './device-file.ts'
import { verify } from './verify.ts'

interface Grown {
  readonly tree: Tree
  readonly checkpoint: string
  readonly key: string
}

/** The whole tree of a log that verifies; 64 bytes of memory a record. Rejects when it does not. */
async function grow(
  disk: Disk,
  dir: string,
  seen: (position: number, line: Uint8Array) => void,
): Promise<Grown> {
  const hashes: Hash[] = []
  const result = await verify(disk, dir, {
    live: true,
    leaf: (position, leaf, line) => {
      hashes[position] = Buffer.from(leaf)
      if (line) seen(position, line)
    },
  })
  if (!result.ok || !result.checkpoint || !result.key) throw new Error(result.sentence)
  const tree = new Tree()
  for (const leaf of hashes.slice(0, result.records)) tree.append(leaf)
  return { tree, checkpoint: result.checkpoint, key: result.key }
}

/** A C2SP tlog-proof of one record, with the record in its `extra` line. Rejects when its entry was dropped. */
export async function prove(disk: Disk, dir: string, position: number): Promise<string> {
  let extra: Uint8Array | undefined
  const { tree, checkpoint } = await grow(disk, dir, (at, line) => {
    if (at === position) extra = Buffer.from(line)
  })
  if (!(position >= 0 && position < tree.size)) {
    throw new RangeError(`there is no record ${position}: the log has ${tree.size}`)
  }
  if (!extra) throw new Error(`the entry of record ${position} was dropped: only its hash is left`)
  return proofText({ index: position, path: tree.inclusion(position), extra, checkpoint })
}

/** The device audit file of one pump, line by line. Rejects when the log does not verify. */
export async function* deviceFile(disk: Disk, dir: string, pump: string): AsyncGenerator<string> {
  const lines = new Map<number, string>()
  const { tree, checkpoint, key } = await grow(disk, dir, (position, bytes) => {
    const line = Buffer.from(bytes).toString()
    if (line.includes(`"pump":"${pump}"`) && (JSON.parse(line) as AuditRecord).pump === pump) {
      lines.set(position, line)
    }
  })
  const log = basename(dir)
  yield `${canonical({ checkpoint, format: DEVICE_FORMAT, key, log, pump, records: lines.size })}\n`
  for (const [index, line] of lines) {
    yield `${canonical({ index, proof: tree.inclusion(index).map(toBase64) })}\n${line}\n`
  }
}
