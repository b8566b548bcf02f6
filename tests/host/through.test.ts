// A pass-through: whatever another program sends, in whatever pieces, only read requests reach the wand.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import type { Stopped } from '../../src/bridge/allowed.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { encodeRequest } from '../../src/drivers/open-wand/writer.ts'
import { Through } from '../../src/host/through.ts'
import type { PortEvents, PortFact, PortSource } from '../../src/transport/port.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'

function bench(framing = LINES, closing: Promise<void> = Promise.resolve()) {
  const env = new VirtualEnv()
  const written: string[] = []
  const ports: PortEvents[] = []
  const port: PortSource = {
    path: 'wand',
    create: () => {
      let own: PortEvents | null = null
      return {
        ...{ path: 'wand', framing },
        async open(events) {
          own = events
          ports.push(events)
        },
        write: (bytes) => void written.push(Buffer.from(bytes).toString('latin1')),
        async close() {
          own?.ended('closed', 'closed by the host')
          own = null
          await closing
        },
      }
    },
  }
  const facts: PortFact[] = []
  const stopped: Stopped[] = []
  const through = new Through({
    ...{ env, port },
    tap: (fact) => facts.push(fact),
    stopped: (what) => stopped.push(what),
  })
  const plugs: boolean[] = []
  through.onPlug((plugged) => plugs.push(plugged))
  return { env, written, ports, facts, stopped, through, plugs }
}

const good = fc
  .record({
    seq: fc.nat(0xffff),
    link: fc.nat(0xffffffff),
    session: fc.nat(0xffff),
    name: fc.constantFrom('PING' as const, 'OPEN' as const, 'LIVE' as const, 'CLOSE' as const),
  })
  .map(({ name, ...header }) => encodeLine(encodeRequest({ name, fields: {} }, header)))
const bad = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 600 }).map((b) => Buffer.from(b).toString('latin1')),
  good.map((line) => line.toLowerCase()),
  good.map((line) => `${line.slice(0, 4)}4${line.slice(5)}`),
  good.map((line) => ` ${line}`),
  // A reply, and a type where programming would be.
  good.map((line) => `:01${'40'}${line.slice(5)}`),
  good.map((line) => `${line.slice(0, 5)}01${line.slice(7)}`),
)

describe('a pass-through', () => {
  it('hands on read requests as they came, and nothing from the first other byte on', async () => {
    const some = fc.array(fc.oneof({ weight: 4, arbitrary: good }, bad), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(some, fc.integer({ min: 1, max: 90 }), async (all, piece) => {
        const { env, written, stopped, through } = bench()
        const held = through.hold({ data: () => {} })
        const text = all.join('')
        for (let at = 0; at < text.length; at += piece) {
          held.write(Buffer.from(text.slice(at, at + piece), 'latin1'))
          if (at % 3 === 0) await env.advance(1)
        }
        await env.advance(10)
        for (const one of written) {
          expect(openWand.sends.some(({ pattern }) => pattern.test(one))).toBe(true)
        }
        expect(text.startsWith(written.join(''))).toBe(true)
        const rest = text.slice(written.join('').length)
        if (stopped.length === 0) expect(rest).not.toMatch(/\n/)
        // A line that was stopped is never seen at the port, and neither is what comes behind it.
        held.write(Buffer.from(encodeLine(encodeRequest({ name: 'PING', fields: {} }, HEADER))))
        await env.advance(10)
        if (stopped.length > 0) expect(text.startsWith(written.join(''))).toBe(true)
      }),
      { numRuns: LONG ? 20_000 : 150 },
    )
  })

  it('takes its terminal away when the wand is gone, and brings it again', async () => {
    const { env, ports, through, plugs, facts } = bench()
    through.hold({ data: () => {} })
    await env.advance(1)
    ports[0]?.ended('unplugged', 'gone')
    expect(plugs).toEqual([false])
    await env.advance(1_500)
    expect(plugs).toEqual([false, true])
    expect(facts.map((fact) => fact.kind)).toEqual(['opening', 'opened', 'ended'])
  })

  it('opens no port for who has let go again before the one before it was closed', async () => {
    let closed = () => {}
    const closing = new Promise<void>((resolve) => {
      closed = resolve
    })
    const { env, ports, through, facts, plugs } = bench(LINES, closing)
    const first = through.hold({ data: () => {} })
    await env.advance(1)
    first.release()
    through.hold({ data: () => {} }).release()
    const third = through.hold({ data: () => {} })
    await env.advance(1)
    expect(ports).toHaveLength(1)
    closed()
    await env.advance(1)
    expect([ports.length, plugs]).toEqual([2, []])
    third.release()
    await through.stop()
    expect(facts.at(-1)?.kind).toBe('ended')
  })

  it('is none for a wand that takes reports', async () => {
    const { env, written, through, plugs } = bench(REPORTS)
    const held = through.hold({ data: () => {} })
    held.write(Buffer.from(encodeLine(encodeRequest({ name: 'PING', fields: {} }, HEADER))))
    await env.advance(10)
    expect([written, plugs]).toEqual([[], [false]])
  })
})

const HEADER = { seq: 1, link: 2, session: 3 }
