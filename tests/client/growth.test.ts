// A client that was away: before it goes on it has the bridge show that the log only grew, whatever the
// bridge is; a longer fork is not followed, and a bridge that cannot show it is waited for.
import { filter, firstValueFrom } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { checkpointText } from '../../src/audit/format/checkpoint.ts'
import { leafHash, Tree } from '../../src/audit/format/merkle.ts'
import { signingKey, signNote } from '../../src/audit/format/note.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { pinOf } from '../../src/client/checkpoint.ts'
import { hasGrown } from '../../src/client/growth.ts'
import {
  Client,
  type Clock,
  type Connection,
  type Pin,
  type Reset,
} from '../../src/client/index.ts'
import type { AuditTiles } from '../../src/http/sources.ts'
import { parseTile, TILE_WIDTH, type Tile } from '../../src/model/tiles.ts'
import { starter, withAudit } from '../http/world.ts'

const start = starter()
const LOG = 'simulator-1-00000000'
const key = signingKey(`wandbridge/${LOG}`, newKey(new VirtualEnv()))
const clients: Client[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

function tree(n: number, mark: string, common = 0): Tree {
  const made = new Tree()
  for (let i = 0; i < n; i += 1)
    made.append(leafHash(Buffer.from(`${i} ${i < common ? '' : mark}`)))
  return made
}

const noteOf = (of: Tree, size: number) =>
  signNote(checkpointText({ origin: key.verifier.name, size, root: of.root(size) }), [key])

const pin = (note: string): Pin => {
  const found = pinOf(note)
  if (!found) throw new Error('no checkpoint')
  return found
}

function tileOf(of: Tree, { level, index, width }: Tile): Uint8Array {
  const unit = TILE_WIDTH ** level
  const hashes = Array.from({ length: width }, (_, i) => {
    const part = new Tree()
    const at = (index * TILE_WIDTH + i) * unit
    for (let leaf = at; leaf < at + unit; leaf += 1) part.append(of.leaf(leaf))
    return part.root()
  })
  return Buffer.concat(hashes)
}

describe('a log has grown', () => {
  it('if the tiles lead from the one checkpoint to the other, and only then', async () => {
    const mine = tree(700, 'a')
    const other = tree(700, 'b', 400)
    const give = (of: Tree) => async (path: string) => {
      const tile = parseTile(path.slice('tile/'.length))
      if (!tile) throw new Error(path)
      return tileOf(of, tile)
    }
    const at = (of: Tree, size: number) => pin(noteOf(of, size))
    for (const [from, to] of [
      [1, 2],
      [256, 257],
      [300, 700],
      [512, 600],
      [699, 700],
      [7, 256],
    ] as const) {
      expect(await hasGrown(at(mine, from), at(mine, to), give(mine))).toBe(true)
      const forks = from > 400 || to > 400
      if (from > 400) expect(await hasGrown(at(mine, from), at(other, to), give(other))).toBe(false)
      if (forks) expect(await hasGrown(at(mine, from), at(other, to), give(mine))).toBe(false)
      const broken = { ...at(mine, to), root: 'not base64 at all' }
      expect(await hasGrown(at(mine, from), broken, give(mine))).toBe(false)
      const lie = async (path: string) => {
        const bytes = Buffer.from(await give(mine)(path))
        return bytes.map((byte) => byte ^ 1)
      }
      expect(await hasGrown(at(mine, from), at(mine, to), lie)).toBe(false)
    }
  })
})

describe('a client that was away', () => {
  /** A bridge that shows the tiles of one tree and says another checkpoint. */
  async function bridge(shows: Tree, says: string) {
    const state = { fails: false, asked: 0 }
    const audit: AuditTiles = {
      head: () => ({ log: LOG, size: shows.size, checkpoint: says }),
      async tile(_, tile) {
        state.asked += 1
        if (state.fails) throw new Error('the disk')
        return tileOf(shows, tile)
      },
      entries: async () => null,
      keyChanges: async () => [],
    }
    const w = await start({ audit })
    w.change(withAudit({ log: LOG, checkpoint: says }))
    return { w, state }
  }

  /** Time stands still: what waits for it goes on when the test says so, however slow the computer is. */
  function stopped() {
    const timers = new Set<() => void>()
    const clock: Clock = {
      monotonic: () => 0,
      wall: () => Date.UTC(2031, 4, 5),
      after(_, fn) {
        timers.add(fn)
        return () => void timers.delete(fn)
      },
    }
    const fire = () => {
      for (const fn of [...timers]) fn()
    }
    return { clock, fire }
  }

  function open(w: Awaited<ReturnType<typeof start>>, checkpoints: readonly Pin[]) {
    const { clock, fire } = stopped()
    const client = new Client({ url: w.url, token: w.token, checkpoints, clock })
    clients.push(client)
    const resets: Reset[] = []
    const pins: number[] = []
    client.resets$.subscribe((one) => void resets.push(one))
    client.checkpoints$.subscribe(({ size }) => void pins.push(size))
    const becomes = (state: Connection['state']) =>
      firstValueFrom(client.connection$.pipe(filter((one) => one.state === state)))
    return { client, resets, pins, becomes, fire }
  }

  it('goes on once the bridge has shown it, with nothing lost that came meanwhile', async () => {
    const mine = tree(600, 'a')
    const { w, state } = await bridge(mine, noteOf(mine, 600))
    const one = open(w, [pin(noteOf(mine, 300))])
    await one.becomes('live')
    expect(state.asked).toBeGreaterThan(0)
    expect(one.client.status()?.pumps[0]?.pump.id).toBe(w.pump.pump.id)
    expect(one.pins).toEqual([600])
    expect(one.resets).toEqual([])
    // Beside the bridge all the time it does not ask for every record.
    const { asked } = state
    const next = firstValueFrom(one.client.checkpoints$)
    w.change(withAudit({ checkpoint: noteOf(tree(700, 'a'), 700), sentence: 'x' }))
    expect((await next).size).toBe(700)
    expect(state.asked).toBe(asked)
  })

  it('does not follow a longer fork, whatever tiles it is shown', async () => {
    const mine = tree(500, 'a')
    const other = tree(600, 'b', 250)
    for (const shows of [other, tree(600, 'a')]) {
      const { w } = await bridge(shows, noteOf(other, 600))
      const one = open(w, [pin(noteOf(mine, 300))])
      await one.becomes('distrusted')
      expect(one.resets).toMatchObject([{ reason: 'fork', log: LOG }])
      expect(one.client.status()).toBe(null)
      expect(one.pins).toEqual([])
    }
  })

  it('shows nothing before it knows, and asks again when it was not told', async () => {
    const mine = tree(600, 'a')
    const { w, state } = await bridge(mine, noteOf(mine, 600))
    state.fails = true
    const one = open(w, [pin(noteOf(mine, 300))])
    await one.becomes('silent')
    expect(one.client.status()).toBe(null)
    state.fails = false
    one.fire()
    await one.becomes('live')
    expect(one.pins).toEqual([600])
  })
})
