// The client of clinic software against the real surface: the same truth as the bridge's, through lost
// connections; ages by its own clock; nothing live when the server is silent; a cut log not believed.
import { createServer as createHttp } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ApiRecord, Reset } from '../../src/client/index.ts'
import {
  Client,
  type ClientOptions,
  type ClientStatus,
  type Clock,
  type Connection,
  HEARTBEAT_MS,
} from '../../src/client/index.ts'
import type { RecordOf } from '../../src/model/record.ts'
import type { Value } from '../../src/model/value.ts'
import {
  eventually,
  lost,
  refillOf,
  starter,
  visitOf,
  type World,
  withAudit,
} from '../http/world.ts'
import { liveOf } from '../model/live-record.ts'

const start = starter()
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const clients: Client[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

/** A clock that the test moves; timers stay real, so that connections work. */
class TestClock implements Clock {
  mono = 1_000
  wallMs = Date.UTC(2031, 4, 5)
  timers: { due: number; fn: () => void }[] = []
  monotonic = () => this.mono
  wall = () => this.wallMs
  after(ms: number, fn: () => void): () => void {
    const timer = { due: this.mono + ms, fn }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((one) => one !== timer)
    }
  }
  pass(ms: number, wall = ms): void {
    this.mono += ms
    this.wallMs += wall
    for (const timer of this.timers.filter(({ due }) => due <= this.mono)) {
      this.timers = this.timers.filter((one) => one !== timer)
      timer.fn()
    }
  }
}

function open(w: World, more: Partial<ClientOptions> = {}) {
  const client = new Client({ url: w.url, token: w.token, ...more })
  clients.push(client)
  const seen = {
    statuses: [] as ClientStatus[],
    records: [] as ApiRecord[],
    resets: [] as Reset[],
    connections: [] as Connection[],
  }
  client.status$.subscribe((one) => void seen.statuses.push(one))
  client.records$.subscribe((one) => void seen.records.push(one))
  client.resets$.subscribe((one) => void seen.resets.push(one))
  client.connection$.subscribe((one) => void seen.connections.push(one))
  return {
    client,
    ...seen,
    pump: () => client.status()?.pumps[0],
    live: () => eventually(() => client.status()?.pumps[0]?.quality === 'current'),
    state: () => seen.connections.at(-1)?.state,
  }
}

