// The stream of events: what comes, in which order, with which id, and what it costs who does not read.
import { spawn } from 'node:child_process'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { EventSource } from 'eventsource'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ApiRecord, RecordOf } from '../../src/model/record.ts'
import { check } from './contract.ts'
import { eventually, lost, starter, type World, withAudit } from './world.ts'

const start = starter()
const LONG = process.env['WANDBRIDGE_LONG'] === '1'

interface Got {
  readonly id: string | null
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks into.
  readonly data: any
}

const SCHEMAS: Record<string, string> = {
  snapshot: 'SnapshotEvent',
  status: 'StatusEvent',
  reset: 'ResetEvent',
  tick: 'TickEvent',
  bye: 'ByeEvent',
}

/** The position in an id: LOG.POSITION. */
const positionOf = (id: string) => Number(id.split('.').at(-1))
const LOG = 'simulator-1-00000000'

/** A reader of the stream that takes nothing for granted; every event is held to its schema. */
function listen(w: World, query = '', headers: Record<string, string> = {}) {
  const got: Got[] = []
  /** Apart: where a test takes long they come in between. */
  const ticks: Got[] = []
  const abort = new AbortController()
  const state: { ended: boolean; status: number; wrong?: Error } = { ended: false, status: 0 }
  const done = (async () => {
    const reply = await fetch(`${w.url}/api/v1/events${query}`, {
      headers: { authorization: `Bearer ${w.token}`, ...headers },
      signal: abort.signal,
    })
    state.status = reply.status
    let text = ''
    for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) take(block)
    }
  })()
    .catch((error: Error) => {
      if (error.message.startsWith('not a ')) state.wrong = error
    })
    .finally(() => {
      state.ended = true
    })
  function take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]),
    )
    const data = fields.get('data')
    if (data === undefined) return
    const one = {
      id: fields.get('id') ?? null,
      event: fields.get('event') ?? '',
      data: JSON.parse(data),
    }
    check(SCHEMAS[one.event] ?? 'Record', one.data)
    ;(one.event === 'tick' ? ticks : got).push(one)
  }
  return {
    got,
    ticks,
    state,
    done,
    names: () => got.map(({ event }) => event),
    ids: () =>
      got.flatMap(({ id, event }) => (id === null || event === 'snapshot' ? [] : [positionOf(id)])),
    async have(n: number, ms = 2_000): Promise<void> {
      await eventually(() => {
        if (state.wrong) throw state.wrong
        return got.length >= n
      }, ms)
    },
    stop(): void {
      abort.abort()
    },
  }
}

const push = (w: World, n = 1, skip = 0) =>
  Array.from({ length: n }, () => w.records.push(w.interrogation, skip).position)

/** A small one. */
function linkRecord(w: World): RecordOf<'link'> {
  const { id, position, log, at, source, wand, port, session, snapshot, deviceTime } =
    w.interrogation
  const head = { id, position, log, at, source, wand, port, session, snapshot, deviceTime }
  return {
    ...head,
    pump: null,
    patient: null,
    owner: null,
    kind: 'link',
    phase: 'idle',
    cause: 'x',
    why: null,
    detail: '',
    connected: false,
  }
}

