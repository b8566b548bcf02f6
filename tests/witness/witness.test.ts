// What a witness does: it cosigns only what is proven to continue what it cosigned before, whatever it is
// sent and in whatever order, also over its own restarts; and its answers are those of c2sp.org/tlog-witness.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointText } from '../../src/audit/format/checkpoint.ts'
import { cosignedAt, cosigningKey, parseCosigner } from '../../src/audit/format/cosignature.ts'
import { type Hash, leafHash, Tree } from '../../src/audit/format/merkle.ts'
import {
  parseNote,
  parseVerifierKey,
  signedBy,
  signingKey,
  signNote,
} from '../../src/audit/format/note.ts'
import { submissionText } from '../../src/audit/format/submission.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Witness } from '../../src/witness/witness.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const numRuns = LONG ? 2_000 : 100
const ORIGIN = 'wandbridge/device-1-00000000'
const log = signingKey(ORIGIN, newKey(new VirtualEnv({ seed: 5 })))
const stranger = signingKey(ORIGIN, newKey(new VirtualEnv({ seed: 6 })))
const other = signingKey('wandbridge/device-2-00000000', newKey(new VirtualEnv({ seed: 5 })))
const env = new VirtualEnv()
const key = cosigningKey('witness.example/one', newKey(new VirtualEnv({ seed: 7 })))

/** Two histories that part behind `common` records. */
function history(n: number, common: number, mark: string): Tree {
  const tree = new Tree()
  for (let i = 0; i < n; i += 1)
    tree.append(leafHash(Buffer.from(`record ${i} ${i < common ? '' : mark}`)))
  return tree
}

const noteOf = (tree: Tree, size: number, by = log, root: Hash = tree.root(size)) =>
  signNote(checkpointText({ origin: by.verifier.name, size, root }), [by])

const witnessOn = (disk: MemoryDisk, known = [log.verifier]) =>
  new Witness({ env, disk, dir: '/witness', key, logs: known })

const status = async (witness: Witness, text: string) => (await witness.add(text)).status

