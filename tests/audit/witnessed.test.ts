// What a verification claims of witnesses: no more than is here. A refusal that stands in the log is told until
// somebody has accepted it; a note that was kept elsewhere finds an older copy that was put back with all that
// was beside it; two notes of one size and two roots say that the witness vouches for two histories.
import { describe, expect, it } from 'vitest'
import { checkpointText, originOf } from '../../src/audit/format/checkpoint.ts'
import { cosign, cosigningKey } from '../../src/audit/format/cosignature.ts'
import { signingKey, signNote } from '../../src/audit/format/note.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { witnessFile, writeKept } from '../../src/audit/read/cosigned.ts'
import { accountOf } from '../../src/audit/verify/account.ts'
import type { VerifyOptions } from '../../src/audit/verify/verification.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { bench, close, during, duringReal, logDir, open, refused } from './bench-log.ts'
import { diskOf } from './forge.ts'

const keyOfSeed = (seed: number) => newKey(new VirtualEnv({ seed }))
const witness = cosigningKey('witness.example/w', keyOfSeed(31))
const asked = { witnesses: [witness.witness.text] }
const cosigned = (note: string, by = witness, at = 1_700_000_000) =>
  note + cosign(note.slice(0, note.indexOf('\n\n') + 1), by, at)

const refusal = (problem: string, name = 'witness.example/w'): NewRecord<'witness'> => ({
  kind: 'witness',
  outcome: { ok: false },
  body: { name, problem, size: 1, theirs: null, said: '422' },
})
const amy = { id: 'amy', role: 'lead', auth: 'token' }

/** A log of nine records, with its checkpoints by their sizes. */
async function world() {
  const b = bench(1)
  const log = await open(b)
  const notes: string[] = []
  for (let i = 0; i < 8; i += 1) {
    notes[log.state.size] = log.state.checkpoint ?? ''
    await during(b.env, log.append(refused(i)))
  }
  notes[log.state.size] = log.state.checkpoint ?? ''
  const { size, key } = log.state
  await close(b, log)
  const dir = logDir(log)
  const name = log.state.log ?? ''
  const files = [...b.disk.files].map(([path, { bytes }]) => [path, Buffer.from(bytes)] as const)
  const forged = (n: number) =>
    signNote(checkpointText({ origin: originOf(name), size: n, root: Buffer.alloc(32, 7) }), [
      signingKey(originOf(name), b.key),
    ])
  return {
    ...{ dir, notes, size, key: key ?? '', forged, note: (n: number) => notes[n] ?? '' },
    async check(kept: readonly string[] | string | null, options: VerifyOptions = {}) {
      const disk = diskOf(files)
      if (typeof kept === 'string')
        disk.files.set(witnessFile(dir), { bytes: Buffer.from(kept), synced: kept.length })
      else if (kept) await writeKept(disk, dir, kept)
      return verify(disk, dir, { ...asked, ...options })
    },
  }
}

