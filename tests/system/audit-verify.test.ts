// `audit verify`, `show` and `export` as they are run, over directories that somebody has touched.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cosign, cosigningKey } from '../../src/audit/format/cosignature.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { bench, close, during, open, refused } from '../audit/bench-log.ts'
import type { MemoryDisk } from '../audit/memory-disk.ts'
import { endAll, MAIN, temporary } from './programs.ts'

afterAll(endAll)

function audit(...args: string[]) {
  const program = spawnSync(process.execPath, [MAIN, 'audit', ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { code: program.status, out: program.stdout, err: program.stderr }
}

/** The memory disk's `/state` as a directory. */
function stateOf(disk: MemoryDisk): string {
  const state = temporary()
  for (const [path, { bytes }] of disk.files) {
    const to = join(state, path.replace('/state/', ''))
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(to, bytes)
  }
  return state
}

const WITNESS = cosigningKey('witness.example/w', newKey(new VirtualEnv({ seed: 5 })))

const HOSTILE = 'the \u001b[2K disk\u202e was restored'

/** Two logs: the first was damaged, set aside by the second, and perhaps accepted. */
async function twoLogs(accepted: boolean) {
  const b = bench(1)
  const first = await open(b)
  await during(b.env, first.append(refused(1)))
  await close(b, first)
  const file = b.disk.files.get(`/state/audit/${first.state.log}/00000001.jsonl`)
  if (!file) throw new Error('no segment')
  file.bytes[file.bytes.indexOf('number 1') + 7] = '4'.charCodeAt(0)
  const c = bench(2, b.disk)
  const second = await open(c)
  const amy = { id: 'amy', role: 'lead', auth: 'token' }
  const old = first.state.log ?? ''
  if (accepted) await during(c.env, second.accept(old, HOSTILE, amy))
  await close(c, second)
  return { state: stateOf(b.disk), old, log: second.state.log ?? '', key: second.state.key ?? '' }
}

async function oneLog() {
  const b = bench(1, undefined, { limits: { segmentBytes: 2_000 } })
  const log = await open(b)
  for (let i = 0; i < 9; i += 1) await during(b.env, log.append(refused(i)))
  const { key, checkpoint, log: name } = log.state
  await close(b, log)
  return { state: stateOf(b.disk), log: name ?? '', key: key ?? '', checkpoint: checkpoint ?? '' }
}

describe('every log that a record names', () => {
  it('is accounted for: damaged or gone is a failure, with and without a key of another one', async () => {
    const w = await twoLogs(false)
    for (const more of [[], ['--key', w.key]]) {
      const { code, out, err } = audit('verify', '--state-dir', w.state, ...more)
      expect(code).toBe(1)
      expect(err).toMatch(new RegExp(`${w.old}: Not intact: `))
      expect(err).toContain('nobody has accepted that')
      expect(out).toContain(`${w.log}: `)
    }
    rmSync(join(w.state, 'audit', w.old), { recursive: true })
    const gone = audit('verify', '--state-dir', w.state, '--key', w.key)
    expect(gone.code).toBe(1)
    expect(gone.err).toContain(`${w.old}: Missing: it is not here, and another log says`)
    // One log alone says nothing of the others.
    expect(audit('verify', join(w.state, 'audit', w.log)).code).toBe(0)
  })

  it('that was accepted is told of as accepted', async () => {
    const w = await twoLogs(true)
    const { code, out } = audit('verify', '--state-dir', w.state)
    expect(code).toBe(0)
    expect(out).toMatch(/Not intact: [\s\S]*accepted as it is by amy at .*: the \\u\{1b\}/)
    const json = audit('verify', '--json', '--state-dir', w.state)
    expect(JSON.parse(json.out)).toMatchObject({
      ok: true,
      logs: [
        { log: w.old, ok: true, intact: false, accepted: { actor: { id: 'amy' } } },
        {
          log: w.log,
          ok: true,
          intact: true,
          records: 3,
          unvouched: 3,
          vouchedFor: { byKey: 0, byCheckpoint: 0 },
          dropped: { notKept: 0, byRetention: 0 },
          from: expect.stringMatching(/Z$/),
          actors: [
            { id: 'bridge', records: 2 },
            { id: 'amy', role: 'lead', records: 1 },
          ],
        },
      ],
    })
  })

  it('is looked for by what was kept elsewhere', async () => {
    const w = await oneLog()
    const key = w.key.replace(w.log, 'simulator-9-00000000')
    const away = temporary()
    writeFileSync(join(away, 'kept'), w.checkpoint)
    expect(audit('verify', '--since', join(away, 'kept'), '--state-dir', w.state).code).toBe(0)
    renameSync(join(w.state, 'audit', w.log), join(w.state, 'audit', 'simulator-2-00000000'))
    const other = audit('verify', '--since', join(away, 'kept'), '--state-dir', w.state)
    expect(other.code).toBe(1)
    expect(other.err).toContain(`${w.log}: Missing: it is not here, and what was kept elsewhere`)
    expect(audit('verify', '--key', key, '--state-dir', w.state).code).toBe(2)
  })
})

describe('a witness', () => {
  it('is asked for the log that is written now, and for one that is named; another may be older', async () => {
    const b = bench(1)
    const first = await open(b)
    await close(b, first)
    b.disk.files.delete('/state/audit/simulator.manifest.json')
    const c = bench(2, b.disk)
    const second = await open(c)
    await close(c, second)
    const state = stateOf(b.disk)
    const [old = '', log = ''] = [first.state.log, second.state.log].map(String)
    const note = second.state.checkpoint ?? ''
    const cosigned = note + cosign(note.slice(0, note.indexOf('\n\n') + 1), WITNESS, 1)
    const kept = `${JSON.stringify({ format: 'wandbridge-witnesses/1', notes: [cosigned] })}\n`
    const asked = ['--witness', WITNESS.witness.text, '--state-dir', state]
    expect(audit('verify', ...asked).code).toBe(1)
    writeFileSync(join(state, 'audit', `${log}.witnesses`), kept)
    const { code, out } = audit('verify', ...asked)
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`${old}: .*not authenticated.* Of the witness no cosignature`))
    expect(out).toMatch(new RegExp(`${log}: .* vouched for by the witness\\.`))
    expect(out).toContain('an older copy that was put back as a whole would say the same')
    const alone = audit('verify', join(state, 'audit', old), ...asked.slice(0, 2))
    expect(alone.code).toBe(1)
    expect(alone.err).toContain('Ask the witness for what it cosigned last')
    expect(alone.err).not.toContain('was changed')
  })
})

