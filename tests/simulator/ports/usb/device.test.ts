// The wand as a USB device, in virtual time: endpoint 0 by the book, two paths to one wand, faults
// that do what they say, and nothing that ends twice or is lost untold.
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Code, decodePdu, encodePdu, MAJOR, type Pdu } from '../../../../protocol/codec/pdu.ts'
import { emit, parse } from '../../../../protocol/codec/struct.ts'
import type { Struct } from '../../../../protocol/fields/field.ts'
import { REPORT_DESCRIPTOR } from '../../../../protocol/framing/hid-report.ts'
import { decodeLine, encodeLine } from '../../../../protocol/framing/serial-line.ts'
import { MESSAGES, type MessageName } from '../../../../protocol/messages/index.ts'
import type { Cable } from '../../../../simulator/cable/cable.ts'
import {
  CONFIGURATION_DESCRIPTOR,
  DEVICE_DESCRIPTOR,
} from '../../../../simulator/ports/usb/descriptors.ts'
import { Bench, Opener } from './bench.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'
const STALL = -32

let bench: Bench
afterEach(() => bench?.stop())

function request(name: MessageName, seq: number, link: number, session = 0): Uint8Array {
  const fields = name === 'HELLO' ? { minor: 0 } : {}
  return encodePdu({
    ...{ major: MAJOR, type: MESSAGES[name].type, flags: 0, code: 0, seq, link, session },
    payload: emit(MESSAGES[name].request as Struct, fields as never),
  })
}

describe('endpoint 0', () => {
  it('answers what the books ask for', async () => {
    bench = await Bench.start()
    expect(bench.control([0x80, 6, 0x0100, 0, 18])).toEqual(DEVICE_DESCRIPTOR)
    expect(bench.control([0x80, 6, 0x0200, 0, 9])).toEqual(CONFIGURATION_DESCRIPTOR.subarray(0, 9))
    expect(bench.control([0x80, 6, 0x0200, 0, 4096])).toEqual(CONFIGURATION_DESCRIPTOR)
    expect(bench.control([0x80, 6, 0x0303, 0x0409, 255])).toHaveLength(2 + 2 * 9)
    expect(bench.control([0x81, 6, 0x2200, 2, 4096])).toEqual(REPORT_DESCRIPTOR)
    expect(bench.control([0x80, 8, 0, 0, 1])).toEqual(Uint8Array.of(0))
    expect(bench.control([0x00, 9, 1, 0, 0])).toHaveLength(0)
    expect(bench.control([0x80, 8, 0, 0, 1])).toEqual(Uint8Array.of(1))
    expect(bench.control([0x80, 0, 0, 0, 2])).toEqual(Uint8Array.of(0, 0))
    expect(bench.control([0x81, 10, 0, 1, 1])).toEqual(Uint8Array.of(0))
    expect(bench.control([0x01, 11, 0, 1, 0])).toHaveLength(0)
    const coding = Uint8Array.of(0x80, 0x25, 0, 0, 0, 0, 8)
    expect(bench.control([0x21, 0x20, 0, 0, 7], coding)).toHaveLength(0)
    expect(bench.control([0xa1, 0x21, 0, 0, 7])).toEqual(coding)
    expect(bench.control([0x21, 0x22, 3, 0, 0])).toHaveLength(0)
    expect(bench.control([0x21, 0x0a, 0, 2, 0])).toHaveLength(0)
  })

  it.each([
    ['a device qualifier: it is a full-speed device', [0x80, 6, 0x0600, 0, 10]],
    ['a second configuration descriptor', [0x80, 6, 0x0201, 0, 255]],
    ['a string that is not there', [0x80, 6, 0x0304, 0x0409, 255]],
    ['a report descriptor of the serial interface', [0x81, 6, 0x2200, 0, 64]],
    ['another configuration', [0x00, 9, 2, 0, 0]],
    ['another setting of an interface', [0x01, 11, 1, 1, 0]],
    ['the status of an interface that is not there', [0x81, 0, 0, 3, 2]],
    ['the status of an endpoint that is not there', [0x82, 0, 0, 0x04, 2]],
    ['waking up the host', [0x00, 3, 1, 0, 0]],
    ['a descriptor to be set', [0x00, 7, 0x0100, 0, 18]],
    ['a feature report', [0xa1, 1, 0x0300, 2, 64]],
    ['a report to be set', [0x21, 9, 0x0200, 2, 64]],
    ['a line coding of another length', [0x21, 0x20, 0, 0, 3]],
    ['a vendor request', [0xc0, 1, 0, 0, 64]],
  ] as const)('stalls %s', async (_, setup) => {
    bench = await Bench.configured()
    expect(bench.control(setup)).toBeNull()
  })

  it('survives any request, and never says more than it was asked for', async () => {
    bench = await Bench.start()
    const byte = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(
        fc.array(byte, { minLength: 8, maxLength: 8 }),
        fc.uint8Array({ maxLength: 80 }),
        (setup, data) => {
          const bytes = Uint8Array.from(setup)
          const answer = bench.device.control(bytes, data)
          const length = (setup[6] as number) | ((setup[7] as number) << 8)
          if (answer && ((setup[0] as number) & 0x80) !== 0) {
            expect(answer.length).toBeLessThanOrEqual(length)
          }
        },
      ),
      { numRuns: LONG ? 100_000 : 2000 },
    )
  })

  it('stalls everything but endpoint 0 before it is configured', async () => {
    bench = await Bench.start()
    for (const [direction, endpoint] of [
      ['in', 1],
      ['in', 2],
      ['out', 2],
      ['in', 3],
      ['out', 3],
    ] as const) {
      expect(bench.submit(direction, endpoint, 64).ends).toMatchObject([{ status: STALL }])
    }
  })
})

