// The vectors of the protocol, in the firmware: it takes every request and every stream as they say, refuses
// what they refuse for the same reason, gives the answers of section 9.2, and sends the bytes of every reply
// that it can send.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Code, decodePdu, encodePdu } from '../../protocol/codec/pdu.ts'
import { parse } from '../../protocol/codec/struct.ts'
import { decodeLine, encodeLine } from '../../protocol/framing/serial-line.ts'
import { MESSAGES } from '../../protocol/messages/index.ts'
import { Firmware } from './bench.ts'
import { build, FIRMWARE, ROOT, unbuildable } from './build.ts'

const FOLDER = join(ROOT, 'protocol/vectors')
const why = unbuildable('tests')

type Tree = Record<string, unknown>
interface Vector {
  readonly name: string
  readonly line?: string
  readonly pdu?: string
  readonly fault?: string
  readonly struct?: string
  readonly value?: Tree | 'malformed'
  readonly canonical?: false
  readonly connections?: readonly {
    readonly bytes?: string
    readonly reports?: readonly string[]
    readonly outcome: readonly Tree[]
  }[]
  readonly counter?: number
  readonly tag?: number
  readonly reports?: readonly string[]
  readonly descriptor?: string
  readonly asked?: string
  readonly answer?: string | null
  readonly conversation?: readonly string[]
}

const vectors = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .flatMap((file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8')
    return (JSON.parse(text) as { vectors: Vector[] }).vectors.map((vector) => ({ file, vector }))
  })
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const latin1 = (text: string) => Buffer.from(text, 'latin1').toString('hex')
const named = ({ file, vector }: (typeof vectors)[number]) => `${file}: ${vector.name}`

/** Neighbours refused for the same reason are one entry, that says how many refusals it was. */
function outcome(lines: readonly string[]): Tree[] {
  const out: { pdu?: string; refused?: number; fault?: string; times?: number }[] = []
  for (const line of lines) {
    const [word, first = '', fault = '', refusals = '1'] = line.split(' ')
    const last = out.at(-1)
    if (word === 'pdu') out.push({ pdu: first })
    else if (last?.fault === fault) {
      last.refused = (last.refused ?? 0) + Number(first)
      last.times = (last.times ?? 1) + Number(refusals)
    } else {
      const times = Number(refusals)
      out.push({ refused: Number(first), fault, ...(times === 1 ? {} : { times }) })
    }
  }
  return out
}

/** A value as the harness takes it: a number, or a text of 16 bytes in hexadecimal. */
function word(value: unknown, unavailable: number): string {
  if (value === null) return String(unavailable)
  if (typeof value === 'number') return String(value)
  return latin1(String(value).padEnd(16, '\0'))
}

const UNAVAILABLE_TEXT = '00'.repeat(16)
const WIDTHS: Record<string, number> = {
  lastEnd: 1,
  sessionState: 1,
  contactAgeMs: 2,
  leaseMs: 2,
  coupling: 1,
  position: 1,
  operation: 1,
  progress: 1,
  battery: 1,
  temperature: 1,
  activeAlarms: 1,
}
const TEXTS = ['wandSerial', 'wandModel', 'firmware', 'pumpSerial', 'pumpModel']

/** The command that makes the payload of this reply, or null if this wand never says such a thing. */
function command(name: string, value: Tree): string | null {
  const { blocks, ...rest } = value as Tree & { blocks?: { block: number; length: number }[] }
  // It speaks minor 0, and sends eleven blocks in the order of their numbers.
  if (name === 'HELLO' && value['minor'] !== 0) return null
  if (blocks && (blocks.length !== 11 || blocks.some(({ block }, i) => block !== i + 1)))
    return null
  if (name === 'SNAPSHOT' && [value['beganMs'], value['endedMs']].includes(null)) return null
  const words = Object.entries(rest).map(([field, one]) =>
    one === null && TEXTS.includes(field)
      ? UNAVAILABLE_TEXT
      : word(one, 256 ** (WIDTHS[field] ?? 4) - 1),
  )
  return ['payload', name, ...words, ...(blocks ?? []).map(({ length }) => length)].join(' ')
}

