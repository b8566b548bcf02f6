// What support is sent: no name survives in it, whatever input it was in, and what is not a name does.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { parse } from '../../protocol/codec/struct.ts'
import type { FrameSink } from '../../protocol/framing/framing.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { MESSAGES } from '../../protocol/messages/index.ts'
import type { Listed } from '../../src/cli/devices.ts'
import { check, type Facts } from '../../src/cli/doctor/checks.ts'
import { maskedDevice, maskedFacts } from '../../src/cli/doctor/masked.ts'
import { renderFindings } from '../../src/cli/doctor.ts'
import { REQUESTS } from '../../src/control/messages.ts'
import { decoder } from '../../src/drivers/open-wand/decoder.ts'
import { configSchema } from '../../src/host/config.ts'
import { type Bundle, bundleOf, type Seen } from '../../src/support/bundle.ts'
import { Names } from '../../src/support/names.ts'
import type { Shape } from '../../src/support/settings.ts'
import { aboutOf, bytesOf, partsOf, trafficOf } from '../capture/files.ts'
import { found, fromSchema, Marks, markedCapture } from './marked.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const shapeOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'output' }) as Shape
const SCHEMAS = {
  settings: shapeOf(configSchema),
  status: shapeOf(REQUESTS.status.reply),
  destinations: shapeOf(REQUESTS.delivery.reply),
  counters: shapeOf(REQUESTS.counters.reply),
}
const namesOf = (marks: Marks) => new Names(Uint8Array.from({ length: 32 }, () => marks.below(256)))

function factsOf(m: () => string): Facts {
  const holders = [{ pid: 12, name: m().replaceAll('/', '').slice(0, 15) }]
  return {
    platform: 'linux',
    node: '22.1.0',
    hidFault: `${m()}: libusb-1.0.so.0: cannot open shared object file ${m()}`,
    udev: { running: false, rules: null, source: `${m()}/70-wandbridge.rules` },
    ports: (['ok', 'denied', 'absent', 'no-file'] as const).flatMap((access) => [
      { path: m(), wand: null, access, holders },
      { path: m(), wand: `simulated wand ${m()}`, access, holders: [] },
    ]),
    hidden: 3,
    bridge: true,
    state: { dir: m(), writable: false, freeBytes: 5, newest: 1e12 },
    medium: { kind: 'plain', name: `ext4 (${m()})` },
    clock: { wall: 1.79e12, service: { name: 'chronyd' } },
  }
}

function deviceOf(m: () => string): Listed {
  return {
    ...{ kind: 'serial', path: m(), byId: m(), vendorId: '1209', productId: '0001' },
    ...{ manufacturer: m(), product: m(), serialNumber: m(), driver: 'cdc_acm', place: '1-2' },
    ...{ usbInterface: '1-2:1.0', usagePage: null, usage: null, wandDescriptor: null },
    ...{ score: 80, name: 'simulated wand', wand: m(), holders: [{ pid: 7, name: m() }] },
  }
}

async function seenBy(marks: Marks, names: Names): Promise<Seen> {
  const m = () => marks.typed()
  return {
    versions: { wandbridge: '0.1.0' },
    doctor: renderFindings(check(maskedFacts(factsOf(m), names))),
    devices: [maskedDevice(deviceOf(m), names)],
    settings: { value: fromSchema(SCHEMAS.settings, marks), schema: SCHEMAS.settings },
    bridge: {
      status: fromSchema(SCHEMAS.status, marks),
      destinations: fromSchema(SCHEMAS.destinations, marks),
      counters: fromSchema(SCHEMAS.counters, marks),
    } as Seen['bridge'],
    captures: await Promise.all(
      (['line', 'report'] as const).map(async (framing) => ({
        ...{ name: framing, parts: await partsOf(markedCapture(framing, marks, false).bytes) },
      })),
    ),
  }
}

