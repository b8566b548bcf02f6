// What was kept elsewhere vouches for what it covers, and for nothing else: every way in which a log
// could be called vouched for though it is not.
import type { KeyObject } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkpointText } from '../../src/audit/format/checkpoint.ts'
import { signingKey, signNote } from '../../src/audit/format/note.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import type { VerifyOptions } from '../../src/audit/verify/verification.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { bench, close, during, logDir, open, refused } from './bench-log.ts'
import { altered, diskOf, recordsOf, segmentOf } from './forge.ts'

const keyOfSeed = (seed: number) => newKey(new VirtualEnv({ seed }))
const other = keyOfSeed(4)

interface World {
  readonly dir: string
  readonly log: string
  readonly origin: string
  readonly files: readonly [string, Buffer][]
  readonly key: KeyObject
  readonly verifier: string
  /** Checkpoints as they were after the first record and after some, and the last. */
  readonly one: string
  readonly some: string
  readonly last: string
  readonly size: number
}

/** A log of one segment whose checkpoints somebody kept. */
async function world(rotate = false): Promise<World> {
  const b = bench(1)
  const log = await open(b)
  const one = log.state.checkpoint ?? ''
  const verifier = log.state.key ?? ''
  await during(b.env, Promise.all([0, 1, 2, 3].map((i) => log.append(refused(i)))))
  const some = log.state.checkpoint ?? ''
  if (rotate) await during(b.env, log.rotateKey(keyOfSeed(5), 'yearly'))
  await during(b.env, log.append(refused(9)))
  const last = log.state.checkpoint ?? ''
  await close(b, log)
  const dir = logDir(log)
  const name = log.state.log ?? ''
  const files = [...b.disk.files]
    .filter(([path]) => path.endsWith('.jsonl'))
    .map(([path, { bytes }]): [string, Buffer] => [path, Buffer.from(bytes)])
  const origin = `wandbridge/${name}`
  const { size } = log.state
  return { dir, log: name, origin, files, key: b.key, verifier, one, some, last, size }
}

let w: World
let rotated: World
beforeAll(async () => {
  w = await world()
  rotated = await world(true)
})

const check = (options: VerifyOptions, files: Iterable<readonly [string, Buffer]> = w.files) =>
  verify(diskOf(files), w.dir, options)

/** Every record but the first another one, signed anew by `key`. */
function rewritten(key: KeyObject): [string, Buffer][] {
  const [first = '', ...rest] = recordsOf(w.files[0]?.[1] ?? Buffer.of())
  const forged = rest.map((line) => altered(line, { at: '2020-01-01T00:00:00.000Z' }))
  return [[`${w.dir}/00000001.jsonl`, segmentOf(w.log, [[first], forged], [key]).bytes]]
}

const sign = (size: number, key: KeyObject, root = Buffer.alloc(32, 7), origin = w.origin) =>
  signNote(checkpointText({ origin, size, root }), [signingKey(origin, key)])

async function refusedFor(
  words: string,
  options: VerifyOptions,
  files?: Iterable<readonly [string, Buffer]>,
) {
  const result = await check(options, files)
  expect(result).toMatchObject({ ok: false, vouched: { key: 0, checkpoint: 0 } })
  expect(result.problem?.reason).toContain(words)
  expect(result.sentence).not.toContain('vouched for')
}

describe('a checkpoint kept elsewhere vouches for nothing when', () => {
  it('all records behind its one were replaced and signed with a new key', () =>
    refusedFor('signed by no key of this log', { since: w.one }, rewritten(other)))

  it('the same, and the true key is given with it', () =>
    refusedFor('signed with another key', { since: w.one, key: w.verifier }, rewritten(other)))

  it('its signature is false', async () => {
    const at = w.some.lastIndexOf('=') - 10
    const false_ = `${w.some.slice(0, at)}${w.some[at] === 'A' ? 'B' : 'A'}${w.some.slice(at + 1)}`
    await refusedFor('its signature is not of the key', { since: false_ })
  })

  it('its root was changed', async () => {
    const [origin, size, , ...rest] = w.some.split('\n')
    const root = Buffer.alloc(32, 7).toString('base64')
    await refusedFor('its signature is not of the key', {
      since: [origin, size, root, ...rest].join('\n'),
    })
  })

  it('its size was changed to cover more', async () => {
    const [origin, , ...rest] = w.some.split('\n')
    await refusedFor('its signature is not of the key', {
      since: [origin, w.size, ...rest].join('\n'),
    })
  })

  it('a stranger signed it, for the very records that are here', async () => {
    const root = Buffer.from(w.last.split('\n')[2] ?? '', 'base64')
    await refusedFor('signed by no key of this log', { since: sign(w.size, other, root) })
  })

  it('it is of another log', async () => {
    const since = sign(1, w.key, Buffer.alloc(32, 7), 'wandbridge/simulator-9-00000000')
    await refusedFor('is of another log', { since })
  })

  it('it covers more records than are left', async () => {
    const lines = (w.files[0]?.[1] ?? '').toString().split(/(?<=\n)/)
    const commit = lines.findLastIndex(
      (line, i) => i < lines.length - 1 && line.startsWith('{"checkpoint"'),
    )
    const cut = Buffer.from(lines.slice(0, commit + 1).join(''))
    const files: [string, Buffer][] = [[w.files[0]?.[0] ?? '', cut]]
    expect((await check({}, files)).ok).toBe(true)
    await refusedFor('the end is missing', { since: w.last }, files)
  })

  it('whoever has the key wrote another log in its place', () =>
    refusedFor('are not those of the checkpoint', { since: w.some }, rewritten(w.key)))

  it('it is of the fork that the key truly signed', () =>
    refusedFor('are not those of the checkpoint', { since: sign(3, w.key) }))

  it('it is of the new key, and the log has not come to it', async () => {
    const since = sign(3, keyOfSeed(5))
    await refusedFor('signed by no key of this log', { since })
  })

  it('it is of no record, and a stranger signed it', async () => {
    const { EMPTY_ROOT } = await import('../../src/audit/format/merkle.ts')
    await refusedFor('signed by no key', { since: sign(0, other, Buffer.from(EMPTY_ROOT)) })
  })
})

