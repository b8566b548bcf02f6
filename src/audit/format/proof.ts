// C2SP tlog-proof (c2sp.org/tlog-proof): one text that shows, offline and years later, that one
// record is in a log. The record itself travels in the `extra` line. Pure.
import { scan } from './canonical.ts'
import { parseCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { HASH_BYTES, type Hash, leafHash, verifyInclusion } from './merkle.ts'
import { fromBase64, signedBy, toBase64, type VerifierKey } from './note.ts'

const FIRST = 'c2sp.org/tlog-proof@v1'

export interface LogProof {
  readonly index: number
  readonly path: readonly Hash[]
  /** The record's line without its newline, when the proof carries it. */
  readonly extra: Uint8Array | null
  readonly checkpoint: SignedCheckpoint
}

export function proofText(p: {
  readonly index: number
  readonly path: readonly Hash[]
  readonly extra?: Uint8Array
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string
}): string {
  const lines = [FIRST]
  if (p.extra) lines.push(`extra ${toBase64(p.extra)}`)
  lines.push(`index ${p.index}`, ...p.path.map(toBase64))
  return `${lines.join('\n')}\n\n${p.checkpoint}`
}

/** Reads a proof; a sentence when it is not one. Nothing is believed yet: see `checkProof`. */
export function parseProof(text: string): LogProof | string {
  const gap = text.indexOf('\n\n')
  const lines = text.slice(0, Math.max(gap, 0)).split('\n')
  if (gap < 0 || lines.shift() !== FIRST) return `a proof starts with ${FIRST}`
  let extra: Uint8Array | null = null
  if (lines[0]?.startsWith('extra ')) {
    extra = fromBase64(lines.shift()?.slice('extra '.length) ?? '')
    if (!extra) return 'the extra line of the proof is not base64'
  }
  const [, decimal] = /^index (0|[1-9][0-9]*)$/.exec(lines.shift() ?? '') ?? []
  const index = Number(decimal)
  if (decimal === undefined || !Number.isSafeInteger(index))
    return 'the proof does not say its index'
  const path: Hash[] = []
  for (const line of lines) {
    const node = fromBase64(line)
    if (!node || node.length !== HASH_BYTES) return 'a line of the proof is not a hash'
    path.push(node)
  }
  const checkpoint = parseCheckpoint(text.slice(gap + 2))
  return typeof checkpoint === 'string' ? checkpoint : { index, path, extra, checkpoint }
}

/** Null when `record` is in the log that `key` signs for; else the reason. */
export function checkProof(proof: LogProof, key: VerifierKey, record = proof.extra): string | null {
  const { checkpoint, index, path } = proof
  if (!record) return 'the proof does not carry its record; give the record beside it'
  if (checkpoint.origin !== key.name)
    return `the checkpoint is of another log: ${checkpoint.origin}`
  if (!signedBy(checkpoint.note, key)) return 'the checkpoint is not signed by this key'
  if (!verifyInclusion(leafHash(record), index, checkpoint.size, path, checkpoint.root))
    return `the record is not number ${index} of this log`
  const said = scan(record)
  return 'seq' in said && said.seq === index
    ? null
    : 'the record says another number than the proof'
}
