// 20–39: a receiver of lines.
import { encodeLine } from '../../protocol/framing/serial-line.ts'
import type { Bench } from '../bench.ts'
import type { Check } from '../check.ts'
import { must } from '../verdict.ts'

const ascii = (text: string) => Buffer.from(text, 'latin1')
const line = (raw: Uint8Array) => encodeLine(raw)
const on = { framing: 'line' as const, needs: [4] }

/** A PING whose line was changed is not answered, and the next one is. */
async function refused(b: Bench, what: string, change: (text: string) => string): Promise<void> {
  const raw = b.request('PING')
  await b.silent(raw, what, [ascii(change(line(raw)))])
  await b.recovers(what)
}

/** A PING behind, or in, other bytes is answered. */
async function found(b: Bench, what: string, parts: (text: string) => string[]): Promise<void> {
  const raw = b.request('PING')
  const asked = b.send(raw, parts(line(raw)).map(ascii))
  const reply = await b.answer(asked, b.patienceMs)
  must(reply !== null, `PING ${what} got no reply`)
}

export const LINE_CHECKS: readonly Check[] = [
  {
    ...on,
    number: 20,
    section: '5.2',
    title: 'A line that comes byte by byte is one line',
    asks: 'A receiver treats each byte in turn; where the carrier cuts means nothing.',
    async run(b) {
      const raw = b.request('PING')
      const text = line(raw)
      for (const character of text.slice(0, -1)) {
        b.write(ascii(character))
        await b.wait(2)
      }
      const asked = b.send(raw, [ascii(text.slice(-1))])
      must(
        (await b.answer(asked, b.patienceMs)) !== null,
        'PING in single bytes, 2 ms apart, got no reply',
      )
      await found(b, 'in two halves', (whole) => [whole.slice(0, 21), whole.slice(21)])
    },
  },
  {
    ...on,
    number: 21,
    section: '5.2',
    title: 'What stands before a colon costs nothing',
    asks: 'The byte is `:`. What is held is refused, and the byte starts a line.',
    async run(b) {
      await found(b, 'behind noise', (text) => [`#~!? ${text}`])
      await found(b, 'behind empty lines', (text) => [`\r\n\n\r\n${text}`])
      await found(b, 'behind noise with a line end', (text) => [`+++\r\n${text}`])
    },
  },
  {
    ...on,
    number: 22,
    section: '5.2',
    title: 'A colon begins anew, so a lost line end costs one line',
    asks: 'So a lost line end costs only the line that lost it.',
    async run(b) {
      const lost = b.request('PING')
      const cut = line(lost).slice(0, -2)
      const asked = b.send(lost, [ascii(cut)])
      await found(b, 'behind a line without its end', (text) => [text])
      must(asked.answers.length === 0, 'the line without its end was answered')
      await found(b, 'behind half a line', (text) => [text.slice(0, 15), text])
    },
  },
  {
    ...on,
    number: 23,
    section: '5.1',
    title: 'A line without CR is refused',
    asks: '`truncated`: does not end with CR LF.',
    run: (b) => refused(b, 'a line that ends with LF alone', (text) => text.replace('\r', '')),
  },
  {
    ...on,
    needs: [4, 22],
    number: 24,
    section: '5.1',
    title: 'A line without LF has not ended',
    asks: 'If it is LF, what is held ends here; the `:` of the next line refuses what is held.',
    run: (b) => refused(b, 'a line that ends with CR alone', (text) => text.replace('\n', '')),
  },
  {
    ...on,
    number: 25,
    section: '5.1',
    title: 'Lower case is refused',
    asks: 'Upper-case hexadecimal digits; lower case is refused.',
    async run(b) {
      // Its link has letters, whatever else is in it.
      const link = b.link
      await b.hello(0xabcd_efab)
      await refused(b, 'a line in lower case', (text) => text.toLowerCase())
      await b.hello(link)
    },
  },
  {
    ...on,
    number: 26,
    section: '5.1',
    title: 'A character that is no digit is refused',
    asks: '`noise`: a character between `:` and CR LF is not one of `0123456789ABCDEF`.',
    async run(b) {
      for (const bad of [' ', 'G', '\0', '\u00ff'])
        await refused(b, `a line with ${JSON.stringify(bad)} in it`, (text) =>
          // Behind what says what it is; put in beside the digits, and in place of two.
          text.replace(/^(.{26})(.*)$/s, `$1${bad}${bad}$2`),
        )
    },
  },
  {
    ...on,
    number: 27,
    section: '5.1',
    title: 'A line of an odd number of digits, or too few, is refused',
    asks: '`truncated`: has an odd number of digits, or fewer than 40.',
    async run(b) {
      await refused(b, 'a line with a digit too many', (text) => text.replace('\r', '0\r'))
      await refused(b, 'a line with a digit too few', (text) => text.replace(/.\r/, '\r'))
      await refused(b, 'a line of four digits', (text) => `${text.slice(0, 5)}\r\n`)
      await refused(b, 'an empty line', () => ':\r\n')
    },
  },
  {
    ...on,
    needs: [4, 22],
    number: 28,
    section: '5.2',
    title: 'A line that is too long is thrown away up to its end',
    asks: '512 bytes are held: refused as too long, and so is all that follows up to the next `:` or through the next LF.',
    async run(b) {
      const long = (text: string, n: number) => text.slice(0, 33) + '0'.repeat(n)
      await refused(b, 'a line of 600 digits', (text) => `${long(text, 567)}\r\n`)
      await refused(b, 'a line of 5,000 digits', (text) => `${long(text, 4967)}\r\n`)
      await found(b, 'behind 600 digits without an end', (text) => [long(text, 567), text])
    },
  },
]
