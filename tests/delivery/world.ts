// What the tests of delivery share: a real log and a real feed in virtual time, on a disk in memory, and a
// destination whose peer does as it is told. Every `live` record is a message, and nothing else is.

import { setImmediate, setTimeout } from 'node:timers/promises'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { Destination, type DestinationOptions, type Notes } from '../../src/delivery/destination.ts'
import type { Gap } from '../../src/delivery/outbox.ts'
import type { Parked, Saved } from '../../src/delivery/saved.ts'
import { lookedUp, type Reply, type Sender } from '../../src/delivery/sender.ts'
import { type Cursor, cursorText } from '../../src/feed/cursor.ts'
import type { Feed } from '../../src/feed/feed.ts'
import { statement } from '../../src/model/statement.ts'
import { duringReal, start } from '../audit/bench-log.ts'
import { World } from '../feed/world.ts'

const LIVE: NewRecord = {
  kind: 'live',
  pump: 'SIM-1',
  model: 'M1',
  body: { values: { rate: 1 } },
  action: 'R',
}
const fullDisk = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })

export const control = ({ log, position }: Cursor) => cursorText({ log, position })

/** In real time. */
export async function eventually(done: () => boolean, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs
  while (!done()) {
    if (Date.now() > end) throw new Error(`nothing came of it in ${limitMs} ms`)
    await setTimeout(5)
  }
}

export interface Wish {
  readonly seed?: number
  readonly since?: string
  /** What the reply to the nth message means; null = silence; `lost`: the connection is closed instead. */
  readonly answer?: (n: number, control: string) => Reply['means'] | 'lost'
  readonly notes?: Partial<Notes>
  readonly rules?: DestinationOptions['rules']
  /** Of these no message can be made. */
  readonly bad?: (position: number) => boolean
  /** What a message is made of is looked up before. */
  readonly look?: (position: number) => Promise<void>
}

export async function world({ answer = () => 'accepted', ...wish }: Wish = {}) {
  const made = await World.begin(wish.seed ?? 1)
  const { env } = made.bench
  const disk = { text: null as string | null, full: false, unreadable: false }
  const got: string[] = []
  const told = {
    parked: [] as Parked[],
    resent: [] as Parked[],
    gaps: [] as Gap[],
    disabled: [] as Saved['disabled'][],
  }
  const said: string[] = []
  const peer = { up: true, connections: 0, closed: 0 }
  let feed = made.feed(true)
  /** Reads of the log fail so often. */
  const broken = { times: 0 }
  const records: DestinationOptions['records'] = {
    head: () => feed.head(),
    look: () => feed.look(),
    read: (query) => feed.read(query),
    async *follow(...asked: Parameters<Feed['follow']>) {
      if (broken.times-- > 0) throw new Error('EIO: i/o error, read')
      yield* feed.follow(...asked)
    },
  }
  const sender: Sender = {
    kind: 'hl7',
    address: 'tcp://emr:1',
    kinds: ['live'],
    messageOf: (record) =>
      lookedUp(
        control(record),
        async () => wish.look?.(record.position),
        () => {
          if (wish.bad?.(record.position)) throw new Error('it says nothing')
          return control(record)
        },
      ),
    link(events) {
      let line = 0
      return {
        connect() {
          peer.connections += 1
          env.after(1, () =>
            peer.up
              ? events.connected()
              : events.closed(statement('delivery.refused', { text: 'ECONNREFUSED' })),
          )
        },
        send(text) {
          const [n, own] = [got.length, line]
          got.push(text)
          const means = answer(n, text)
          if (means === null) return
          if (means === 'lost') {
            line += 1
            env.after(1, () => events.closed(statement('delivery.closed')))
            return
          }
          const reply = { control: text, means, code: means, text: '' }
          env.after(1, () => own === line && events.reply(reply))
        },
        close() {
          line += 1
          peer.closed += 1
          env.after(0, () => events.closed(statement('delivery.closed')))
        },
      }
    },
  }
  /** The bridge begins, or begins again: what was in memory is gone. */
  const begin = () => {
    feed = made.feed(true)
    const destination = new Destination({
      env,
      name: 'emr',
      since: wish.since,
      ...(wish.rules && { rules: wish.rules }),
      sender,
      records,
      store: {
        async load() {
          if (disk.unreadable) throw new Error('EIO: i/o error')
          return disk.text
        },
        async save(text) {
          if (disk.full) throw fullDisk
          disk.text = text
        },
      },
      notes: {
        parked: async (one) => told.parked.push(one) > 0,
        resent: async (one) => told.resent.push(one) > 0,
        disabled: async (one) => told.disabled.push(one) > 0,
        gap: async (one) => told.gaps.push(one) > 0,
        ...wish.notes,
      },
      log: (text) => void said.push(text),
    })
    destination.start()
    return destination
  }
  /** Lets virtual time pass, and what is real, such as unpacking, has its turn. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      await env.advance(Math.min(left, 250))
      await setImmediate()
    }
  }
  async function until(done: () => boolean, limitMs = 60_000): Promise<void> {
    for (let spent = 0; !done(); spent += 50) {
      if (spent > limitMs) throw new Error(`nothing came of it in ${limitMs} ms`)
      await env.advance(50)
      await setImmediate()
    }
  }
  /** So many messages are recorded now, at these positions. */
  async function read(n = 1): Promise<number[]> {
    const all = Array.from({ length: n }, () => made.log.append(LIVE))
    const receipts = await duringReal(env, Promise.all(all))
    made.wake$.next(null)
    return receipts.map((receipt) => receipt?.position as number)
  }
  /** The log begins with a record that is no message. */
  await duringReal(env, made.log.append(start))
  const ids = (positions: readonly number[]) =>
    positions.map((position) => control({ log: made.current, position }))
  const kept = () => JSON.parse(disk.text ?? 'null') as Saved
  const parts = { env, disk, got, told, said, peer, broken, begin, pass, until, read }
  return { ...parts, made, ids, kept }
}
