// What is said is a code until it leaves the bridge: every code has its sentence in every language, and no
// event, no state and no record holds a word of any.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scenarioNames } from '../../simulator/scenarios/load.ts'
import { readRecords } from '../../src/audit/read/reader.ts'
import { interrogateOnce } from '../../src/bridge/interrogate.ts'
import { type WatchLine, watchLines } from '../../src/bridge/watch.ts'
import { apiRecord } from '../../src/feed/api-record.ts'
import { lineTold, outcomeTold } from '../../src/host/telling.ts'
import { snapshotEventSchema } from '../../src/model/api.ts'
import { LOCALES } from '../../src/model/format.ts'
import { recordSchema } from '../../src/model/record.ts'
import { type ArgKind, type Code, STATEMENTS } from '../../src/model/statement.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
import { EventRecorder } from '../../src/recorder/event-recorder.ts'
import { recordTold, statusTold } from '../../src/words/told.ts'
import { sentence, WORDS } from '../../src/words/words.ts'
import { duringReal } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'
import { rig } from '../bridge/rig.ts'
import { sampleArgs } from './said.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const CODES = Object.keys(STATEMENTS) as Code[]

describe.each(LOCALES)('in %s', (locale) => {
  const words = WORDS[locale]

  it.each(CODES)('%s has a sentence, whatever its arguments', (code) => {
    for (const missing of [false, true]) {
      const args = sampleArgs(code, missing)
      const text = sentence(words, { code, args })
      expect(text).not.toMatch(/undefined|null|\[object|^$|^ | {2}| $/)
      if (code !== 'why.port') expect(text).toMatch(/^[A-Z].*[.]$|audit accept --reason TEXT$/)
      // What it is about is in it; what another program said, as it came.
      const kinds = STATEMENTS[code] as Readonly<Record<string, ArgKind>>
      const of = Object.entries(args).filter(([name]) => kinds[name] === 'text')
      for (const [, value] of of) expect(text).toContain(value)
    }
  })

  it('a code that is newer than the catalogue is shown as it came', () => {
    expect(sentence(words, { code: 'link.warped', args: {} })).toBe('link.warped')
    expect(sentence(words, { code: 'toString', args: {} })).toBe('toString')
  })
})

it('there is no code that nobody says', () => {
  const text = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/^words|statement\.ts$/.test(name))
    .map((name) => readFileSync(join('src', name), 'utf8'))
    .join('\n')
  // Codes that are made from another: the cause of a link, the end of a session, a reason.
  const area = (name: string) => text.includes(`\`${name}.\${`)
  const own = (code: string) => text.includes(`'${code.slice(code.indexOf('.') + 1)}'`)
  const unsaid = CODES.filter((code) => {
    const [first = ''] = code.split('.')
    return !text.includes(`'${code}'`) && !(area(first) && (own(code) || first === 'link'))
  })
  expect(unsaid).toEqual([])
})

/** Texts that are nobody's sentence: signed notes, names of what was read or of what runs. */
const NAMES = /^(checkpoint|name|model|software|platform|node|boot)$/

/** Where a value holds a sentence, but for arguments that another program has said. */
function sentencesIn(value: unknown, path = ''): string[] {
  if (typeof value === 'string') {
    const key = path.slice(path.lastIndexOf('.') + 1)
    return /[a-z]{2,} [a-z]{2,}/i.test(value) && !NAMES.test(key) ? [`${path}: ${value}`] : []
  }
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return []
  const kinds = argKinds(value)
  return Object.entries(value).flatMap(([key, one]): string[] => {
    if (key === 'sentence' || key === 'detail') return [`${path}.${key}`]
    if (key === 'args' && kinds) {
      const own = Object.entries(one as object).filter(([name]) => kinds[name] !== 'text')
      return sentencesIn(Object.fromEntries(own), `${path}.args`)
    }
    return sentencesIn(one, `${path}.${key}`)
  })
}

function argKinds(value: object): Readonly<Record<string, ArgKind>> | null {
  const code = 'code' in value ? String(value.code) : ''
  return Object.hasOwn(STATEMENTS, code) ? STATEMENTS[code as Code] : null
}

it('a sentence is seen where one is', () => {
  expect(sentencesIn({ a: { sentence: '' } })).toEqual(['.a.sentence'])
  expect(sentencesIn([{ why: 'the pump is away' }])).toEqual(['.0.why: the pump is away'])
  const args = { text: 'no such file', dir: 'the state directory' }
  expect(sentencesIn({ code: 'why.port', args })).toEqual(['.args.dir: the state directory'])
})