describe('two paths to one wand', () => {
  async function answered(opener: Opener, pdu: Uint8Array): Promise<Pdu> {
    const before = opener.replies.length
    opener.send(pdu)
    await bench.env.until(() => opener.replies.length > before, 400, 1)
    return opener.replies[before] as Pdu
  }

  it.each([
    ['report', 'line'],
    ['line', 'report'],
  ] as const)(
    'a session over %s is not disturbed by HELLO over %s, and OPEN there is BUSY',
    async (first, second) => {
      bench = await Bench.configured()
      const holder = new Opener(bench, first)
      const other = new Opener(bench, second)
      const hello = await answered(holder, request('HELLO', 1, 0xaaaa))
      let opened = await answered(holder, request('OPEN', 2, 0xaaaa))
      for (let i = 0; i < 100 && opened.code === Code.PENDING; i += 1) {
        await bench.env.advance(100)
        opened = await answered(holder, request('OPEN', 2, 0xaaaa))
      }
      expect(opened.code).toBe(Code.OK)
      expect(opened.session).not.toBe(0)

      const helloToo = await answered(other, request('HELLO', 1, 0xbbbb))
      const serials = [hello, helloToo].map(
        (p) => parse(MESSAGES.HELLO.reply, p.payload)?.wandSerial,
      )
      expect(serials).toEqual(['SIMW-0001', 'SIMW-0001'])
      expect(helloToo.session).toBe(0)
      expect((await answered(other, request('OPEN', 2, 0xbbbb))).code).toBe(Code.BUSY)
      // What is the other's cannot be closed, read or guessed from here.
      const stolen = await answered(other, request('CLOSE', 3, 0xbbbb, opened.session))
      expect(stolen.code).toBe(Code.NO_SESSION)

      for (let seq = 3; seq < 40; seq += 1) {
        const ping = await answered(holder, request('PING', seq, 0xaaaa, opened.session))
        expect(ping).toMatchObject({ code: Code.OK, session: opened.session })
        expect((await answered(other, request('PING', seq + 1, 0xbbbb))).session).toBe(0)
        await bench.env.advance(400)
      }
    },
  )
})

