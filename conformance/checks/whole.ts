// 900–909: what must hold of everything that went both ways. Judged over the traffic of the checks that passed:
// what another check has found wrong is not told twice.
import { Code, FLAG_REPLAY, FLAG_REPLY, FLAG_SIMULATOR } from '../../protocol/codec/pdu.ts'
import { emit, parse } from '../../protocol/codec/struct.ts'
import { BLOCKS } from '../../protocol/fields/blocks.ts'
import type { Struct } from '../../protocol/fields/field.ts'
import { REPORT_SIZE, readReport } from '../../protocol/framing/hid-report.ts'
import { MESSAGES, messageOfType } from '../../protocol/messages/index.ts'
import { Timing } from '../../protocol/timing.ts'
import type { Bench } from '../bench.ts'
import type { Check } from '../check.ts'
import type { Asked, Reply } from '../host.ts'
import { must } from '../verdict.ts'

const PASSED = { needs: [3] }
const PING = MESSAGES.PING.type
const HELLO = MESSAGES.HELLO.type

function* replies(b: Bench): Generator<readonly [Asked, Reply]> {
  for (const asked of b.sound(b.asked)) for (const reply of asked.answers) yield [asked, reply]
}

const nameOf = (type: number) => messageOfType(type) ?? `type ${type}`

function inTime(b: Bench, which: (type: number) => boolean, ms: number): void {
  for (const [{ check }, { pdu, afterMs }] of replies(b)) {
    if (!which(pdu.type)) continue
    const late = `in ${check}, ${nameOf(pdu.type)} was answered after ${Math.round(afterMs)} ms; ${ms} ms may be`
    must(afterMs <= ms + b.slackMs, `${late}, and ${b.slackMs} ms for the way`)
  }
}

