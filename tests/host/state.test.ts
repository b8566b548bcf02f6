// State directories over the years: those of earlier releases are opened and gone on with, one of a later release is
// refused and not touched, and a copy made while a bridge runs is whole and seen as a copy.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { TokenStore } from '../../src/access/store.ts'
import { readManifest, writeManifest } from '../../src/audit/log/manifest.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { nodeDisk } from '../../src/base/disk.ts'
import { systemEnv } from '../../src/base/env.ts'
import { VERSION } from '../../src/base/version.ts'
import { decoderOf } from '../../src/drivers/decoders.ts'
import { backup } from '../../src/host/backup.ts'
import { type Host, startHost } from '../../src/host/host.ts'
import { checkState, LaterState, STATE_FORMAT } from '../../src/host/state-format.ts'
import { Auditor } from '../../src/recorder/auditor.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const KEPT = fileURLToPath(new URL('../fixtures/state/', import.meta.url))
const env = systemEnv()
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'wandbridge-state-'))
  closing.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function open(stateDir: string): Promise<Host> {
  const host = await startHost(env, stateDir, async () => ({
    ...{ source: 'simulator', policy: 'manual', ports: [] },
  }))
  closing.push(() => host.stop('the test ends'))
  await host.auditor.opened
  await host.caughtUp()
  return host
}

const releases = readdirSync(KEPT).filter((name) => name !== 'README.md')

/** As if the disk itself were from then: the manifest knows which file and directory it was. */
async function onItsDisk(release: string): Promise<string> {
  const stateDir = temporary()
  cpSync(join(KEPT, release), stateDir, { recursive: true })
  const audit = join(stateDir, 'audit')
  const manifest = await readManifest(nodeDisk, audit, 'simulator')
  if (manifest === null || manifest === 'damaged') throw new Error('no manifest')
  const { segment, ...rest } = manifest
  await writeManifest(nodeDisk, audit, 'simulator', { ...rest, segment: segment?.number ?? null })
  return stateDir
}

describe.each(releases)('what %s has left', (release) => {
  it('is gone on with: the log, what is known, places and tokens', async () => {
    const stateDir = await onItsDisk(release)
    const [log = ''] = readdirSync(join(stateDir, 'audit')).filter((name) => !name.endsWith('json'))
    const host = await open(stateDir)
    expect(host.auditor.status).toMatchObject({ log, state: 'ok' })
    expect(host.knowledge.pumps().map(({ serial }) => serial)).toEqual(['SIM-0015'])
    const [pump] = host.knowledge.pumps()
    expect(pump?.reading).not.toBeNull()
    expect(host.knowledge.unclosed()).toEqual([])
    const tokens = await new TokenStore(env, stateDir, 'simulator').list()
    expect(tokens.map(({ label }) => label)).toEqual(['kept for later releases'])
    await host.stop('the test ends')
    const verified = await verify(nodeDisk, join(stateDir, 'audit', log), {
      rederive: decoderOf,
    })
    expect(verified).toMatchObject({ ok: true, differing: [] })
    expect(verified.rederived).toBeGreaterThan(0)
    expect(checkState(stateDir)).toEqual({ format: STATE_FORMAT, release: VERSION })
  })

  it('is seen as a copy where it was copied', async () => {
    const stateDir = temporary()
    cpSync(join(KEPT, release), stateDir, { recursive: true })
    const host = await open(stateDir)
    const { log, notices } = host.auditor.status
    expect(log).toMatch(/^simulator-2-/)
    expect(notices.map(({ code }) => code)).toContain('aside.copied')
  })
})

it('a directory of a later release is refused, and nothing in it is touched', async () => {
  const stateDir = await onItsDisk(releases[0] ?? '')
  writeFileSync(join(stateDir, 'state.json'), '{"format":2,"release":"1.4.0","more":[]}\n')
  const all = () =>
    readdirSync(stateDir, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(stateDir, name)).isFile())
      .map((name) => [name, readFileSync(join(stateDir, name), 'latin1')])
  const before = all()
  await expect(open(stateDir)).rejects.toThrow(LaterState)
  await expect(open(stateDir)).rejects.toThrow(
    /was written by wandbridge 1\.4\.0, in form 2; this is wandbridge .* reads up to form 1\. Nothing was read/,
  )
  expect(all()).toEqual(before)
  for (const text of ['', '{}', '{"format":"2"}', 'null']) {
    writeFileSync(join(stateDir, 'state.json'), text)
    expect(() => checkState(stateDir)).toThrow(/cannot be understood/)
  }
})