/** The files, and besides, what captures hold and carry once compression, lines and framing are taken off. */
async function everything({ entries, missing }: Bundle): Promise<Uint8Array[]> {
  const carried: Uint8Array[] = []
  for (const { bytes } of entries.filter(({ name }) => name.startsWith('captures/'))) {
    const parts = await partsOf(bytes)
    const traffic = trafficOf(parts)
    carried.push(Buffer.from(JSON.stringify([aboutOf(parts), traffic])))
    for (const direction of ['in', 'out']) {
      const all = Buffer.from(bytesOf(traffic, [direction]))
      const { raw } = carriedBy(all)
      // Behind each other, so that a word in two pieces is seen, and each by itself.
      const data = raw.map((pdu) => pdu.subarray(16, -4))
      const blocks = raw.filter((pdu) => pdu[1] === 0x14).map((pdu) => pdu.subarray(23, -4))
      carried.push(all, Buffer.concat(data), Buffer.concat(blocks))
    }
  }
  return [
    ...entries.flatMap(({ name, bytes }) => [Buffer.from(name), bytes]),
    ...[Buffer.from(missing.join('\n')), ...carried],
  ]
}

/** Frames of either framing. */
function carriedBy(bytes: Uint8Array) {
  return [LINES, REPORTS]
    .map((framing) => {
      const raw: Uint8Array[] = []
      let refused = 0
      const sink: FrameSink = {
        pdu: (_, pdu) => void raw.push(pdu),
        discarded: (_, { length }) => {
          refused += length
        },
      }
      const stream = framing.decoder(sink)
      stream.push(bytes)
      stream.close()
      return { raw, refused }
    })
    .reduce((best, one) => (one.raw.length > best.raw.length ? one : best))
}