export const WHOLE: readonly Check[] = [
  {
    needs: [3, 11],
    number: 900,
    section: '2',
    title: 'Every request got one reply, and nothing came unasked',
    asks: 'A wand MUST NOT send anything unasked.',
    async run(b) {
      await b.wait(500)
      const [unasked] = b.sound(b.unasked)
      must(!unasked, `${unasked?.what} came`)
      const twice = b.sound(b.asked).find(({ answers }) => answers.length > 1)
      must(!twice, `${nameOf(twice?.raw[1] ?? 0)} was answered ${twice?.answers.length} times`)
    },
  },
  {
    ...PASSED,
    number: 901,
    section: '9.7',
    title: 'PING is answered within 100 ms, also on air',
    asks: 'The wand answers a PING within this, also while it does air work.',
    run: async (b) => inTime(b, (type) => type === PING, Timing.PING_REPLY_MS),
  },
  {
    ...PASSED,
    number: 902,
    section: '9.7',
    title: 'Every other request is answered within 200 ms',
    asks: 'The wand answers any other request within this, measured alike; air work with PENDING.',
    run: async (b) => inTime(b, (type) => type !== PING, Timing.REPLY_MS),
  },
  {
    ...PASSED,
    number: 903,
    section: '4.4, 5.1, 6.1',
    title: 'The wand sends nothing but whole frames',
    asks: 'A frame is exactly as §5.1 and §6.1 have it; what is not is noise to its host.',
    async run(b) {
      const [refused] = b.sound(b.refused)
      must(!refused, `${refused?.bytes.length} bytes of the wand were refused as ${refused?.what}`)
    },
  },
  {
    ...PASSED,
    number: 904,
    section: '4.2',
    title: 'Every reply has the same marks',
    asks: 'A wand sends the same two marks, SIMULATOR and REPLAY, in every reply of a link.',
    async run(b) {
      let first: number | null = null
      for (const [, { pdu }] of replies(b)) {
        const marks = pdu.flags & (FLAG_SIMULATOR | FLAG_REPLAY)
        first ??= marks
        must(
          marks === first,
          `${nameOf(pdu.type)} came with marks ${marks}, what came before with ${first}`,
        )
      }
    },
  },
  {
    ...PASSED,
    number: 905,
    section: '4.2',
    title: 'Flags that are not listed are 0',
    asks: 'Bits that are not listed are sent as 0.',
    async run(b) {
      for (const [, { pdu }] of replies(b)) {
        const rest = pdu.flags & ~(FLAG_REPLY | FLAG_SIMULATOR | FLAG_REPLAY)
        must(rest === 0, `${nameOf(pdu.type)} came with flags ${pdu.flags}`)
      }
    },
  },
  {
    ...PASSED,
    number: 906,
    section: '4.3',
    title: 'What is not OK has no payload',
    asks: 'The payload of a reply is that of its message only if the code is OK. With every other code it is empty.',
    async run(b) {
      for (const [, { pdu }] of replies(b)) {
        if (pdu.code === Code.OK || pdu.code === Code.VERSION) continue
        const { length } = pdu.payload
        must(
          length === 0,
          `${nameOf(pdu.type)} came with code ${pdu.code} and ${length} bytes of payload`,
        )
      }
    },
  },
  {
    ...PASSED,
    number: 907,
    section: '3',
    title: 'Payloads and blocks are the bytes that this version sends',
    asks: 'Fields without padding, lists behind the fixed part in order and without gaps, text padded with NUL.',
    async run(b) {
      // A newer minor appends fields, and may widen items.
      if ((b.has('hello').minor ?? 0) > 0) return
      for (const [, { pdu }] of replies(b)) {
        const name = messageOfType(pdu.type)
        if (name && pdu.code === Code.OK) exact(MESSAGES[name].reply as Struct, pdu.payload, name)
      }
      for (const [number, bytes] of b.known.blocks ?? [])
        for (const [name, { number: own, struct }] of Object.entries(BLOCKS))
          if (own === number) exact(struct as Struct, bytes, `block ${name}`)
    },
  },
  {
    ...PASSED,
    number: 908,
    section: '7.1',
    title: 'It is one wand, and it did not start again',
    asks: 'Serial number of the wand, the same on every path; `boot` differs after a reset.',
    async run(b) {
      const known = b.has('hello')
      for (const [, { pdu }] of replies(b)) {
        if (pdu.type !== HELLO || pdu.code !== Code.OK) continue
        const said = parse(MESSAGES.HELLO.reply, pdu.payload)
        for (const name of [
          'wandSerial',
          'wandModel',
          'firmware',
          'boot',
          'leaseMs',
          'minor',
        ] as const)
          must(
            said?.[name] === known[name],
            `HELLO.${name} was ${known[name]}, then ${said?.[name]}`,
          )
      }
    },
  },
  {
    ...PASSED,
    number: 909,
    section: '6.1',
    framing: 'report',
    title: 'The wand’s own reports are counted without a gap',
    asks: 'Counter and tag grow by one with every report, and every PDU, as long as the interface is open.',
    async run(b) {
      let last: { counter: number; tag: number; opening: number } | null = null
      for (const { way, bytes, opening } of b.traffic) {
        if (way !== 'in') continue
        for (let at = 0; at < bytes.length; at += REPORT_SIZE) {
          const report = readReport(bytes.subarray(at, at + REPORT_SIZE))
          if (!report) continue
          const { counter, index, tag } = report
          if (last && last.opening === opening) {
            must(
              counter === ((last.counter + 1) & 0xff),
              `counter ${counter} came behind ${last.counter}`,
            )
            const next: number = index === 0 ? (last.tag + 1) & 0xff : last.tag
            must(tag === next, `tag ${tag} came behind ${last.tag}`)
          }
          last = { counter, tag, opening }
        }
      }
    },
  },
]

function exact(struct: Struct, bytes: Uint8Array, what: string): void {
  const value = parse(struct, bytes)
  // What cannot be read was found by the check that reads it.
  if (!value) return
  const again = emit(struct, value)
  const same = again.length === bytes.length && again.every((byte, i) => byte === bytes[i])
  must(
    same,
    `${what}: its values make ${again.length} other bytes than the ${bytes.length} that came`,
  )
}
