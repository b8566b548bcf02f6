// The wand against §9 and §12 of the specification, item by item, at the level of PDUs.
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../../protocol/codec/crc32.ts'
import { CODE_DOCS, encodePdu, FLAG_REPLY, FLAG_SIMULATOR } from '../../../protocol/codec/pdu.ts'
import { parse } from '../../../protocol/codec/struct.ts'
import { BLOCKS } from '../../../protocol/fields/blocks.ts'
import { Hello } from '../../../protocol/messages/hello.ts'
import { Timing } from '../../../protocol/timing.ts'
import { IN_PLACE } from '../../../simulator/air/coupling.ts'
import { emptyStore } from '../../../simulator/wand/wand.ts'
import { FakeImplant } from '../fake-implant.ts'
import { Bench, living, read } from './bench.ts'

describe('§9.2 the order of judgement', () => {
  it('answers nothing to what is no PDU, and counts it', () => {
    const bench = new Bench()
    bench.hello()
    const raw = bench.request('PING')
    raw[18] = (raw[18] as number) ^ 1
    expect(bench.wand.receive('line', raw, bench.now)).toBeNull()
    expect(bench.wand.receive('line', raw.subarray(0, 7), bench.now)).toBeNull()
    expect(bench.ask('WAND').fields?.hostRefused).toBe(2)
  })

  it('answers another major with VERSION and a HELLO payload, in its own major', () => {
    const bench = new Bench()
    const got = bench.send(bench.request('PING', undefined, { major: 9, type: 0x55, link: 0 }))
    expect(got.code).toBe('VERSION')
    expect(got.pdu).toMatchObject({ major: 1, type: 0x55, seq: 1, link: 0 })
    expect(parse(Hello.reply, got.pdu.payload)).toMatchObject({ wandSerial: 'SIMW-01', minor: 0 })
  })

  it.each([
    ['a code', { code: 1 }],
    ['link 0', { link: 0 }],
  ])('refuses %s as BAD_REQUEST, even of a type that it does not know', (_, over) => {
    const bench = new Bench()
    bench.hello()
    expect(bench.send(bench.request('PING', undefined, { ...over, type: 0x20 })).code).toBe(
      'BAD_REQUEST',
    )
  })

  it('never answers a reply, so that an echo ends with the first one', () => {
    const bench = new Bench()
    bench.hello()
    const said = bench.wand.receive('line', bench.request('PING'), bench.now) as Uint8Array
    expect(bench.wand.receive('line', said, bench.now)).toBeNull()
    const flags = FLAG_REPLY | FLAG_SIMULATOR
    for (const over of [
      { flags, type: 0x50 },
      { flags, major: 9 },
    ]) {
      const raw = bench.request('PING', undefined, over)
      expect(bench.wand.receive('line', raw, bench.now)).toBeNull()
    }
    expect(bench.ask('WAND').fields?.hostRefused).toBe(3)
  })

  it('takes no session from a link for a HELLO that is none', () => {
    const bench = new Bench()
    bench.open()
    const other = { link: bench.link + 1, payload: new Uint8Array() }
    expect(bench.ask('HELLO', undefined, other).code).toBe('BAD_REQUEST')
    expect(bench.work('LIVE').code).toBe('OK')
    expect(bench.ask('PING', undefined, { link: bench.link + 1 }).code).toBe('WRONG_LINK')
  })

  it('refuses all of 0x40–0x7F, whatever the link, the session and the payload', () => {
    const bench = new Bench()
    for (const link of [bench.link, 0x77]) {
      for (let type = 0x40; type <= 0x7f; type += 1) {
        const payload = Uint8Array.from({ length: type }, (_, i) => i)
        const got = bench.send(bench.request('PING', undefined, { type, link, payload }))
        expect(got.code, type.toString(16)).toBe('REFUSED')
        expect(got.pdu.payload).toHaveLength(0)
      }
      bench.open()
    }
    expect(bench.implant.commands).toEqual([])
    expect(bench.implant.began).toBe(1)
  })

  it('knows only the types of §7', () => {
    const bench = new Bench()
    const known = [1, 2, 3, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15]
    for (let type = 0; type < 256; type += 1) {
      if (known.includes(type) || (type >= 0x40 && type <= 0x7f)) continue
      expect(bench.send(bench.request('PING', undefined, { type })).code).toBe('UNKNOWN_TYPE')
    }
  })

  it('wants a HELLO of this link on this path', () => {
    const bench = new Bench()
    expect(bench.ask('PING').code).toBe('WRONG_LINK')
    bench.hello()
    expect(bench.ask('PING').code).toBe('OK')
    expect(bench.ask('PING', undefined, {}, 'report').code).toBe('WRONG_LINK')
    expect(bench.ask('PING', undefined, { link: 5 }).code).toBe('WRONG_LINK')
  })

  it('judges the payload before the session, and the session before the snapshot', () => {
    const bench = new Bench()
    bench.hello()
    const short = new Uint8Array(3)
    expect(bench.ask('SNAPSHOT', { snapshot: 1 }, { payload: short }).code).toBe('BAD_REQUEST')
    expect(bench.ask('BLOCK', { snapshot: 1, block: 99, offset: 0 }).code).toBe('BAD_REQUEST')
    expect(bench.ask('SNAPSHOT', { snapshot: 1 }).code).toBe('NO_SESSION')
    expect(bench.ask('INTERROGATE').code).toBe('NO_SESSION')
    bench.open()
    expect(bench.ask('SNAPSHOT', { snapshot: 1 }).code).toBe('SNAPSHOT_GONE')
    expect(bench.ask('SNAPSHOT', { snapshot: 1 }, { session: 77 }).code).toBe('NO_SESSION')
    expect(bench.ask('OPEN').code).toBe('BUSY')
  })

  it('takes longer payloads than it knows', () => {
    const bench = new Bench()
    expect(bench.ask('HELLO', undefined, { payload: new Uint8Array(20) }).code).toBe('OK')
  })

  it('marks every reply, and repeats type, seq and link', () => {
    const bench = new Bench()
    const got = bench.ask('PING', undefined, { seq: 0xbeef })
    expect(got.pdu).toMatchObject({
      flags: FLAG_REPLY | FLAG_SIMULATOR,
      seq: 0xbeef,
      link: bench.link,
      type: 2,
    })
    expect(Object.keys(CODE_DOCS)).toContain(got.code)
  })
})