describe('a client that is new', () => {
  it('gets a snapshot at the head, then every record once it is durable, with its position', async () => {
    const w = await start()
    push(w, 3)
    const client = listen(w)
    await client.have(1)
    expect(client.got[0]).toMatchObject({
      id: `${LOG}.2`,
      event: 'snapshot',
      data: { position: 2, log: 'simulator-1-00000000', pumps: [{ quality: 'current' }] },
    })
    push(w, 2)
    push(w, 1, 4)
    await client.have(4)
    expect(client.got.slice(1).map(({ id, event }) => [id, event])).toEqual([
      [`${LOG}.3`, 'interrogation'],
      [`${LOG}.4`, 'interrogation'],
      [`${LOG}.9`, 'interrogation'],
    ])
    expect(client.got[1]?.data).toEqual(w.records.all[3])
    client.stop()
  })

  it('may come before there is a log, or before its first record', async () => {
    const w = await start({ log: '' })
    const early = listen(w)
    await early.have(1)
    expect(early.got[0]).toMatchObject({
      id: null,
      event: 'snapshot',
      data: { position: null, log: null },
    })
    w.records.log = 'simulator-1-00000000'
    const second = listen(w)
    await second.have(1)
    expect(second.got[0]).toMatchObject({ id: `${LOG}.-1`, data: { position: null } })
    push(w, 3)
    await early.have(4)
    await second.have(4)
    expect([early.ids(), second.ids()]).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
    early.stop()
    second.stop()
  })

  it('that came before there was a log is told how it stands once there is one with records', async () => {
    const w = await start({ log: '' })
    const early = listen(w)
    await early.have(1)
    w.records.log = LOG
    push(w, 3)
    await early.have(2)
    push(w)
    await early.have(3)
    expect(early.got.map(({ id, event }) => [id, event])).toEqual([
      [null, 'snapshot'],
      [`${LOG}.2`, 'snapshot'],
      [`${LOG}.3`, 'interrogation'],
    ])
    early.stop()
  })

  it('gets only the kinds and the pump it may have or asked for', async () => {
    const w = await start()
    const link = linkRecord(w)
    const { kind: _, phase, cause, detail, connected, ...head } = link
    const sheet: ApiRecord = { ...head, kind: 'worksheet', sheet: 's', step: 'drain', entries: {} }
    const kinds = listen(w, '?kinds=link,alarm')
    const pump = listen(w, `?pump=${w.pump.pump.id}`)
    const other = listen(w, '?pump=0000000000000000')
    const status = listen(w, '', {
      authorization: `Bearer ${w.tokenFor(['status', 'history']).text}`,
    })
    const all = [kinds, pump, other, status]
    await Promise.all(all.map((one) => one.have(1)))
    for (const record of [link, w.interrogation, sheet]) w.records.push(record)
    await kinds.have(2)
    await pump.have(2)
    await status.have(3)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(kinds.names()).toEqual(['snapshot', 'link'])
    expect(pump.names()).toEqual(['snapshot', 'interrogation'])
    expect(other.names()).toEqual(['snapshot'])
    expect(other.got[0]?.data.pumps).toEqual([])
    // What people wrote down takes the scope of the audit log.
    expect(status.names()).toEqual(['snapshot', 'link', 'interrogation'])
    for (const one of all) one.stop()
    for (const query of ['?kinds=nonsense', '?source=x', '?token=1', `?pump=${'x'.repeat(70)}`]) {
      expect((await w.get(`/api/v1/events${query}`)).status).toBe(400)
    }
  })
})

describe('what is live', () => {
  it('comes at once, without an id, and waits for no disk', async () => {
    const w = await start()
    const client = listen(w)
    await client.have(1)
    // From here on nothing can be recorded.
    w.state.recorded = () => new Promise(() => {})
    const began = performance.now()
    w.change(lost)
    await client.have(2)
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(client.got[1]).toMatchObject({
      id: null,
      event: 'status',
      data: { pumps: [{ quality: 'stale', reason: 'wand-lost' }] },
    })
    w.change(withAudit({ state: 'failed', sentence: 'The disk is full.' }))
    await client.have(3)
    expect(client.got[2]?.data.audit).toMatchObject({ state: 'failed' })
    // What nobody calls urgent is seen within the next look.
    w.change((s) => ({ ...s, wands: s.wands.map((one) => ({ ...one, battery: 7 })) }), false)
    await client.have(4, 1_000)
    expect(client.got[3]?.data.wands[0].battery).toBe(7)
    // Nothing but time has passed: nothing is said.
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(client.got).toHaveLength(4)
    client.stop()
  })

  it('is told every five seconds to be known of, with the time and the checkpoint', {
    timeout: 15_000,
  }, async () => {
    const w = await start()
    w.change(withAudit({ checkpoint: 'note' }))
    const client = listen(w)
    await eventually(() => client.ticks.length > 0, 10_000)
    expect(client.ticks[0]).toMatchObject({ id: null, data: { audit: { checkpoint: 'note' } } })
    client.stop()
  })
})

