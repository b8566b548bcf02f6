// Inputs of a support bundle with marked words wherever a word can stand, and a search that finds what is left of
// one: in plain text, hexadecimal digits, base64 from any place on, percent signs, UTF-16, and through the framings.
import { crc32 } from '../../protocol/codec/crc32.ts'
import { encodePdu, FLAG_REPLY } from '../../protocol/codec/pdu.ts'
import { emit } from '../../protocol/codec/struct.ts'
import { BLOCKS } from '../../protocol/fields/blocks.ts'
import { allOnes, type Field, hasUnavailable, type Struct } from '../../protocol/fields/field.ts'
import { LINES } from '../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../protocol/framing/report-stream.ts'
import { MESSAGES, type MessageName } from '../../protocol/messages/index.ts'
import { CaptureWriter } from '../../src/capture/writer.ts'
import type { Shape } from '../../src/support/settings.ts'

/** Chance from a seed, and the marked words that came of it. */
export class Marks {
  readonly words: string[] = []
  /** Whether texts of a wand may be outside their form. */
  odd = true
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  below(n: number): number {
    // Xorshift: any seed, no library.
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state % n
  }

  /** A serial, a word of a remark, half a token. Letters and digits in turn, and no digit of hexadecimal numbers. */
  word(): string {
    const letters = 'GHJKLMNPQRSTUVWXYZ'
    const word = Array.from({ length: 14 }, (_, i) =>
      i % 2 === 0 ? letters[this.below(letters.length)] : this.below(10),
    ).join('')
    this.words.push(word)
    return word
  }

  /** A marked word as somebody might type it. */
  typed(): string {
    const word = this.word()
    const ways = [
      ...[word, word.toLowerCase(), `Dr ${word}`, `/home/${word}/wand.pem`, `${word}.example`],
      ...[`https://${word}.example/fhir/${word}?k=${word}`, `${word}:8080`, `tcp://${word}:4001`],
      ...[`usb:${word}`, `/dev/serial/by-id/usb-Maker_${word}-if00`, `/dev/${word}`, `ü${word}\n`],
      ...[`https://u:${word}@x.example/`, `tcp://10.0.0.1#${word}`, `C:\\Users\\${word}\\a`],
    ]
    return String(ways[this.below(ways.length)])
  }
}

/** A value of a schema with a marked word for every text that is not chosen from a list. */
export function fromSchema(schema: Shape, marks: Marks): unknown {
  interface More extends Shape {
    readonly type?: string | readonly string[]
    readonly pattern?: string
    readonly additionalProperties?: Shape | false
  }
  const make = (given: Shape, key: string): unknown => {
    const name = given.$ref?.split('/').at(-1)
    const shape: More = name === undefined ? given : (schema.$defs?.[name] ?? {})
    const ways = [...(shape.anyOf ?? []), ...((shape as { oneOf?: Shape[] }).oneOf ?? [])]
    if (ways.length > 0) return make(ways[marks.below(ways.length)] as Shape, key)
    if (shape.const !== undefined) return shape.const
    if (shape.enum) return shape.enum[marks.below(shape.enum.length)]
    if (shape.items) return [0, 1].map(() => make(shape.items as Shape, key))
    if (shape.properties || shape.type === 'object') {
      const more = shape.additionalProperties ? { said: shape.additionalProperties } : {}
      const all = Object.entries({ ...more, ...shape.properties })
      return Object.fromEntries(all.map(([own, one]) => [own, make(one, own)]))
    }
    const type = typeof shape.type === 'string' ? shape.type : shape.type?.[marks.below(2)]
    if (type === 'string') {
      if (shape.format === 'date-time') return '2026-11-24T14:02:11.000Z'
      // Names that makers give stay as they are.
      if (['model', 'firmware'].includes(key)) return 'Model 8'
      return key === 'zone' ? 'Europe/London' : marks.typed()
    }
    if (type === 'boolean') return marks.below(2) === 1
    return type === 'null' ? null : 7
  }
  return make(schema, '')
}