describe('§9.3 retries and memory', () => {
  it('gives the same bytes to a repeated request, however late', () => {
    const bench = new Bench()
    bench.hello()
    const raw = bench.request('PING')
    const first = bench.send(raw).raw
    bench.wait(2000)
    expect(bench.send(raw).raw).toEqual(first)
    expect(bench.send(bench.request('WAND', undefined, { seq: bench.seq })).code).toBe(
      'BAD_REQUEST',
    )
    expect(bench.send(raw).raw).toEqual(first)
  })

  it('keeps an air operation while others are asked, and its result for good', () => {
    const bench = new Bench()
    bench.hello()
    const raw = bench.request('OPEN')
    expect(bench.send(raw).code).toBe('PENDING')
    for (let i = 0; i < 40; i += 1) {
      expect(bench.ask('PING').code).toBe('OK')
      bench.wait(25)
    }
    const result = bench.send(raw)
    expect(result).toMatchObject({ code: 'OK', session: 1 })
    bench.session = result.session
    expect(bench.work('INTERROGATE').code).toBe('OK')
    expect(bench.ask('OPEN', undefined, { seq: result.pdu.seq }).code).toBe('BUSY')
    expect(bench.implant.began).toBe(1)
  })

  it('remembers a refusal of air work as it was', () => {
    const bench = new Bench()
    bench.hello()
    const early = bench.request('CLOSE')
    expect(bench.send(early).code).toBe('NO_SESSION')
    expect(bench.send(early).code).toBe('NO_SESSION')
    expect(bench.work('OPEN').code).toBe('OK')
    expect(bench.implant.ended).toBe(0)
  })

  it('forgets at a HELLO with a new link, not at one with the same', () => {
    const bench = new Bench()
    bench.open()
    const raw = bench.request('PING')
    const first = bench.send(raw).raw
    const hello = bench.request('HELLO')
    bench.send(hello)
    expect(bench.ask('PING').session).toBe(1)
    bench.link += 1
    expect(bench.hello().session).toBe(0)
    bench.link -= 1
    expect(bench.hello().session).toBe(0)
    bench.wait(500)
    expect(bench.send(raw).raw).not.toEqual(first)
  })
})