/** Something between client and server that breaks and holds connections. */
async function between(port: () => number) {
  const server = createServer()
  const sockets = new Set<Socket>()
  const state = { held: false, up: true }
  server.on('connection', (socket) => {
    if (!state.up) return void socket.destroy()
    const onward = connect(port(), '127.0.0.1')
    for (const one of [socket, onward]) sockets.add(one.on('error', () => {}))
    socket.pipe(onward)
    onward.on('data', (bytes) => void (state.held || socket.write(bytes)))
    onward.on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    state,
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(): void {
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    },
    stop(): void {
      this.cut()
      server.close()
    },
  }
}

const qualities = (status: ClientStatus | null) => {
  const found: Value[] = []
  JSON.stringify(status, (_, value) => {
    if (value && typeof value === 'object' && 'quality' in value && 'receivedAt' in value)
      found.push(value)
    return value
  })
  return [
    ...new Set(found.map(({ quality, reason }) => `${quality} ${reason ?? ''}`.trim())),
  ].sort()
}

describe('what is live', () => {
  it('is as the bridge says it, value by value', async () => {
    const w = await start()
    const one = open(w)
    await one.live()
    const status = one.client.status()
    expect(status?.pumps[0]).toMatchObject({ pump: w.pump.pump, source: 'simulator' })
    expect(qualities(status)).not.toContain('stale wand-lost')
    expect(qualities(status)).toContain('current')
    w.change(lost)
    await eventually(() => one.pump()?.quality === 'stale', 1_000)
    expect(one.pump()).toMatchObject({ quality: 'stale', reason: 'wand-lost' })
    expect(qualities(one.client.status()).filter((q) => q.startsWith('current'))).toEqual([])
    expect(qualities(one.client.status())).toContain('stale wand-lost')
    // And live again when the bridge says so.
    w.change((s) => ({ ...s, pumps: [w.pump] }))
    await one.live()
    expect(qualities(one.client.status())).toContain('current')
  })

  it('counts ages on from asOf by its own clock, whichever of its clocks went further', async () => {
    const w = await start()
    const clock = new TestClock()
    const one = open(w, { clock })
    await one.live()
    const age = one.pump()?.ageMs ?? 0
    expect(age).toBe(w.pump.ageMs)
    clock.pass(1_500)
    expect(one.pump()).toMatchObject({ ageMs: age + 1_500, quality: 'current' })
    clock.pass(0, 1_000)
    expect(one.pump()).toMatchObject({ ageMs: age + 2_500, quality: 'current' })
    // The computer slept: its monotonic clock stood still.
    clock.pass(0, 3_600_000)
    expect(one.pump()).toMatchObject({
      ageMs: age + 3_602_500,
      quality: 'stale',
      reason: 'server-silent',
    })
    // The clock was set back: nothing gets younger, and nothing is live.
    clock.pass(0, -7_200_000)
    expect(one.pump()?.ageMs).toBe(age + 1_500)
    expect(one.pump()?.quality).toBe('stale')
  })

  it('ends with the log, whatever else is said of the pump in the same moment', async () => {
    const w = await start()
    const one = open(w)
    await one.live()
    w.change(withAudit({ state: 'failed', sentence: 'The disk is full.' }))
    await eventually(() => one.pump()?.reason === 'audit-failed', 2_000)
    expect(qualities(one.client.status()).filter((q) => q.startsWith('current'))).toEqual([])
    w.change(withAudit({ state: 'ok' }))
    await eventually(() => one.pump()?.quality === 'current', 2_000)
  })

  it('ends when ticks stop, within the heartbeat, and comes back with the server', {
    timeout: 20_000,
  }, async () => {
    const w0 = await start()
    const line = await between(() => w.port)
    const w = await start({ hosts: [line.host] })
    void w0
    const clock = new TestClock()
    const one = open(w, { url: `http://${line.host}`, clock })
    await one.live()
    line.state.held = true
    clock.pass(HEARTBEAT_MS - 1)
    expect(one.pump()?.quality).toBe('current')
    clock.pass(1)
    expect(one.state()).toBe('silent')
    expect(one.statuses.at(-1)?.pumps[0]).toMatchObject({
      quality: 'stale',
      reason: 'server-silent',
    })
    expect(qualities(one.client.status()).filter((q) => q.startsWith('current'))).toEqual([])
    expect(one.client.status()?.wands[0]?.contact.fresh).toBe(false)
    line.state.held = false
    line.cut()
    await eventually(() => {
      clock.pass(10)
      return one.pump()?.quality === 'current'
    }, 5_000)
    line.stop()
  })

  it('ends at once when the connection breaks', async () => {
    const line = await between(() => w.port)
    const w = await start({ hosts: [line.host] })
    const one = open(w, { url: `http://${line.host}` })
    await one.live()
    line.state.up = false
    line.cut()
    await eventually(() => one.pump()?.reason === 'server-silent', 500)
    line.state.up = true
    await one.live()
    expect(one.connections.map(({ state }) => state)).toContain('silent')
    line.stop()
  })
})

describe('records', () => {
  it('come once each and in order, whatever happens to the connection', {
    timeout: LONG ? 600_000 : 60_000,
  }, async () => {
    const line = await between(() => w.port)
    const w = await start({ hosts: [line.host] })
    const one = open(w, { url: `http://${line.host}` })
    await one.live()
    const rounds = LONG ? 300 : 12
    for (let i = 0; i < rounds; i += 1) {
      for (let n = 0; n <= i % 4; n += 1) w.records.push(w.interrogation, n)
      await new Promise((resolve) => setTimeout(resolve, (i * 7) % 40))
      if (i % 3 === 2) line.cut()
    }
    await eventually(() => one.records.at(-1)?.position === w.records.size - 1, 10_000)
    expect(one.records).toEqual(w.records.all)
    expect(one.resets).toEqual([])
    line.stop()
  })

  it('bring the status with them: a pump read for the first time, and what moves', async () => {
    const w = await start()
    w.change((s) => ({ ...s, pumps: [] }))
    const one = open(w)
    await eventually(() => one.state() === 'live')
    expect(one.client.status()?.pumps).toEqual([])
    const soon = new Date(Date.parse(w.interrogation.at) + 5_000).toISOString()
    w.records.push(w.interrogation)
    await eventually(() => one.pump() !== undefined)
    // Recorded, and not live before the bridge says so.
    expect(one.pump()).toMatchObject({
      quality: 'stale',
      reason: 'recorded',
      readAt: w.interrogation.readAt,
    })
    expect(one.pump()?.pump).toEqual(w.pump.pump)
    w.change((s) => ({ ...s, pumps: [{ ...w.pump, readAt: w.interrogation.readAt }] }))
    await one.live()
    const value = { ...w.interrogation.reservoir.reportedVolume, value: 1.25, receivedAt: soon }
    w.records.push({ ...liveOf(w.interrogation, soon), reportedVolume: value })
    await eventually(() => one.pump()?.reservoir.reportedVolume.value === 1.25)
    expect(one.pump()).toMatchObject({ readAt: soon, quality: 'current' })
    expect(one.pump()?.reservoir.reportedVolume).toMatchObject({ quality: 'current', unit: 'mL' })
    expect(one.pump()?.reservoir.capacity).toEqual(w.pump.reservoir.capacity)
  })

  it('are live as the bridge has said it, also where it said so before they came', async () => {
    const w = await start()
    w.change((s) => ({ ...s, pumps: [] }))
    const one = open(w)
    await eventually(() => one.state() === 'live')
    const { readAt, session } = w.interrogation
    // Nothing else changes afterwards, so nothing else is said.
    w.change((s) => ({ ...s, pumps: [{ ...w.pump, readAt }] }))
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(one.pump()).toBeUndefined()
    w.records.push(w.interrogation)
    await eventually(() => one.pump()?.quality === 'current')

    // It was lost and is back by a short exchange, which is told before it comes, too.
    const soon = new Date(Date.parse(readAt) + 5_000).toISOString()
    const lost = { quality: 'stale', reason: 'implant-lost' } as const
    w.change((s) => ({ ...s, pumps: [{ ...w.pump, ...lost, readAt }] }))
    await eventually(() => one.pump()?.quality === 'stale')
    w.change((s) => ({ ...s, pumps: [{ ...w.pump, readAt: soon }] }))
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(one.pump()).toMatchObject({ quality: 'stale', readAt })
    w.records.push(liveOf(w.interrogation, soon))
    await eventually(() => one.pump()?.quality === 'current')
    expect(one.pump()).toMatchObject({ readAt: soon })

    // What was said of one reading makes no other one live.
    w.change((s) => ({ ...s, pumps: [{ ...w.pump, ...lost, readAt: soon }] }))
    await eventually(() => one.pump()?.quality === 'stale')
    const later = new Date(Date.parse(readAt) + 9_000).toISOString()
    const taken = one.records.length
    w.records.push({ ...w.interrogation, readAt: later, session: (session ?? 0) + 1 })
    await eventually(() => one.records.length > taken)
    expect(one.pump()?.quality).toBe('stale')
  })

  it('that are not kept any more end in a reset that says so', async () => {
    const line = await between(() => w.port)
    const w = await start({ hosts: [line.host] })
    for (let i = 0; i < 10; i += 1) w.records.push(w.interrogation)
    const one = open(w, { url: `http://${line.host}` })
    await one.live()
    line.state.up = false
    line.cut()
    for (let i = 0; i < 10; i += 1) w.records.push(w.interrogation)
    w.records.first = 15
    line.state.up = true
    await eventually(() => one.resets.length === 1, 5_000)
    expect(one.resets[0]).toMatchObject({ reason: 'too-old', oldest: 15 })
    await one.live()
    line.stop()
  })

  it('of a kind that is newer than the client are left aside', async () => {
    const w = await start()
    const one = open(w)
    await one.live()
    w.records.push({ ...w.interrogation, kind: 'from-the-future' } as unknown as ApiRecord)
    w.records.push({ ...w.interrogation, hue: 'blue' } as ApiRecord)
    await eventually(() => one.records.length === 1)
    expect(one.records[0]?.position).toBe(1)
    expect(one.state()).toBe('live')
  })
})

describe('a checkpoint', () => {
  const note = (size: number, root = 'cm9vdA==', origin = 'wandbridge/simulator-1-00000000') =>
    `${origin}\n${size}\n${root}\n\n— ${origin} c2lnbmF0dXJl\n`

  it.each([
    ['shrinks', 9, 'cm9vdA=='],
    ['forks', 10, 'b3RoZXI='],
  ])('that %s ends all belief', async (_, size, root) => {
    const w = await start()
    w.change(withAudit({ checkpoint: note(10) }))
    const one = open(w)
    const pins: number[] = []
    one.client.checkpoints$.subscribe((pin) => void pins.push(pin.size))
    await one.live()
    w.change((s) => ({ ...withAudit({ checkpoint: note(size, root), sentence: 'x' })(s) }))
    await eventually(() => one.state() === 'distrusted')
    expect(pins).toEqual([10])
    expect(one.pump()).toMatchObject({ quality: 'stale', reason: 'server-silent' })
    w.records.push(w.interrogation)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(one.records).toEqual([])
  })

  it('that was kept from earlier must be continued; another log is another log', async () => {
    const w = await start()
    w.change(withAudit({ checkpoint: note(10) }))
    const kept = open(w)
    let pin: Parameters<typeof open>[1] = {}
    kept.client.checkpoints$.subscribe((one) => {
      pin = { checkpoints: [one] }
    })
    await kept.live()
    w.change(withAudit({ checkpoint: note(9) }))
    const distrusts = open(w, pin)
    await eventually(() => distrusts.state() === 'distrusted')
    w.change(withAudit({ checkpoint: note(3, 'eA==', 'wandbridge/simulator-2-11111111') }))
    const trusts = open(w, pin)
    await trusts.live()
  })
})

describe('a bridge that refuses', () => {
  it('is not asked again, and the problem says what to do', async () => {
    const w = await start()
    const one = open(w, { token: 'wb_00000000_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' })
    await eventually(() => one.state() === 'refused')
    expect(one.connections.at(-1)).toMatchObject({
      problem: { type: 'urn:wandbridge:problem:token-unknown' },
    })
    await expect(one.client.api.pumps()).rejects.toMatchObject({ status: 401 })
    const kept = await w.tokens.create({ label: '', scopes: ['status'], lifeMs: null })
    const two = open(w, { token: kept.text })
    await two.live()
    await w.tokens.revoke(kept.token.id)
    await eventually(() => two.state() === 'refused', 1_500)
    expect(two.pump()?.quality).toBe('stale')
  })

  it('or says what is not of v1 is not believed', async () => {
    const server = createHttp((_, reply) => {
      reply.writeHead(200, { 'content-type': 'text/event-stream' })
      reply.write('event: snapshot\ndata: {"asOf":"now"}\n\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const one = open({ url: `http://127.0.0.1:${port}`, token: '' } as World)
    await eventually(() => one.state() === 'distrusted')
    expect(one.client.status()).toBeNull()
    server.closeAllConnections()
    server.close()
  })
})

it('asks every address of history', async () => {
  const w = await start()
  for (let i = 0; i < 5; i += 1) w.records.push(w.interrogation)
  const { api } = open(w).client
  const { id } = w.pump.pump
  expect((await api.pumps()).pumps[0]?.pump.id).toBe(id)
  expect((await api.wands()).wands).toHaveLength(1)
  expect((await api.pump(id)).pump.id).toBe(id)
  const first = await api.readings(id, { limit: 2 })
  const second = await api.readings(id, { limit: 10, after: first.next ?? '' })
  expect([...first.readings, ...second.readings].map(({ position }) => position)).toEqual([
    0, 1, 2, 3, 4,
  ])
  expect(second.next).toBeNull()
  const newest = await api.readings(id, { limit: 2, order: 'desc' })
  expect(newest.readings.map(({ position }) => position)).toEqual([4, 3])
  const all = []
  for await (const one of api.allReadings(id, { after: `${w.records.log}.1` })) {
    all.push(one.position)
  }
  expect(all).toEqual([2, 3, 4])
  const visits = w.records.all.map((one) => visitOf(one as RecordOf<'interrogation'>))
  w.knowledge.visits = () => ({ items: visits, next: null, since: 0 })
  w.knowledge.refills = () => ({ items: [refillOf(w.interrogation)], next: null })
  const { interrogations } = await api.interrogations(id)
  expect(interrogations).toHaveLength(5)
  const named = await api.interrogation(id, interrogations[3]?.id ?? '')
  expect(named.interrogation.position).toBe(3)
  expect((await api.refills(id)).refills).toHaveLength(1)
  const elsewhere = { after: 'simulator-2-00000000.1' }
  await expect(api.readings(id, elsewhere)).rejects.toMatchObject({ status: 410 })
  await expect(api.pump('x/../y')).rejects.toMatchObject({ status: 404 })
})