describe('faults', () => {
  const hello = request('HELLO', 1, 1)

  it('drop loses so many transfers, told as well, and no more', async () => {
    bench = await Bench.configured()
    const host = new Opener(bench, 'report')
    bench.faults.command({ do: 'usb-drop', wand: 0, endpoint: 'hid-out', count: 1 })
    const [lost] = host.send(hello)
    await bench.env.advance(100)
    expect(lost?.ends).toMatchObject([{ status: 0 }])
    expect(host.read).toBe(0)
    bench.faults.command({ do: 'usb-drop', wand: 0, endpoint: 'hid-in', count: 1 })
    host.send(hello)
    await bench.env.advance(100)
    // The reply of two reports has lost its first one.
    expect(host.read).toBe(1)
    expect(host.discarded).toEqual({ 'out-of-sequence': 64 })
    host.send(request('HELLO', 2, 1))
    await bench.env.advance(100)
    expect(host.replies.map((p) => p.seq)).toEqual([2])
  })

  it('stall halts the endpoint until the host clears it', async () => {
    bench = await Bench.configured()
    const waiting = bench.submit('in', 3, 64)
    bench.faults.command({ do: 'usb-stall', wand: 0, endpoint: 'hid-in' })
    expect(waiting.ends).toMatchObject([{ status: STALL }])
    expect(bench.submit('in', 3, 64).ends).toMatchObject([{ status: STALL }])
    expect(bench.control([0x82, 0, 0, 0x83, 2])).toEqual(Uint8Array.of(1, 0))
    expect(bench.control([0x02, 1, 0, 0x83, 0])).toHaveLength(0)
    expect(bench.control([0x82, 0, 0, 0x83, 2])).toEqual(Uint8Array.of(0, 0))
    const host = new Opener(bench, 'report')
    host.send(hello)
    await bench.env.advance(50)
    expect(host.replies).toHaveLength(1)
    // The other way round: the host may set the halt itself, and a new configuration clears it.
    expect(bench.control([0x02, 3, 0, 0x02, 0])).toHaveLength(0)
    expect(bench.submit('out', 2, new Uint8Array(8)).ends).toMatchObject([{ status: STALL }])
    bench.control([0x00, 9, 1, 0, 0])
    expect(bench.submit('out', 2, new Uint8Array(8)).ends).toEqual([])
  })

  it('NAK withholds everything for so long and loses nothing', async () => {
    bench = await Bench.configured()
    const host = new Opener(bench, 'line')
    bench.faults.command({ do: 'usb-nak', wand: 0, endpoint: 'serial-in', seconds: 2 })
    host.send(hello)
    await bench.env.advance(1990)
    expect(host.read).toBe(0)
    await bench.env.advance(30)
    expect(host.replies).toHaveLength(1)
    bench.faults.command({ do: 'usb-nak', wand: 0, endpoint: 'serial-out', seconds: 2 })
    const [sent] = host.send(request('HELLO', 2, 1))
    await bench.env.advance(1990)
    expect(sent?.ends).toEqual([])
    await bench.env.advance(60)
    expect(sent?.ends).toMatchObject([{ status: 0 }])
    expect(host.replies).toHaveLength(2)
  })

  it('pull tears the next transfer in the middle', async () => {
    bench = await Bench.configured()
    bench.faults.command({ do: 'usb-pull', wand: 0, endpoint: 'serial-out' })
    const line = new TextEncoder().encode(':0102')
    expect(bench.submit('out', 2, line).torn).toBe(true)
    expect(bench.submit('out', 2, line).torn).toBe(false)
    bench.faults.command({ do: 'usb-pull', wand: 0, endpoint: 'hid-in' })
    const waiting = bench.submit('in', 3, 64)
    new Opener(bench, 'report').send(hello)
    await bench.env.advance(50)
    expect(waiting.torn).toBe(true)
  })
})

