// Tampering, exhaustively on a small log: every byte of every file, every record deleted, doubled,
// swapped or replaced, every segment removed or replaced; and, said plainly, what cannot be found.
import { beforeAll, describe, expect, it } from 'vitest'
import { Frontier, leafHash } from '../../src/audit/format/merkle.ts'
import { signingKey } from '../../src/audit/format/note.ts'
import { commitLine, headerLine } from '../../src/audit/format/segment.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import type { VerifyOptions } from '../../src/audit/verify/verification.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { bench, close, during, duringReal, logDir, open, refused } from './bench-log.ts'
import { MemoryDisk } from './memory-disk.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
// Every eleventh byte of every file; every one in the long run.
const STEP = LONG ? 1 : 11

let dir = ''
let key = ''
let early = ''
let final = ''
let files: [string, Buffer][] = []
let earlier: [string, Buffer][] = []

/** Copies without the manifest's and the ballast's bytes: they are no part of the log. */
const part = (disk: MemoryDisk): [string, Buffer][] =>
  [...disk.files]
    .filter(([n]) => !n.endsWith('ballast') && !n.endsWith('manifest.json'))
    .map(([n, { bytes }]) => [n, Buffer.from(bytes)])

function diskOf(list: readonly [string, Buffer][]): MemoryDisk {
  const disk = new MemoryDisk()
  for (const [name, bytes] of list)
    disk.files.set(name, { bytes: Buffer.from(bytes), synced: bytes.length })
  return disk
}

const check = (list: readonly [string, Buffer][], options: VerifyOptions = {}) =>
  verify(diskOf(list), dir, options)

beforeAll(async () => {
  // Segments of every kind: packed, with leaf hashes, with a tail set aside, and the open one.
  const b = bench(1, undefined, { limits: { segmentBytes: 2_000 } })
  const log = await open(b)
  dir = logDir(log)
  for (let i = 0; i < 4; i += 1)
    await during(b.env, Promise.all([log.append(refused(i)), log.append(refused(i + 100))]))
  early = log.state.checkpoint ?? ''
  earlier = part(b.disk)
  await duringReal(b.env, upkeep({ disk: b.disk, dir, append: (r) => log.append(r) }))
  let failing = true
  const begun = new Set<string>()
  b.disk.fault = (operation, path) => {
    if (operation !== 'sync' || !failing) return
    // Not at the beginning of a segment: that leaves no tail.
    failing = !begun.has(path)
    begun.add(path)
    if (!failing) throw Object.assign(new Error('EIO'), { code: 'EIO' })
  }
  for (let i = 60; failing; i += 1) await during(b.env, log.append(refused(i)))
  await during(b.env, log.append(refused(50)))
  await during(b.env, Promise.all([51, 52, 53].map((i) => log.append(refused(i)))))
  key = log.state.key ?? ''
  final = log.state.checkpoint ?? ''
  await close(b, log)
  files = part(b.disk)
})

const segments = () => files.filter(([name]) => name.endsWith('.jsonl'))
/** Lines with their newlines. */
const split = (bytes: Buffer) => bytes.toString().split(/(?<=\n)/)