describe('what a witness is worth is said as it is', () => {
  it('counts what it vouches for, and what nothing does', async () => {
    const w = await world()
    const all = await w.check([cosigned(w.note(9))])
    expect(all).toMatchObject({ ok: true, cosigned: 9, vouched: { nothing: 0 } })
    expect(all.sentence).toBe('9 records are intact and vouched for by the witness.')
    const some = await w.check([cosigned(w.note(5))])
    expect(some).toMatchObject({ ok: true, cosigned: 5, vouched: { nothing: 4 } })
    expect(some.witnesses).toEqual([{ name: 'witness.example/w', size: 5, at: 1_700_000_000 }])
    expect(some.sentence).toBe(
      '9 records are intact: the first 5 are vouched for by the witness, the last 4 by nothing. Give --key from a printed sheet.',
    )
    const both = await w.check([cosigned(w.note(5))], { key: w.key })
    expect(both.sentence).toBe(
      '9 records are intact and vouched for by the key kept elsewhere. The witness cosigned the first 5 of them and none of the last 4.',
    )
    const three = await w.check([cosigned(w.note(5))], { since: w.note(3) })
    expect(three.vouched).toMatchObject({ checkpoint: 3, nothing: 4 })
    expect(three.sentence).toContain('the first 5 by the witness, the last 4 by nothing')
  })

  it('where nothing of it is here, claims neither change nor loss', async () => {
    const w = await world()
    for (const kept of [
      null,
      [],
      'nonsense',
      `${JSON.stringify({ format: 'wandbridge-witnesses/1', notes: [1, cosigned(w.note(9))] })}\n`,
    ]) {
      const none = await w.check(kept)
      expect(none).toMatchObject({
        ok: false,
        problem: { uncosigned: true },
        vouched: { nothing: 9 },
      })
      expect(none.sentence).toMatch(
        /^Consistent, not authenticated: 9 records agree with each other, and no cosignature/,
      )
      // A log that was ended before the bridge had witnesses.
      const older = await w.check(kept, { older: true })
      expect(older).toMatchObject({ ok: true, cosigned: 0, vouched: { nothing: 9 } })
      expect(older.sentence).toContain('not authenticated')
    }
    expect(await w.check([cosigned(w.forged(5))], { older: true })).toMatchObject({ ok: false })
  })

  it('takes a note that was kept elsewhere, by whose key it was cosigned', async () => {
    const w = await world()
    const stranger = cosigningKey('witness.example/x', keyOfSeed(32))
    // The older copy was put back with what was kept beside it.
    const beside = [cosigned(w.note(5))]
    const later = cosigned(w.forged(12))
    expect(await w.check(beside)).toMatchObject({ ok: true })
    const found = await w.check(beside, { since: later })
    expect(found.problem?.reason).toContain('12 records; here are 9: the end is missing')
    // Of the note the witness's signature is enough, as another maker's witness may give it.
    const bare = (note: string) => cosigned(note).replace(/(\n\n)— wandbridge.*\n/, '$1')
    const good = await w.check(null, { since: bare(w.note(7)) })
    expect(good).toMatchObject({ ok: true, cosigned: 7, vouched: { checkpoint: 7, nothing: 2 } })
    expect(await w.check(null, { since: bare(w.note(7)), witnesses: [] })).toMatchObject({
      ok: false,
    })
    expect(await w.check(beside, { since: bare(w.forged(7)) })).toMatchObject({ ok: false })
    expect(await w.check(beside, { since: cosigned(w.note(7), stranger) })).toMatchObject({
      ok: true,
      cosigned: 5,
    })
    const spoilt = cosigned(w.note(7)).replace(
      /(.{30})(.)(.{5})\n$/,
      (_, a, b, c) => `${a}${b === 'A' ? 'B' : 'A'}${c}\n`,
    )
    const wrong = await w.check(beside, { since: spoilt })
    expect(wrong.problem?.reason).toContain('its cosignature is not of witness')
  })

  it('passes a false cosignature over where it is kept, and refuses it where it is handed in', async () => {
    const w = await world()
    const spoilt = cosigned(w.note(9)).replace(
      /(.)(.{5})\n$/,
      (_, a, b) => `${a === 'A' ? 'B' : 'A'}${b}\n`,
    )
    // Whoever can spoil a note that is kept can as well take it away.
    expect(await w.check([spoilt])).toMatchObject({ ok: false, problem: { uncosigned: true } })
    expect(await w.check([spoilt, cosigned(w.note(5))])).toMatchObject({ ok: true, cosigned: 5 })
    // The log's own key signed it, truly, and so it would do without the false line.
    const [beside, options] = [[cosigned(w.note(5))], { key: w.key }]
    expect(await w.check(beside, { ...options, since: w.note(9) })).toMatchObject({ ok: true })
    const handed = await w.check(beside, { ...options, since: spoilt })
    expect(handed.problem?.reason).toContain('its cosignature is not of witness')
    // Nobody asked for that witness, so nothing is known of what it signs.
    const unasked = { ...options, since: spoilt, witnesses: [] }
    expect(await w.check(beside, unasked)).toMatchObject({ ok: true, vouched: { checkpoint: 9 } })
  })

  it('holds nothing in a file that is not written in the one form', async () => {
    const w = await world()
    const good = `${JSON.stringify({ format: 'wandbridge-witnesses/1', notes: [cosigned(w.note(9))] })}\n`
    expect(await w.check(good)).toMatchObject({ ok: true, cosigned: 9 })
    for (const text of [
      `\ufeff${good}`,
      good.trimEnd(),
      good.replace('{', '{"notes":[],'),
      good.replace('}', ',"more":1}'),
      good.replace('{', '{ '),
    ])
      expect(await w.check(text)).toMatchObject({ ok: false, problem: { uncosigned: true } })
  })

  it('is nothing when it has cosigned two histories, in whatever order they are given', async () => {
    const w = await world()
    const [own, other] = [cosigned(w.note(5)), cosigned(w.forged(5))]
    for (const kept of [
      [own, other],
      [other, own],
      [own, cosigned(w.note(9)), other],
    ]) {
      const result = await w.check(kept)
      expect(result).toMatchObject({ ok: false, cosigned: 0 })
      expect(result.problem?.reason).toContain('two logs of 5 records')
    }
    expect((await w.check([own], { since: other })).ok).toBe(false)
    // A smaller note is not passed over because a larger one is right.
    const smaller = await w.check([cosigned(w.note(9)), other])
    expect(smaller.problem?.reason).toBe(
      'witness witness.example/w has cosigned another log of 5 records',
    )
  })

  it('has the time that it says, whatever any clock here says', async () => {
    const w = await world()
    const late = cosigned(w.note(9), witness, 2 ** 53 - 1)
    expect(await w.check([late])).toMatchObject({ ok: true, witnesses: [{ at: 2 ** 53 - 1 }] })
    expect(await w.check([cosigned(w.note(9), witness, 0)])).toMatchObject({ ok: false })
  })
})

