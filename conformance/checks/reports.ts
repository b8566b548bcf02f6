// 40–49: a receiver of HID reports.
import {
  MAX_REPORTS,
  REPORT_DATA,
  REPORT_HEADER,
  REPORT_SIZE,
} from '../../protocol/framing/hid-report.ts'
import type { Bench } from '../bench.ts'
import type { Check } from '../check.ts'
import { must } from '../verdict.ts'

const on = { framing: 'report' as const, needs: [4] }

/** A PING of several reports. */
const long = (b: Bench) => b.request('PING', { payload: new Uint8Array(150) })

/** As `report`, with one byte of its header, or behind its data, changed. */
function with_(report: Uint8Array, at: number, value: number): Uint8Array {
  const changed = report.slice()
  changed[at] = value
  return changed
}

/** Its PDU cut anew, with these as the first counter and as the tag. */
function cut(raw: Uint8Array, counter: number, tag: number): Uint8Array[] {
  const count = Math.ceil(raw.length / REPORT_DATA)
  return Array.from({ length: count }, (_, index) => {
    const data = raw.subarray(index * REPORT_DATA, (index + 1) * REPORT_DATA)
    const report = new Uint8Array(REPORT_SIZE)
    report.set([(counter + index) & 0xff, (index << 4) | count, data.length, tag & 0xff])
    report.set(data, REPORT_HEADER)
    return report
  })
}

async function taken(b: Bench, raw: Uint8Array, frames: Uint8Array[], what: string): Promise<void> {
  must((await b.reply(raw, frames)) !== null, `${what} got no reply`)
}

async function dropped(b: Bench, raw: Uint8Array, frames: Uint8Array[], what: string) {
  await b.silent(raw, what, frames)
  await b.recovers(what)
}

export const REPORT_CHECKS: readonly Check[] = [
  {
    ...on,
    number: 40,
    section: '6.1',
    title: 'Counter and tag may begin anywhere, and run over',
    asks: 'Counter and tag may begin anywhere; 255 is followed by 0.',
    async run(b) {
      for (const [counter, tag] of [
        [200, 77],
        [254, 255],
        [17, 0],
      ] as const) {
        const raw = long(b)
        await taken(b, raw, cut(raw, counter, tag), `a PDU with counter ${counter} and tag ${tag}`)
      }
    },
  },
  {
    ...on,
    number: 41,
    section: '6.2',
    title: 'A malformed report is refused and changes nothing else',
    asks: 'Such a report is refused as noise, and changes nothing else.',
    async run(b) {
      const raw = b.request('PING')
      const [report = new Uint8Array()] = cut(raw, 90, 90)
      const bad: [string, Uint8Array][] = [
        ['a byte behind its data', with_(report, REPORT_SIZE - 1, 1)],
        ['count 0', with_(report, 1, 0)],
        [`count ${MAX_REPORTS + 1}`, with_(report, 1, MAX_REPORTS + 1)],
        ['61 bytes of data', with_(report, 2, REPORT_DATA + 1)],
        ['no data', with_(report, 2, 0)],
      ]
      for (const [what, one] of bad) await dropped(b, raw, [one], `a report with ${what}`)
      const whole = long(b)
      const parts = cut(whole, 120, 91)
      parts.splice(1, 0, with_(report, REPORT_SIZE - 1, 1))
      await taken(b, whole, parts, 'a PDU with a malformed report between its own')
    },
  },
  {
    ...on,
    number: 42,
    section: '6.2',
    title: 'A repeated report changes nothing',
    asks: 'It equals the newest earlier report with the same low four bits of `counter`: refused as repeated.',
    async run(b) {
      const raw = long(b)
      const [first = new Uint8Array(), second = new Uint8Array(), ...rest] = cut(raw, 30, 30)
      await taken(b, raw, [first, first, second, second, ...rest], 'a PDU with reports twice')
      const one = b.request('PING')
      const [report = new Uint8Array()] = cut(one, 50, 50)
      const asked = b.send(one, [report, report])
      await b.answer(asked, b.patienceMs)
      await b.wait(300)
      must(
        asked.answers.length === 1,
        `a report sent twice was answered ${asked.answers.length} times`,
      )
    },
  },
  {
    ...on,
    number: 43,
    section: '6.2',
    title: 'A lost report costs its PDU',
    asks: 'So a report that was lost costs the PDU it belonged to.',
    async run(b) {
      const raw = long(b)
      const [first = new Uint8Array(), , ...rest] = cut(raw, 60, 60)
      await dropped(b, raw, [first, ...rest], 'a PDU without its second report')
    },
  },
  {
    ...on,
    needs: [4, 43],
    number: 44,
    section: '6.2',
    title: 'Reports out of order, or of two PDUs, are never put together',
    asks: 'Two PDUs are never spliced, and index 0 always begins afresh.',
    async run(b) {
      const raw = long(b)
      const [one, two, three] = cut(raw, 70, 70) as [Uint8Array, Uint8Array, Uint8Array]
      await dropped(b, raw, [one, three, two], 'a PDU with its reports out of order')
      const spliced = long(b)
      const [head] = cut(spliced, 100, 70) as [Uint8Array]
      const [, ...tail] = cut(spliced, 100, 71)
      await dropped(b, spliced, [head, ...tail], 'a PDU whose reports have two tags')
      const gap = long(b)
      const [begun] = cut(gap, 130, 80) as [Uint8Array]
      const [, ...later] = cut(gap, 140, 80)
      await dropped(b, gap, [begun, ...later], 'a PDU whose counters have a gap')
    },
  },
]
