// A witness of logs: what it has cosigned is on the disk before anybody is told, one file a log, and it
// answers one submission after the other, so that no two can pass each other. A file that cannot be read
// is never taken for a log that was not seen before.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { parseCheckpoint } from '../audit/format/checkpoint.ts'
import { type CosigningKey, cosign, cosignedAt } from '../audit/format/cosignature.ts'
import {
  parseVerifierKey,
  signatureLine,
  signaturesOf,
  type VerifierKey,
} from '../audit/format/note.ts'
import { parseSubmission, type Submission } from '../audit/format/submission.ts'
import { type Disk, readAll, replaceFile } from '../base/disk.ts'
import type { Env } from '../base/env.ts'
import { type Answer, judge, NOTHING_SEEN, type Seen } from './judge.ts'

export interface WitnessOptions {
  readonly env: Env
  readonly disk: Disk
  /** Where it keeps what it cosigned; `logs` in it lists verifier keys of logs, one a line. */
  readonly dir: string
  readonly key: CosigningKey
  /** Verifier keys of logs besides those. */
  readonly logs: readonly VerifierKey[]
}

const LOGS = 'logs'

export class Witness {
  readonly #options: WitnessOptions
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: WitnessOptions) {
    this.#options = options
  }

  /** The cosignature line, or why there is none. Rejects when its own disk fails: then nothing was said. */
  add(text: string): Promise<Answer & { readonly line?: string }> {
    const submission = parseSubmission(text)
    if (typeof submission === 'string') return Promise.resolve({ status: 400, why: submission })
    const answer = this.#turn.then(() => this.#take(submission))
    this.#turn = answer.catch(() => {})
    return answer
  }

  /** The newest cosigned checkpoint of the log with this hash of its origin; null = there is none. */
  async newest(hash: string): Promise<string | null> {
    const { disk, dir } = this.#options
    const path = join(dir, `${hash}.note`)
    return (await disk.size(path)) === null ? null : (await readAll(disk, path)).toString()
  }

  async #take(submission: Submission): Promise<Answer & { readonly line?: string }> {
    const { env, disk, dir, key } = this.#options
    const { origin, note } = submission.checkpoint
    const keys = (await this.#keys()).filter(({ name }) => name === origin)
    const answer = judge(submission, keys, await this.#seen(origin))
    if (answer.status !== 200) return answer
    const line = cosign(note.text, key, Math.floor(env.wall() / 1_000))
    // Of the log's signatures those that were verified, and not what else stood there.
    const known = keys.flatMap((by) => signaturesOf(note, by))
    const signed = known.map((one) => signatureLine(one, one.bytes))
    const kept = `${note.text}\n${signed.join('')}${line}`
    await replaceFile(disk, join(dir, `${hashOf(origin)}.note`), Buffer.from(kept))
    return { status: 200, line }
  }

  async #seen(origin: string): Promise<Seen> {
    const text = await this.newest(hashOf(origin))
    if (text === null) return NOTHING_SEEN
    const { dir, key } = this.#options
    const seen = parseCheckpoint(text)
    if (typeof seen !== 'string' && seen.origin === origin && cosignedAt(seen.note, key))
      return seen
    throw new Error(
      `What this witness has cosigned of ${origin} is damaged, in ${dir}. It cosigns nothing more of this log. Do not put an older copy of the file back: the witness would cosign a second history. Give the witness a new directory and a new key, and tell the bridges the new key.`,
    )
  }

  /** Looked at for every submission, so that a key can be added while it runs. */
  async #keys(): Promise<readonly VerifierKey[]> {
    const { disk, dir, logs } = this.#options
    const path = join(dir, LOGS)
    if ((await disk.size(path)) === null) return logs
    const lines = (await readAll(disk, path)).toString().split('\n')
    const named = lines.map((line) => line.trim()).filter((line) => !/^(#|$)/.test(line))
    return [...logs, ...named.map((line) => keyOf(line, path))]
  }
}

function keyOf(line: string, path: string): VerifierKey {
  const key = parseVerifierKey(line)
  if (typeof key === 'string') throw new Error(`${path}: ${key}: ${line.slice(0, 100)}`)
  return key
}

const hashOf = (origin: string) => createHash('sha256').update(origin).digest('hex')
