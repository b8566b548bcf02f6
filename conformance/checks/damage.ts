// 50–59: damage, noise and openings, over any framing. What is sent damaged is a PING and stays one: its type is
// never touched.

import { crc32 } from '../../protocol/codec/crc32.ts'
import { CRC_SIZE, HEADER_SIZE } from '../../protocol/codec/pdu.ts'
import { REPORT_SIZE } from '../../protocol/framing/hid-report.ts'
import type { Bench } from '../bench.ts'
import type { Check } from '../check.ts'
import { must, NotRun } from '../verdict.ts'

/** The PDU with one bit of one byte turned over, its checksum left as it was. */
function turned(raw: Uint8Array, at: number, bit: number): Uint8Array {
  const out = raw.slice()
  out[at] = (out[at] as number) ^ (1 << bit)
  return out
}

/** The PDU with another length in its header, under a checksum that is right. */
function misLength(raw: Uint8Array, length: number): Uint8Array {
  const out = raw.slice()
  const view = new DataView(out.buffer)
  view.setUint16(6, length, true)
  const end = out.length - CRC_SIZE
  view.setUint32(end, crc32(out.subarray(0, end)), true)
  return out
}

/** What is no part of any PDU, for any wand: no digit is in it, and no report is well formed. */
function noise(b: Bench, bytes: number): Uint8Array[] {
  const random = b.clock.random(bytes)
  if (b.port.framing.name === 'line') {
    const letters = '#$%&()*+,-./;<=>?@[]^_{|}~:\r\n \t\0\u00fe\u00ff'
    return [Uint8Array.from(random, (byte) => letters.charCodeAt(byte % letters.length))]
  }
  // An index that no report has, so that nothing in it is taken for the beginning of a PDU.
  return Array.from({ length: Math.floor(bytes / REPORT_SIZE) }, (_, i) => {
    const report = random.slice(i * REPORT_SIZE, (i + 1) * REPORT_SIZE)
    report[1] = 0xf0 | ((report[1] as number) & 0x0f)
    return report
  })
}

export const DAMAGE: readonly Check[] = [
  {
    number: 50,
    section: '4.4',
    title: 'A PDU whose checksum differs is dropped',
    asks: '`checksum`: the CRC differs. What has a fault is dropped and never used in part.',
    needs: [4],
    async run(b) {
      const end = HEADER_SIZE + CRC_SIZE
      for (const at of [4, 12, 15, end - 4, end - 3, end - 2, end - 1]) {
        const raw = b.request('PING')
        const bad = turned(raw, at, at % 8)
        await b.silent(bad, `a PING with one bit of byte ${at} turned over`)
      }
      await b.recovers('damaged PDUs')
    },
  },
  {
    number: 51,
    section: '4.4',
    title: 'A PDU whose length is not that of its bytes is dropped',
    asks: '`truncated`: `length` is not the number of bytes less 20.',
    needs: [4],
    async run(b) {
      const bare = b.request('PING')
      await b.silent(misLength(bare, 1), 'a PING that says a length of 1 and has 0')
      const one = b.request('PING', { payload: new Uint8Array(4) })
      await b.silent(misLength(one, 0), 'a PING that says a length of 0 and has 4')
      const most = b.request('PING')
      await b.silent(misLength(most, 0xffff), 'a PING that says a length of 65535')
      await b.recovers('PDUs of a wrong length')
    },
  },
  {
    number: 52,
    section: '9.2',
    title: '`hostRefused` counts what was refused',
    asks: '`hostRefused` counts each refusal.',
    needs: [5, 50],
    async run(b) {
      const before = (await b.read('WAND')).hostRefused
      for (let n = 0; n < 5; n += 1)
        await b.silent(turned(b.request('PING'), 17, 1), 'a damaged PING')
      const after = (await b.read('WAND')).hostRefused
      must(before !== null && after !== null, 'WAND.hostRefused is unavailable')
      must(after - before === 5, `5 PDUs were damaged; hostRefused went from ${before} to ${after}`)
    },
  },
  {
    number: 53,
    section: '5.2, 6.2',
    title: 'After 8 KiB of noise a request is answered',
    asks: 'Every byte is part of an accepted frame, refused with a reason, or still held.',
    needs: [4, 21],
    async run(b) {
      for (let n = 0; n < 8; n += 1) {
        for (const part of noise(b, 1024)) b.write(part)
        await b.wait(150)
      }
      await b.recovers('8 KiB of noise')
    },
  },
  {
    number: 54,
    section: '5.2, 6.2',
    title: 'An opening that ended in the middle of a frame does not hurt the next one',
    asks: 'What is held is never completed by a later connection; a new frame begins afresh.',
    needs: [4, 22],
    async run(b) {
      const long = b.request('PING', { payload: new Uint8Array(150) })
      const [first = new Uint8Array()] = b.frames(long)
      b.write(b.port.framing.name === 'line' ? first.subarray(0, 21) : first)
      await b.wait(50)
      await b.reopen()
      const reply = await b.reply(b.request('HELLO'))
      must(
        reply !== null,
        'HELLO of a new opening was not answered behind half a frame of the earlier one',
      )
      await b.recovers('half a frame of an earlier opening')
    },
  },
  {
    number: 55,
    section: '5.2',
    title: 'A line is not completed by a later opening',
    asks: 'A receiver starts empty on every opening that it can see.',
    needs: [54],
    framing: 'line',
    async run(b) {
      if (!b.seesOpenings)
        throw new NotRun(
          'only a wand that sees an opening is asked that; say --sees-openings for one',
        )
      const { link } = b
      const raw = b.request('PING')
      const [whole = new Uint8Array()] = b.frames(raw)
      b.write(whole.subarray(0, 21))
      await b.wait(50)
      await b.reopen()
      const asked = b.send(raw, [whole.subarray(21)])
      await b.answer(asked, 300)
      await b.hello(link)
      must(asked.answers.length === 0, 'a line of which each opening sent half was answered')
    },
  },
  {
    number: 56,
    section: '5',
    title: 'DTR, RTS and a break change nothing',
    asks: 'A wand MUST work whatever the host does with DTR and RTS, and MUST NOT take a break for anything.',
    needs: [4],
    framing: 'line',
    async run(b) {
      try {
        for (const [dtr, rts] of [
          [true, true],
          [false, true],
          [false, false],
          [true, false],
        ] as const) {
          if (!(await b.lines({ dtr, rts }))) throw new NotRun('this port has no such lines')
          await b.recovers(`DTR ${dtr ? 'up' : 'down'} and RTS ${rts ? 'up' : 'down'}`)
        }
        await b.lines({ dtr: true, rts: true, brk: true })
        await b.wait(100)
        await b.lines({ dtr: true, rts: true, brk: false })
        await b.recovers('a break of 100 ms')
      } finally {
        await b.lines({ dtr: true, rts: true, brk: false })
      }
    },
  },
]
