// The descriptors, read by the book: USB 2.0 §9.5 and §9.6, HID 1.11 §6.2, CDC 1.2 §5.2.3.
import { describe, expect, it } from 'vitest'
import { REPORT_DESCRIPTOR } from '../../../../protocol/framing/hid-report.ts'
import { HID_USAGE, HID_USAGE_PAGE, USB_SIMULATOR } from '../../../../protocol/usb.ts'
import {
  CONFIGURATION_DESCRIPTOR,
  DEVICE_DESCRIPTOR,
  stringDescriptor,
} from '../../../../simulator/ports/usb/descriptors.ts'

/** Descriptors one behind the other, by their lengths. */
function walk(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = bytes[at] as number
    expect(size).toBeGreaterThanOrEqual(2)
    expect(at + size).toBeLessThanOrEqual(bytes.length)
    found.push(bytes.subarray(at, at + size))
    at += size
  }
  return found
}

const word = (bytes: Uint8Array, at: number) =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8)

describe('the configuration descriptor', () => {
  const all = walk(CONFIGURATION_DESCRIPTOR)
  const [head, ...rest] = all as [Uint8Array, ...Uint8Array[]]
  const ofType = (type: number) => rest.filter((one) => one[1] === type)

  it('says how long it is and how many interfaces it has, and needs no more than a port gives', () => {
    expect(head[0]).toBe(9)
    expect(head[1]).toBe(2)
    expect(word(head, 2)).toBe(CONFIGURATION_DESCRIPTOR.length)
    const numbers = ofType(4).map((one) => one[2])
    expect(numbers).toEqual(Array.from({ length: head[4] as number }, (_, i) => i))
    expect(head[5]).toBe(1)
    expect((head[7] as number) & 0x9f).toBe(0x80)
    expect((head[8] as number) * 2).toBeLessThanOrEqual(100)
  })

  it('gives each interface the endpoints that it says, each address once', () => {
    let left = 0
    const addresses: number[] = []
    for (const one of rest) {
      if (one[1] === 4) {
        expect(left).toBe(0)
        expect(one[0]).toBe(9)
        left = one[4] as number
      } else if (one[1] === 5) {
        left -= 1
        expect(one[0]).toBe(7)
        addresses.push(one[2] as number)
        // Full speed: 64 bytes at most, bulk or interrupt, and no interrupt endpoint without interval.
        expect([2, 3]).toContain(one[3])
        expect(word(one, 4)).toBeLessThanOrEqual(64)
        if (one[3] === 3) expect(one[6]).toBeGreaterThan(0)
      }
    }
    expect(left).toBe(0)
    expect(addresses.sort((a, b) => a - b)).toEqual([0x02, 0x03, 0x81, 0x82, 0x83])
  })

  it('binds the two interfaces of CDC-ACM together, in every way there is', () => {
    const [association] = ofType(11) as [Uint8Array]
    expect([...association]).toEqual([8, 11, 0, 2, 2, 2, 0, 0])
    const functional = ofType(0x24)
    expect(functional.map((one) => one[2])).toEqual([0x00, 0x01, 0x02, 0x06])
    const [, call, acm, union] = functional as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    expect(call[4]).toBe(1)
    expect((acm[3] as number) & 0x06).toBe(0x06)
    expect([union[3], union[4]]).toEqual([0, 1])
    const kinds = ofType(4).map((one) => [...one.subarray(5, 8)])
    expect(kinds).toEqual([
      [2, 2, 0],
      [10, 0, 0],
      [3, 0, 0],
    ])
  })

  it('announces the report descriptor with its length', () => {
    const [hid] = ofType(0x21) as [Uint8Array]
    expect(hid[0]).toBe(9)
    expect([hid[5], hid[6]]).toEqual([1, 0x22])
    expect(word(hid, 7)).toBe(REPORT_DESCRIPTOR.length)
  })
})

describe('the report descriptor', () => {
  it('has one input and one output report of 64 bytes under the wand’s usage, and nothing else', () => {
    const totals: Record<number, number> = {}
    const state: Record<number, number> = {}
    let depth = 0
    const usages: number[] = []
    for (let at = 0; at < REPORT_DESCRIPTOR.length; ) {
      const prefix = REPORT_DESCRIPTOR[at] as number
      const size = [0, 1, 2, 4][prefix & 3] as number
      let value = 0
      for (let i = size; i > 0; i -= 1) value = value * 256 + (REPORT_DESCRIPTOR[at + i] as number)
      at += 1 + size
      const tag = prefix & 0xfc
      if (tag === 0xa0) depth += 1
      else if (tag === 0xc0) depth -= 1
      else if ([0x80, 0x90, 0xb0].includes(tag)) {
        totals[tag] = (totals[tag] ?? 0) + (state[0x74] as number) * (state[0x94] as number)
      } else if (tag === 0x08) usages.push(value)
      else state[tag] = value
    }
    expect(depth).toBe(0)
    expect(totals).toEqual({ 128: 64 * 8, 144: 64 * 8 })
    expect(state[0x04]).toBe(HID_USAGE_PAGE)
    expect(usages[0]).toBe(HID_USAGE)
    // No report id (tag 0x84).
    expect(state[0x84]).toBeUndefined()
  })
})

describe('the device descriptor', () => {
  it('tells the simulator’s identity', () => {
    const { vendorId, productId, release, manufacturer, product } = USB_SIMULATOR
    const d = DEVICE_DESCRIPTOR
    expect([d[0], d[1], word(d, 2), d[7], d[17]]).toEqual([18, 1, 0x0200, 64, 1])
    // Interface association needs this class.
    expect([...d.subarray(4, 7)]).toEqual([0xef, 2, 1])
    expect([word(d, 8), word(d, 10), word(d, 12)]).toEqual([vendorId, productId, release])
    const text = (i: number) => {
      const bytes = stringDescriptor(i, 'SIMW-0001') as Uint8Array
      expect([bytes[0], bytes[1]]).toEqual([bytes.length, 3])
      return Buffer.from(bytes.subarray(2)).toString('utf16le')
    }
    expect([d[14], d[15], d[16]].map((i) => text(i as number))).toEqual([
      manufacturer,
      product,
      'SIMW-0001',
    ])
    expect([...(stringDescriptor(0, '') as Uint8Array)]).toEqual([4, 3, 0x09, 0x04])
    expect(stringDescriptor(4, 'SIMW-0001')).toBeNull()
  })
})