/** A value of a struct, every text marked, numbers of any size. */
function repr(struct: Struct, marks: Marks): Record<string, unknown> {
  const one = (name: string, field: Field): unknown => {
    if (field.kind === 'text') {
      if (['wandModel', 'pumpModel', 'firmware'].includes(name)) return 'Model 8'
      if (name === 'model' && struct === (BLOCKS.identity.struct as Struct)) return 'Model 8'
      // Now and then outside its form.
      return marks.odd && marks.below(4) === 0
        ? `é${marks.word()}`.slice(0, field.size)
        : marks.word()
    }
    if (field.kind === 'rest') return new Uint8Array()
    if (field.kind === 'list')
      return Array.from({ length: 1 + marks.below(field.max) }, () => repr(field.item, marks))
    return hasUnavailable(field) && marks.below(5) === 0 ? null : marks.below(allOnes(field.size))
  }
  return Object.fromEntries(
    Object.entries<Field>(struct.fields).map(([name, field]) => [name, one(name, field)]),
  )
}

const bytesOf = (struct: Struct, marks: Marks) => emit(struct, repr(struct, marks) as never)
const latin1 = (text: string) => Buffer.from(text, 'latin1')

export interface MadeCapture {
  readonly bytes: Uint8Array
  /** Frames from the wand that were whole, and are of whole blocks. */
  readonly whole: number
}

/** Traffic of one wand. `clean`: nothing is damaged, missing, unknown or too long. */
export function markedCapture(
  framing: 'line' | 'report',
  marks: Marks,
  clean: boolean,
): MadeCapture {
  const sometimes = (n: number) => !clean && marks.below(n) === 0
  const frames: { readonly direction: 'in' | 'out'; readonly bytes: Uint8Array }[] = []
  const encode = {
    in: (framing === 'line' ? LINES : REPORTS).encoder(),
    out: (framing === 'line' ? LINES : REPORTS).encoder(),
  }
  let seq = 0
  let whole = 0
  const session = marks.below(2 ** 30)
  const link = 1 + marks.below(2 ** 30)
  const send = (direction: 'in' | 'out', type: number, payload: Uint8Array, code = 0) => {
    const longer = sometimes(6) && payload.length < 200 ? latin1(marks.word()) : new Uint8Array()
    const flags = direction === 'in' ? FLAG_REPLY : 0
    seq = (seq + 1) & 0xffff
    const pdu = encodePdu({
      ...{ major: 1, type, flags, code, seq, link, session },
      payload: type === MESSAGES.BLOCK.type ? payload : Buffer.concat([payload, longer]),
    })
    const bytes = Buffer.concat(encode[direction](pdu))
    // A damaged one.
    if (sometimes(12)) bytes[marks.below(bytes.length)] = marks.below(256)
    frames.push({ direction, bytes })
    if (direction === 'in') whole += 1
    // What is no frame at all.
    if (sometimes(8))
      frames.push({ direction, bytes: latin1(`${marks.word()}:${marks.word()}\r\n`) })
  }
  const say = (name: MessageName, code = 0, reply?: Uint8Array) => {
    const {
      type,
      request,
      reply: shape,
    } = MESSAGES[name] as { type: number } & Record<'request' | 'reply', Struct>
    send('out', type, bytesOf(request, marks))
    const said = code === 12 ? bytesOf(MESSAGES.HELLO.reply, marks) : new Uint8Array()
    send('in', type, reply ?? (code === 0 ? bytesOf(shape, marks) : said), code)
  }
  for (const name of ['HELLO', 'PING', 'WAND', 'OPEN', 'INTERROGATE', 'LIVE'] as const) say(name)
  if (!clean) say('HELLO', 12)
  if (!clean) send('in', 0x2f, latin1(marks.word()))
  reading(marks, clean, say)
  say('CLOSE')
  const about = {
    ...{ wandbridge: '0.1.0', protocol: '1.0', node: '20.20.2', platform: 'linux' },
    ...{ boot: marks.typed(), bridge: null, startedAt: '2026-11-24T14:02:11.000Z' },
  }
  const at = { mono: 5, wall: 1.79e12 }
  const writer = new CaptureWriter(about, at)
  writer.include(marks.typed(), null)
  const path = `/dev/serial/by-id/usb-${marks.word()}`
  writer.put(path, { kind: 'opened', framing }, at)
  for (const { direction, bytes } of frames) {
    // Cut as ports do; reports stay whole.
    for (let from = 0; from < bytes.length; ) {
      const size = framing === 'report' ? 64 : 1 + marks.below(90)
      at.mono += marks.below(3)
      const part = Uint8Array.from(bytes.subarray(from, from + size))
      writer.put(path, { kind: direction, bytes: part }, { ...at })
      from += size
    }
    if (sometimes(20)) writer.put(path, { kind: 'opened', framing }, { ...at })
  }
  writer.put(path, { kind: 'ended', how: 'failed', text: marks.typed() }, at)
  return { bytes: writer.take(), whole }
}

