// Our trees, proofs and notes are accepted by golang.org/x/mod/sumdb (tlog, note), and its by ours.
// Its answers for one tree are kept in vectors/tlog.json, so that half of this runs without Go.
import { createHash, createPrivateKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkpointText, parseCheckpoint } from '../../src/audit/format/checkpoint.ts'
import {
  leafHash,
  Tree,
  verifyConsistency,
  verifyInclusion,
} from '../../src/audit/format/merkle.ts'
import {
  fromBase64,
  parseNote,
  parseVerifierKey,
  signedBy,
  signingKey,
  signNote,
  toBase64,
} from '../../src/audit/format/note.ts'
import { checkProof, parseProof, proofText } from '../../src/audit/format/proof.ts'
import { hasOracle, type Oracle, startOracle } from './oracle.ts'

const SIZE = 17
const LEAVES = Array.from({ length: SIZE }, (_, i) => `record ${i}`)
const FILE = new URL('./vectors/tlog.json', import.meta.url)

interface Vectors {
  readonly roots: readonly string[]
  /** `index/size` → path. */
  readonly records: Readonly<Record<string, readonly string[]>>
  /** `from/to` → proof. */
  readonly trees: Readonly<Record<string, readonly string[]>>
  readonly notes: readonly { readonly note: string; readonly key: string; readonly text: string }[]
}

const tree = new Tree()
for (const leaf of LEAVES) tree.append(leafHash(Buffer.from(leaf)))

const hashes = (list: readonly string[]) => list.map((h) => fromBase64(h) as Uint8Array)

function checkVectors(v: Vectors): void {
  const root = (n: number) => fromBase64(v.roots[n] ?? '') as Uint8Array
  expect(v.roots.length).toBe(SIZE + 1)
  // It gives 0 for the tree without leaves, where the RFC says SHA-256 of nothing.
  for (let n = 1; n <= SIZE; n += 1) expect(toBase64(tree.root(n))).toBe(v.roots[n])
  let seen = 0
  for (const [name, path] of Object.entries(v.records)) {
    const [index = 0, size = 0] = name.split('/').map(Number)
    expect(verifyInclusion(tree.leaf(index), index, size, hashes(path), root(size))).toBe(true)
    expect(tree.inclusion(index, size).map(toBase64)).toEqual(path)
    seen += 1
  }
  for (const [name, proof] of Object.entries(v.trees)) {
    const [from = 0, to = 0] = name.split('/').map(Number)
    expect(verifyConsistency(from, root(from), to, root(to), hashes(proof))).toBe(true)
    expect(tree.consistency(from, to).map(toBase64)).toEqual(proof)
    seen += 1
  }
  expect(seen).toBe((SIZE * (SIZE + 1)) / 2 + (SIZE * (SIZE + 1)) / 2)
  expect(v.notes.length).toBeGreaterThan(0)
  for (const { note, key, text } of v.notes) {
    const parsed = parseNote(note)
    const verifier = parseVerifierKey(key)
    if (typeof parsed === 'string' || typeof verifier === 'string')
      throw new Error(`${parsed} ${verifier}`)
    expect(parsed.text).toBe(text)
    expect(signedBy(parsed, verifier)).toBe(true)
  }
}

async function askVectors(oracle: Oracle): Promise<Vectors> {
  const roots = (await oracle.ask({ op: 'tree', leaves: LEAVES })).roots ?? []
  const records: Record<string, readonly string[]> = {}
  const trees: Record<string, readonly string[]> = {}
  for (let to = 1; to <= SIZE; to += 1) {
    for (let n = 0; n < to; n += 1) {
      records[`${n}/${to}`] = (await oracle.ask({ op: 'prove-record', index: n, to })).proof ?? []
      trees[`${n + 1}/${to}`] =
        (await oracle.ask({ op: 'prove-tree', from: n + 1, to })).proof ?? []
    }
  }
  const notes = []
  for (const text of ['wandbridge/test\n3\nq83vEjRWeJA=\n', 'due righe\n\nè subito sera.\n']) {
    const seed = 'not a secret: a key of this test only, nothing else'
    const { note = '', key = '' } = await oracle.ask({
      op: 'sign',
      text,
      key: 'wandbridge/test',
      seed,
    })
    notes.push({ note, key, text })
  }
  return { roots, records, trees, notes }
}

