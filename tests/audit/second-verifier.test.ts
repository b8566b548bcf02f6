// A second verifier, in Python, written from the text of src/audit/README.md alone, beside ours: over
// logs that kills, power cuts, full disks, changes of key, retention and quarantine have left, and over
// what somebody may have done to them afterwards, the two say the same.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cosign, cosigningKey } from '../../src/audit/format/cosignature.ts'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { writeKept } from '../../src/audit/read/cosigned.ts'
import { readRecords } from '../../src/audit/read/reader.ts'
import type { Verification, VerifyOptions } from '../../src/audit/verify/verification.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { mulberry32, VirtualEnv } from '../../src/base/env.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { bench, close, during, duringReal, logDir, open, refused, stop } from './bench-log.ts'
import { altered, diskOf, recordsOf, segmentOf } from './forge.ts'
import { MemoryDisk } from './memory-disk.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const STATES = LONG ? 400 : 24
const MUTATIONS = LONG ? 5_000 : 100
const MS = LONG ? 1_800_000 : 600_000

const root = mkdtempSync(join(tmpdir(), 'wandbridge-second-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Files = readonly (readonly [string, Buffer])[]

/** A log as something has left it, with what was kept of it elsewhere. */
interface State {
  readonly what: string
  readonly dir: string
  readonly files: Files
  readonly keys: readonly string[]
  readonly checkpoints: readonly string[]
}

/** Two witnesses, which have cosigned some checkpoint of most logs. */
const WITNESSES = [11, 12].map((seed) =>
  cosigningKey(`witness.example/${seed}`, newKey(new VirtualEnv({ seed }))),
)

interface Answer {
  readonly ok: boolean
  readonly records: number
  readonly vouched: number
  readonly cosigned: number | null
  readonly refused: number
  readonly reason: string | null
}

/** Files of one log, without what is no part of it. */
const filesOf = (disk: MemoryDisk, dir: string): Files =>
  [...disk.files]
    .filter(([name]) => /^[/.]/.test(name.slice(dir.length)) && name.startsWith(dir))
    .filter(([name]) => !/\/(ballast|lock|.*\.new)$/.test(name))
    .map(([name, { bytes }]) => [name, Buffer.from(bytes)] as const)

const chanceOf = (seed: number) => {
  const rng = mulberry32(seed)
  return (n: number) => (n <= 1 ? 0 : rng() % n)
}

const ACTOR = { id: 'amy', role: 'lead', auth: 'token' }
const refusedBy = (chance: (n: number) => number): NewRecord<'witness'> => ({
  kind: 'witness',
  outcome: { ok: false },
  body: {
    name: `witness.example/${11 + chance(2)}`,
    problem: ['fork', 'ahead', 'forgot'][chance(3)] ?? '',
    ...{ size: 1, theirs: null, said: '422' },
  },
})

/** Lives of a bridge with failing writes, kills, power cuts, changes of key, packing and dropping. */
async function lived(seed: number): Promise<State[]> {
  const chance = chanceOf(seed)
  const keys = new Set<string>()
  const checkpoints = new Set<string>()
  const objects = [newKey(new VirtualEnv({ seed: 99 })), newKey(new VirtualEnv({ seed: 98 }))]
  let disk = new MemoryDisk()
  const logs = new Set<string>()
  let n = 0
  const next = () => {
    n += 1
    return refused(n)
  }
  for (let life = 0; life < 3; life += 1) {
    const limits = { segmentBytes: 1_500 + chance(4_000) }
    const b = bench(seed * 10 + life, disk, { limits, keys: async () => objects })
    const log = await open(b)
    const keep = () => {
      if (log.state.checkpoint) checkpoints.add(log.state.checkpoint)
      if (log.state.key) keys.add(log.state.key)
      if (log.state.log) logs.add(logDir(log))
    }
    keep()
    const failAt = chance(3) === 0 ? chance(14) : -1
    const room = chance(6) === 0
    let calls = 0
    b.disk.fault = (operation, path) => {
      if (operation !== 'sync' && operation !== 'append' && operation !== 'syncDir') return
      calls += 1
      if (calls === failAt) throw Object.assign(new Error(path), { code: 'EIO' })
    }
    for (let i = 0; i < 6; i += 1) {
      for (let k = chance(3); k >= 0; k -= 1) void log.append(next()).then(keep)
      if (room && i === 3) b.disk.room = chance(900)
      if (chance(2) === 0) await b.env.advance(chance(150))
      b.disk.room = Number.POSITIVE_INFINITY
    }
    await b.env.advance(2_500)
    const other = objects[1 - (life % 2)]
    if (other && chance(3) === 0) await during(b.env, log.rotateKey(other, 'a test'))
    if (chance(3) === 0) void log.append(refusedBy(chance))
    if (chance(6) === 0) void log.accept(log.state.log ?? '', 'a test', ACTOR)
    if (chance(3) === 0) {
      const retention = { keepDays: 0, age: () => log.age, wall: () => b.env.wall() }
      const dir = logDir(log)
      const care = { disk, dir, append: (r: NewRecord) => log.append(r) }
      await duringReal(b.env, upkeep(chance(2) === 0 ? { ...care, retention } : care))
    }
    keep()
    if (chance(3) === 0) {
      await during(b.env, log.append(stop))
      keep()
      await close(b, log)
    } else {
      if (chance(2) === 0) b.disk.fault = () => new Promise(() => {})
      void log.append(next())
      await b.env.advance(chance(3))
    }
    disk = chance(2) === 0 ? disk.killed() : disk.cut(chance)
    if (chance(8) === 0) {
      // The next start finds a log that does not fit its last checkpoint.
      const [, content] = [...disk.files].find(([name]) => name.endsWith('1.jsonl')) ?? []
      const at = content?.bytes.indexOf('number') ?? -1
      if (content && at > 0) content.bytes[at] = 0x4e
    }
  }
  return Promise.all(
    [...logs].map(async (dir) => {
      const own = [...checkpoints].filter((note) => note.includes(basename(dir)))
      const cosigned = (note: string, witness: (typeof WITNESSES)[number]) =>
        note +
        cosign(note.slice(0, note.indexOf('\n\n') + 1), witness, 1_700_000_000 + chance(1_000))
      const notes = WITNESSES.flatMap((witness) => {
        const some = Array.from({ length: 1 + chance(2) }, () => own[chance(own.length)])
        if (chance(8) === 0) return []
        return some.flatMap((note) => (note === undefined ? [] : [cosigned(note, witness)]))
      })
      // What a witness itself would give to whoever asks it: only its signature need be known.
      const [first] = WITNESSES
      const asked = own[chance(own.length)]
      const byWitness = first && asked ? [cosigned(asked, first)] : []
      await writeKept(disk, dir, notes)
      return {
        what: `seed ${seed}`,
        dir,
        files: filesOf(disk, dir),
        keys: [...keys].filter((key) => key.includes(basename(dir))),
        checkpoints: [...own, ...byWitness],
      }
    }),
  )
}

/** Two changes of key, of which retention has dropped the entries. */
async function carried(): Promise<State> {
  const b = bench(1, new MemoryDisk(), { limits: { segmentBytes: 1_500 } })
  const log = await open(b)
  const keys: string[] = []
  const checkpoints: string[] = []
  const write = async (n: number) => {
    for (let i = 0; i < n; i += 1) await during(b.env, log.append(refused(i)))
    keys.push(log.state.key ?? '')
    checkpoints.push(log.state.checkpoint ?? '')
  }
  const dir = logDir(log)
  const retention = { keepDays: 0, age: () => log.age, wall: () => b.env.wall() }
  const append = (record: NewRecord) => log.append(record)
  for (const seed of [201, 202]) {
    await write(9)
    await during(b.env, log.rotateKey(newKey(new VirtualEnv({ seed })), 'a test'))
    await write(9)
    await duringReal(b.env, upkeep({ disk: b.disk, dir, append, retention }))
  }
  await close(b, log)
  return { what: 'changes of key dropped', dir, files: filesOf(b.disk, dir), keys, checkpoints }
}

/** A change to files, by whom it may concern. */
function mutated(state: State, seed: number): Files {
  const chance = chanceOf(seed)
  const files = state.files.map(([name, bytes]) => [name, Buffer.from(bytes)] as [string, Buffer])
  const pick = <T>(all: readonly T[]) => all[chance(all.length)] as T
  const file = pick(files)
  const lines = () => file[1].toString('latin1').split(/(?<=\n)/)
  const put = (text: readonly string[]) => {
    file[1] = Buffer.from(text.join(''), 'latin1')
  }
  const length = Math.max(1, file[1].length)
  switch (chance(12)) {
    case 0:
    case 1: {
      const at = chance(length)
      file[1][at] = (file[1][at] ?? 0) ^ (1 << chance(8))
      break
    }
    case 2:
      file[1] = file[1].subarray(0, chance(length))
      break
    case 3: {
      const at = chance(length)
      file[1] = Buffer.concat([file[1].subarray(0, at), file[1].subarray(at + 1 + chance(40))])
      break
    }
    case 4: {
      const all = lines()
      put(all.toSpliced(chance(all.length), 1))
      break
    }
    case 5: {
      const all = lines()
      put(all.toSpliced(chance(all.length), 0, pick(all)))
      break
    }
    case 6: {
      const all = lines()
      const i = chance(all.length)
      const j = chance(all.length)
      put(all.with(i, all[j] ?? '').with(j, all[i] ?? ''))
      break
    }
    case 7:
      return files.filter((one) => one !== file)
    case 8: {
      const other = pick(files)
      const bytes = other[1]
      other[1] = file[1]
      file[1] = bytes
      break
    }
    case 9: {
      const [, number = '00000001'] = /(\d{8})\.[a-z.]+$/.exec(file[0]) ?? []
      const next = String(Number(number) + 1 + chance(2)).padStart(8, '0')
      const name = file[0].replace(number, next)
      return [...files.filter(([n]) => n !== name), [name, file[1]] as const]
    }
    case 10: {
      // A record is another one, and the lines behind it are as they were.
      const all = lines()
      const i = all.findIndex((line) => /^\{"action".*"kind":"link".*\}\n$/.test(line))
      if (i < 0) break
      const field = pick(['v', 'seq', 'kind', 'source', 'at', 'body'] as const)
      const line = altered((all[i] ?? '').trimEnd(), { [field]: pick([1, 2, 'x', undefined]) })
      put(all.with(i, `${line}\n`))
      break
    }
    default: {
      // A stranger signs the records of the first segment again.
      const first = files.find(([name]) => name.endsWith('00000001.jsonl'))
      const records = recordsOf(first?.[1] ?? Buffer.of())
      if (!first || records.length === 0) break
      const stranger = newKey(new VirtualEnv({ seed: 7 }))
      const log = basename(state.dir)
      first[1] = segmentOf(
        log,
        [records.slice(0, 1), records.slice(1)].filter((g) => g.length > 0),
        [stranger],
      ).bytes
    }
  }
  return files
}

/** One of the witnesses, or both. */
const asked = (chance: (n: number) => number) =>
  WITNESSES.slice(0, 1 + chance(2)).map(({ witness }) => witness.text)

let questions = 0
/** The second verifier's answers, all from one process. */
async function second(
  all: readonly { readonly files: Files; readonly options: VerifyOptions; dir: string }[],
): Promise<Answer[]> {
  const script = fileURLToPath(new URL('./second_verifier.py', import.meta.url))
  const child = spawn('python3', ['-B', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers: Answer[] = []
  const read = (async () => {
    for await (const line of createInterface({ input: child.stdout }))
      answers.push(JSON.parse(line))
  })()
  for (const { files, options, dir } of all) {
    questions += 1
    const home = join(root, String(questions), basename(dir))
    mkdirSync(home, { recursive: true })
    for (const [name, bytes] of files) {
      const beside = name.endsWith('.witnesses')
      writeFileSync(beside ? `${home}.witnesses` : join(home, basename(name)), bytes)
    }
    const { key, since, witnesses: witness } = options
    const kept = { ...(key && { key }), ...(since && { since }), ...(witness && { witness }) }
    child.stdin.write(`${JSON.stringify({ dir: home, ...kept })}\n`)
  }
  child.stdin.end()
  await read
  return answers
}

/** Both, over the same; what they disagree on. */
async function compare(
  cases: readonly { what: string; dir: string; files: Files; options: VerifyOptions }[],
) {
  const theirs = second(cases)
  const ours: Verification[] = []
  for (const { dir, files, options } of cases) ours.push(await verify(diskOf(files), dir, options))
  const answers = await theirs
  expect(answers.length).toBe(cases.length)
  const disagreements = cases.flatMap(({ what, options }, i) => {
    const mine = ours[i]
    const its = answers[i]
    if (!mine || !its) return [{ what }]
    const vouched = Math.max(mine.vouched.key, mine.vouched.checkpoint)
    const same =
      mine.ok === its.ok &&
      // Of a log that is not intact each has read so far as it does.
      (!mine.ok || mine.refused.length === its.refused) &&
      (!mine.ok ||
        (mine.records === its.records && vouched === its.vouched && mine.cosigned === its.cosigned))
    return same ? [] : [{ what, options, ours: mine.sentence, theirs: its }]
  })
  return { ours, disagreements }
}

async function meaning(files: Files, dir: string): Promise<string[]> {
  const lines: string[] = []
  for await (const { line } of readRecords(diskOf(files), dir)) lines.push(line)
  return lines
}

let states: State[] = []
beforeAll(async () => {
  for (let seed = 1; seed <= STATES; seed += 1) states = states.concat(await lived(seed))
}, MS)

describe('the second verifier', () => {
  it(
    'says the same of every state that breaking things has left, by every key and checkpoint',
    async () => {
      const cases = states.flatMap(({ what, dir, files, keys, checkpoints }, i) => {
        const chance = chanceOf(i)
        const some = [...keys, ''].map((key) => ({
          ...(key && { key }),
          ...(chance(3) === 0 && { witnesses: asked(chance) }),
          ...(chance(2) === 0 &&
            checkpoints.length > 0 && { since: checkpoints[chance(checkpoints.length)] as string }),
        }))
        return some.map((options) => ({ what, dir, files, options }))
      })
      const { ours, disagreements } = await compare(cases)
      expect(disagreements).toEqual([])
      expect(ours.filter(({ ok }) => ok).length).toBeGreaterThan(cases.length / 4)
      expect(ours.filter(({ ok }) => !ok).length).toBeGreaterThan(5)
      expect(ours.filter(({ hashesOnly }) => hashesOnly > 0).length).toBeGreaterThan(2)
      expect(ours.filter(({ cosigned }) => (cosigned ?? 0) > 0).length).toBeGreaterThan(5)
      expect(ours.filter(({ ok, refused: by }) => ok && by.length > 0).length).toBeGreaterThan(2)
    },
    MS,
  )

  it(
    'follows changes of key that retention dropped, from the record that carries them',
    async () => {
      const state = await carried()
      const cases = [
        ...state.keys.map((key) => ({ ...state, options: { key } })),
        ...state.checkpoints.map((since) => ({ ...state, options: { since } })),
      ]
      const { ours, disagreements } = await compare(cases)
      expect(disagreements).toEqual([])
      expect(ours.map(({ problem }) => problem)).toEqual(cases.map(() => null))
      expect(new Set(state.keys).size).toBe(3)
      expect(state.files.some(([, bytes]) => bytes.includes('"kind":"key-rotation"'))).toBe(false)
      expect(state.files.some(([name]) => name.endsWith('.gz'))).toBe(false)
    },
    MS,
  )

  it(
    'says the same of what is kept of witnesses, whatever that is',
    async () => {
      const state = await carried()
      const [witness] = WITNESSES
      const [some = '', last = ''] = state.checkpoints.slice(-2)
      if (!witness) throw new Error('no witness')
      const by = (note: string) =>
        note + cosign(note.slice(0, note.indexOf('\n\n') + 1), witness, 9)
      const rootOf = (note: string) => note.split('\n')[2] ?? ''
      const other = by(last.replace(rootOf(last), rootOf(some)))
      const wrong = by(some.replace(rootOf(some), rootOf(last)))
      const kept = (notes: unknown, format = 'wandbridge-witnesses/1') =>
        `${JSON.stringify({ format, notes })}\n`
      const files = [
        ...[[by(last)], [by(some), by(last)], [1, by(last)], [by(last), wrong], [wrong, by(some)]],
        ...[
          [wrong],
          [other, by(last)],
          ['x', by(some)],
          by(last),
          null,
          [],
          [by(last).slice(0, -1)],
        ],
      ].map((notes) => kept(notes))
      const good = kept([by(last)])
      const raw = [
        kept([by(last)], 'wandbridge-witnesses/2'),
        // Read in one way or in the other by programs that are less strict.
        `\ufeff${good}`,
        good.trimEnd(),
        `${good}\n`,
        good.replace('\n', '\r\n'),
        good.replace('{', '{ '),
        good.replace('{', '{"format":"wandbridge-witnesses/2",'),
        good.replace('{', '{"notes":[],'),
        good.replace('}', ',"notes":[]}'),
        good.replace('{', '{"by":1,'),
        good.replace('}', ',"more":null}'),
        good.replace('—', '\\u2014'),
        good.replace(']}', ']}{}'),
        `${'['.repeat(100_000)}\n`,
        '[]\n',
        'null\n',
        '{"x":NaN}\n',
      ]
      // A cosignature that is not true, alone, before and behind one that is, and beside another witness's.
      const [, another] = WITNESSES
      const also = another?.witness.text ?? ''
      const spoilt = (note: string) =>
        note.replace(/(.)(.{5})\n$/, (_, a, b) => `${a === 'A' ? 'B' : 'A'}${b}\n`)
      const line = (note: string) => note.slice(note.lastIndexOf('— '))
      const none = spoilt(by(last))
      const doubled = [by(last) + line(none), none + line(by(last))]
      const two = (note: string) =>
        another ? note + cosign(last.slice(0, last.indexOf('\n\n') + 1), another, 9) : ''
      const falsified = [[none], [none, by(some)], doubled, [two(none)], [two(by(last))]]
      const all = [witness.witness.text, also]
      const plain: readonly VerifyOptions[] = [{}, { since: by(some) }, { since: wrong }]
      const more: readonly VerifyOptions[] = [
        ...[...plain, { since: none }, { since: two(none) }, { witnesses: all }],
        ...[{ witnesses: [also] }, { witnesses: [also], since: two(none) }],
      ]
      const asking = (texts: readonly string[], options: readonly VerifyOptions[]) =>
        texts.flatMap((text) =>
          options.map((one) => ({
            ...{ what: text.slice(0, 60), dir: state.dir },
            files: [...state.files, [`${state.dir}.witnesses`, Buffer.from(text)] as const],
            options: { witnesses: [witness.witness.text], ...one },
          })),
        )
      const cases = [
        ...asking(raw, [{}]),
        ...asking(files, plain),
        ...asking(
          falsified.map((notes) => kept(notes)),
          more,
        ),
      ]
      const { ours, disagreements } = await compare(cases)
      expect(disagreements).toEqual([])
      // Not one of the files that are written otherwise holds anything.
      expect(ours.slice(0, raw.length).filter(({ ok }) => ok)).toEqual([])
      expect(ours[raw.length]).toMatchObject({ ok: true })
      expect(ours.filter(({ ok }) => ok).length).toBeGreaterThan(5)
      expect(ours.filter(({ ok }) => !ok).length).toBeGreaterThan(20)
    },
    MS,
  )

  it(
    `says the same of ${MUTATIONS} changes, and neither accepts another meaning`,
    async () => {
      const good: { state: State; last: string; lines: string[] }[] = []
      for (const state of states) {
        const result = await verify(diskOf(state.files), state.dir)
        if (!result.ok || result.checkpoint === null) continue
        const lines = await meaning(state.files, state.dir)
        good.push({ state, last: result.checkpoint, lines })
      }
      expect(good.length).toBeGreaterThan(10)
      const cases = Array.from({ length: MUTATIONS }, (_, i) => {
        const base = good[i % good.length] as (typeof good)[number]
        const { dir, keys } = base.state
        const files = mutated(base.state, 1_000 + i)
        const [key = ''] = keys
        const witnesses = asked(chanceOf(i))
        const options = [{}, { key }, { since: base.last }, { witnesses }][i % 4] ?? {}
        return { what: `change ${1_000 + i}`, dir, files, options, base }
      })
      const { ours, disagreements } = await compare(cases)
      expect(disagreements).toEqual([])
      const accepted: string[] = []
      for (const [i, { what, dir, files, base, options }] of cases.entries()) {
        if (!ours[i]?.ok || !('since' in options)) continue
        const lines = await meaning(files, dir)
        if (JSON.stringify(lines) !== JSON.stringify(base.lines)) accepted.push(what)
      }
      expect(accepted).toEqual([])
      expect(ours.filter(({ ok }) => !ok).length).toBeGreaterThan(MUTATIONS / 2)
    },
    MS,
  )
})
