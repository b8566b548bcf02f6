// The device audit file, checked alone and years later: one pump's records, each with the proof that it
// is in a log, and the checkpoint that the log's key signed. It needs no log and no directory.
import { type Json, scan } from '../format/canonical.ts'
import { originOf, parseCheckpoint } from '../format/checkpoint.ts'
import { Lines } from '../format/lines.ts'
import { HASH_BYTES, type Hash, leafHash, verifyInclusion } from '../format/merkle.ts'
import { fromBase64, parseVerifierKey, signedBy } from '../format/note.ts'

export const DEVICE_FORMAT = 'wandbridge-device-audit/1'

export interface DeviceVerification {
  readonly ok: boolean
  readonly log: string | null
  readonly pump: string | null
  readonly records: number
  /** The first thing that is wrong: its byte, the record if known, and why. */
  readonly problem: {
    readonly offset: number
    readonly position: number | null
    readonly reason: string
  } | null
  readonly sentence: string
}

/**
 * Verifies a device audit file alone. With `key` (a verifier key kept elsewhere) it is also
 * authenticated. That no record was left out, only the whole log can show.
 */
export async function verifyDeviceFile(
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly key?: string } = {},
): Promise<DeviceVerification> {
  const check = new DeviceCheck(options.key)
  const lines = new Lines((bytes, start, end, offset) => check.line(bytes, start, end, offset))
  for await (const chunk of chunks) lines.push(chunk)
  check.end(lines.offset, lines.rest)
  const { problem, records, log, pump } = check
  const intact = `${records} records of pump ${pump} are in audit log ${log}`
  const place = problem
    ? `byte ${problem.offset}${problem.position === null ? '' : `, record ${problem.position}`}`
    : ''
  return {
    ok: problem === null,
    log,
    pump,
    records,
    problem,
    sentence: problem
      ? `Not intact: ${place}: ${problem.reason}.`
      : options.key === undefined
        ? `${intact}: consistent, not authenticated. Give --key from a printed sheet.`
        : `${intact}, vouched for by the key kept elsewhere.`,
  }
}

class DeviceCheck {
  problem: DeviceVerification['problem'] = null
  records = 0
  log: string | null = null
  pump: string | null = null
  readonly #wanted: string | undefined
  #expected = 0
  #size = 0
  #root: Hash = new Uint8Array()
  #proof: { index: number; path: Hash[]; offset: number } | null = null
  #last = -1

  constructor(key: string | undefined) {
    this.#wanted = key?.trim()
  }

  line(bytes: Uint8Array, start: number, end: number, offset: number): void {
    if (this.problem) return
    const found = scan(bytes, start, end)
    if ('reason' in found)
      return this.#bad(offset + found.at, `a line is not canonical JSON: ${found.reason}`)
    const value = JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()) as Record<
      string,
      Json
    >
    if (this.log === null) this.#header(value, offset)
    else if (!this.#proof) this.#path(value, offset)
    else this.#record(value, leafHash(bytes, start, end), offset)
  }

  end(offset: number, rest: number): void {
    if (this.problem) return
    if (this.log === null) this.#bad(0, 'this is no device audit file')
    else if (rest > 0 || this.#proof) this.#bad(offset, 'the file ends in the middle of a record')
    else if (this.records !== this.#expected) {
      this.#bad(offset, `the file has ${this.records} records; it says ${this.#expected}`)
    }
  }

  #bad(offset: number, reason: string): void {
    this.problem = { offset, position: this.#proof?.index ?? null, reason }
  }

  #header(value: Record<string, Json>, offset: number): void {
    if (
      Object.keys(value).join(' ') !== 'checkpoint format key log pump records' ||
      value['format'] !== DEVICE_FORMAT
    ) {
      return this.#bad(offset, `the file does not begin as ${DEVICE_FORMAT}`)
    }
    const key = parseVerifierKey(String(value['key']))
    const checkpoint = parseCheckpoint(String(value['checkpoint']))
    if (typeof key === 'string') return this.#bad(offset, key)
    if (typeof checkpoint === 'string') return this.#bad(offset, checkpoint)
    const { origin, note, extensions } = checkpoint
    if (origin !== originOf(String(value['log'])) || key.name !== origin || extensions.length > 0) {
      return this.#bad(offset, 'the checkpoint is of another log')
    }
    if (note.signatures.length !== 1 || !signedBy(note, key))
      return this.#bad(offset, 'the checkpoint is not signed by its key')
    if (this.#wanted !== undefined && this.#wanted !== key.text) {
      return this.#bad(offset, `the checkpoint is signed with another key: ${key.text}`)
    }
    this.log = String(value['log'])
    this.pump = String(value['pump'])
    this.#expected = Number(value['records'])
    this.#size = checkpoint.size
    this.#root = checkpoint.root
  }

  #path(value: Record<string, Json>, offset: number): void {
    const { index, proof } = value
    const path = Array.isArray(proof)
      ? proof.map((p: Json) => fromBase64(String(p)) ?? new Uint8Array())
      : []
    if (
      Object.keys(value).join(' ') !== 'index proof' ||
      typeof index !== 'number' ||
      !Array.isArray(proof)
    ) {
      return this.#bad(offset, 'a proof is missing before a record')
    }
    if (path.some((p) => p.length !== HASH_BYTES))
      return this.#bad(offset, 'a hash of a proof is broken')
    if (index <= this.#last) return this.#bad(offset, 'the records are not in order')
    this.#proof = { index, path, offset }
  }

  #record(value: Record<string, Json>, leaf: Hash, offset: number): void {
    const { index, path } = this.#proof as { index: number; path: Hash[] }
    if (!verifyInclusion(leaf, index, this.#size, path, this.#root)) {
      return this.#bad(offset, 'the record and its proof do not lead to the checkpoint')
    }
    if (value['seq'] !== index)
      return this.#bad(offset, 'the record has another number than its proof')
    if (value['pump'] !== this.pump) return this.#bad(offset, 'the record is of another pump')
    this.#proof = null
    this.#last = index
    this.records += 1
  }
}
