// Other words for names, of patients, people, pumps, computers: the same for the same name within one bundle, and by
// nobody to be turned back, because the key behind them is never written down.
//
// It promises: what is not known to be the program's own word is replaced. What was replaced is remembered, so that
// whoever wrote it down somewhere can be found out (`survivesIn`).
import { createHmac } from 'node:crypto'
import { isLoopback } from '../base/loopback.ts'

const DIGITS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** Device files that are numbered as they come, and say nothing of whose they are. */
const NUMBERED = /^(?:\/dev\/(?:tty[A-Za-z]{0,4}\d{1,3}|hidraw\d{1,3})|COM\d{1,3})$/
/** As codes of this program are written: words without digits. */
const CODE = /^(?=.{1,40}$)[a-z]+(?:[-._][a-z]+)*$/
const ENDINGS = /\.(?:pem|crt|cer|key|csv|ya?ml|json|txt)$/
/** Short words, and words without capital, digit or mark, stand in any text by chance. */
const isTelling = (text: string) => text.length >= 6 && /[^a-z-]/.test(text)

export class Names {
  readonly #key: Uint8Array
  readonly #replaced = new Map<string, string>()

  /** `key`: 32 bytes of chance. */
  constructor(key: Uint8Array) {
    this.#key = key
  }

  /** Ten characters in the form of a serial number; this computer's own address stays. */
  name(text: string): string {
    if (isLoopback(text)) return text
    const known = this.#replaced.get(text)
    if (known !== undefined) return known
    const hash = createHmac('sha256', this.#key).update(text).digest().subarray(0, 8)
    const name = `X-${[...hash].map((byte) => DIGITS[byte % DIGITS.length]).join('')}`
    this.#replaced.set(text, name)
    return name
  }

  /** Null stays. */
  nameOf = (text: string | null): string | null => (text === null ? null : this.name(text))

  /** A code of this program as it is; another text is replaced. */
  code = (text: string): string => (CODE.test(text) ? text : this.name(text))

  /** A file or directory: its ending alone is kept. */
  file(path: string): string {
    return this.name(path) + (ENDINGS.exec(path)?.[0] ?? '')
  }

  /** A port, as events and people name it: what kind of way it is can still be seen. */
  port(text: string): string {
    if (text === 'auto' || NUMBERED.test(text)) return text
    const [, path, wand] = /^(.+)#([^#]*)$/.exec(text) ?? []
    if (path !== undefined && wand !== undefined) return `${this.port(path)}#${this.name(wand)}`
    const found = /^(usb:|\/dev\/serial\/by-id\/|\/dev\/)(.+)$/.exec(text)
    if (found) return `${found[1]}${this.name(String(found[2]))}`
    return text.includes('://') ? this.address(text) : this.name(text)
  }

  /** `HOST:PORT` or a URL: scheme and port are kept, and this computer's own addresses. */
  address(text: string): string {
    if (text === 'none') return text
    const [, scheme = '', host, port = '', rest = ''] =
      /^((?:https?|tcp|tls):\/\/)?(\[[^\]]*\]|[^/:@]*)(:\d{1,5})?(\/.*)?$/is.exec(text) ?? []
    if (host === undefined || (scheme === '' && rest !== '')) return this.name(text)
    const bare = host.replace(/^\[|\]$/g, '')
    const path = rest === '' || rest === '/' ? rest : `/${this.name(rest)}`
    return `${scheme}${isLoopback(bare) ? host : this.name(bare)}${port}${path}`
  }

  /** Whether a name that was replaced is in these bytes, in any of the usual codings. */
  survivesIn(bytes: Uint8Array): boolean {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return [...this.#replaced.keys()]
      .filter(isTelling)
      .some((text) => codings(text).some((coded) => all.includes(coded)))
  }
}

/** A text as it may stand among bytes. */
function codings(text: string): Buffer[] {
  const plain = Buffer.from(text)
  const wide = Buffer.from(text, 'utf16le')
  const percent = [...plain].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const texts = [
    plain.toString('hex'),
    plain.toString('hex').toUpperCase(),
    encodeURIComponent(plain.toString()),
    percent,
    percent.toUpperCase(),
    // In JSON.
    JSON.stringify(text).slice(1, -1),
    // In base64, wherever it began: without the digits that its neighbours have a part in.
    ...[0, 1, 2].map((before) => {
      const coded = Buffer.concat([Buffer.alloc(before), plain]).toString('base64')
      const whole = Math.floor(((before + plain.length) * 4) / 3)
      return coded.slice(Math.ceil((before * 4) / 3), whole)
    }),
  ]
  return [
    ...[plain, Buffer.from(text, 'latin1'), wide, Buffer.from(wide).swap16()],
    ...texts.map((coded) => Buffer.from(coded)),
  ]
}
