// Wands whose receiver takes what it must refuse, or refuses what it must take.
import { crc32 } from '../../../protocol/codec/crc32.ts'
import { REPORTS as REPORT_FRAMING } from '../../../protocol/framing/report-stream.ts'
import {
  ascii,
  type BrokenWand,
  bytesOf,
  HID,
  hears,
  line,
  mends,
  righted,
  sets,
  text,
  withChecksum,
} from './breakages.ts'

export const LINES: readonly BrokenWand[] = [
  {
    name: 'a line must come in one piece',
    fails: 20,
    // Its receiver gives up between two bytes that are a millisecond apart.
    inward: (bytes) => (bytes.length === 1 ? ascii('!') : bytes),
  },
  {
    name: 'noise before the colon costs the line',
    fails: 21,
    ...mends((given) => (/^[^:]+:/.test(given.replace(/^[\r\n]+/, '')) ? '!\n' : given)),
  },
  {
    name: 'a colon within a line does not begin anew',
    fails: 22,
    ...mends((given) => (/^:[^:]*:/.test(given) ? '!\n' : given)),
  },
  {
    name: 'LF alone ends a line',
    fails: 23,
    ...mends((l) => (/[^\r]\n/.test(l) ? l.replace('\n', '\r\n') : l)),
  },
  {
    name: 'CR alone ends a line',
    fails: 24,
    ...hears((given) => given.replace(/\r(?!\n)/g, '\r\n')),
  },
  { name: 'lower case is taken', fails: 25, ...hears((given) => given.toUpperCase()) },
  {
    name: 'what is no digit is passed over',
    fails: 26,
    ...mends((given) => (given.startsWith(':') ? given.replace(/[^:0-9A-F\r\n]/g, '') : given)),
  },
  {
    name: 'half a byte at the end is passed over',
    fails: 27,
    ...mends((l) => (/^:[^:]*$/.test(l) && l.length % 2 === 0 ? l.replace(/.\r/, '\r') : l)),
  },
  {
    name: 'of a line that is too long the beginning is taken',
    fails: 28,
    ...mends((given) => {
      if (given.length <= 512 || !given.startsWith(':')) return given
      const raw = Buffer.from(given.slice(1, 41), 'hex')
      return line(righted(raw) ?? raw)
    }),
  },
]

const DATA = 60

/**
 * A receiver of reports that puts their data where `index` says and looks at little else; `fits` says whether a
 * report may follow. What it puts together is sent on as whole reports.
 */
function careless(fits: (report: Uint8Array, held: readonly Uint8Array[]) => boolean) {
  const encode = REPORT_FRAMING.encoder()
  const buffer = new Uint8Array(5 * DATA)
  let held: Uint8Array[] = []
  return (report: Uint8Array): Uint8Array => {
    const [, place = 0, used = 0] = report
    const [index, count] = [place >> 4, place & 0x0f]
    const malformed = count < 1 || count > 5 || index >= count || used < 1 || used > DATA
    const padding = report.subarray(4 + used).some((byte) => byte !== 0)
    if (malformed || padding || held.at(-1)?.every((byte, i) => byte === report[i]))
      return new Uint8Array(0)
    if (index === 0) held = []
    if (index > 0 && !fits(report, held)) return new Uint8Array(0)
    held.push(report.slice())
    buffer.set(report.subarray(4, 4 + used), index * DATA)
    if (index < count - 1) return new Uint8Array(0)
    const frames = encode(buffer.slice(0, index * DATA + used))
    return Uint8Array.from(frames.flatMap((frame) => [...frame]))
  }
}

export const REPORTS: readonly BrokenWand[] = [
  {
    name: 'the counter must not run over',
    fails: 40,
    how: HID,
    inward: (bytes) =>
      bytes[0] === 255 && bytes[3] === 255 && bytes[1] === 0x13 ? new Uint8Array(0) : bytes,
  },
  {
    name: 'a byte behind the data is passed over',
    fails: 41,
    how: HID,
    inward(bytes) {
      const out = bytes.slice()
      const used = out[2] ?? 0
      if (used > 0 && used <= DATA) out.fill(0, 4 + used)
      return out
    },
  },
  {
    name: 'a report that comes twice counts twice',
    fails: 42,
    how: HID,
    // Another counter makes another report of it.
    ...(() => {
      let last = ''
      return {
        inward(bytes: Uint8Array) {
          const now = text(bytes)
          const out = bytes.slice()
          if (now === last) out[0] = ((out[0] ?? 0) + 1) & 0xff
          last = now
          return out
        },
      }
    })(),
  },
  {
    name: 'what an earlier PDU left in the buffer stands for a report that was lost',
    fails: 43,
    how: HID,
    inward: careless(() => true),
  },
  {
    name: 'reports are put together by their index alone',
    fails: 44,
    how: HID,
    inward: careless(([, place = 0], held) => place >> 4 === held.length),
  },
]

const isWhole = (raw: Buffer) => raw.length >= 20 && raw.readUInt16LE(6) === raw.length - 20

export const DAMAGE: readonly BrokenWand[] = [
  {
    name: 'the checksum is not looked at',
    fails: 50,
    ...mends((l) =>
      isWhole(bytesOf(l)) && /^:.*\r\n$/.test(l) ? line(withChecksum(bytesOf(l))) : null,
    ),
  },
  {
    name: 'the length is not looked at',
    fails: 51,
    ...mends((l) => {
      const raw = bytesOf(l)
      const right =
        raw.length >= 20 && raw.readUInt32LE(raw.length - 4) === crc32(raw.subarray(0, -4))
      const mended = right && /\r\n$/.test(l) ? righted(raw) : null
      return mended && line(mended)
    }),
  },
  { name: 'refusals are not counted', fails: 52, ...sets('WAND', { hostRefused: 0 }) },
  {
    name: 'noise makes it deaf until it is opened anew',
    fails: 53,
    ...(() => {
      let deaf = false
      return {
        opened: () => {
          deaf = false
        },
        inward(bytes: Uint8Array) {
          deaf ||= bytes.length > 1_000 && bytes.includes(0xfe)
          return deaf ? new Uint8Array(0) : bytes
        },
      }
    })(),
  },
  {
    name: 'the first line behind half a line of an earlier opening is lost',
    fails: 54,
    ...(() => {
      let half = false
      let lost = false
      return {
        opened: () => {
          lost = half
        },
        inward(bytes: Uint8Array) {
          const drop = lost
          lost = false
          half = bytes.at(-1) !== 0x0a
          return drop ? new Uint8Array(0) : bytes
        },
      }
    })(),
  },
  {
    name: 'a line may be begun in one opening and ended in another',
    fails: 55,
    ...(() => {
      let held = ''
      return {
        inward(bytes: Uint8Array) {
          let out = ''
          for (const c of text(bytes)) {
            held = c === ':' ? c : held + c
            if (c !== '\n') continue
            out += held
            held = ''
          }
          return ascii(out)
        },
      }
    })(),
  },
  {
    name: 'it is deaf while DTR is down',
    fails: 56,
    ...(() => {
      let up = true
      return {
        lines: (set: { readonly dtr?: boolean }) => {
          up = set.dtr ?? up
        },
        inward: (bytes: Uint8Array) => (up ? bytes : new Uint8Array(0)),
      }
    })(),
  },
]
