// The log as static tiles: what never changes may be kept for ever and only by whoever asked, hashes need
// less of a token than entries, entries are recorded as read, and what is not there is not made up.
import { describe, expect, it } from 'vitest'
import { leafHash } from '../../src/audit/format/merkle.ts'
import { LogTiles } from '../../src/audit/read/tiles.ts'
import type { AuditTiles } from '../../src/http/sources.ts'
import { upkeep } from '../../src/recorder/upkeep.ts'
import { bench, during, duringReal, logDir, open, refused } from '../audit/bench-log.ts'
import { starter } from './world.ts'

const start = starter()

/** A log of some hundred records, its newest ones alone kept. */
async function written(drop = false) {
  const b = bench(1, undefined, { limits: { segmentBytes: 60_000 } })
  const log = await open(b)
  const some = () =>
    during(b.env, Promise.all(Array.from({ length: 299 }, (_, i) => log.append(refused(i)))))
  await some()
  await some()
  if (drop) {
    await b.env.advance(60_000)
    await some()
    const retention = { keepDays: 0, age: () => log.age, wall: () => b.env.wall() }
    const append = (record: Parameters<typeof log.append>[0]) => log.append(record)
    await duringReal(b.env, upkeep({ disk: b.disk, dir: logDir(log), append, retention }))
  }
  const tiles = new LogTiles(b.env, b.disk, logDir(log))
  const audit: AuditTiles = {
    head: () => ({
      log: log.state.log ?? '',
      size: log.state.size,
      checkpoint: log.state.checkpoint ?? '',
    }),
    tile: (_, tile, size) => during(b.env, tiles.tile(tile, size)),
    entries: (_, { index, width }, size) =>
      during(b.env, tiles.entries(index * 256, index * 256 + width, size)),
    keyChanges: async () => ['a proof'],
  }
  return { log, audit, size: log.state.size, prefix: `/api/v1/audit/${log.state.log}` }
}

describe('the log as tiles', () => {
  it('is given as the specification says: newest checkpoint, hashes, entries', async () => {
    const { audit, log, prefix, size } = await written()
    const w = await start({ audit })
    const note = await w.get(`${prefix}/checkpoint`)
    expect(await note.text()).toBe(log.state.checkpoint)
    expect(note.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(note.headers.get('cache-control')).toBe('private, max-age=2')
    // No witness has cosigned any, and then one has.
    expect((await w.get(`${prefix}/cosigned`)).status).toBe(404)
    const witnessed = await start({
      audit: {
        ...audit,
        head: () => ({ log: log.state.log ?? '', size, checkpoint: 'x', cosigned: 'a note' }),
      },
    })
    expect(await (await witnessed.get(`${prefix}/cosigned`)).text()).toBe('a note')
    const changes = await w.get(`${prefix}/key-changes`)
    expect(changes.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(changes.headers.get('cache-control')).toBe('private, max-age=2')
    expect(await changes.json()).toEqual({
      format: 'wandbridge-key-changes/1',
      changes: ['a proof'],
    })
    const last = size - 512
    for (const path of ['000', '001', `002.p/${last}`]) {
      const hashes = Buffer.from(await (await w.get(`${prefix}/tile/0/${path}`)).arrayBuffer())
      const reply = await w.get(`${prefix}/tile/entries/${path}`)
      expect(reply.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
      expect(reply.headers.get('content-type')).toBe('application/octet-stream')
      const bundle = Buffer.from(await reply.arrayBuffer())
      const made: Uint8Array[] = []
      for (let at = 0; at < bundle.length; ) {
        const end = at + 2 + bundle.readUInt16BE(at)
        made.push(leafHash(bundle, at + 2, end))
        at = end
      }
      expect(Buffer.concat(made).equals(hashes)).toBe(true)
    }
    // Reads of records are recorded, reads of hashes are not: who follows the log would make it grow.
    expect(w.state.reads.map((read) => read.split(' ')[1])).toEqual(
      Array(3).fill('/api/v1/audit/{log}/tile/entries/*'),
    )
  })

  it('does not give what is not there, and says so without being kept', async () => {
    const { audit, prefix, size } = await written(true)
    const w = await start({ audit })
    const wrong = [
      [`${prefix}/tile/0/004`, 404],
      [`${prefix}/tile/0/003.p/${size - 768 + 1}`, 404],
      [`${prefix}/tile/1/000.p/4`, 404],
      [`${prefix}/tile/0/0`, 404],
      [`${prefix}/tile/entries/x000/000`, 404],
      ['/api/v1/audit/simulator-9-00000000/checkpoint', 404],
      ['/api/v1/audit/simulator-9-00000000/key-changes', 404],
      [`${prefix}/tile/entries/000`, 410],
    ] as const
    for (const [path, status] of wrong) {
      const reply = await w.get(path)
      expect([path, reply.status]).toEqual([path, status])
      expect(reply.headers.get('cache-control')).toBe('no-store')
    }
    // The hashes of what was dropped stay.
    expect((await w.get(`${prefix}/tile/0/000`)).status).toBe(200)
  })

  it('needs less of a token for hashes than for entries', async () => {
    const { audit, prefix } = await written()
    const w = await start({ audit })
    const as = (scopes: Parameters<typeof w.tokenFor>[0]) => ({
      authorization: `Bearer ${w.tokenFor(scopes).text}`,
    })
    const status = async (path: string, headers: Record<string, string>) =>
      (await w.get(`${prefix}/${path}`, headers)).status
    expect(await status('checkpoint', as(['status']))).toBe(200)
    expect(await status('tile/0/000', as(['status']))).toBe(200)
    expect(await status('key-changes', as(['status']))).toBe(200)
    expect(await status('key-changes', as(['metrics']))).toBe(403)
    expect(await status('tile/entries/000', as(['status']))).toBe(403)
    expect(await status('tile/entries/000', as(['audit']))).toBe(200)
    expect(await status('tile/0/000', as(['metrics']))).toBe(403)
  })
})