describe('kept answers of golang.org/x/mod/sumdb', () => {
  it('are accepted, and ours are the same', () => {
    checkVectors(JSON.parse(readFileSync(FILE, 'utf8')) as Vectors)
  })
})

const must = process.env['CI'] === 'true'
describe.runIf(must || hasOracle())(
  'golang.org/x/mod/sumdb itself (Debian: golang-go, golang-golang-x-mod-dev)',
  () => {
    let oracle: Oracle
    beforeAll(() => {
      oracle = startOracle()
    })
    afterAll(() => oracle.stop())

    it('still answers as kept', async () => {
      const vectors = await askVectors(oracle)
      if (process.env['WANDBRIDGE_VECTORS'] === '1')
        writeFileSync(FILE, `${JSON.stringify(vectors, null, 1)}\n`)
      expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(vectors)
      checkVectors(vectors)
    }, 60_000)

    it('accepts our proofs, and refuses them when one bit is changed', async () => {
      await oracle.ask({ op: 'tree', leaves: [] })
      for (let to = 1; to <= SIZE; to += 1) {
        for (let n = 0; n < to; n += 1) {
          const record = {
            op: 'check-record',
            to,
            index: n,
            leaf: LEAVES[n],
            root: toBase64(tree.root(to)),
            proof: tree.inclusion(n, to).map(toBase64),
          }
          expect((await oracle.ask(record)).ok).toBe(true)
          expect((await oracle.ask({ ...record, leaf: 'another' })).ok).toBe(false)
          const before = {
            op: 'check-tree',
            to,
            from: n + 1,
            root: toBase64(tree.root(to)),
            before: toBase64(tree.root(n + 1)),
            proof: tree.consistency(n + 1, to).map(toBase64),
          }
          expect((await oracle.ask(before)).ok).toBe(true)
          const forged = toBase64(leafHash(Buffer.from('another')))
          expect((await oracle.ask({ ...before, before: forged })).ok).toBe(false)
        }
      }
    }, 60_000)

    it('accepts our checkpoints and verifier keys, and no changed one', async () => {
      const der = Buffer.concat([
        Buffer.from('302e020100300506032b657004220420', 'hex'),
        createHash('sha256').update('a key for this test').digest(),
      ])
      const key = signingKey(
        'wandbridge/test',
        createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
      )
      const text = checkpointText({ origin: 'wandbridge/test', size: SIZE, root: tree.root() })
      const note = signNote(text, [key])
      expect(await oracle.ask({ op: 'open', note, key: key.verifier.text })).toMatchObject({
        ok: true,
        text,
      })
      expect(
        (
          await oracle.ask({
            op: 'open',
            note: note.replace('\n17\n', '\n18\n'),
            key: key.verifier.text,
          })
        ).ok,
      ).toBe(false)
      expect(signedBy(parseNote(note) as never, key.verifier)).toBe(true)
      const proof = proofText({
        index: 7,
        path: tree.inclusion(7),
        extra: Buffer.from('record 7'),
        checkpoint: note,
      })
      const parsed = parseProof(proof)
      if (typeof parsed === 'string') throw new Error(parsed)
      // The path holds; that it leads to no record of ours is said last.
      expect(checkProof(parsed, key.verifier)).toBe('the record says another number than the proof')
      expect(checkProof(parsed, key.verifier, Buffer.from('record 8'))).toMatch(/not number 7/)
    }, 60_000)
  },
)

it('reads the examples of the C2SP pages', () => {
  const example =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n'
  expect(parseCheckpoint(example)).toMatchObject({
    origin: 'example.com/behind-the-sofa',
    size: 20852163,
  })
  const key = parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
  const note = parseNote(
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
  )
  if (typeof key === 'string' || typeof note === 'string') throw new Error(`${key} ${note}`)
  expect(signedBy(note, key)).toBe(true)
})