describe('a witness', () => {
  it('gives a cosignature that is its own, with its time, and keeps what it cosigned', async () => {
    const disk = new MemoryDisk()
    const witness = witnessOn(disk)
    const tree = history(9, 9, '')
    const note = noteOf(tree, 5)
    const said = await witness.add(submissionText(0, [], note))
    const line = said.line ?? ''
    const parsed = parseNote(note + line)
    if (typeof parsed === 'string') throw new Error(parsed)
    expect(cosignedAt(parsed, key)).toBe(Math.floor(env.wall() / 1_000))
    expect(signedBy(parsed, log.verifier)).toBe(true)
    // Another second, another text, another key: not true any more.
    expect(cosignedAt({ ...parsed, text: parsed.text.replace('5', '6') }, key)).toBe(false)
    const again = parseCosigner(key.witness.text)
    if (typeof again === 'string') throw new Error(again)
    expect(cosignedAt(parsed, again)).not.toBe(null)
    expect(typeof parseVerifierKey(key.witness.text)).toBe('string')
    expect(typeof parseCosigner(log.verifier.text)).toBe('string')
    const { createHash } = await import('node:crypto')
    const hash = createHash('sha256').update(ORIGIN).digest('hex')
    expect(await witness.newest(hash)).toBe(note + line)
    expect(await witness.newest(hash.replace(/^./, (c) => (c === '0' ? '1' : '0')))).toBe(null)
    // The next process goes on from there.
    const next = witnessOn(disk.killed())
    expect(await next.add(submissionText(0, [], noteOf(tree, 9)))).toEqual({ status: 409, size: 5 })
    const proof = tree.consistency(5, 9)
    expect(await status(next, submissionText(5, proof, noteOf(tree, 9)))).toBe(200)
  })

  it('answers as the specification says', async () => {
    const tree = history(9, 9, '')
    const forked = history(9, 3, 'x')
    const five = noteOf(tree, 5)
    const nine = noteOf(tree, 9)
    const proof = tree.consistency(5, 9)
    const torn = `${nine.slice(0, -20)}AAAA${nine.slice(-16)}`
    const cases = [
      [400, 'old 05\n\n'],
      [400, `old 9\n\n${five}`],
      [400, `old 5\nxx\n\n${nine}`],
      [400, submissionText(5, Array(64).fill(proof[0]), nine)],
      [400, nine],
      [404, submissionText(0, [], noteOf(tree, 5, other))],
      [403, submissionText(5, proof, noteOf(tree, 9, stranger))],
      [403, submissionText(5, proof, torn)],
      [409, submissionText(0, [], nine)],
      [409, submissionText(4, tree.consistency(4, 9), nine)],
      [422, submissionText(5, [], nine)],
      [422, submissionText(5, proof.slice(1), nine)],
      [422, submissionText(5, forked.consistency(5, 9), noteOf(forked, 9))],
      [422, submissionText(5, [], noteOf(forked, 5))],
      [200, submissionText(5, [], five)],
      [
        200,
        submissionText(
          5,
          proof,
          signNote(nine.slice(0, nine.indexOf('\n\n') + 1), [stranger, log]),
        ),
      ],
    ] as const
    for (const [expected, text] of cases) {
      const witness = witnessOn(new MemoryDisk())
      expect(await status(witness, submissionText(0, [], five))).toBe(200)
      expect([await status(witness, text), text]).toEqual([expected, text])
    }
    const fresh = witnessOn(new MemoryDisk())
    const none = submissionText(0, [], noteOf(tree, 0, log, tree.root(1)))
    expect(await status(fresh, none)).toBe(422)
    expect(await status(fresh, submissionText(0, [tree.root(1)], five))).toBe(422)
  })

  it('learns a key while it runs, and cosigns nothing when what it kept is damaged', async () => {
    const disk = new MemoryDisk()
    const witness = witnessOn(disk, [])
    const tree = history(5, 5, '')
    const text = submissionText(0, [], noteOf(tree, 5))
    expect(await status(witness, text)).toBe(404)
    const put = (name: string, bytes: Buffer) =>
      disk.files.set(`/witness/${name}`, { bytes, synced: bytes.length })
    put('logs', Buffer.from(`# a ward\n\n${log.verifier.text}\n`))
    expect(await status(witness, text)).toBe(200)
    const [name = ''] = [...disk.files.keys()].filter((path) => path.endsWith('.note'))
    const bytes = Buffer.from(disk.files.get(name)?.bytes ?? [])
    for (const damaged of [
      bytes.subarray(0, 40),
      Buffer.from(bytes.toString().replace('5', '4')),
    ]) {
      disk.files.set(name, { bytes: damaged, synced: damaged.length })
      await expect(witness.add(text)).rejects.toThrow('damaged')
    }
  })

  it('never says anything that a failing disk or a power cut takes back', async () => {
    const tree = history(4, 4, '')
    const disk = new MemoryDisk()
    const witness = witnessOn(disk)
    disk.fault = (operation, path) => {
      if (operation === 'sync') throw Object.assign(new Error(path), { code: 'EIO' })
    }
    await expect(witness.add(submissionText(0, [], noteOf(tree, 2)))).rejects.toThrow()
    disk.fault = () => {}
    expect(await status(witness, submissionText(0, [], noteOf(tree, 2)))).toBe(200)
    for (let seed = 0; seed < 20; seed += 1) {
      const rng = new VirtualEnv({ seed: seed + 1 })
      const cut = witnessOn(disk.cut((n) => (rng.random(1)[0] ?? 0) % Math.max(1, n)))
      expect(await cut.add(submissionText(0, [], noteOf(tree, 4)))).toEqual({
        status: 409,
        size: 2,
      })
    }
  })

  it('cosigns one history only, whatever is sent at once and in whatever order', async () => {
    const step = fc.record({
      old: fc.nat(12),
      size: fc.nat(12),
      which: fc.boolean(),
      wrong: fc.boolean(),
      restart: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.nat(6), fc.array(step, { maxLength: 20 }), async (common, steps) => {
        const trees = [history(12, common, 'a'), history(12, common, 'b')] as const
        let disk = new MemoryDisk()
        let witness = witnessOn(disk)
        const cosigned: { size: number; which: 0 | 1 }[] = []
        for (let i = 0; i < steps.length; i += 2) {
          const together = steps.slice(i, i + 2)
          await Promise.all(
            together.map(async ({ old, size, which, wrong }) => {
              const tree = trees[which ? 1 : 0]
              const proof = old <= size && !wrong ? tree.consistency(old, size) : []
              const said = await witness.add(submissionText(old, proof, noteOf(tree, size)))
              if (said.status === 200) cosigned.push({ size, which: which ? 1 : 0 })
            }),
          )
          if (together.some(({ restart }) => restart)) {
            disk = disk.killed()
            witness = witnessOn(disk)
          }
        }
        for (const [i, { size, which }] of cosigned.entries()) {
          expect(size).toBeGreaterThanOrEqual(cosigned[i - 1]?.size ?? 0)
          // All of them are of one history.
          const last = cosigned.at(-1)
          if (last && size > common) expect(which).toBe(last.which)
        }
      }),
      { numRuns },
    )
  })
})
