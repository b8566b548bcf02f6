// A PDU over 64-byte HID reports without report id. README.md §6.
//
// What this layer promises: `readReport` accepts exactly the reports that `ReportEncoder` makes, so
// a report has one encoding and a damaged one has few places to hide; the checksum of the PDU stays
// the judge of the whole. Putting reports together again is report-stream.ts.
import { MAX_PDU } from '../codec/pdu.ts'

export const REPORT_SIZE = 64
export const REPORT_HEADER = 4
export const REPORT_DATA = REPORT_SIZE - REPORT_HEADER
/** Reports of the longest PDU. */
export const MAX_REPORTS = Math.ceil(MAX_PDU / REPORT_DATA)
/** Reports a sender may have on the way: a reader's system queues 64 and drops silently. */
export const MAX_OUTSTANDING = 16

/** Why reports were refused before they were a PDU. */
export type ReportFault = 'noise' | 'truncated' | 'out-of-sequence' | 'repeated'

/**
 * The HID report descriptor, item by item. A vendor page, so that no system takes the wand for a
 * keyboard or claims it; one input and one output report, no feature report: nothing to set.
 */
export const REPORT_DESCRIPTOR_ITEMS: readonly (readonly [string, readonly number[]])[] = [
  ['Usage Page (vendor 0xFF00)', [0x06, 0x00, 0xff]],
  ['Usage (0x01, wand)', [0x09, 0x01]],
  ['Collection (Application)', [0xa1, 0x01]],
  ['Logical Minimum (0)', [0x15, 0x00]],
  ['Logical Maximum (255)', [0x26, 0xff, 0x00]],
  ['Report Size (8 bits)', [0x75, 0x08]],
  ['Report Count (64)', [0x95, REPORT_SIZE]],
  ['Usage (0x02, wand to host)', [0x09, 0x02]],
  ['Input (Data, Variable, Absolute)', [0x81, 0x02]],
  ['Usage (0x03, host to wand)', [0x09, 0x03]],
  ['Output (Data, Variable, Absolute)', [0x91, 0x02]],
  ['End Collection', [0xc0]],
]

export const REPORT_DESCRIPTOR = Uint8Array.from(
  REPORT_DESCRIPTOR_ITEMS.flatMap(([, bytes]) => bytes),
)

export interface Report {
  /** Grows by one, modulo 256, with every report of one sender. */
  readonly counter: number
  /** Which of the `count` reports of its PDU this is, from 0. */
  readonly index: number
  readonly count: number
  /** Grows by one, modulo 256, with every PDU of one sender. */
  readonly tag: number
  /** Bytes of data in it. */
  readonly used: number
}

/** Cuts PDUs into reports. One encoder per connection: it keeps the counter and the tag. */
export class ReportEncoder {
  #counter = 0
  #tag = 0

  /** The reports of one PDU, one behind the other. */
  encode(pdu: Uint8Array): Uint8Array {
    const count = Math.ceil(pdu.length / REPORT_DATA)
    if (count < 1 || count > MAX_REPORTS) {
      throw new RangeError(`a PDU of ${pdu.length} bytes does not fit 1 to ${MAX_REPORTS} reports`)
    }
    const out = new Uint8Array(count * REPORT_SIZE)
    for (let index = 0; index < count; index += 1) {
      const data = pdu.subarray(index * REPORT_DATA, (index + 1) * REPORT_DATA)
      const at = index * REPORT_SIZE
      out.set([this.#counter, (index << 4) | count, data.length, this.#tag], at)
      out.set(data, at + REPORT_HEADER)
      this.#counter = (this.#counter + 1) & 0xff
    }
    this.#tag = (this.#tag + 1) & 0xff
    return out
  }
}

/** One report, or null when its header contradicts itself or its padding is not zero. */
export function readReport(bytes: Uint8Array): Report | null {
  if (bytes.length !== REPORT_SIZE) return null
  const counter = bytes[0] as number
  const place = bytes[1] as number
  const used = bytes[2] as number
  const tag = bytes[3] as number
  const index = place >> 4
  const count = place & 0x0f
  if (count < 1 || count > MAX_REPORTS || index >= count) return null
  const last = index === count - 1
  if (used < 1 || used > REPORT_DATA || (!last && used !== REPORT_DATA)) return null
  for (let i = REPORT_HEADER + used; i < REPORT_SIZE; i += 1) if (bytes[i] !== 0) return null
  return { counter, index, count, tag, used }
}

/** The data of reports that stand one behind the other, all of one PDU. */
export function dataOf(reports: Uint8Array): Uint8Array {
  const last = reports.length - REPORT_SIZE
  const whole = (last / REPORT_SIZE) * REPORT_DATA
  const data = new Uint8Array(whole + (reports[last + 2] as number))
  for (let to = 0, from = 0; to < data.length; ) {
    const end = Math.min(to + REPORT_DATA, data.length)
    for (from += REPORT_HEADER; to < end; to += 1, from += 1) data[to] = reports[from] as number
  }
  return data
}
