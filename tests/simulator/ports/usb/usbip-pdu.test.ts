// The framing of USB/IP: the same messages however TCP cuts them, and nothing hostile gets further
// than a refusal.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MAX_IN,
  MAX_OUT,
  UsbipReader,
  type UsbipSink,
} from '../../../../simulator/ports/usb/usbip-pdu.ts'
import { cmdSubmit, cmdUnlink, OP_REQ_DEVLIST, OP_REQ_IMPORT, opRequest } from './client.ts'

const LONG = process.env.WANDBRIDGE_LONG === '1'
const runs = { numRuns: LONG ? 5000 : 150 }

/** What a reader says, as text, in order. */
function listening(accept = true) {
  const said: string[] = []
  const sink: UsbipSink = {
    list: () => void said.push('list'),
    import: (busId) => {
      said.push(`import ${busId}`)
      return accept
    },
    submit: ({ data, setup, ...rest }) =>
      void said.push(
        `submit ${JSON.stringify(rest)} ${Buffer.from(setup).toString('hex')} ${Buffer.from(data).toString('hex')}`,
      ),
    unlink: (unlink) => void said.push(`unlink ${JSON.stringify(unlink)}`),
    refused: (why) => void said.push(`refused ${why}`),
  }
  return { said, sink }
}

function pushCut(reader: UsbipReader, bytes: Uint8Array, cuts: readonly number[]): void {
  const at = [0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  for (const [i, end] of at.slice(1).entries()) reader.push(bytes.subarray(at[i], end))
}

const u32 = fc.integer({ min: 0, max: 0xffffffff })
const submit = fc
  .record({
    seq: u32,
    device: u32,
    direction: fc.constantFrom(0 as const, 1 as const),
    endpoint: fc.integer({ min: 0, max: 15 }),
    setup: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 8, maxLength: 8 }),
    data: fc.uint8Array({ maxLength: 300 }),
    asked: fc.integer({ min: 0, max: MAX_IN }),
    packets: fc.constantFrom(0, 0xffffffff),
  })
  .map(({ asked, data, ...rest }) =>
    rest.direction === 0
      ? cmdSubmit({ ...rest, length: data.length, data })
      : cmdSubmit({ ...rest, length: asked }),
  )
const unlink = fc.tuple(u32, u32, u32).map((words) => cmdUnlink(...words))
const session = fc
  .array(fc.oneof(submit, unlink), { maxLength: 12 })
  .map((messages) => Buffer.concat([opRequest(OP_REQ_IMPORT, '1-1'), ...messages]))

describe('the reader', () => {
  it('finds the same messages at any cut', () => {
    fc.assert(
      fc.property(session, fc.array(fc.nat(), { maxLength: 40 }), (bytes, cuts) => {
        const whole = listening()
        new UsbipReader(whole.sink).push(bytes)
        const cut = listening()
        const reader = new UsbipReader(cut.sink)
        pushCut(reader, bytes, cuts)
        expect(cut.said).toEqual(whole.said)
        expect(reader.held).toBe(0)
        expect(whole.said.some((line) => line.startsWith('refused'))).toBe(false)
        const byByte = listening()
        const slow = new UsbipReader(byByte.sink)
        for (const byte of bytes) slow.push(Uint8Array.of(byte))
        expect(byByte.said).toEqual(whole.said)
      }),
      runs,
    )
  })

  it('holds little and never throws on anything, and is silent after a refusal', () => {
    const damaged = fc
      .tuple(session, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
      .map(([bytes, changes]) => {
        const out = Buffer.from(bytes)
        for (const [at, byte] of changes) out[at % out.length] = byte
        return out
      })
    fc.assert(
      fc.property(
        fc.oneof(damaged, fc.uint8Array({ maxLength: 400 })),
        fc.boolean(),
        (bytes, imported) => {
          const { said, sink } = listening()
          const reader = new UsbipReader(sink, imported)
          for (let at = 0; at < bytes.length; at += 7) {
            reader.push(bytes.subarray(at, at + 7))
            expect(reader.held).toBeLessThanOrEqual(MAX_OUT)
          }
          const refusals = said.filter((line) => line.startsWith('refused'))
          expect(refusals.length).toBeLessThanOrEqual(1)
          if (refusals.length === 1) expect(said.at(-1)).toBe(refusals[0])
        },
      ),
      runs,
    )
  })

  const transfer = { seq: 1, device: 2, direction: 0 as const, endpoint: 2 }
  it.each([
    ['another version', Buffer.from([0x02, 0x00, 0x80, 0x05, 0, 0, 0, 0]), 'version'],
    ['an unknown request', opRequest(0x8007), 'request 0x8007'],
    ['a reply', opRequest(0x0005), 'request 0x5'],
  ])('refuses %s', (_, bytes, why) => {
    const { said, sink } = listening()
    new UsbipReader(sink).push(Buffer.concat([bytes, opRequest(OP_REQ_DEVLIST)]))
    expect(said).toEqual([expect.stringContaining(`refused ${why}`)])
  })

  it.each([
    ['a negative length', cmdSubmit({ ...transfer, length: -1 }), '-1 bytes'],
    ['a length of gigabytes', cmdSubmit({ ...transfer, length: 0x7fffffff }), '2147483647 bytes'],
    ['too much to read', cmdSubmit({ ...transfer, direction: 1, length: MAX_IN + 1 }), 'bytes'],
    ['endpoint 16', cmdSubmit({ ...transfer, endpoint: 16, length: 0 }), 'endpoint 0:16'],
    ['a third direction', cmdSubmit({ ...transfer, direction: 2 as 1, length: 0 }), 'endpoint 2:2'],
    ['isochronous packets', cmdSubmit({ ...transfer, length: 0, packets: 8 }), 'isochronous'],
    ['an unknown command', Buffer.alloc(48, 9), 'command'],
  ])('refuses %s', (_, bytes, why) => {
    const { said, sink } = listening()
    new UsbipReader(sink, true).push(Buffer.concat([bytes, cmdUnlink(1, 2, 3)]))
    expect(said).toEqual([expect.stringMatching(`^refused .*${why}`)])
  })

  it('reads nothing more from a client that was refused a device, or has its list', () => {
    const no = listening(false)
    new UsbipReader(no.sink).push(
      Buffer.concat([opRequest(OP_REQ_IMPORT, 'x'.repeat(32)), cmdUnlink(1, 2, 3)]),
    )
    expect(no.said).toEqual([`import ${'x'.repeat(32)}`])
    const list = listening()
    new UsbipReader(list.sink).push(Buffer.concat([opRequest(OP_REQ_DEVLIST), opRequest(1)]))
    expect(list.said).toEqual(['list'])
  })
})
