// For any conversation, the firmware sends the bytes that the simulator sends: for the same pump, the same
// requests, the same air.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodePdu, encodePdu, type Pdu, wholePdu } from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import { BLOCKS } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { decodeLine } from '../../protocol/framing/serial-line.ts'
import { MESSAGES, type MessageName } from '../../protocol/messages/index.ts'
import { IN_PLACE } from '../../simulator/air/coupling.ts'
import { worldOf } from '../../simulator/world.ts'
import { structValue } from '../protocol/arbitrary.ts'
import { Firmware } from './bench.ts'
import { build, unbuildable } from './build.ts'
import { NAMES, type Path, type Table, Twins, tableOf } from './twins.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const EXCHANGES = LONG ? 100_000 : 1_500
const why = unbuildable('tests')

const DAY = 86_400_000
const CLOCK = '2026-11-30T09:00:00'
const SCENARIOS = ['normal-refill', 'mixture', 'event-log-overflow', 'patient-boluses'] as const

/** A pump of the simulator, so many days old. */
function simulated(scenario: string, days: number, serial: string): Table {
  const implant = worldOf(scenario, CLOCK).implants(0, 1)[0]
  if (!implant) throw new Error(`${scenario} has no pump`)
  implant.advanceTo(days * DAY)
  return renamed(tableOf(implant), serial)
}

const renamed = (table: Table, serial: string): Table => {
  const identity = table.identity.slice()
  identity.set(Buffer.from(serial.padEnd(16, '\0'), 'latin1'))
  return { ...table, identity }
}

/** What it says of itself, its counter and its clock is always there: a pump without them is none. */
const anyTable = (serial: string) =>
  fc
    .tuple(
      fc.record(Object.fromEntries(NAMES.map((n) => [n, structValue(BLOCKS[n].struct as Struct)]))),
    )
    .map(([said]) => {
      const { identity, status, clock } = said as Record<string, Record<string, unknown>>
      const whole = {
        ...said,
        identity: { ...identity, serial, model: 'TWIN', firmware: '1' },
        status: { ...status, stateCounter: 7 },
        clock: { ...clock, deviceTime: 800_000_000 },
      } as Record<string, object>
      return Object.fromEntries(
        NAMES.map((n) => [n, emit(BLOCKS[n].struct as Struct, whole[n] as never)]),
      ) as Table
    })

const table = (serial: string) =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom(...SCENARIOS), fc.nat(40))
      .map(([scenario, days]) => simulated(scenario, days, serial)),
    anyTable(serial),
  )

const path = fc.constantFrom<Path[]>('line', 'line', 'line', 'report')
const names = Object.keys(MESSAGES) as MessageName[]
const AIR = ['OPEN', 'INTERROGATE', 'LIVE', 'CLOSE'] as const

const act = <T extends string, R extends Record<string, fc.Arbitrary<unknown>>>(
  weight: number,
  does: T,
  rest: R,
) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(does), ...rest }) as unknown as fc.Arbitrary<
    { do: T } & { [K in keyof R]: R[K] extends fc.Arbitrary<infer V> ? V : never }
  >,
})

const action = fc.oneof(
  act(8, 'ask', { path, name: fc.constantFrom(...names), good: fc.boolean(), number: fc.nat() }),
  act(8, 'work', { path, name: fc.constantFrom(...AIR), poll: fc.integer({ min: 20, max: 700 }) }),
  act(3, 'read', { path }),
  act(4, 'repeat', { path, air: fc.boolean(), as: fc.option(fc.constantFrom(...names)) }),
  act(5, 'wait', {
    ms: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constantFrom(3000, 5000, 5001)),
  }),
  act(2, 'hello', { path, fresh: fc.boolean(), malformed: fc.boolean() }),
  act(2, 'odd', {
    path,
    over: fc.record(
      {
        major: fc.constantFrom(0, 2, 255),
        type: fc.nat(255),
        flags: fc.nat(255),
        code: fc.nat(255),
        link: fc.constantFrom(0, 1, 0xffffffff),
        session: fc.constantFrom(0, 1, 0xffffffff),
        payload: fc.uint8Array({ maxLength: 232 }),
      },
      { requiredKeys: [] },
    ),
  }),
  act(2, 'noise', { path, bytes: fc.uint8Array({ minLength: 1, maxLength: 700 }) }),
  act(2, 'damage', { path, at: fc.nat(), bit: fc.nat(7) }),
  act(1, 'place', { gap: fc.constantFrom(5, 30, 52, 200), angle: fc.constantFrom(0, 0, 40, 80) }),
  act(1, 'set', {
    what: fc.constantFrom('absent', 'clings', 'put'),
    on: fc.boolean(),
  }),
  act(1, 'errors', { errors: fc.constantFrom(0, 0, 20, 90), chance: fc.nat() }),
  act(1, 'change', {}),
  act(1, 'restart', {}),
)
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never