describe('transfers', () => {
  it('let a host that does not read not write, and lose nothing by that', async () => {
    bench = await Bench.configured()
    // HELLO replies take two reports each: after eight of them, and what is on the wire by then, the
    // endpoint waits.
    const reports = Array.from({ length: 40 }, (_, i) => {
      const out = new Uint8Array(64)
      const pdu = request('HELLO', i + 1, 1)
      out.set([i, 0x01, pdu.length, i])
      out.set(pdu, 4)
      return bench.submit('out', 3, out)
    })
    await bench.env.advance(1000)
    const ended = reports.filter((one) => one.ends.length === 1).length
    expect(ended).toBeGreaterThanOrEqual(8)
    expect(ended).toBeLessThan(20)
    const host = new Opener(bench, 'report')
    await bench.env.advance(1000)
    expect(reports.every((one) => one.ends.length === 1)).toBe(true)
    expect(host.replies).toHaveLength(40)
    expect(host.missing).toBe(0)
  })

  it('babbles at a buffer that is too small for a report, and cuts the line as asked', async () => {
    bench = await Bench.configured()
    const small = bench.submit('in', 3, 63)
    new Opener(bench, 'report').send(request('HELLO', 1, 1))
    await bench.env.advance(50)
    expect(small.ends).toMatchObject([{ status: -75 }])
    const pieces = Array.from({ length: 200 }, (_, i) => bench.submit('in', 2, 1 + (i % 7)))
    bench.submit('out', 2, Buffer.from(encodeLine(request('HELLO', 1, 1)), 'latin1'))
    await bench.env.advance(100)
    const data = pieces.flatMap((one) => one.ends.map((end) => end.data))
    expect(data.length).toBeGreaterThan(40)
    for (const [i, part] of data.slice(0, -1).entries()) expect(part).toHaveLength(1 + (i % 7))
    const line = decodeLine(Buffer.concat(data))
    expect(line).toBeInstanceOf(Uint8Array)
    expect(decodePdu(line as Uint8Array)).toMatchObject({ seq: 1, link: 1 })
  })

  it('end once or are taken back, whatever is done', async () => {
    const action = fc.oneof(
      fc.record({ submit: fc.constantFrom('in' as const, 'out' as const), endpoint: fc.nat(4) }),
      fc.record({ unlink: fc.nat(40) }),
      fc.record({ wait: fc.nat(20) }),
      fc.record({
        fault: fc.constantFrom('usb-drop', 'usb-stall', 'usb-nak'),
        at: fc.constantFrom('hid-in', 'hid-out', 'serial-in', 'serial-out'),
      }),
      fc.record({ clear: fc.constantFrom(0x02, 0x82, 0x03, 0x83) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        bench = await Bench.configured()
        const asked: { ends: unknown[]; seq: number; back: boolean }[] = []
        for (const one of actions) {
          if ('submit' in one) {
            const pdu = request('HELLO', asked.length + 1, 1)
            const report = Buffer.concat([Buffer.from([asked.length, 1, pdu.length, 0]), pdu], 64)
            const sent = one.submit === 'in' ? 64 : report
            asked.push(Object.assign(bench.submit(one.submit, one.endpoint, sent), { back: false }))
          } else if ('unlink' in one) {
            const target = asked[one.unlink % Math.max(1, asked.length)]
            if (!target) continue
            const back = bench.device.unlink(target.seq)
            expect(back).toBe(target.ends.length === 0 && !target.back)
            target.back ||= back
          } else if ('wait' in one) await bench.env.advance(one.wait)
          else if ('clear' in one) bench.control([0x02, 1, 0, one.clear, 0])
          else {
            const common = { wand: 0, endpoint: one.at } as const
            if (one.fault === 'usb-drop') {
              bench.faults.command({ do: 'usb-drop', ...common, count: 1 })
            } else if (one.fault === 'usb-nak') {
              bench.faults.command({ do: 'usb-nak', ...common, seconds: 0.01 })
            } else bench.faults.command({ do: 'usb-stall', ...common })
          }
        }
        await bench.env.advance(100)
        bench.device.reset()
        await bench.env.advance(100)
        for (const one of asked) expect(one.ends.length + (one.back ? 1 : 0)).toBeLessThanOrEqual(1)
        await bench.stop()
      }),
      { numRuns: LONG ? 3000 : 100 },
    )
  })
})

describe('traffic over HID', () => {
  it('conserves a million bytes of reports and PDUs while reports are dropped', async () => {
    bench = await Bench.configured()
    const { env, faults } = bench
    const host = new Opener(bench, 'report')
    const cable = bench.wand.paths.report as Cable
    const limit = (LONG ? 20 : 1) * 1_000_000
    const random = (n: number) => new DataView(env.random(4).buffer).getUint32(0) % n
    const dropped = { 'hid-in': 0, 'hid-out': 0 }
    const drop = (endpoint: 'hid-in' | 'hid-out') => {
      faults.command({ do: 'usb-drop', wand: 0, endpoint, count: 1 })
      dropped[endpoint] += 1
    }
    let requests = 0
    let answered = 0
    while ((requests + host.read) * 64 < limit) {
      // Before the first report there is no counter to jump.
      const fate = requests === 0 ? 9 : random(10)
      if (fate === 0) drop('hid-out')
      if (fate === 1) drop('hid-in')
      requests += 1
      const seq = requests & 0xffff
      const replies = host.replies.length
      const read = host.read
      const [sent] = host.send(request('HELLO', seq, 1))
      await env.until(() => host.replies.length > replies, 8, 1)
      expect(sent?.ends).toMatchObject([{ status: 0 }])
      const expected = fate < 2 ? 0 : 1
      expect(host.replies.length - replies).toBe(expected)
      expect(host.read - read).toBe(fate === 0 ? 0 : fate === 1 ? 1 : 2)
      if (expected) expect(host.replies.at(-1)?.seq).toBe(seq)
      answered += expected
    }
    // What the wand sent is what the host has read and what was dropped on the way, in reports.
    expect(cable.counters.toHost.delivered / 64).toBe(host.read + dropped['hid-in'])
    expect(cable.counters.toWand.sent / 64).toBe(requests - dropped['hid-out'])
    expect(host.replies).toHaveLength(answered)
    const refused = Object.values(host.discarded).reduce((sum, n) => sum + n, 0) / 64
    expect(host.read).toBe(2 * answered + refused + host.held / 64)
    expect(dropped['hid-in']).toBeGreaterThan(100)
    // A dropped report is missed as soon as a later one comes.
    host.send(request('HELLO', 1, 2))
    await env.advance(50)
    expect(host.missing).toBe(dropped['hid-in'])
  }, 120_000)
})