describe('a client that was here before', () => {
  it('gets every record after its last one, then live, by header or by ?after=', async () => {
    const w = await start()
    push(w, 10, 1)
    const id = w.records.all[4]?.position ?? 0
    const header = listen(w, `?after=${LOG}.3`, { 'last-event-id': `${LOG}.${id}` })
    const query = listen(w, `?after=${LOG}.${id}`)
    for (const client of [header, query]) {
      await client.have(6)
      push(w)
      await eventually(() => client.ids().at(-1) === w.records.all.at(-1)?.position)
      expect(client.names()[0]).toBe('status')
      expect(client.names()).not.toContain('snapshot')
      expect(client.ids()).toEqual(
        w.records.all.map(({ position }) => position).filter((position) => position > id),
      )
      client.stop()
    }
    const upToDate = listen(w, '', { 'last-event-id': `${LOG}.${w.records.size - 1}` })
    await upToDate.have(1)
    expect(upToDate.names()).toEqual(['status'])
    upToDate.stop()
  })

  it.each([
    ['ahead', `${LOG}.99`],
    ['unknown', 'x'],
    ['unknown', '5'],
    ['unknown', `${LOG}.1e1`],
    ['unknown', `${LOG}.-2`],
    ['unknown', 'simulator-2-00000000.5'],
    ['too-old', `${LOG}.2`],
  ])('is told when that cannot be: %s (%s)', async (reason, id) => {
    const w = await start()
    push(w, 10)
    w.records.first = 5
    const client = listen(w, '', { 'last-event-id': id })
    await client.have(2)
    expect(client.names()).toEqual(['reset', 'snapshot'])
    expect(client.got[0]).toMatchObject({ id: null, data: { reason, newest: 9 } })
    expect(client.got[1]?.id).toBe(`${LOG}.9`)
    push(w)
    await client.have(3)
    expect(client.ids()).toEqual([10])
    client.stop()
  })

  it('waits for the log to be opened, instead of losing its place', {
    timeout: 20_000,
  }, async () => {
    const w = await start({ log: '' })
    // They are in a log that is not open yet.
    w.records.log = LOG
    push(w, 5)
    w.records.log = ''
    const client = listen(w, '', { 'last-event-id': `${LOG}.1` })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(client.got).toEqual([])
    // That the server is there makes nothing live of what it had: the first it hears is what is.
    await eventually(() => client.got.length + client.ticks.length > 0, 10_000)
    expect([client.names(), client.ticks]).toEqual([['status'], []])
    w.records.log = LOG
    await client.have(5)
    expect(client.ids()).toEqual([2, 3, 4])
    client.stop()
  })

  it('is told when another log is begun while it listens', async () => {
    const w = await start()
    push(w, 5)
    const client = listen(w)
    await client.have(1)
    w.records.all = []
    w.records.size = 0
    w.records.log = 'simulator-2-11111111'
    push(w, 2)
    await client.have(5)
    expect(client.names().slice(0, 3)).toEqual(['snapshot', 'reset', 'snapshot'])
    expect(client.got[2]?.data).toMatchObject({ log: 'simulator-2-11111111', position: null })
    push(w)
    await client.have(6)
    expect(client.ids()).toEqual([0, 1, 2])
    client.stop()
  })

  const rounds = LONG ? 1_000 : 60
  it(`loses nothing and gets nothing twice over ${rounds} disconnections at random`, {
    timeout: LONG ? 600_000 : 60_000,
  }, async () => {
    const w = await start()
    push(w, 20)
    const seen: number[] = []
    let asked = ''
    let producing = true
    const produce = (async () => {
      while (producing) {
        push(w, 1 + (seen.length % 3), seen.length % 2)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    })()
    const random = fc.sample(fc.nat(30), { numRuns: rounds, seed: 1 })
    const began: number[] = []
    for (const wait of random) {
      const client = listen(w, '', asked === '' ? {} : { 'last-event-id': asked })
      await client.have(1)
      await new Promise((resolve) => setTimeout(resolve, wait))
      client.stop()
      await client.done
      if (began.length === 0) began.push(positionOf(client.got[0]?.id ?? ''))
      expect(client.names()).not.toContain('reset')
      seen.push(...client.ids())
      asked = client.got.filter(({ id }) => id !== null).at(-1)?.id ?? asked
    }
    producing = false
    await produce
    const wanted = w.records.all.map(({ position }) => position)
    expect(seen).toEqual(
      wanted.filter((position) => position > (began[0] ?? 0) && position <= positionOf(asked)),
    )
    expect(seen.length).toBeGreaterThan(rounds)
  })

  it('that was away for longer than the memory reaches is brought up from the disk', {
    timeout: 60_000,
  }, async () => {
    const w = await start()
    const small = (n: number) => {
      for (let i = 0; i < n; i += 1) w.records.push(linkRecord(w))
    }
    small(6_000)
    const client = listen(w, '?kinds=link', { 'last-event-id': `${LOG}.10` })
    await client.have(2)
    small(50)
    await eventually(() => client.ids().at(-1) === 6_049, 30_000)
    expect(client.ids()).toEqual(Array.from({ length: 6_039 }, (_, i) => i + 11))
    const { reads } = w.records
    expect(reads).toBeGreaterThanOrEqual(1)
    // Whoever has caught up, or is new, has nothing read for it.
    const fresh = listen(w)
    await fresh.have(1)
    small(10)
    await eventually(() => [client, fresh].every((one) => one.ids().at(-1) === 6_059))
    expect(w.records.reads).toBe(reads)
    fresh.stop()
    client.stop()
  })
})

describe('the end', () => {
  it('is said, with the reason, when the token is revoked or expires: within a second', async () => {
    const w = await start()
    const kept = await w.tokens.create({ label: '', scopes: ['status'], lifeMs: null })
    const short = w.tokens.lend({ label: '', scopes: ['status'], lifeMs: 400 })
    const one = listen(w, '', { authorization: `Bearer ${kept.text}` })
    const two = listen(w, '', { authorization: `Bearer ${short.text}` })
    const stays = listen(w)
    await Promise.all([one, two, stays].map((client) => client.have(1)))
    await w.tokens.revoke(kept.token.id)
    await eventually(() => one.state.ended, 1_000)
    await eventually(() => two.state.ended, 1_500)
    expect(one.got.at(-1)).toMatchObject({ event: 'bye', data: { reason: 'revoked' } })
    expect(two.got.at(-1)).toMatchObject({ event: 'bye', data: { reason: 'expired' } })
    expect(stays.state.ended).toBe(false)
    stays.stop()
  })

  it('is said when the bridge ends', async () => {
    const w = await start()
    const client = listen(w)
    await client.have(1)
    await w.server.close()
    await eventually(() => client.state.ended)
    expect(client.got.at(-1)).toMatchObject({
      id: null,
      event: 'bye',
      data: { reason: 'shutdown' },
    })
  })

  it('comes for a client that does not read, and costs the others nothing', {
    timeout: 60_000,
  }, async () => {
    const w = await start({ limits: { clientBytes: 200_000 } })
    const good = listen(w)
    await good.have(1)
    const stuck = connect(w.port, '127.0.0.1', () =>
      stuck.write(
        `GET /api/v1/events HTTP/1.1\r\nHost: ${w.host}\r\nAuthorization: Bearer ${w.token}\r\n\r\n`,
      ),
    )
    stuck.pause()
    let closed = false
    stuck.on('close', () => {
      closed = true
    })
    stuck.on('error', () => {})
    await new Promise((resolve) => setTimeout(resolve, 200))
    const metrics = async () =>
      (await (await w.get('/metrics')).text()).match(/reason="slow"\} (\d+)/)?.[1]
    for (let i = 0; i < 200 && (await metrics()) === undefined; i += 1) {
      push(w, 20)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(await metrics()).toBe('1')
    // Much later than it was sent away it reads again, and learns why.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    let read = ''
    stuck.setEncoding('utf8').on('data', (text: string) => {
      read += text
    })
    stuck.resume()
    await eventually(() => closed, 3_000)
    const [last = ''] = read.trim().split('\n\n').slice(-1)
    expect(last).toContain('event: bye')
    expect(last).toContain('"reason":"slow"')
    // What waited for it was not kept: it comes again and goes on where it was.
    const records = read.match(/^event: interrogation$/gm)?.length ?? 0
    expect(records).toBeGreaterThan(0)
    expect(records).toBeLessThan(w.records.size)
    await eventually(() => good.ids().at(-1) === w.records.size - 1)
    expect(good.state.ended).toBe(false)
    expect(good.ids()).toEqual(w.records.all.map(({ position }) => position))
    good.stop()
  })

  it('comes to no more streams than there is room for', async () => {
    const w = await start({ limits: { streams: 3, streamsPerToken: 2 } })
    const first = [listen(w), listen(w)]
    await Promise.all(first.map((client) => client.have(1)))
    expect((await w.get('/api/v1/events')).status).toBe(429)
    const auth = { authorization: `Bearer ${w.tokenFor().text}` }
    const other = listen(w, '', auth)
    await other.have(1)
    expect((await w.get('/api/v1/events', auth)).status).toBe(429)
    first[0]?.stop()
    await first[0]?.done
    const again = listen(w)
    await again.have(1)
    for (const client of [...first, other, again]) client.stop()
  })
})

describe('real clients', () => {
  it('EventSource of the eventsource package: names, ids, and its own reconnecting', async () => {
    // Something between that breaks connections.
    const between = createServer()
    const open = new Set<Socket>()
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
    const host = `127.0.0.1:${(between.address() as AddressInfo).port}`
    const w = await start({ hosts: [host] })
    between.on('connection', (socket) => {
      const onward = connect(w.port, '127.0.0.1')
      open.add(socket.on('error', () => onward.destroy()))
      socket.pipe(onward.on('error', () => socket.destroy())).pipe(socket)
    })
    const cut = () => {
      for (const socket of open) socket.destroy()
    }
    const got: [string, string][] = []
    const source = new EventSource(`http://${host}/api/v1/events`, {
      fetch: (url, init) => {
        const headers = { ...init.headers, authorization: `Bearer ${w.token}` }
        return fetch(url, { ...init, headers } as RequestInit)
      },
    })
    for (const name of ['snapshot', 'interrogation', 'status', 'reset', 'bye']) {
      source.addEventListener(name, ({ lastEventId }) => void got.push([name, lastEventId]))
    }
    await eventually(() => got.length === 1)
    push(w, 2)
    await eventually(() => got.length === 3)
    cut()
    push(w, 2)
    await eventually(() => got.length === 6, 5_000)
    expect(got.map(([name]) => name)[3]).toBe('status')
    expect(got.filter(([name]) => name === 'interrogation')).toEqual([
      ['interrogation', `${LOG}.0`],
      ['interrogation', `${LOG}.1`],
      ['interrogation', `${LOG}.2`],
      ['interrogation', `${LOG}.3`],
    ])
    source.close()
    cut()
    between.close()
  })

  it('curl -N', async ({ skip }) => {
    const w = await start()
    const args = ['-sN', '-H', `Authorization: Bearer ${w.token}`, `${w.url}/api/v1/events`]
    const curl = spawn('curl', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    let text = ''
    const failed = new Promise<boolean>((resolve) => {
      curl.on('error', () => resolve(true))
      curl.on('spawn', () => resolve(false))
    })
    skip((await failed) && process.env['CI'] !== 'true', 'curl is not installed')
    curl.stdout.on('data', (more) => {
      text += more
    })
    await eventually(() => text.includes('event: snapshot'))
    push(w, 2)
    await eventually(() => text.includes('.1\nevent: interrogation\ndata: {'))
    curl.kill()
  })
})