describe('a refusal that stands in the log', () => {
  it('is told until somebody accepts it: over segments, restarts and retention', async () => {
    const b = bench(1, undefined, { limits: { segmentBytes: 1_500 } })
    const log = await open(b)
    const account = async (disk = b.disk) => {
      const result = await verify(disk, logDir(log), { live: true })
      const [one] = accountOf([result])
      return {
        intact: result.ok,
        ok: one?.ok,
        by: result.refused.map(({ code, args }) => [code, args['name']]),
      }
    }
    await during(b.env, log.append(refusal('forgot')))
    expect(await account()).toEqual({ intact: true, ok: true, by: [] })
    await during(b.env, log.append(refusal('ahead')))
    await during(b.env, log.append(refusal('fork')))
    await during(b.env, log.append(refusal('fork')))
    const both = [
      ['ahead', 'witness.example/w'],
      ['fork', 'witness.example/w'],
    ]
    expect(await account()).toEqual({ intact: true, ok: false, by: both })
    expect(log.state.notices.map(({ code }) => code)).toEqual(['aside.ahead', 'aside.fork'])
    for (let i = 0; i < 12; i += 1) await during(b.env, log.append(refused(i)))
    const retention = { keepDays: 0, age: () => log.age, wall: () => b.env.wall() }
    await duringReal(
      b.env,
      upkeep({ disk: b.disk, dir: logDir(log), append: (r) => log.append(r), retention }),
    )
    expect([...b.disk.files.values()].some(({ bytes }) => bytes.includes('"kind":"witness"'))).toBe(
      false,
    )
    expect(await account()).toEqual({ intact: true, ok: false, by: both })
    await close(b, log)
    const c = bench(2, b.disk.killed(), { limits: { segmentBytes: 1_500 } })
    const again = await open(c)
    expect(again.state.log).toBe(log.state.log)
    expect(again.state.unaccepted.map(({ code }) => code)).toEqual(['ahead', 'fork'])
    await during(c.env, again.accept(log.state.log ?? '', 'the copy was removed', amy))
    expect(again.state.unaccepted).toEqual([])
    expect(await account(c.disk)).toEqual({ intact: true, ok: true, by: [] })
    await during(c.env, again.append(refusal('fork')))
    expect(await account(c.disk)).toMatchObject({ ok: false })
    await close(c, again)
  })

  it('is not forgotten when the commit that has it is written again after a failure', async () => {
    const b = bench(1)
    const log = await open(b)
    let failed = false
    b.disk.fault = (operation, path) => {
      if (operation !== 'sync' || failed) return
      failed = true
      throw Object.assign(new Error(path), { code: 'EIO' })
    }
    await during(b.env, log.append(refusal('fork')))
    expect(log.state.unaccepted.map(({ code }) => code)).toEqual(['fork'])
    expect((await verify(b.disk, logDir(log), { live: true })).refused.length).toBe(1)
    await close(b, log)
  })
})