describe('a stray file in the directory of a log', () => {
  const at = (w: { state: string; log: string }, name: string) =>
    join(w.state, 'audit', w.log, name)

  it.each(['20261130.jsonl', '90000005.jsonl', '00000000.jsonl', '99999999.leaves'])(
    '%s is named at once',
    async (name) => {
      const w = await oneLog()
      writeFileSync(at(w, name), '')
      const { code, err } = audit('verify', '--state-dir', w.state)
      expect(code).toBe(0)
      expect(err).toContain(`Not part of the log, and not read: "${name}"`)
    },
  )

  it('is neither waited for nor read without end', async ({ skip }) => {
    skip(process.platform === 'win32', 'no pipes in directories')
    const w = await oneLog()
    const first = at(w, '00000001.jsonl')
    const bytes = readFileSync(first)
    const put = (how: (path: string) => void) => {
      rmSync(first, { recursive: true, force: true })
      how(first)
      return audit('verify', '--state-dir', w.state)
    }
    for (const how of [
      (path: string) => void spawnSync('mkfifo', [path]),
      (path: string) => symlinkSync('/dev/zero', path),
      (path: string) => mkdirSync(path),
    ]) {
      const { code, err } = put(how)
      expect(code).toBe(1)
      expect(err).toContain('00000001.jsonl, byte 0: the segment is missing')
      expect(err).toContain('not read: "00000001.jsonl"')
    }
    expect(put((path) => writeFileSync(path, bytes)).code).toBe(0)
    for (const name of ['00000001.leaves', '00000002.void']) {
      symlinkSync('/dev/zero', at(w, name))
      const { code, err } = audit('verify', '--state-dir', w.state)
      expect(code).toBe(0)
      expect(err).toContain(`not read: "${name}"`)
      rmSync(at(w, name))
    }
    // What is kept of witnesses is a regular file, or nothing.
    const witnesses = `${join(w.state, 'audit', w.log)}.witnesses`
    for (const how of [
      () => void spawnSync('mkfifo', [witnesses]),
      () => symlinkSync('/dev/zero', witnesses),
      () => mkdirSync(witnesses),
    ]) {
      how()
      const asked = ['--witness', WITNESS.witness.text, '--state-dir', w.state]
      expect(audit('verify', ...asked)).toMatchObject({ code: 1 })
      rmSync(witnesses, { recursive: true })
    }
    spawnSync('mkfifo', [at(w, 'pipe')])
    for (const file of [at(w, 'pipe'), '/dev/zero']) {
      expect(audit('verify', file)).toMatchObject({ code: 2 })
      expect(audit('verify', '--since', file, '--state-dir', w.state)).toMatchObject({ code: 2 })
    }
  })
})

