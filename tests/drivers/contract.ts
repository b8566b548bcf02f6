// The contract of src/drivers/driver.ts as tests that any driver runs: `contract(kind, bench)` in a file of its own.
// The driver runs in a bridge, on a port that keeps what it sends and that can fall silent, damage what it carries,
// or be absent. Virtual time: a driver that takes its clock from anywhere but its `env` does not pass.
import { describe, expect, it } from 'vitest'
import { VirtualEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import type { DriverKind } from '../../src/drivers/driver.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import type { Policy } from '../../src/model/policy.ts'
import { isUnread, type SnapshotValues } from '../../src/model/reading.ts'
import { PortError, type PortSource, type WandPort } from '../../src/transport/port.ts'

/** A wand of the kind, simulated, over a pump and well placed. */
export interface WandBench {
  readonly port: PortSource
  /** Off the patient, and back. */
  lift(): Promise<void> | void
  place(): Promise<void> | void
  stop(): Promise<void> | void
}

interface Line {
  silent: boolean
  damaged: boolean
  absent: boolean
  open: number
  readonly sent: string[]
}

/** The port of the bench, with what can become of it. */
function steered(source: PortSource, line: Line): PortSource {
  return {
    ...source,
    create(): WandPort {
      const port = source.create()
      let open = false
      return {
        path: port.path,
        framing: port.framing,
        async open(events) {
          if (line.absent) throw new PortError('absent', `${port.path} is not there.`)
          await port.open({
            data(bytes) {
              if (line.silent) return
              events.data(line.damaged ? bytes.map((byte) => byte ^ 0x10) : bytes)
            },
            ended(how, why) {
              if (open) line.open -= 1
              open = false
              events.ended(how, why)
            },
          })
          open = true
          line.open += 1
        },
        write(bytes) {
          line.sent.push(Buffer.from(bytes).toString('latin1'))
          port.write(bytes)
        },
        close: () => port.close(),
      }
    },
  }
}

export function contract(kind: DriverKind, make: (env: VirtualEnv) => Promise<WandBench>): void {
  async function world(policy: Policy, before: (line: Line) => void = () => {}) {
    const env = new VirtualEnv({ seed: 3 })
    const bench = await make(env)
    const line: Line = { silent: false, damaged: false, absent: false, open: 0, sent: [] }
    before(line)
    const events: BridgeEvent[] = []
    const ports = [steered(bench.port, line)]
    const bridge = new Bridge({ env, driver: kind, source: 'simulator', ports, policy })
    bridge.events$.subscribe((event) => void events.push(event))
    bridge.start()
    const of = <K extends BridgeEvent['kind']>(what: K) =>
      events.filter((event): event is Extract<BridgeEvent, { kind: K }> => event.kind === what)
    const until = async (done: () => boolean, ms = 60_000) => {
      expect(await env.until(done, ms), JSON.stringify(events.at(-1))).toBe(true)
    }
    return {
      ...{ env, bench, bridge, line, events, of, until },
      connected: () => of('link').at(-1)?.connected === true && of('wand').length > 0,
      async stop() {
        let stopped = false
        const began = env.monotonic()
        const stopping = bridge.stop().then(() => {
          stopped = true
        })
        await env.until(() => stopped, 10_000)
        await stopping
        const took = env.monotonic() - began
        await bench.stop()
        return took
      },
    }
  }

  describe(`the contract of drivers: ${kind.name}`, () => {
    it('says who its wand is, on its own port or on a part of it', async () => {
      const w = await world('manual')
      await w.until(() => w.connected())
      const { path } = w.bench.port
      for (const { port } of w.events)
        expect(port === path || port.startsWith(`${path}#`)).toBe(true)
      const wands = new Set(w.of('wand').map(({ wand }) => wand))
      for (const wand of wands) expect(wand).toMatch(/^[A-Z0-9-]{1,16}$/)
      if (!kind.can.severalOnPort) expect(new Set(w.events.map(({ port }) => port)).size).toBe(1)
      await w.stop()
    })

    it('reads when it is asked, and not before', async () => {
      const w = await world('manual')
      await w.until(() => w.connected())
      await w.env.advance(10_000)
      expect(w.of('reading')).toEqual([])
      const port = w.of('wand').at(-1)?.port ?? ''
      expect(w.bridge.interrogate(port)).toBe(true)
      await w.until(() => w.of('reading').length > 0)
      await w.env.advance(20_000)
      expect(w.of('reading').map((event) => event.port)).toEqual([port])
      await w.stop()
    })

    it('tells what its checklist says, and of nothing else that it knows it', async () => {
      const w = await world('on-placement')
      await w.until(() => w.of('reading').length > 0)
      const { values } = w.of('reading')[0] as { values: SnapshotValues }
      const read = Object.entries(values).filter(([, block]) => !isUnread(block))
      expect(read.map(([name]) => name).sort()).toEqual([...kind.can.blocks].sort())
      await w.stop()
    })

    it('gives evidence from which its decoder makes the same values again', async () => {
      const w = await world('continuous')
      await w.until(() => w.of('reading').length > 0 && (!kind.can.live || w.of('live').length > 1))
      for (const event of [...w.of('reading'), ...w.of('live')]) {
        const { decoder, pdus, body } = event.evidence
        expect(decoder).toBe(kind.decoder.name)
        const what = event.kind === 'reading' ? 'interrogation' : 'live'
        expect(kind.decoder.decode(what, pdus)).toMatchObject({
          said: body,
          pump: event.pump.serial,
        })
        if (event.kind !== 'reading') continue
        const at = { deviceTime: event.clock.deviceTime, receivedAt: event.receivedAt }
        expect(kind.decoder.reading(JSON.parse(JSON.stringify(body)), at)).toEqual(event.values)
      }
      expect(kind.decoder.decode('interrogation', [Uint8Array.of(1, 2, 3)])).toBeTypeOf('string')
      await w.stop()
    })

    it('claims no more of the time than it knows', async () => {
      const w = await world('continuous')
      await w.until(() => w.of('reading').length > 0)
      await w.env.advance(5_000)
      const orders = w.events.map(({ order }) => order)
      expect(orders).toEqual([...orders].sort((a, b) => a - b))
      for (const event of [...w.of('reading'), ...w.of('live')]) {
        expect(event.answeredAt).toBeLessThanOrEqual(event.mono)
        expect(event.liveForMs).toBeLessThanOrEqual(5_000)
      }
      for (const event of w.of('reading'))
        expect(event.saidAt).toBeLessThanOrEqual(event.answeredAt)
      await w.stop()
    })

    it(
      kind.can.session ? 'closes its session, confirmed' : 'has no session, and says of none',
      async () => {
        const w = await world('on-placement')
        await w.until(() => w.of('reading').length > 0)
        await w.env.advance(10_000)
        await w.stop()
        const ended = w.of('session-end').map(({ how }) => how)
        expect(ended).toEqual(kind.can.session ? ['confirmed'] : [])
        expect(w.of('session-open').length).toBe(ended.length)
        if (!kind.can.session) for (const { session } of w.events) expect(session).toBeNull()
      },
    )

    it('says that contact is lost when the wand is lifted, and that nothing is live then', async () => {
      const w = await world('continuous')
      await w.until(() => w.bridge.status().pumps.some(({ quality }) => quality === 'current'))
      await w.bench.lift()
      const live = () => w.bridge.status().pumps.some(({ quality }) => quality === 'current')
      await w.until(() => !live(), 5_000)
      await w.until(() => w.of('contact').at(-1)?.fresh === false, 5_000)
      await w.env.advance(8_000)
      await w.bench.place()
      await w.until(live)
      await w.stop()
    })

    it('gives a silent wand up within its longest silence, and finds it again', async () => {
      const w = await world('continuous')
      await w.until(() => w.of('reading').length > 0)
      w.line.silent = true
      await w.until(() => w.of('link').at(-1)?.connected === false, kind.quietMs + 2_000)
      expect(w.bridge.status().pumps.some(({ quality }) => quality === 'current')).toBe(false)
      w.line.silent = false
      await w.until(() => w.connected(), 30_000)
      await w.stop()
    })

    it('counts every byte, and uses nothing that is damaged', async () => {
      const w = await world('on-placement')
      await w.until(() => w.connected())
      const before = w.of('reading').length
      w.line.damaged = true
      await w.env.advance(8_000)
      expect(w.of('reading').length).toBe(before)
      const [counters] = Object.values(w.bridge.counters())
      const discarded = Object.values(counters?.discarded ?? {})
      const refused = discarded.reduce((sum, { bytes }) => sum + bytes, 0)
      const { accepted, held, bytesIn } = counters ?? {
        accepted: { bytes: 0 },
        held: 0,
        bytesIn: 0,
      }
      expect(refused).toBeGreaterThan(0)
      expect(accepted.bytes + refused + held).toBe(bytesIn)
      await w.stop()
    })

    it('waits for a port that is not there', async () => {
      const w = await world('on-placement', (line) => {
        line.absent = true
      })
      await w.env.advance(5_000)
      expect(w.of('link').at(-1)).toMatchObject({ connected: false })
      w.line.absent = false
      await w.until(() => w.of('reading').length > 0)
      await w.stop()
    })

    it('sends what is on its list, one frame a write, and nothing else', async () => {
      const w = await world('continuous')
      await w.until(() => w.of('reading').length > 0)
      await w.env.advance(5_000)
      await w.bench.lift()
      await w.env.advance(3_000)
      await w.stop()
      expect(w.line.sent.length).toBeGreaterThan(3)
      for (const frame of w.line.sent)
        expect(
          kind.sends.some(({ pattern }) => pattern.test(frame)),
          frame,
        ).toBe(true)
      expect(w.of('link').filter(({ cause }) => cause === 'not-allowed')).toEqual([])
    })

    it('stops within three seconds, at any moment, and leaves nothing behind', async () => {
      for (const ms of [0, 10, 300, 2_500, 4_000, 9_000]) {
        const w = await world('continuous')
        await w.env.advance(ms)
        expect(await w.stop()).toBeLessThanOrEqual(4_000)
        const [events, sent] = [w.events.length, w.line.sent.length]
        await w.env.advance(20_000)
        expect([w.events.length, w.line.sent.length, w.line.open]).toEqual([events, sent, 0])
      }
    })
  })
}