describe.skipIf(why)(`the firmware and the vectors${why ? `: ${why}` : ''}`, () => {
  let firmware: Firmware
  beforeAll(() => {
    build('tests')
    firmware = new Firmware()
  })
  afterAll(() => firmware?.end())

  const taken = async (bytes: string) =>
    outcome(await firmware.ask('connect', `line-bytes ${bytes}`, 'end'))

  it('takes and refuses lines and PDUs as they say', async () => {
    let seen = 0
    for (const one of vectors) {
      const { line, pdu, fault } = one.vector
      // A line cannot show every length of a PDU: what it refuses first is tested as a report.
      const bytes = line === undefined ? pdu && latin1(`:${pdu.toUpperCase()}\r\n`) : latin1(line)
      if (bytes === undefined || one.vector.reports) continue
      seen += 1
      const came = await taken(bytes)
      if (fault === undefined) {
        expect([named(one), came]).toEqual([named(one), [{ pdu }]])
        expect(await firmware.ask(`encode 0 0 ${pdu}`)).toContain(`text ${bytes}`)
        continue
      }
      // In a stream a colon begins afresh, whatever stood before it.
      const afresh = line !== undefined && line.indexOf(':', 1) > 0
      expect([named(one), afresh || came.every((part) => 'fault' in part)]).toEqual([
        named(one),
        true,
      ])
      // As a line, a PDU of such a length is refused before it is judged.
      const digits = (bytes.length - 6) / 2
      const judged = line !== undefined || (digits >= 40 && digits <= 504)
      if (judged)
        expect([named(one), came.map((part) => part['fault'])]).toEqual([
          named(one),
          expect.arrayContaining([fault]),
        ])
    }
    expect(seen).toBeGreaterThan(150)
  })

  it('cuts streams of bytes and reports as they say', async () => {
    let seen = 0
    for (const one of vectors) {
      for (const connection of one.vector.connections ?? []) {
        seen += 1
        const came = await firmware.ask(
          'connect',
          ...(connection.bytes ? [`line-bytes ${connection.bytes}`] : []),
          ...(connection.reports ?? []).map((report) => `one-report ${report}`),
          'end',
        )
        expect([named(one), outcome(came)]).toEqual([named(one), connection.outcome])
      }
    }
    expect(seen).toBeGreaterThan(40)
  })

  it('sends reports, and shows the descriptor, as they say', async () => {
    for (const one of vectors) {
      const { counter, tag, reports, pdu, descriptor } = one.vector
      if (descriptor) expect(await firmware.ask('descriptor')).toEqual([`descriptor ${descriptor}`])
      if (!reports) continue
      const came = await firmware.ask(`encode ${counter} ${tag} ${pdu}`)
      expect([named(one), came.slice(1)]).toEqual([named(one), reports.map((r) => `report ${r}`)])
    }
  })

  it('sends the payloads of replies as they say', async () => {
    const seen = new Map<string, number>()
    const sent = async (
      one: (typeof vectors)[number],
      name: string,
      value: Tree,
      payload: string,
    ) => {
      const asked = command(name, value)
      if (asked === null) return
      expect([named(one), await firmware.ask(asked)]).toEqual([named(one), [`payload ${payload}`]])
      seen.set(name, (seen.get(name) ?? 0) + 1)
    }
    for (const one of vectors) {
      const { struct, value, canonical, pdu, conversation } = one.vector
      const name = struct?.match(/^(HELLO|PING|WAND|OPEN|LIVE|SNAPSHOT) reply$/)?.[1]
      if (name && pdu && value && value !== 'malformed' && canonical !== false)
        await sent(one, name, value, pdu.slice(32, -8))
      for (const line of conversation ?? []) {
        const raw = decodeLine(Buffer.from(line, 'latin1'))
        const said = typeof raw === 'string' ? raw : decodePdu(raw)
        if (typeof said === 'string' || said.type !== MESSAGES.SNAPSHOT.type) continue
        const directory = parse(MESSAGES.SNAPSHOT.reply, said.payload)
        if (directory) await sent(one, 'SNAPSHOT', directory, hex(said.payload))
      }
    }
    expect([...seen.keys()].sort()).toEqual(['HELLO', 'LIVE', 'OPEN', 'PING', 'SNAPSHOT', 'WAND'])
    for (const count of seen.values()) expect(count).toBeGreaterThan(1)
  })

  it('answers as section 9.2 says', async () => {
    const codes = Object.fromEntries(Object.entries(Code).map(([name, code]) => [code, name]))
    const pump = Array.from({ length: 11 }, (_, i) => `block 0 ${i + 1} ${'00'.repeat(60)}`)
    for (const one of vectors) {
      const { asked, answer } = one.vector
      if (asked === undefined) continue
      const link = 0x1d7a93c5
      const hello = { major: 1, type: 1, flags: 0, code: 0, seq: 7, link, session: 0 }
      const greeting = encodePdu({ ...hello, payload: Uint8Array.of(0) })
      await firmware.ask(...pump, 'start W W W 0', `bytes ${latin1(encodeLine(greeting))}`)
      const came = await firmware.ask(`bytes ${latin1(`:${asked.toUpperCase()}\r\n`)}`)
      const raw = came[0] && decodeLine(Buffer.from(came[0].slice(5), 'hex'))
      const pdu = raw && typeof raw !== 'string' ? decodePdu(raw) : null
      const code = pdu && typeof pdu !== 'string' ? codes[pdu.code] : null
      expect([named(one), code]).toEqual([named(one), answer])
    }
  })

  it('has the pump of the first conversation on its bench', () => {
    const blocks = new Map<number, string>()
    const whole = vectors.find(({ file }) => file === '9.6-snapshots.json')?.vector
    for (const line of whole?.conversation ?? []) {
      const raw = decodeLine(Buffer.from(line, 'latin1'))
      const pdu = typeof raw === 'string' ? raw : decodePdu(raw)
      if (typeof pdu === 'string' || pdu.type !== 0x14 || pdu.flags === 0) continue
      const number = pdu.payload[4] as number
      blocks.set(number, (blocks.get(number) ?? '') + hex(pdu.payload.subarray(7)))
    }
    const text = readFileSync(join(FIRMWARE, 'bench_pump.c'), 'utf8')
    const bench = [...text.matchAll(/block(\d+)\[\] = \{([^}]*)\}/g)].map(
      ([, number, bytes]) =>
        [Number(number), (bytes ?? '').replaceAll(/0x|[\s,]/g, '').toLowerCase()] as const,
    )
    expect(new Map(bench)).toEqual(blocks)
  })
})