interface Host {
  link: number
  seq: number
  session: number
  snapshot: number
  last: Pdu | null
  air: Pdu | null
}

class Story {
  exchanges = 0
  readonly #twins: Twins
  readonly #encode = { line: LINES.encoder(), report: REPORTS.encoder() }
  readonly #hosts: Record<Path, Host>
  #changes = 0

  constructor(twins: Twins) {
    this.#twins = twins
    const host = { seq: 0, session: 0, snapshot: 0, last: null, air: null }
    this.#hosts = { line: { ...host, link: 10 }, report: { ...host, link: 11 } }
  }

  async begin(): Promise<void> {
    await this.#hello('line')
    await this.#hello('report')
  }

  async play(a: Action): Promise<void> {
    const twins = this.#twins
    if (a.do === 'wait') twins.wait(a.ms)
    else if (a.do === 'place') twins.place({ ...IN_PLACE, gap: a.gap, angle: a.angle })
    else if (a.do === 'set') {
      if (a.what === 'put') twins.set('put', a.on ? 1 : 0)
      else twins.set(a.what as 'absent', a.on)
    } else if (a.do === 'errors') {
      twins.set('errors', a.errors)
      twins.set('chance', a.chance)
    } else if (a.do === 'change') {
      this.#changes += 1
      twins.set('changes', this.#changes)
    } else if (a.do === 'restart') {
      twins.restart()
      await this.begin()
    } else await this.#say(a)
  }

  async #say(a: Action): Promise<void> {
    if (!('path' in a)) return
    const host = this.#hosts[a.path]
    if (a.do === 'ask') await this.#ask(a.path, this.#request(a.path, a.name, a.number, a.good))
    else if (a.do === 'work') await this.#work(a.path, a.name, a.poll)
    else if (a.do === 'read') await this.#read(a.path)
    else if (a.do === 'repeat') {
      const pdu = a.air ? host.air : host.last
      const type = a.as === null ? {} : { type: MESSAGES[a.as as MessageName].type }
      if (pdu) await this.#ask(a.path, { ...pdu, ...type }, true)
    } else if (a.do === 'hello') {
      if (a.fresh) host.link += 2
      await this.#hello(a.path, a.malformed)
    } else if (a.do === 'odd') {
      await this.#ask(a.path, {
        ...this.#request(a.path, 'PING', 0, true),
        ...(a.over as Partial<Pdu>),
      })
    } else if (a.do === 'noise') await this.#raw(a.path, whole(a.path, a.bytes))
    else if (a.do === 'damage') {
      const frames = Buffer.concat(this.#frames(a.path, this.#request(a.path, 'PING', 0, true)))
      const at = a.at % frames.length
      frames[at] = (frames[at] as number) ^ (1 << a.bit)
      await this.#raw(a.path, frames)
    }
  }

  #hello(path: Path, malformed = false) {
    const request = this.#request(path, 'HELLO', 0, true)
    return this.#ask(path, malformed ? { ...request, payload: new Uint8Array() } : request)
  }

  /** `number` picks blocks, offsets and what is wrong, if it is not to be `good`. */
  #request(path: Path, name: MessageName, number: number, good: boolean): Pdu {
    const host = this.#hosts[path]
    host.seq = (host.seq + 1) & 0xffff
    const wrong = good ? -1 : number % 4
    const snapshot = wrong === 0 ? number & 0xff : host.snapshot
    const block = wrong === 1 ? number & 0xff : 1 + (number % 11)
    const offset = wrong === 2 ? number & 0xffff : (number >> 8) % 24
    const fields = {
      HELLO: { minor: 0 },
      SNAPSHOT: { snapshot },
      BLOCK: { snapshot, block, offset },
    }
    return {
      major: 1,
      type: MESSAGES[name].type,
      flags: 0,
      code: 0,
      seq: host.seq,
      link: host.link,
      session: wrong === 3 ? number & 0xff : host.session,
      payload: emit(
        MESSAGES[name].request as Struct,
        (fields[name as keyof typeof fields] ?? {}) as never,
      ),
    }
  }

  async #work(path: Path, name: MessageName, poll: number): Promise<Pdu | null> {
    const request = this.#request(path, name, 0, true)
    let answer = await this.#ask(path, request)
    for (let n = 0; answer?.code === 1 && n < 200; n += 1) {
      this.#twins.wait(poll)
      if (n % 3 === 2) await this.#ask(path, this.#request(path, 'PING', 0, true))
      answer = await this.#ask(path, request, true)
    }
    return answer
  }

  /** A whole reading, as a host makes it. */
  async #read(path: Path): Promise<void> {
    await this.#work(path, 'OPEN', 150)
    const done = await this.#work(path, 'INTERROGATE', 300)
    if (done?.code === 0) {
      const directory = await this.#ask(path, this.#request(path, 'SNAPSHOT', 0, true))
      const payload = directory?.payload ?? new Uint8Array()
      for (let at = 32; at + 2 < payload.length; at += 3) {
        const length = (payload[at + 1] as number) | ((payload[at + 2] as number) << 8)
        for (let offset = 0; offset < length; offset += 225) {
          const request = this.#request(path, 'BLOCK', 0, true)
          const asked = request.payload.slice()
          asked.set([payload[at] as number, offset & 0xff, offset >> 8], 4)
          await this.#ask(path, { ...request, payload: asked })
        }
      }
    }
    await this.#ask(path, this.#request(path, 'WAND', 0, true))
    await this.#work(path, 'CLOSE', 150)
  }

  async #ask(path: Path, pdu: Pdu, again = false): Promise<Pdu | null> {
    const host = this.#hosts[path]
    if (!again) host.last = pdu
    this.exchanges += 1
    const answer = await this.#raw(path, Buffer.concat(this.#frames(path, pdu)))
    if (!answer || answer.link !== host.link) return answer
    if (answer.code === 1) host.air = pdu
    if (answer.code === 0 && pdu.type === MESSAGES.OPEN.type) host.session = answer.session
    if (answer.code === 0 && pdu.type === MESSAGES.INTERROGATE.type)
      host.snapshot = answer.payload[0] ?? 0
    return answer
  }

  #frames(path: Path, pdu: Pdu): Uint8Array[] {
    return [...this.#encode[path](encodePdu(pdu))]
  }

  async #raw(path: Path, bytes: Uint8Array): Promise<Pdu | null> {
    const sent = await this.#twins.send(path, bytes)
    const frames = sent.map((line) => Buffer.from(line.split(' ')[1] ?? '', 'hex'))
    if (frames.length === 0) return null
    if (path === 'line') {
      const raw = decodeLine(frames[0] as Buffer)
      const pdu = typeof raw === 'string' ? raw : decodePdu(raw)
      return typeof pdu === 'string' ? null : pdu
    }
    const found: Pdu[] = []
    const decoder = REPORTS.decoder({
      pdu: (header, raw) => void found.push(wholePdu(header, raw)),
      discarded: () => {},
    })
    for (const frame of frames) decoder.push(frame)
    return found[0] ?? null
  }
}

/** Reports are always whole: there is no other way to send one. */
function whole(path: Path, bytes: Uint8Array): Uint8Array {
  if (path === 'line') return bytes
  const out = new Uint8Array(64 * Math.ceil(bytes.length / 64))
  out.set(bytes)
  return out
}

describe.skipIf(why)(`the firmware and the simulator${why ? `: ${why}` : ''}`, () => {
  let firmware: Firmware
  beforeAll(() => {
    build('tests')
    firmware = new Firmware()
  })
  afterAll(() => firmware?.end())

  it('send the same bytes', { timeout: LONG ? 3_600_000 : 60_000 }, async () => {
    let exchanges = 0
    while (exchanges < EXCHANGES) {
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(table('TWIN-A'), table('TWIN-B')),
          fc.array(action, { minLength: 10, maxLength: 60 }),
          async (tables, actions) => {
            const story = new Story(new Twins(firmware, tables))
            await story.begin()
            for (const one of actions) await story.play(one)
            exchanges += story.exchanges
          },
        ),
        { numRuns: LONG ? 200 : 10 },
      )
    }
    expect(exchanges).toBeGreaterThanOrEqual(EXCHANGES)
  })
})