const COPIES = LONG ? 100 : 4
/** Of each copy: so many times something is written meanwhile. */
const WRITTEN = LONG ? 10 : 30

it(`a copy is whole, ${COPIES} times while records are written and segments begin, are packed and dropped`, {
  timeout: LONG ? 1_800_000 : 30_000,
}, async () => {
  const stateDir = temporary()
  const auditor = new Auditor({
    ...{ env, stateDir, source: 'simulator', boot: 'boot', settings: {} },
    limits: { segmentBytes: 60_000 },
  })
  await auditor.opened
  mkdirSync(join(stateDir, 'delivery'))
  writeFileSync(join(stateDir, 'delivery', 'emr.json'), '0')
  closing.push(() => auditor.close('the test ends'))
  /** Part of a segment or some of them, and a new key, with a destination that is as far as the log is at each moment. */
  const written = async () => {
    const actor = { id: 'test', role: 'test', auth: 'none' }
    for (let i = 0; i < WRITTEN; i += 1) {
      const body = { change: 'added', name: `somebody ${i}` } as const
      await Promise.all(Array.from({ length: 8 }, () => auditor.operator(body, actor)))
      writeFileSync(join(stateDir, 'delivery', 'emr.json'), String(auditor.head?.size ?? 0))
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (i === 7) await auditor.rotateKey('the test', actor)
    }
  }
  const sizes: number[] = []
  for (let i = 0; i < COPIES; i += 1) {
    const to = join(temporary(), 'copy')
    const [{ logs }] = await Promise.all([backup(stateDir, to), written()])
    const verified = await verify(nodeDisk, join(to, 'audit', logs[0] ?? ''))
    expect(verified.ok || verified.problem?.reason, JSON.stringify(verified.problem)).toBe(true)
    sizes.push(verified.records)
    const place = Number(readFileSync(join(to, 'delivery', 'emr.json'), 'utf8'))
    expect(place).toBeLessThanOrEqual(verified.records)
    if (!LONG && i < COPIES - 1) continue
    const host = await open(to)
    expect(host.auditor.status).toMatchObject({ notices: [{ code: 'aside.copied' }] })
    await host.stop('the test ends')
    rmSync(to, { recursive: true })
  }
  expect(Math.max(...sizes)).toBeGreaterThan(Math.min(...sizes))
  expect(readdirSync(join(stateDir, 'audit', auditor.head?.log ?? '')).length).toBeGreaterThan(2)
  await expect(backup(stateDir, stateDir)).rejects.toThrow(/EEXIST/)
  const by = join(temporary(), 'link')
  symlinkSync(stateDir, by)
  for (const way of [stateDir, by])
    await expect(backup(stateDir, join(way, 'copy'))).rejects.toThrow(/lies in the directory/)
})

it('a copy has a segment that was packed meanwhile once, and whole', async () => {
  const stateDir = temporary()
  const log = join(stateDir, 'audit', 'log')
  mkdirSync(log, { recursive: true })
  writeFileSync(join(log, '00000001.jsonl'), 'half')
  let looks = 0
  const disk = {
    ...nodeDisk,
    list: async (path: string) => {
      if (path === log) looks += 1
      if (path === log && looks === 2) {
        rmSync(join(log, '00000001.jsonl'))
        writeFileSync(join(log, '00000001.jsonl.gz'), 'packed')
        writeFileSync(join(log, '00000002.jsonl'), 'next')
      }
      return nodeDisk.list(path)
    },
  }
  const to = join(temporary(), 'copy')
  expect(await backup(stateDir, to, disk)).toMatchObject({ files: 2, bytes: 10 })
  expect(readdirSync(join(to, 'audit', 'log')).sort()).toEqual([
    '00000001.jsonl.gz',
    '00000002.jsonl',
  ])
})