describe('§9.4 sessions and leases', () => {
  it('renews by any request of the holder and closes by itself without', () => {
    const bench = new Bench()
    bench.open()
    for (let i = 0; i < 5; i += 1) {
      bench.wait(4900)
      expect(bench.ask('PING').fields?.sessionState).toBe(2)
    }
    bench.wait(Timing.LEASE_MS + 2000)
    expect(bench.implant.ended).toBe(1)
    expect(bench.ask('PING').fields).toMatchObject({ session: 0, sessionState: 0 })
    expect(bench.hello().fields).toMatchObject({ lastSession: 1, lastEnd: 3 })
    expect(bench.ask('LIVE').code).toBe('NO_SESSION')
  })

  it('is not renewed by another link or path, nor by what is refused before line 7', () => {
    const bench = new Bench()
    bench.open()
    const { link } = bench
    for (let i = 0; i < 20; i += 1) {
      bench.wait(300)
      bench.link = 99
      bench.ask('PING', undefined, {}, 'line')
      bench.hello('report')
      bench.ask('PING', undefined, {}, 'report')
      bench.link = link
    }
    expect(bench.hello().fields?.lastEnd).toBe(3)
  })

  it('gives other openers HELLO and BUSY while it is open, and a new number afterwards', () => {
    const bench = new Bench()
    bench.open()
    bench.link += 1
    expect(bench.hello().fields).toMatchObject({ lastSession: 1, lastEnd: 5 })
    expect(bench.ask('OPEN').code).toBe('BUSY')
    bench.wait(Timing.LEASE_MS + 1000)
    expect(bench.work('OPEN')).toMatchObject({ code: 'OK', session: 2 })
  })

  it('has one session over two paths', () => {
    const bench = new Bench()
    bench.open('line')
    expect(bench.hello('report').fields?.wandSerial).toBe('SIMW-01')
    expect(bench.ask('OPEN', undefined, {}, 'report').code).toBe('BUSY')
    expect(bench.ask('LIVE', undefined, {}, 'report').code).toBe('NO_SESSION')
    expect(bench.work('CLOSE', 'line').fields?.result).toBe(1)
    bench.link = 3
    expect(bench.open('report')).toMatchObject({ code: 'OK', session: 2 })
  })

  it('reports a stuck session until a close is confirmed', () => {
    const bench = new Bench()
    bench.implant.lets = false
    bench.open()
    expect(bench.work('CLOSE')).toMatchObject({ code: 'OK', session: 0, fields: { result: 0 } })
    expect(bench.ask('PING').fields?.sessionState).toBe(4)
    expect(bench.hello().fields?.lastEnd).toBe(6)
    bench.wand.restart()
    expect(bench.hello().fields?.lastEnd).toBe(6)
    expect(bench.ask('PING').fields?.session).toBe(1)
    bench.implant.lets = true
    bench.session = 0
    const open = bench.request('OPEN')
    bench.send(open)
    const meanwhile = bench.ask('PING').fields
    expect(meanwhile).toMatchObject({ session: 1, sessionState: 4, operation: 1 })
    bench.wait(1000)
    bench.session = bench.send(open).session
    expect(bench.session).toBe(2)
    expect(bench.ask('PING').fields).toMatchObject({ session: 2, sessionState: 2 })
    expect(bench.work('CLOSE').fields?.result).toBe(1)
    expect(bench.ask('PING').fields?.sessionState).toBe(0)
    expect(bench.hello().fields?.lastEnd).toBe(1)
  })

  it('is stuck when the lease runs out and the implant does not confirm', () => {
    const bench = new Bench()
    bench.open()
    bench.air.place = { ...IN_PLACE, lifted: true }
    bench.wait(20_000)
    expect(bench.ask('PING').fields?.sessionState).toBe(4)
  })

  it('ends a session once: a second CLOSE finds none, one beside the first is too many', () => {
    const bench = new Bench()
    bench.open()
    const close = bench.request('CLOSE')
    expect(bench.send(close).code).toBe('PENDING')
    expect(bench.ask('CLOSE').code).toBe('BUSY')
    bench.wait(1_000)
    expect(bench.send(close)).toMatchObject({ code: 'OK', fields: { result: 1 } })
    expect(bench.ask('CLOSE').code).toBe('NO_SESSION')
    expect(bench.send(close)).toMatchObject({ code: 'OK', fields: { result: 1 } })
  })

  it.each(['INTERROGATE', 'CLOSE'] as const)(
    'ends %s that is running when the lease is over, and says so to whoever still polls it',
    (name) => {
      const bench = new Bench({ leaseMs: 1_000 })
      bench.open()
      if (name === 'CLOSE') bench.air.place = { ...IN_PLACE, lifted: true }
      const raw = bench.request(name)
      expect(bench.send(raw).code).toBe('PENDING')
      bench.wait(1_050)
      expect(bench.send(raw)).toMatchObject({ code: 'AIR_FAILED', session: 0 })
      bench.air.place = IN_PLACE
      expect(bench.ask('LIVE').code).toBe('NO_SESSION')
      bench.wait(5_000)
      expect(bench.send(raw)).toMatchObject({ code: 'AIR_FAILED', session: 0 })
      expect(bench.hello().fields?.lastEnd).toBe(3)
    },
  )

  it('closes at once a session that the implant has opened after its lease', () => {
    const bench = new Bench({ leaseMs: 1_000 })
    bench.hello()
    bench.air.place = { ...IN_PLACE, lifted: true }
    const open = bench.request('OPEN')
    expect(bench.send(open).code).toBe('PENDING')
    bench.wait(1_050)
    bench.air.place = IN_PLACE
    bench.wait(5_000)
    expect(bench.send(open)).toMatchObject({ code: 'OK', session: 1 })
    expect(bench.ask('LIVE').code).toBe('NO_SESSION')
    expect(bench.hello().fields).toMatchObject({ lastSession: 1, lastEnd: 3 })
  })

  it('keeps the session when a CLOSE was not heard, and takes another one', () => {
    const bench = new Bench()
    bench.open()
    bench.air.place = { ...IN_PLACE, lifted: true }
    expect(bench.work('CLOSE')).toMatchObject({ code: 'NO_IMPLANT', session: 1 })
    bench.air.place = IN_PLACE
    expect(bench.work('CLOSE')).toMatchObject({ code: 'OK', session: 0, fields: { result: 1 } })
  })

  it('starts again with the numbers it had, and says that it restarted', () => {
    const store = emptyStore()
    const bench = new Bench({ store })
    bench.open()
    bench.wand.restart()
    expect(bench.ask('PING').code).toBe('WRONG_LINK')
    expect(bench.hello().fields).toMatchObject({ boot: 2, lastSession: 1, lastEnd: 4 })
    const later = new Bench({ store })
    expect(later.open().session).toBe(2)
  })
})