type Deed = { readonly wait: number; readonly command: object }
const deeds = fc.array(
  fc.record({
    wait: fc.integer({ min: 100, max: 15_000 }),
    command: fc.constantFrom<object[]>(
      { do: 'unplug' },
      { do: 'plug' },
      { do: 'reply', to: 'CLOSE', count: 4, code: 'AIR_FAILED' },
      { do: 'reply', to: 'BLOCK', code: 'INTERNAL' },
      { do: 'present', pump: null },
      { do: 'lift' },
      { do: 'place' },
      { do: 'noise', level: 'high' },
      { do: 'noise', level: 'none' },
    ),
  }),
  { minLength: 3, maxLength: 12 },
)

/** A bridge with its log, and what it says while people do this and that. */
async function run(
  seed: number,
  scenario: string,
  done: readonly Deed[],
  source: 'simulator' | 'device',
) {
  const disk = new MemoryDisk()
  let auditor: Auditor | null = null
  const r = await rig({
    seed,
    scenario,
    source,
    policy: seed % 2 === 0 ? 'continuous' : 'on-placement',
    recorder: (env) => {
      auditor = new Auditor({
        ...{ env, stateDir: '/state', source, boot: 'boot', settings: {}, disk },
      })
      return new EventRecorder(env, auditor)
    },
  })
  const log = auditor as unknown as Auditor
  const lines: WatchLine[] = []
  const outcomes: object[] = []
  const states: ReturnType<typeof r.bridge.status>[] = []
  watchLines(r.bridge).subscribe((line) => void lines.push(line))
  r.bridge.start()
  for (const { wait, command } of done) {
    if (seed % 3 === 0) {
      void interrogateOnce(r.env, r.bridge, 'loop-0', 5_000).then((one) => outcomes.push(one))
    }
    await r.env.advance(wait)
    states.push(r.bridge.status())
    const { ok, message } = await r.simulator.command(command as never)
    if (!ok) throw new Error(message)
  }
  if (seed % 4 === 0) {
    disk.fault = () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    }
    await r.env.advance(4_000)
    states.push(r.bridge.status())
    disk.fault = () => {}
    await r.env.advance(2_000)
  }
  await r.stop()
  states.push(r.bridge.status())
  await duringReal(r.env, log.close('test'))
  const records = []
  const dir = `/state/audit/${log.state.log}`
  for await (const { record, position } of readRecords(disk, dir))
    records.push({ record, position })
  return { r, lines, outcomes, states, records, name: log.state.log ?? '' }
}

describe('while a bridge runs', () => {
  it(
    'no event, no state, no line and no record holds a sentence; what leaves it has one beside each code',
    async () => {
      let links = 0
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 1 << 30 }),
          fc.constantFrom(...scenarioNames()),
          deeds,
          fc.constantFrom('simulator' as const, 'simulator' as const, 'device' as const),
          async (seed, scenario, done, source) => {
            const { r, lines, outcomes, states, records, name } = await run(
              ...([seed, scenario, done, source] as const),
            )
            for (const what of [r.events, states, lines, outcomes, records]) {
              expect(sentencesIn(what)).toEqual([])
            }
            for (const locale of LOCALES) {
              const words = WORDS[locale]
              for (const state of states) {
                const { asOf, wands, pumps, audit } = statusTold(words, state)
                const said = {
                  asOf,
                  log: name,
                  position: 0,
                  wands: [...wands],
                  pumps: [...pumps],
                  audit,
                }
                expect(snapshotEventSchema.safeParse(said).error).toBeUndefined()
                for (const { link, session } of wands) {
                  expect(link.sentence).toBe(
                    sentence(words, { code: `link.${link.cause}`, args: {} }),
                  )
                  expect(session.sentence).toBe(sentence(words, session))
                }
                expect(audit.sentence).not.toBe('')
              }
              for (const line of lines) expect(lineTold(words, line)).toMatchObject(line)
              for (const one of outcomes)
                expect(outcomeTold(words, one as never)).toMatchObject(one)
              for (const { record, position } of records) {
                const coded = apiRecord(record, { position, log: name, source })
                if (!coded) continue
                if (coded.kind === 'link') links += 1
                expect(sentencesIn(coded)).toEqual([])
                expect(recordSchema.safeParse(recordTold(words, coded)).error).toBeUndefined()
              }
            }
          },
        ),
        { numRuns: LONG ? 200 : 8 },
      )
      expect(links).toBeGreaterThan(10)
    },
    LONG ? 900_000 : 120_000,
  )
})