describe('a log with every kind of file', () => {
  it('is intact, and has them all', async () => {
    const names = files.map(([name]) => name.split('/').at(-1)?.replace(/^\d+/, ''))
    expect(new Set(names)).toEqual(new Set(['.jsonl', '.jsonl.gz', '.leaves', '.void']))
    expect(await check(files, { key, since: final, schemas: true })).toMatchObject({
      ok: true,
      vouched: { nothing: 0 },
    })
    expect(await check(files)).toMatchObject({ ok: true, vouched: { key: 0, checkpoint: 0 } })
    expect((await check(files)).sentence).toContain('consistent, not authenticated')
  })

  it('shows a change of any one byte, in any file', async () => {
    const missed: string[] = []
    let tried = 0
    for (const [n, [name, bytes]] of files.entries()) {
      for (let at = 0; at < bytes.length; at += at < 20 ? 1 : STEP) {
        // Bits are tried in turn; all of them in the long run.
        for (const bit of LONG ? [0, 1, 2, 3, 4, 5, 6, 7] : [(at * 5 + n) % 8]) {
          const changed = Buffer.from(bytes)
          changed[at] = (changed[at] as number) ^ (1 << bit)
          const result = await check(files.map((f, i) => (i === n ? [name, changed] : f)))
          tried += 1
          if (result.ok || !result.problem) missed.push(`${name} byte ${at} bit ${bit}`)
        }
      }
    }
    expect(missed).toEqual([])
    expect(tried).toBeGreaterThan(5_000 / STEP)
  }, 3_600_000)

  it('names the first of two wrong signatures, however far apart', async () => {
    const b = bench(3, undefined, { limits: { batchRecords: 40 } })
    const log = await open(b)
    const where = logDir(log)
    const many = Array.from({ length: 3_000 }, (_, i) => log.append(refused(i)))
    await during(b.env, Promise.all(many))
    await close(b, log)
    const [path, bytes] = part(b.disk).find(([name]) => name.endsWith('.jsonl')) ?? [
      '',
      Buffer.of(),
    ]
    // More than one chunk of a file, so that reading goes on before the signatures are known.
    expect(bytes.length).toBeGreaterThan(1 << 20)
    const lines = split(bytes)
    const commits = lines.flatMap((line, i) => (line.startsWith('{"checkpoint"') ? [i] : []))
    const wrong = [commits[3] as number, commits.at(-2) as number]
    for (const i of wrong) {
      const line = lines[i] as string
      const at = line.lastIndexOf('=') - 10
      lines[i] = `${line.slice(0, at)}${line[at] === 'A' ? 'B' : 'A'}${line.slice(at + 1)}`
    }
    const changed = diskOf([[path, Buffer.from(lines.join(''))]])
    const { problem } = await verify(changed, where)
    expect(problem?.reason).toContain('not signed by this log')
    const first = JSON.parse(lines[(commits[2] as number) + 1] as string) as { seq: number }
    expect(problem?.position).toBe(first.seq)
  })

  it('names the first bad record', async () => {
    for (const [name, bytes] of segments()) {
      const lines = split(bytes)
      let commit: number[] = []
      for (const [i, line] of lines.entries()) {
        if (i === 0) continue
        if (line.startsWith('{"checkpoint"')) {
          commit = []
          continue
        }
        const { seq } = JSON.parse(line) as { seq: number }
        commit.push(seq)
        const forged = line.replace(/"nonce":"./, (m) =>
          m.endsWith('A') ? '"nonce":"B' : '"nonce":"A',
        )
        const changed = lines.with(i, forged).join('')
        const result = await check(
          files.map((f) => (f[0] === name ? [name, Buffer.from(changed)] : f)),
        )
        expect(result.ok).toBe(false)
        const { position = -1, through = -1 } = result.problem ?? {}
        expect(position).toBeLessThanOrEqual(seq)
        expect(through).toBeGreaterThanOrEqual(seq)
        expect(result.problem?.file).toBe(name.split('/').at(-1))
        // Where the leaf hashes are kept aside the record itself is named.
        if (
          files.some(([f]) => f === name.replace('.jsonl', '.leaves')) &&
          !result.problem?.reason.includes('aside')
        ) {
          expect(position).toBe(through)
        }
      }
    }
  })

  it('shows a record deleted, doubled, swapped, or put in from elsewhere', async () => {
    let tried = 0
    let covers = 0
    for (const [name, bytes] of segments()) {
      const lines = split(bytes)
      for (let i = 0; i < lines.length; i += 1) {
        const line = lines[i] as string
        const other = lines[(i + 1) % lines.length] as string
        for (const changed of [
          lines.toSpliced(i, 1),
          lines.toSpliced(i, 0, line),
          lines.with(i, other).with((i + 1) % lines.length, line),
          lines.toSpliced(i, 0, split((segments()[0] as [string, Buffer])[1])[1] as string),
        ]) {
          if (changed.join('') === bytes.toString()) continue
          const list: [string, Buffer][] = files.map((f) =>
            f[0] === name ? [name, Buffer.from(changed.join(''))] : f,
          )
          const result = await check(list)
          // A checkpoint between others may go: a later one covers the same records.
          const covered =
            changed.length < lines.length &&
            line.startsWith('{"checkpoint"') &&
            i > 0 &&
            i < lines.length - 2
          if (covered) {
            covers += 1
            continue
          }
          // So may the end of what was set aside: its copy lies in the .void file.
          const next = Number(name.slice(-14, -6)) + 1
          const copied = files.some(([f]) => f.endsWith(`/${String(next).padStart(8, '0')}.void`))
          if (copied && bytes.toString().startsWith(changed.join('')) && i >= lines.length - 2) {
            covers += 1
            continue
          }
          const cut =
            name === segments().at(-1)?.[0] && bytes.toString().startsWith(changed.join(''))
          if (!cut) expect([name, i, result.ok]).toEqual([name, i, false])
          expect((await check(list, { since: final })).ok).toBe(false)
          tried += 1
        }
      }
    }
    expect(tried).toBeGreaterThan(50)
    expect(covers).toBeGreaterThan(0)
  }, 120_000)

  it('shows any file removed, and any two exchanged', async () => {
    for (const [name] of files) {
      const without = files.filter(([f]) => f !== name)
      const twin = files.some(([f]) => f !== name && f.slice(0, -6) === name.slice(0, -6))
      const result = await check(without, { since: final, key })
      // Leaf hashes can be made again from entries that are there.
      if (name.endsWith('.leaves') && twin) continue
      if (name.endsWith('.leaves'))
        expect(result.ok).toBe(files.some(([f]) => f.startsWith(name.slice(0, -7)) && f !== name))
      else expect([name, result.ok]).toEqual([name, false])
    }
    for (const [a, x] of files) {
      for (const [b, y] of files) {
        if (a >= b || a.split('.').at(-1) !== b.split('.').at(-1)) continue
        const exchanged: [string, Buffer][] = files.map((f) =>
          f[0] === a ? [a, y] : f[0] === b ? [b, x] : f,
        )
        expect([a, b, (await check(exchanged)).ok]).toEqual([a, b, false])
      }
    }
  })

  it('shows a tail cut off, or an older copy put back, only against a checkpoint kept elsewhere', async () => {
    expect((await check(earlier)).ok).toBe(true)
    expect((await check(earlier, { key })).ok).toBe(true)
    expect((await check(earlier, { since: early })).ok).toBe(true)
    const back = await check(earlier, { since: final })
    expect(back.problem?.reason).toContain('the end is missing')
    const [name, bytes] = segments().at(-1) as [string, Buffer]
    const lines = split(bytes)
    const last = lines.findLastIndex(
      (line, i) => i < lines.length - 1 && line.startsWith('{"checkpoint"'),
    )
    const cut = Buffer.from(lines.slice(0, last + 1).join(''))
    const shorter: [string, Buffer][] = files.map((f) => (f[0] === name ? [name, cut] : f))
    expect((await check(shorter)).ok).toBe(true)
    expect((await check(shorter, { since: final })).ok).toBe(false)
  })

  it('shows a log that was signed again with another key only to who has the key', async () => {
    const log = dir.split('/').at(-1) ?? ''
    const mine = signingKey(`wandbridge/${log}`, newKey(new VirtualEnv({ seed: 4 })))
    const frontier = new Frontier()
    let text = headerLine(log, 1, frontier, mine)
    const record = (split(segments()[0]?.[1] as Buffer)[1] ?? '').trimEnd()
    const first = JSON.parse(record)
    first.seq = 0
    first.body = { number: 1, unaccepted: [], voids: [], why: 'first' }
    first.kind = 'segment'
    delete first.link
    delete first.port
    delete first.wand
    const sorted = JSON.stringify(first, Object.keys(first).sort())
    expect(sorted).toContain('"seq":0')
    const { canonical } = await import('../../src/audit/format/canonical.ts')
    const line = canonical(first)
    frontier.append(leafHash(Buffer.from(line)))
    text += `${line}\n${commitLine({ origin: `wandbridge/${log}`, size: 1, root: frontier.root() }, [mine]).line}`
    const forged: [string, Buffer][] = [[`${dir}/00000001.jsonl`, Buffer.from(text)]]
    expect((await check(forged)).ok).toBe(true)
    expect((await check(forged, { key })).problem?.reason).toContain('signed with another key')
    expect((await check(forged, { since: early })).ok).toBe(false)
    await expect(check(files, { key: `${key}x` })).rejects.toThrow(RangeError)
  })
})
