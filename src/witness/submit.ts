// One checkpoint to one witness, until the witness has answered with its cosignature or with what it will
// not do. A proof is sent only when it is right by our own reckoning, so that a witness which refuses it
// has seen another log.
import { parseCheckpoint } from '../audit/format/checkpoint.ts'
import { type Cosigner, cosignedAt } from '../audit/format/cosignature.ts'
import { type Hash, sameHash } from '../audit/format/merkle.ts'
import { parseNote } from '../audit/format/note.ts'
import { submissionText } from '../audit/format/submission.ts'
import type { WitnessProblem } from '../model/status.ts'

/** The newest checkpoint of a log. */
export interface Newest {
  readonly log: string
  readonly size: number
  readonly checkpoint: string
}

/** The tree of that log. */
export interface Tree {
  root(size: number): Promise<Hash>
  consistency(from: number, size: number): Promise<Hash[]>
}

export interface Reply {
  readonly status: number
  readonly text: string
}

/** Rejects when the witness cannot be reached. */
export type Post = (text: string) => Promise<Reply>

export type Outcome =
  /** The checkpoint with the cosignature behind its other signatures. */
  | {
      readonly note: string
      /** It had cosigned more than it now says it saw: so much. */
      readonly forgot?: number
    }
  | {
      readonly problem: WitnessProblem
      /** Records that it says it has cosigned. */
      readonly theirs: number | null
      /** What it answered. */
      readonly said: string
    }

/** How often a witness may say that it has seen another size than it said before. */
const TRIES = 3

/** `known`: the size of its newest cosignature that is kept here. */
export async function submit(
  newest: Newest,
  known: number,
  tree: Tree,
  by: Cosigner,
  post: Post,
): Promise<Outcome> {
  const { size, checkpoint } = newest
  const own = parseCheckpoint(checkpoint)
  if (typeof own === 'string' || !sameHash(own.root, await tree.root(size))) {
    return { problem: 'unreadable', theirs: null, said: '' }
  }
  let old = Math.min(known, size)
  let forgot: number | undefined
  for (let tries = 0; tries < TRIES; tries += 1) {
    const proof = old === 0 ? [] : await tree.consistency(old, size)
    const { status, text } = await post(submissionText(old, proof, checkpoint))
    const said = `${status} ${text.slice(0, 200)}`.trim()
    const refused = { theirs: null, said }
    if (status === 200) {
      const outcome = cosigned(checkpoint, text, by)
      return 'note' in outcome && forgot !== undefined ? { ...outcome, forgot } : outcome
    }
    if (status === 422) return { problem: 'fork', ...refused }
    if (status === 404) return { problem: 'unknown-log', ...refused }
    if (status === 403) return { problem: 'unknown-key', ...refused }
    const theirs = /^(0|[1-9]\d{0,15})\n?$/.exec(text)?.[1]
    if (status !== 409) return { problem: 'no-answer', ...refused }
    // Until 2026 a witness answered so, with or without its size, when it saw another root of this size.
    if (old === size && (theirs === undefined || Number(theirs) === size))
      return { problem: 'fork', ...refused }
    if (theirs === undefined) return { problem: 'no-answer', ...refused }
    old = Number(theirs)
    if (old < known) forgot ??= old
    if (old > size) return { problem: 'ahead', theirs: old, said }
  }
  return { problem: 'no-answer', theirs: old, said: '409' }
}

/** Only the lines of this witness are taken over, and only when they are true. */
function cosigned(checkpoint: string, text: string, by: Cosigner): Outcome {
  const { name } = by.witness
  const lines = text.split('\n').filter((line) => line.startsWith(`— ${name} `))
  const note = `${checkpoint}${lines.map((line) => `${line}\n`).join('')}`
  const parsed = parseNote(note)
  if (typeof parsed !== 'string' && cosignedAt(parsed, by)) return { note }
  return { problem: 'wrong-key', theirs: null, said: text.slice(0, 200).trim() }
}
