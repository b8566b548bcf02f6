// History through the feed is what reading every file from its beginning gives, whatever happened to the
// log, for any selection, in both orders, inside the bridge's process and outside.
import { describe, expect, it } from 'vitest'
import type { Kind } from '../../src/audit/format/record.ts'
import { pumpId } from '../../src/base/pump-id.ts'
import type { HistoryQuery } from '../../src/feed/passes.ts'
import { duringReal } from '../audit/bench-log.ts'
import { pick, World } from './world.ts'

const KINDS: readonly Kind[] = ['live', 'link', 'start', 'gap', 'segment', 'alarm']

function question(world: World): { query: HistoryQuery; pump: string | undefined } {
  const { chance } = world
  const all = world.kept()
  const moment = () => all[chance(all.length)]?.at ?? '2026-01-05T08:00:00.000Z'
  const some = <T>(value: () => T): T | undefined => (chance(3) === 0 ? value() : undefined)
  const serial = `SIM-${chance(3)}`
  const model = chance(2) === 0 ? 'M1' : 'M2'
  const pump = some(() => `${serial} ${model}`)
  const values = {
    after: some(() => chance(all.length + 2) - 1),
    before: some(() => chance(all.length * 2)),
    from: some(moment),
    to: some(moment),
    kinds: some(() => KINDS.filter(() => chance(2) === 0)),
    pump: pump && pumpId('simulator', serial, model),
    // Others are then left out before they are parsed: the answer is the same.
    serial: pump && some(() => serial),
    order: chance(2) === 0 ? ('asc' as const) : ('desc' as const),
    limit: some(() => chance(8)),
  }
  const set = Object.entries(values).filter(([, value]) => value !== undefined)
  return { query: Object.fromEntries(set), pump }
}

const LOGS = process.env['WANDBRIDGE_LONG'] === '1' ? 15 : 5

describe('history', () => {
  it(`equals the naive reading of everything, over ${LOGS} logs`, async () => {
    for (let seed = 1; seed <= LOGS; seed += 1) {
      const world = await World.begin(seed)
      let feeds = [world.feed(true), world.feed(false)]
      for (let turn = 0; turn < 12; turn += 1) {
        for (let i = 0; i < 4; i += 1) await world.happen()
        // One that begins now has the last segment in memory, and reads the others from their files.
        if (world.chance(3) === 0) feeds = [world.feed(true), world.feed(false)]
        const { query, pump } = question(world)
        const wanted = pick(world.kept(), query, pump).map(({ line }) => line)
        for (const feed of feeds) {
          const found: string[] = []
          const read = async () => {
            for await (const record of feed.read(query)) found.push(record.line)
          }
          await duringReal(world.bench.env, read())
          expect(found, `seed ${seed}: ${JSON.stringify(query)}`).toEqual(wanted)
          expect(await duringReal(world.bench.env, feed.oldest())).toBe(world.kept()[0]?.position)
        }
      }
    }
  }, 60_000)

  it('takes no commit that a power cut has torn, though it looks whole', async () => {
    const world = await World.begin(1)
    await world.append(3)
    const { files } = world.bench.disk
    const path = [...files.keys()].find((name) => name.endsWith('.jsonl')) as string
    const bytes = files.get(path)?.bytes as Buffer
    const { size } = world.log.state
    const last = world.kept().at(-1)?.line ?? ''
    const lines = bytes.toString().trimEnd().split('\n')
    // The next commit: the disk has kept its end, and other bytes than were written before it.
    const record = last.replace(`"seq":${size - 1}`, `"seq":${size}`)
    const commit = lines.at(-1)?.replace(`\\n${size}\\n`, `\\n${size + 1}\\n`)
    files.set(path, {
      bytes: Buffer.concat([bytes, Buffer.from(`${record}\n${commit}\n`)]),
      synced: 0,
    })
    expect(await linesOf(world, false)).toHaveLength(size)
    // The next segment begins where the good part ends.
    await world.restart()
    const found = (await linesOf(world, false)).map((line) => JSON.parse(line).seq)
    expect(found).toEqual(Array.from({ length: world.log.state.size }, (_, i) => i))
    expect(await linesOf(world, false)).not.toContain(record)
  })

  it('rejects where a line is lost, and names the segment and the byte', async () => {
    const world = await World.begin(2)
    for (let i = 0; i < 6; i += 1) await world.append(3)
    const { files } = world.bench.disk
    const path = [...files.keys()].find((name) => name.endsWith('00000001.jsonl')) as string
    const lines = files.get(path)?.bytes.toString().split('\n') ?? []
    lines.splice(3, 1)
    files.set(path, { bytes: Buffer.from(lines.join('\n')), synced: 0 })
    await expect(linesOf(world, true)).rejects.toThrow(/segment 1, byte \d+: a commit of/)
  })
})

async function linesOf(world: World, inside: boolean): Promise<string[]> {
  const found: string[] = []
  for await (const { line } of world.feed(inside).read()) found.push(line)
  return found
}