describe('§9.5 and §9.7 on air', () => {
  it('answers PING while on air, with honest contact and growing progress', () => {
    const bench = new Bench()
    bench.open()
    const raw = bench.request('INTERROGATE')
    let progress = -1
    let polls = 0
    for (let got = bench.send(raw); got.code === 'PENDING'; got = bench.send(raw)) {
      const ping = bench.ask('PING').fields
      expect(ping?.operation).toBe(2)
      expect(ping?.progress).toBeGreaterThanOrEqual(progress)
      expect(ping?.contactAgeMs).toBeLessThanOrEqual(Timing.SESSION_CONTACT_MS)
      progress = ping?.progress ?? 0
      polls += 1
      bench.wait(40)
    }
    expect(progress).toBeGreaterThan(90)
    expect(polls).toBeGreaterThan(20)
  })

  it.each([
    [3, 0],
    [64, 0],
  ])('reads an implant with %i events in 2 to 10 s', (events) => {
    const bench = new Bench()
    bench.implant.events = events
    bench.open()
    const { code, took } = bench.work('INTERROGATE')
    expect(code).toBe('OK')
    expect(took).toBeGreaterThanOrEqual(2000)
    expect(took).toBeLessThanOrEqual(10_000)
  })

  it('makes contact at least every 400 ms in a session, and senses every 250 ms without', () => {
    const bench = new Bench()
    bench.hello()
    for (let i = 0; i < 100; i += 1) {
      bench.wait(17)
      expect(bench.ask('PING').fields?.contactAgeMs).toBeLessThanOrEqual(Timing.PASSIVE_CONTACT_MS)
    }
    expect(bench.implant.began).toBe(0)
    expect(bench.ask('WAND').fields?.airSent).toBe(0)
    bench.open()
    for (let i = 0; i < 200; i += 1) {
      bench.wait(17)
      expect(bench.ask('PING').fields?.contactAgeMs).toBeLessThanOrEqual(Timing.SESSION_CONTACT_MS)
    }
  })

  it('lets the contact age when the wand is lifted, and says so', () => {
    const bench = new Bench()
    bench.open()
    bench.air.place = { ...IN_PLACE, lifted: true }
    bench.wait(3000)
    const ping = bench.ask('PING').fields
    expect(ping?.contactAgeMs).toBeGreaterThanOrEqual(2500)
    expect(ping).toMatchObject({ coupling: 0, position: 0 })
  })

  it('says no-implant where there is none, and works again afterwards', () => {
    const bench = new Bench()
    bench.air.pump = null
    bench.hello()
    expect(bench.work('OPEN').code).toBe('NO_IMPLANT')
    bench.air.pump = living(bench.implant)
    expect(bench.work('OPEN').code).toBe('OK')
  })

  it('speaks to the implant that answered OPEN and to no other', () => {
    const bench = new Bench()
    bench.open()
    const other = new FakeImplant('SIM-0002')
    bench.air.pump = living(other)
    expect(bench.work('LIVE').code).toBe('NO_IMPLANT')
    expect(bench.work('CLOSE').code).toBe('NO_IMPLANT')
    expect(other.ended).toBe(0)
  })

  it('runs one operation at a time over all paths', () => {
    const bench = new Bench()
    bench.open()
    const raw = bench.request('INTERROGATE')
    bench.send(raw)
    expect(bench.ask('LIVE').code).toBe('BUSY')
    bench.wait(4000)
    expect(bench.send(raw).code).toBe('OK')
  })

  it.each(['INTERROGATE', 'LIVE'] as const)(
    'lets CLOSE end %s of its own session at once',
    (name) => {
      const bench = new Bench()
      bench.open()
      bench.send(bench.request(name))
      bench.wait(60)
      const close = bench.request('CLOSE')
      expect(bench.send(close).code).toBe('PENDING')
      expect(bench.ask('CLOSE').code).toBe('BUSY')
      expect(bench.ask('PING').fields).toMatchObject({ operation: 4, sessionState: 3 })
      bench.wait(300)
      expect(bench.send(close)).toMatchObject({ code: 'OK', session: 0, fields: { result: 1 } })
      bench.wait(10_000)
      expect(bench.implant.ended).toBe(1)
      expect(bench.hello().fields?.lastEnd).toBe(1)
    },
  )

  it('lets CLOSE end neither an OPEN nor the work of somebody else', () => {
    const bench = new Bench()
    bench.hello()
    const open = bench.request('OPEN')
    bench.send(open)
    expect(bench.ask('PING').fields).toMatchObject({ operation: 1, sessionState: 1, session: 0 })
    expect(bench.ask('CLOSE').code).toBe('NO_SESSION')
    bench.wait(1000)
    bench.session = bench.send(open).session
    const raw = bench.request('INTERROGATE')
    bench.send(raw)
    bench.hello('report')
    expect(bench.ask('CLOSE', undefined, {}, 'report').code).toBe('NO_SESSION')
    bench.wait(4000)
    expect(bench.send(raw).code).toBe('OK')
  })
})