describe('the support bundle', () => {
  it('holds no marked word of any input, in whatever coding', async () => {
    const kept = { files: 0, frames: 0, words: 0 }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
        const marks = new Marks(seed)
        const names = namesOf(marks)
        const bundle = bundleOf(await seenBy(marks, names), names)
        expect(found(await everything(bundle), marks.words)).toEqual([])
        // By the first line of defence: nothing had to be left out by the second.
        expect(bundle.missing).toEqual([])
        kept.files += bundle.entries.length
        kept.words += marks.words.length
        for (const { bytes } of bundle.entries.slice(-2))
          kept.frames += trafficOf(await partsOf(bytes)).length
      }),
      { numRuns: LONG ? 800 : 8 },
    )
    expect(kept.files).toBeGreaterThan(50)
    expect(kept.frames).toBeGreaterThan(500)
    console.log(`${kept.words} marked words, ${kept.frames} frames kept, none of the words left`)
  })

  it('finds what it looks for', () => {
    const word = 'K7Q4X2M0P9R8T6'
    const wide = Buffer.from(`x${word}`, 'utf16le')
    const coded = [
      ...[word, `a${word}`, Buffer.from(word).toString('hex'), encodeURIComponent(`é${word}`)],
      ...['', 'a', 'ab'].map((before) => Buffer.from(before + word).toString('base64')),
      Buffer.from(Buffer.from(word).toString('hex')).toString('base64'),
      [...Buffer.from(word)].map((byte) => `%${byte.toString(16)}`).join(''),
    ]
    for (const one of [...coded.map((text) => Buffer.from(text)), wide, Buffer.from(wide).swap16()])
      expect(found([one], [word]), one.toString()).toEqual([word])
    expect(found([Buffer.from('K7Q4X2M0 P9R8T6')], [word])).toEqual([])
  })

  it('gives captures that decode whole, with the same names for the same pump', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
        for (const framing of ['line', 'report'] as const) {
          const marks = new Marks(seed)
          marks.odd = false
          const names = namesOf(marks)
          const made = markedCapture(framing, marks, true)
          const settings = { value: {}, schema: {} }
          const captures = [{ name: 'c', parts: await partsOf(made.bytes) }]
          const seen = {
            versions: {},
            doctor: [],
            devices: [],
            settings,
            bridge: 'none.',
            captures,
          }
          const { entries } = bundleOf(seen, names)
          const capture = entries.find(({ name }) => name === 'captures/c')
          expect(capture?.what).toBe('traffic of wands')
          const before = await inOf(made.bytes)
          const after = await inOf(capture?.bytes ?? new Uint8Array())
          expect([before.refused, after.refused, after.raw.length]).toEqual([0, 0, made.whole])
          // The same conversation: every header is as it was.
          const head = (pdu: Uint8Array) => Buffer.from(pdu.subarray(0, 16)).toString('hex')
          expect(after.raw.map(head)).toEqual(before.raw.map(head))
          const [was, is] = [readingOf(before.raw), readingOf(after.raw)]
          expect(is.pump).toBe(names.name(was.pump ?? ''))
          expect(textless(is.said)).toEqual(textless(was.said))
          const [hello, other] = [helloOf(before.raw), helloOf(after.raw)]
          expect(other?.wandSerial?.trim()).toBe(names.name(hello?.wandSerial ?? ''))
          expect({ ...other, wandSerial: '' }).toEqual({ ...hello, wandSerial: '' })
        }
      }),
      { numRuns: LONG ? 300 : 5 },
    )
  })

  it('leaves a file out in which a name is found after all', async () => {
    const key = new Uint8Array(32)
    const leak = 'Mary Prankster'
    const bytes = Buffer.from(leak)
    const wide = Buffer.from(leak, 'utf16le')
    const ways = [
      ...[leak, bytes.toString('hex'), bytes.toString('base64'), encodeURIComponent(leak)],
      ...[Buffer.from(`see ${leak}`).toString('base64'), wide.toString('latin1')],
    ]
    for (const way of ways) {
      const names = new Names(key)
      const seen = await seenBy(new Marks(1), names)
      names.name(leak)
      const doctor = [`what was said: ${way} and more`]
      const { entries, missing } = bundleOf({ ...seen, doctor }, names)
      expect(entries.map(({ name }) => name)).not.toContain('doctor.txt')
      expect(missing).toEqual(['doctor.txt is left out: a name in it could not be replaced.'])
    }
  })

  it('keeps what is not a name', async () => {
    const names = new Names(new Uint8Array(32))
    const value = configSchema.parse({
      ...{
        serial: ['/dev/ttyUSB0', 'auto', 'tcp://wand.ward3.example:4001'],
        zone: 'Europe/London',
      },
      ...{ refill: { clinic: 'North Clinic', tolerance: 14.5, source: 'Rule 7' } },
      hl7: { destinations: [{ name: 'ward-3', host: '127.0.0.1', port: 2575 }] },
      delivery: {
        fhir: [
          { name: 'emr', url: 'https://emr.example:8443/r4', auth: { tokenFile: '/home/j/t.pem' } },
        ],
      },
    })
    const seen = {
      ...(await seenBy(new Marks(2), names)),
      settings: { value, schema: SCHEMAS.settings },
    }
    const { entries } = bundleOf(seen, names)
    const text = entries.find(({ name }) => name === 'configuration.json')
    const X = expect.stringMatching(/^X-[A-Z2-9]{8}$/)
    expect(JSON.parse(Buffer.from(text?.bytes ?? []).toString())).toMatchObject({
      ...{ source: 'device', policy: 'on-placement', locale: 'en-US', zone: 'Europe/London' },
      ...{ refill: { clinic: X, tolerance: 14.5, source: X }, http: { listen: '127.0.0.1:8420' } },
      serial: ['/dev/ttyUSB0', 'auto', expect.stringMatching(/^tcp:\/\/X-\w{8}:4001$/)],
      hl7: { destinations: [{ port: 2575, reportProfile: expect.stringContaining('IHE') }] },
      delivery: {
        fhir: [
          {
            url: expect.stringMatching(/^https:\/\/X-\w{8}:8443\/X-\w{8}$/),
            auth: { tokenFile: expect.stringMatching(/^X-\w{8}\.pem$/) },
          },
        ],
      },
    })
  })
})

const inOf = async (bytes: Uint8Array) =>
  carriedBy(Buffer.from(bytesOf(trafficOf(await partsOf(bytes)), ['in'])))

function readingOf(raw: readonly Uint8Array[]) {
  const pdus = raw.filter((pdu) => pdu[1] === 0x13 || pdu[1] === 0x14)
  const read = decoder.decode('interrogation', pdus)
  if (typeof read === 'string') throw new Error(read)
  return read
}

const helloOf = (raw: readonly Uint8Array[]) =>
  parse(MESSAGES.HELLO.reply, raw[0]?.subarray(16, -4) ?? new Uint8Array())

/** Without texts, but those that makers give. */
const textless = (said: unknown): unknown =>
  JSON.parse(
    JSON.stringify(said, (_, value) =>
      typeof value === 'string' && value !== 'Model 8' ? 'text' : value,
    ),
  )
