// What the text of the format decides where it could have been read in two ways: each decision as a log, or a
// proof, that somebody wrote otherwise and signed truly.
import type { KeyObject } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../src/audit/format/canonical.ts'
import { originOf } from '../../src/audit/format/checkpoint.ts'
import { parseVerifierKey, signingKey, type VerifierKey } from '../../src/audit/format/note.ts'
import { checkProof, parseProof } from '../../src/audit/format/proof.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { prove } from '../../src/audit/verify/prove.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { configSchema } from '../../src/host/config.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { bench, close, during, duringReal, logDir, open, refused } from './bench-log.ts'
import { altered, diskOf, recordsOf, segmentOf } from './forge.ts'
import type { MemoryDisk } from './memory-disk.ts'

const DAY = 86_400_000
let dir = ''
let log = ''
let key: KeyObject
let verifier = ''
let disk: MemoryDisk
/** The records of the log, the first of which opens its segment. */
let lines: string[] = []
const other = newKey(new VirtualEnv({ seed: 4 }))

beforeAll(async () => {
  const b = bench(1)
  const made = await open(b)
  for (let i = 0; i < 4; i += 1) await during(b.env, made.append(refused(i)))
  await close(b, made)
  dir = logDir(made)
  log = made.state.log ?? ''
  verifier = made.state.key ?? ''
  key = b.key
  disk = b.disk
  lines = recordsOf(b.disk.files.get(`${dir}/00000001.jsonl`)?.bytes ?? Buffer.of())
})

/** A segment of the first record, then the others, signed by `signers`. */
const forged = (others: readonly string[], signers: readonly KeyObject[] = [key]) => {
  const [first = ''] = lines
  const one = segmentOf(log, [[first]], [key])
  const all = segmentOf(log, [[first], others], signers)
  // The opening commit has one signature, whoever signs the second.
  const text = all.bytes.toString().split('\n')
  const opening = one.bytes.toString().split('\n')
  text.splice(0, 3, ...opening.slice(0, 3))
  return diskOf([[`${dir}/00000001.jsonl`, Buffer.from(text.join('\n'))]])
}
const reason = async (others: readonly string[], signers?: readonly KeyObject[]) =>
  (await verify(forged(others, signers), dir)).problem?.reason ?? 'intact'

describe('a record is bound by more than its number', () => {
  it.each<[string, { readonly [field: string]: Json | undefined }]>([
    ['version 2', { v: 2 }],
    ['no version', { v: undefined }],
    ['no kind', { kind: undefined }],
    ['a kind that is no text', { kind: 7 }],
    ['another source', { source: 'device' }],
    ['another number', { seq: 9 }],
  ])('%s is a fault, though its key signed it', async (_what, fields) => {
    const rest = lines.slice(1)
    expect(await reason(rest)).toBe('intact')
    expect(await reason([altered(rest[0] ?? '', fields), ...rest.slice(1)])).not.toBe('intact')
  })

  it('a kind that this release does not know is none', async () => {
    expect(await reason([altered(lines[1] ?? '', { kind: 'weather' })])).toBe('intact')
  })
})

describe('a change of key', () => {
  const name = (one: KeyObject) => signingKey(originOf(log), one).verifier.text
  const rotation = (from: KeyObject, to: KeyObject, seq = 1) =>
    altered(lines[1] ?? '', {
      ...{ seq, kind: 'key-rotation' },
      body: { from: name(from), to: name(to), reason: 'yearly' },
    })

  it('is signed by both, the old one first', async () => {
    expect(await reason([rotation(key, other)], [key, other])).toBe('intact')
    for (const signers of [[key], [other], [other, key], [key, key], [key, other, other]])
      expect(await reason([rotation(key, other)], signers)).not.toBe('intact')
  })

  it('is from the key in force, to another one, and once in a commit', async () => {
    expect(await reason([rotation(other, key)], [other, key])).not.toBe('intact')
    expect(await reason([rotation(key, key)], [key, key])).not.toBe('intact')
    const twice = [rotation(key, other), rotation(key, other, 2)]
    expect(await reason(twice, [key, other])).not.toBe('intact')
  })

  it('is no reason for a second signature where there is none', async () => {
    expect(await reason(lines.slice(1), [key, other])).not.toBe('intact')
  })
})

describe('a proof', () => {
  const known = () => parseVerifierKey(verifier) as VerifierKey
  const checked = (text: string) => {
    const proof = parseProof(text)
    return typeof proof === 'string' ? proof : checkProof(proof, known())
  }

  it('holds with the signature of a witness beside the key’s, and not with a false one of the key', async () => {
    const proof = await prove(disk, dir, 2)
    expect(checked(proof)).toBeNull()
    expect(checked(`${proof}— witness.example/a AAAABBBB\n`)).toBeNull()
    const signature = proof.trimEnd().split('\n').at(-1) ?? ''
    const broken =
      signature.slice(0, -6) + (signature.at(-6) === 'A' ? 'B' : 'A') + signature.slice(-5)
    expect(checked(proof.replace(signature, broken))).toContain('not signed by this key')
    expect(checked(`${proof}${broken}\n`)).toContain('not signed by this key')
  })

  it('of a dropped record is not made: its hash shows nothing', async () => {
    const b = bench(3, undefined, { limits: { segmentBytes: 1_500 } })
    const old = await open(b)
    for (let day = 0; day < 60; day += 1) {
      await b.env.suspend(DAY)
      await during(b.env, old.append(refused(day)))
    }
    const retention = { keepDays: 20, age: () => old.age, wall: () => b.env.wall() }
    const append = (record: Parameters<typeof old.append>[0]) => old.append(record)
    const care = upkeep({ disk: b.disk, dir: logDir(old), append, retention })
    const { dropped } = await duringReal(b.env, care)
    await close(b, old)
    expect(dropped).toBeGreaterThan(5)
    await expect(prove(b.disk, logDir(old), 3)).rejects.toThrow(
      'the entry of record 3 was dropped: only its hash is left',
    )
    const made = await prove(b.disk, logDir(old), dropped ?? 0)
    expect(
      checkProof(parseProof(made) as never, parseVerifierKey(old.state.key ?? '') as never),
    ).toBeNull()
    await expect(prove(b.disk, logDir(old), 10_000)).rejects.toThrow(RangeError)
  })
})

it('what the system refuses to read is no word about the log', async () => {
  for (const operation of ['read', 'list'] as const) {
    const copy = disk.killed()
    copy.fault = (now, path) => {
      if (now === operation && path.startsWith(dir))
        throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    }
    const { ok, problem, sentence } = await verify(copy, dir)
    expect({ ok, unread: problem?.unread }).toEqual({ ok: false, unread: true })
    expect(sentence).toContain('cannot be read: EACCES')
    expect(sentence).not.toContain('there is no audit log')
  }
})

it('entries are kept for a yearly audit, unless somebody says in words that they are not', () => {
  const floor = (audit: object) => configSchema.safeParse({ audit }).success
  expect(floor({ keepDays: 40 })).toBe(false)
  expect(floor({ keepDays: 400 })).toBe(true)
  const words = 'I accept that a yearly audit will miss records'
  expect(floor({ keepDays: 40, keepDaysBelowFloor: words })).toBe(true)
  expect(floor({ keepDays: 40, keepDaysBelowFloor: 'yes' })).toBe(false)
})