describe('§9.6 snapshots', () => {
  it('freezes everything, in pieces that check', () => {
    const bench = new Bench()
    bench.implant.events = 200
    bench.open()
    const { fields } = bench.work('INTERROGATE')
    const number = fields?.snapshot as number
    const directory = bench.ask('SNAPSHOT', { snapshot: number }).fields
    expect(directory?.counterBefore).toBe(directory?.counterAfter)
    expect(directory?.blocks.map((entry) => entry.block)).toEqual(
      Object.values(BLOCKS).map((b) => b.number),
    )
    const whole: number[] = []
    for (const entry of directory?.blocks ?? []) {
      const bytes: number[] = []
      while (bytes.length < (entry.length as number)) {
        const offset = bytes.length
        const piece = bench.ask('BLOCK', { snapshot: number, block: entry.block, offset })
        bytes.push(...(piece.fields?.data ?? []))
      }
      expect(bytes).toHaveLength(entry.length as number)
      expect(
        bench.ask('BLOCK', { snapshot: number, block: entry.block, offset: bytes.length }).code,
      ).toBe('BAD_REQUEST')
      whole.push(...bytes)
      if (entry.block === BLOCKS.events.number) {
        const events = parse(BLOCKS.events.struct, Uint8Array.from(bytes))
        expect(events?.events.map((event) => event.number)).toEqual(
          Array.from({ length: 64 }, (_, i) => 137 + i),
        )
      }
      if (entry.block === BLOCKS.clock.number) {
        const clock = parse(BLOCKS.clock.struct, Uint8Array.from(bytes))
        expect(clock?.ageMs).toBeGreaterThan(100)
        expect(clock?.ageMs).toBeLessThan(500)
      }
    }
    expect(crc32(Uint8Array.from(whole))).toBe(directory?.crc)
  })

  it('freezes nothing when the implant changes at any block, and keeps the older one', () => {
    for (const changing of Object.keys(BLOCKS)) {
      const bench = new Bench()
      bench.open()
      expect(bench.work('INTERROGATE').code).toBe('OK')
      bench.implant.onBlock = (name) => {
        if (name === changing) bench.implant.stateCounter += 1
      }
      expect(bench.work('INTERROGATE'), changing).toMatchObject({ code: 'CHANGED', fields: null })
      expect(bench.ask('SNAPSHOT', { snapshot: 1 }).code).toBe('OK')
      expect(bench.ask('SNAPSHOT', { snapshot: 2 }).code).toBe('SNAPSHOT_GONE')
      bench.implant.onBlock = () => {}
      expect(bench.work('INTERROGATE').fields?.snapshot).toBe(2)
      expect(bench.ask('SNAPSHOT', { snapshot: 1 }).code).toBe('SNAPSHOT_GONE')
    }
  })

  it('freezes nothing when the wand is lifted on the way', () => {
    const bench = new Bench()
    bench.open()
    const raw = bench.request('INTERROGATE')
    bench.send(raw)
    bench.wait(1000)
    bench.air.place = { ...IN_PLACE, lifted: true }
    bench.wait(3000)
    expect(bench.send(raw)).toMatchObject({ code: 'AIR_FAILED', fields: null })
    expect(bench.ask('SNAPSHOT', { snapshot: 1 }).code).toBe('SNAPSHOT_GONE')
  })

  it('drops it at the end of the session', () => {
    const bench = new Bench()
    bench.open()
    bench.work('INTERROGATE')
    bench.work('CLOSE')
    bench.session = bench.work('OPEN').session
    expect(bench.ask('SNAPSHOT', { snapshot: 1 }).code).toBe('SNAPSHOT_GONE')
  })

  it('gives LIVE in one exchange', () => {
    const bench = new Bench()
    bench.open()
    expect(bench.work('LIVE').fields).toMatchObject({
      pumpSerial: 'SIM-0001',
      reportedVolume: 17_250_000,
      rate: 250_000,
      activeAlarms: 1,
    })
  })
})

it('stops air work when the lease runs out, and still answers for it', () => {
  const bench = new Bench()
  bench.implant.events = 64
  bench.open()
  const raw = bench.request('INTERROGATE')
  bench.send(raw)
  bench.wait(Timing.LEASE_MS + 3000)
  expect(bench.send(raw).code).toBe('AIR_FAILED')
  expect(bench.send(raw).session).toBe(0)
  expect(bench.implant.ended).toBe(1)
  expect(read(encodePdu(bench.hello().pdu)).fields).toMatchObject({ lastEnd: 3 })
})