describe('what is vouched for is counted', () => {
  it('by a checkpoint: the records it covers, at any size', async () => {
    const { size } = w
    const [one, some, last] = await Promise.all(
      [w.one, w.some, w.last].map((since) => check({ since })),
    )
    expect(one).toMatchObject({ ok: true, vouched: { key: 0, checkpoint: 1, nothing: size - 1 } })
    expect(one?.sentence).toBe(
      `${size} records are intact: the first 1 are vouched for by the checkpoint kept elsewhere, the last ${size - 1} by nothing. Give --key from a printed sheet.`,
    )
    expect(some).toMatchObject({ vouched: { key: 0, checkpoint: 5, nothing: size - 5 } })
    expect(last).toMatchObject({ vouched: { key: 0, checkpoint: size, nothing: 0 } })
    // A commit line between two others may be taken away: nothing is lost with it.
    const lines = (w.files[0]?.[1] ?? '').toString().split(/(?<=\n)/)
    const commit = lines.findIndex(
      (line) => line.startsWith('{"checkpoint"') && JSON.parse(line).checkpoint === w.some,
    )
    const without = Buffer.from(lines.toSpliced(commit, 1).join(''))
    expect(await check({ since: w.some }, [[w.files[0]?.[0] ?? '', without]])).toMatchObject({
      ok: true,
      vouched: { checkpoint: 5 },
    })
  })

  it('by the key: all of them', async () => {
    expect(await check({ key: w.verifier, since: w.one })).toMatchObject({
      ok: true,
      vouched: { key: w.size, checkpoint: 1, nothing: 0 },
    })
    await refusedFor('signed with another key', {
      key: signingKey(w.origin, other).verifier.text,
    })
    await refusedFor('is of another log', {
      key: signingKey('wandbridge/simulator-9-00000000', w.key).verifier.text,
    })
    await expect(check({ key: `${w.verifier}x` })).rejects.toThrow(RangeError)
    await expect(check({ since: 'hello' })).rejects.toThrow(RangeError)
  })

  it('over a change of key: each key of the chain, and what each has signed', async () => {
    const { dir, files, verifier, some, last, size } = rotated
    const at = (options: VerifyOptions) => verify(diskOf(files), dir, options)
    for (const options of [{ key: verifier }, { since: last }]) {
      expect(await at(options)).toMatchObject({ ok: true, vouched: { nothing: 0 } })
    }
    expect(await at({ since: some })).toMatchObject({
      ok: true,
      vouched: { checkpoint: 5, nothing: size - 5 },
    })
  })

  it('when a witness has signed the checkpoint too: that is passed over', async () => {
    const since = `${w.some}— witness.example/a AAAABBBB\n`
    expect(await check({ since })).toMatchObject({ ok: true, vouched: { checkpoint: 5 } })
  })
})

describe('what only looks committed excuses nothing', () => {
  it('a forged record of retention behind the last checkpoint of a log that is being written', async () => {
    const b = bench(1, undefined, { limits: { segmentBytes: 1_500 } })
    const log = await open(b)
    for (let i = 0; i < 8; i += 1) await during(b.env, log.append(refused(i)))
    await close(b, log)
    const dir = logDir(log)
    const files = new Map([...b.disk.files].map(([name, { bytes }]) => [name, Buffer.from(bytes)]))
    const first = `${dir}/00000001.jsonl`
    const leaves = recordsOf(files.get(first) ?? Buffer.of())
    const { leafHash } = await import('../../src/audit/format/merkle.ts')
    files.delete(first)
    files.set(
      `${dir}/00000001.leaves`,
      Buffer.concat(leaves.map((line) => leafHash(Buffer.from(line)))),
    )
    const end =
      [...files.keys()]
        .filter((name) => name.endsWith('.jsonl'))
        .sort()
        .at(-1) ?? ''
    const line = altered(recordsOf(files.get(end) ?? Buffer.of()).at(-1) ?? '', {
      seq: log.state.size,
      kind: 'retention',
      body: { keepDays: 400, through: 1, position: leaves.length },
    })
    files.set(end, Buffer.concat([files.get(end) ?? Buffer.of(), Buffer.from(`${line}\n`)]))
    const result = await verify(diskOf(files), dir, { live: true })
    expect(result.problem?.reason).toContain('no record says that it was dropped')
  })
})