describe('what is handed in', () => {
  let w: Awaited<ReturnType<typeof oneLog>>
  beforeAll(async () => {
    w = await oneLog()
  })

  it('a proof or a device audit file takes no --since, no --rederive and no --witness', () => {
    const away = temporary()
    const proof = join(away, 'proof')
    writeFileSync(proof, audit('prove', '3', '--state-dir', w.state).out)
    expect(audit('verify', proof, '--key', w.key).code).toBe(0)
    const json = audit('verify', proof, '--key', w.key, '--json')
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, index: 3 })
    for (const more of [['--rederive'], ['--since', proof], ['--witness', WITNESS.witness.text]]) {
      const { code, err } = audit('verify', proof, '--key', w.key, ...more)
      expect(code).toBe(2)
      expect(err).toContain('are for whole logs')
    }
  })

  it('a reason that no record holds ends with a sentence', () => {
    for (const reason of ['x'.repeat(70_000), ' ']) {
      const { code, err } = audit('accept', '--reason', reason, '--state-dir', w.state)
      expect(code).toBe(2)
      expect(err).toContain('Nothing was recorded. Give a')
      expect(err).not.toContain('    at ')
    }
  })

  it('an export that is refused leaves no file in the way of the next', () => {
    const out = join(temporary(), 'out')
    for (const wrong of [
      ['--pump', 'NOBODY'],
      ['--csv', '--log', 'simulator-9-00000000'],
    ]) {
      expect(audit('export', ...wrong, '--out', out, '--state-dir', w.state).code).toBeGreaterThan(
        0,
      )
      expect(existsSync(out)).toBe(false)
    }
    expect(audit('export', '--csv', '--out', out, '--state-dir', w.state).code).toBe(0)
    expect(existsSync(out)).toBe(true)
  })
})

it('no text of a record acts on the terminal, and JSON says first what it is', async () => {
  const w = await twoLogs(true)
  const { out } = audit('show', '--kind', 'accept', '--state-dir', w.state)
  expect(out).toContain(`amy (lead): log ${w.old} accepted: the \\u{1b}[2K`)
  expect(out).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
  expect(audit('export', '--csv', '--state-dir', w.state).out).toContain('\\u{1b}[2K')
  const [head = '', ...records] = audit('show', '--json', '--state-dir', w.state).out.split('\n')
  expect(JSON.parse(head)).toMatchObject({ log: w.old, shown: 1, unvouched: 1, dropped: 0 })
  expect(records[0]).toContain('"kind":"segment"')
})