/** A directory and its blocks, in pieces of any length. */
function reading(
  marks: Marks,
  clean: boolean,
  say: (name: MessageName, code?: number, reply?: Uint8Array) => void,
): void {
  const snapshot = marks.below(1_000)
  const blocks = Object.values(BLOCKS).map(({ number, struct }) => {
    const bytes = bytesOf(struct as Struct, marks)
    // What a newer minor may append.
    const longer = clean || marks.below(3) > 0 ? '' : marks.word()
    return { block: number, bytes: Buffer.concat([bytes, latin1(longer)]) }
  })
  const directory = emit(MESSAGES.SNAPSHOT.reply, {
    ...{ snapshot, beganMs: 5, endedMs: 4, deviceTime: 800_000_000 },
    ...{ counterBefore: 7, counterAfter: 7 },
    crc: blocks.reduce((sum, { bytes }) => crc32(bytes, sum), 0),
    blocks: blocks.map(({ block, bytes }) => ({ block, length: bytes.length })),
  })
  say('SNAPSHOT', 0, directory)
  for (const { block, bytes } of blocks) {
    for (let offset = 0; offset < bytes.length; ) {
      const data = bytes.subarray(offset, offset + 1 + marks.below(225))
      const reply = emit(MESSAGES.BLOCK.reply, { snapshot, block, offset, data })
      // Lost, or asked for twice.
      if (clean || marks.below(30) > 0) say('BLOCK', 0, reply)
      if (!clean && marks.below(30) === 0) say('BLOCK', 0, reply)
      offset += data.length
    }
  }
}

/** The marked words of which so many characters in a row are left in these bytes, whatever their case. */
const ROW = 9
export function found(files: readonly Uint8Array[], words: readonly string[]): string[] {
  const grams = new Map<string, string>()
  for (const word of words)
    for (let i = 0; i + ROW <= word.length; i += 1) grams.set(word.slice(i, i + ROW), word)
  const left = new Set<string>()
  for (const file of files) {
    for (const text of readings(Buffer.from(file))) {
      const upper = text.toUpperCase()
      for (let i = 0; i + ROW <= upper.length; i += 1) {
        const word = grams.get(upper.slice(i, i + ROW))
        if (word !== undefined) left.add(word)
      }
    }
  }
  return [...left]
}

/** Bytes in every way in which a word may be in them. */
function* readings(file: Buffer, depth = 0): Generator<string> {
  const text = file.toString('latin1')
  yield text
  if (text.includes('\0')) yield text.replaceAll('\0', '')
  if (text.includes('%'))
    yield text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
  if (depth > 1) return
  for (const [run] of text.matchAll(/(?:[0-9a-f]{2}){6,}/gi)) {
    yield* readings(Buffer.from(run, 'hex'), depth + 1)
    yield* readings(Buffer.from(run.slice(1), 'hex'), depth + 1)
  }
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{8,}/g))
    for (const from of [0, 1, 2, 3])
      yield* readings(Buffer.from(run.slice(from), 'base64'), depth + 1)
}
