// A log's name belongs to its content: what was renamed, removed, copied or put back from a backup is
// not gone on with, the next log says which it was and where it ended, and files that do not belong into
// a log's directory are named and never opened. On the real disk, with real inodes.

import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseCheckpoint } from '../../src/audit/format/checkpoint.ts'
import { toBase64 } from '../../src/audit/format/note.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { AuditLog } from '../../src/audit/log/log.ts'
import { readRecords } from '../../src/audit/read/reader.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { systemEnv, VirtualEnv } from '../../src/base/env.ts'
import { auditSaid } from '../words/said.ts'
import { bench, close, during, logDir, open, refused, stop } from './bench-log.ts'

const root = mkdtempSync(join(tmpdir(), 'wandbridge-origin-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const key = newKey(new VirtualEnv({ seed: 99 }))
let made = 0

function place(): string {
  made += 1
  return join(root, String(made), 'audit')
}

const begin = (dir: string, segmentBytes = 1 << 20) =>
  AuditLog.open({
    env: systemEnv(),
    disk: nodeDisk,
    dir,
    source: 'simulator',
    keys: async () => [key],
    boot: 'test',
    limits: { ballastBytes: 4_096, segmentBytes },
  })

/** A log with `n` records, ended well. */
async function written(dir: string, n = 3): Promise<{ log: string; size: number; root: string }> {
  const log = await begin(dir)
  for (let i = 0; i < n; i += 1) await log.append(refused(i))
  await log.append(stop)
  await log.close()
  return endOf(log)
}

function endOf(log: AuditLog) {
  const at = parseCheckpoint(log.state.checkpoint ?? '')
  if (typeof at === 'string') throw new Error(at)
  return { log: log.state.log ?? '', size: at.size, root: toBase64(at.root) }
}

/** The bridge goes on in another log that says why, and that verifies. */
async function expectReplaced(dir: string, log: AuditLog, old: object): Promise<void> {
  expect(log.state.log).not.toBe((old as { log: string }).log)
  expect(log.state.unaccepted).toMatchObject([old])
  expect(log.state.replaced).toMatchObject(old)
  expect(log.state.state).toBe('ok')
  const receipt = await log.append(refused(9))
  expect(receipt?.log).toBe(log.state.log)
  await log.append(stop)
  await log.close()
  const home = join(dir, log.state.log ?? '')
  expect(await verify(nodeDisk, home, { schemas: true })).toMatchObject({ ok: true })
  const kinds = []
  for await (const { record } of readRecords(nodeDisk, home)) {
    kinds.push(record.kind)
    if (record.kind === 'quarantine') expect(record.body).toMatchObject(old)
  }
  expect(kinds.slice(0, 2)).toEqual(['segment', 'quarantine'])
  // The next start goes on in it, and still knows what it replaced.
  const again = await begin(dir)
  expect(again.state).toMatchObject({ log: log.state.log, replaced: old })
  await again.close()
}

describe('while it is written', () => {
  it.each([
    ['renamed', 'gone', (home: string) => renameSync(home, `${home}.bak`)],
    ['removed', 'gone', (home: string) => rmSync(home, { recursive: true })],
    [
      'replaced by a copy of itself',
      'replaced',
      (home: string) => {
        renameSync(home, `${home}.bak`)
        cpSync(`${home}.bak`, home, { recursive: true, preserveTimestamps: true })
      },
    ],
    [
      'given another segment file',
      'replaced',
      (home: string) => {
        copyFileSync(join(home, '00000001.jsonl'), join(home, 'x'))
        renameSync(join(home, 'x'), join(home, '00000001.jsonl'))
      },
    ],
  ])('a log that was %s is left with the next commit', async (_what, code, change) => {
    const dir = place()
    const log = await begin(dir)
    await log.append(refused(1))
    const old = endOf(log)
    change(join(dir, old.log))
    const receipt = await log.append(refused(2))
    expect(receipt?.log).not.toBe(old.log)
    await expectReplaced(dir, log, { ...old, code })
  })
})

describe('while no bridge runs', () => {
  it.each([
    ['renamed', 'gone', (home: string) => renameSync(home, `${home}.bak`)],
    ['removed', 'gone', (home: string) => rmSync(home, { recursive: true })],
    [
      'given the name of a later log',
      'gone',
      (home: string) => renameSync(home, home.replace(/-1-\w+$/, '-7-0000aaaa')),
    ],
    [
      'copied and put back',
      'copied',
      (home: string) => {
        cpSync(home, `${home}.bak`, { recursive: true, preserveTimestamps: true })
        rmSync(home, { recursive: true })
        renameSync(`${home}.bak`, home)
      },
    ],
    [
      'given a copy of its last segment',
      'copied',
      (home: string) => {
        copyFileSync(join(home, '00000001.jsonl'), join(home, 'x'))
        rmSync(join(home, '00000001.jsonl'))
        renameSync(join(home, 'x'), join(home, '00000001.jsonl'))
      },
    ],
  ])('a log that was %s is not gone on with', async (_what, code, change) => {
    const dir = place()
    const old = await written(dir)
    change(join(dir, old.log))
    await expectReplaced(dir, await begin(dir), { ...old, code })
  })

  it("yesterday's copy is told, with its own size and root: the fork's point", async () => {
    const dir = place()
    const yesterday = await written(dir)
    cpSync(dir, `${dir}.backup`, { recursive: true, preserveTimestamps: true })
    const today = await written(dir)
    expect(today.log).toBe(yesterday.log)
    rmSync(dir, { recursive: true })
    renameSync(`${dir}.backup`, dir)
    await expectReplaced(dir, await begin(dir), { ...yesterday, code: 'copied' })
  })

  it("yesterday's bytes in the same file are told as shorter", async () => {
    const dir = place()
    const yesterday = await written(dir)
    const file = join(dir, yesterday.log, '00000001.jsonl')
    const bytes = readFileSync(file)
    await written(dir)
    writeFileSync(file, bytes)
    await expectReplaced(dir, await begin(dir), { ...yesterday, code: 'shorter' })
  })

  it('a manifest that is lost or damaged makes the log none of this bridge', async () => {
    for (const change of [rmSync, (path: string) => writeFileSync(path, '{"format":')]) {
      const dir = place()
      const old = await written(dir)
      change(join(dir, 'simulator.manifest.json'))
      await expectReplaced(dir, await begin(dir), { ...old, code: 'no-manifest' })
    }
  })

  it('two that continue the same copy never give one id to two records', async () => {
    const dir = place()
    const old = await written(dir)
    cpSync(dir, `${dir}.second`, { recursive: true, preserveTimestamps: true })
    const first = await begin(dir)
    const second = await begin(`${dir}.second`)
    const a = await first.append(refused(1))
    const b = await second.append(refused(2))
    expect(a?.log).toBe(old.log)
    expect(b?.log).not.toBe(old.log)
    await first.close()
    await expectReplaced(`${dir}.second`, second, { ...old, code: 'copied' })
  })
})

describe('files that are not its own', () => {
  it('cost no time and no memory, are named, and leave the log intact', async () => {
    const dir = place()
    const { log } = await written(dir)
    const home = join(dir, log)
    const at = (name: string) => join(home, name)
    writeFileSync(at('20261130.jsonl'), '')
    writeFileSync(at('90000005.jsonl'), 'hello\n')
    writeFileSync(at('00000002.jsonl'), 'hello\n')
    writeFileSync(at('00000009.leaves'), '')
    writeFileSync(at('notes.txt'), 'x')
    symlinkSync('/dev/zero', at('00000003.jsonl'))
    expect(spawnSync('mkfifo', [at('00000004.jsonl'), at('00000004.void')]).status).toBe(0)
    mkdirSync(at('00000005.jsonl'))
    const writer = await begin(dir, 2_000)
    expect(writer.state).toMatchObject({ state: 'ok', log, unaccepted: [], replaced: null })
    expect(writer.state.strays).toEqual(
      expect.arrayContaining(['00000002.jsonl', '00000003.jsonl', '00000004.jsonl', 'notes.txt']),
    )
    expect(writer.state.strays.length).toBe(9)
    expect(auditSaid(writer.state)).toContain('"00000002.jsonl"')
    for (let i = 0; i < 30; i += 1) await writer.append(refused(i))
    await writer.append(stop)
    await writer.close()
    // Its segments have grown over those names; nothing that somebody put there is lost.
    expect(readdirSync(home).filter((name) => name.includes('.stray-')).length).toBe(6)
    const result = await verify(nodeDisk, home, { schemas: true })
    expect(result).toMatchObject({ ok: true, records: writer.state.size })
    const strays = []
    for await (const { record } of readRecords(nodeDisk, home, { kinds: ['stray'] })) {
      strays.push(record.body)
    }
    expect(strays).toMatchObject([
      { file: '00000002.jsonl' },
      { file: '00000003.jsonl' },
      { file: '00000004.jsonl' },
      { file: '00000004.void' },
      { file: '00000005.jsonl' },
      { file: '00000009.leaves' },
    ])
  }, 10_000)

  it('do not hide that a segment is missing', async () => {
    const dir = place()
    const writer = await begin(dir, 2_000)
    for (let i = 0; i < 20; i += 1) await writer.append(refused(i))
    await writer.append(stop)
    await writer.close()
    const home = join(dir, writer.state.log ?? '')
    expect(existsSync(join(home, '00000004.jsonl'))).toBe(true)
    rmSync(join(home, '00000002.jsonl'))
    expect((await verify(nodeDisk, home)).problem?.reason).toContain('missing')
  })

  it('that have the name of a log are not taken for one', async () => {
    const dir = place()
    const { log } = await written(dir)
    writeFileSync(join(dir, 'simulator-8-0000aaaa'), '')
    mkdirSync(join(dir, 'simulator-9-0000aaaa'))
    const again = await begin(dir)
    expect(again.state).toMatchObject({ state: 'ok', log, unaccepted: [] })
    await again.close()
  })
})

describe('logs that were set aside', () => {
  it('are all named until they are accepted, also the first of two, also when they are deleted', async () => {
    const b = bench()
    const first = await open(b)
    await during(b.env, first.append(stop))
    await close(b, first)
    const spoil = (disk: typeof b.disk, log: AuditLog) => {
      const file = disk.files.get(`${logDir(log)}/00000001.jsonl`)
      if (!file) throw new Error('no segment')
      file.bytes[200] = (file.bytes[200] ?? 0) ^ 1
    }
    spoil(b.disk, first)
    const c = bench(2, b.disk)
    const second = await open(c)
    await during(c.env, second.append(stop))
    await close(c, second)
    spoil(b.disk, second)
    const d = bench(3, b.disk)
    const third = await open(d)
    const both = [first.state.log, second.state.log]
    expect(third.state.unaccepted.map((q) => q.log)).toEqual(both)
    expect(auditSaid(third.state)).toContain(first.state.log)
    for (const name of [...b.disk.files.keys()])
      if (name.includes(first.state.log ?? '?')) b.disk.files.delete(name)
    await close(d, third)
    const e = bench(4, b.disk)
    const fourth = await open(e)
    expect(fourth.state.unaccepted.map((q) => q.log)).toEqual(both)
    const actor = { id: 'amy', role: 'lead', auth: 'token' }
    await during(e.env, fourth.accept(first.state.log ?? '', 'known', actor))
    expect(fourth.state.unaccepted.map((q) => q.log)).toEqual([second.state.log])
    await close(e, fourth)
  })

  it('are not made by a directory that may not be read: that is said, and heals', async () => {
    const b = bench()
    const log = await open(b)
    await during(b.env, log.append(stop))
    await close(b, log)
    const c = bench(2, b.disk)
    c.disk.fault = (operation) => {
      if (operation === 'list') throw Object.assign(new Error('no'), { code: 'EACCES' })
    }
    const again = await open(c)
    expect(again.state).toMatchObject({ state: 'failed', errno: 'EACCES', unaccepted: [] })
    expect(auditSaid(again.state)).toContain('may not be written')
    c.disk.fault = () => {}
    await c.env.advance(2_000)
    expect(again.state).toMatchObject({ state: 'ok', log: log.state.log, unaccepted: [] })
    await close(c, again)
  })
})
