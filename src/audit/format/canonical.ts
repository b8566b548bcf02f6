// Canonical JSON: one text for one value, so that a record has exactly one hash. It is RFC 8785
// narrowed until every language writes it the same way: all numbers are integers, all keys are plain
// ASCII names. `canonical` writes it; `scan` reads bytes and accepts nothing else, without building
// the value, because verification does this for every record of a log.
import { isUtf8 } from 'node:buffer'
import type { Json } from '../../model/json.ts'

export type { Json }

/** Nesting that a record may have. Deeper input is refused, so that no input exhausts the stack. */
export const MAX_DEPTH = 32

const KEY = /^[A-Za-z][A-Za-z0-9_-]*$/
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7f]*$/
const LONE_SURROGATE = /\p{Surrogate}/u

/** The canonical text of a value. Keys that are undefined are left out. Throws RangeError. */
export function canonical(value: Json, depth = 0): string {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw new RangeError(`${value} is no integer: records hold protocol units only`)
    }
    return String(value)
  }
  if (value === null || typeof value === 'boolean') return String(value)
  if (depth >= MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`)
  if (Array.isArray(value)) {
    return `[${value.map((item: Json) => canonical(item, depth + 1)).join(',')}]`
  }
  if (typeof value !== 'object') throw new RangeError(`${typeof value} has no place in a record`)
  return object(value as { readonly [key: string]: Json | undefined }, depth)
}

function object(value: { readonly [key: string]: Json | undefined }, depth: number): string {
  let out = ''
  for (const key of Object.keys(value).sort()) {
    const item = value[key]
    if (item === undefined) continue
    if (!KEY.test(key)) throw new RangeError(`${JSON.stringify(key)} is no name for a field`)
    out += `${out === '' ? '' : ','}"${key}":${canonical(item, depth + 1)}`
  }
  return `{${out}}`
}

function text(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`
  if (LONE_SURROGATE.test(value)) throw new RangeError('a text holds half a character')
  return JSON.stringify(value)
}

/** What a canonical line says about itself at its top level. */
export interface Scanned {
  /** Value of `kind`, or null. */
  readonly kind: string | null
  /** Value of `seq`, or null. */
  readonly seq: number | null
  /** Value of `v`, or null. */
  readonly v: number | null
  /** Value of `source`, or null. */
  readonly source: string | null
}

/** Where a line stops being canonical. */
export interface NotCanonical {
  /** Offset inside the line. */
  readonly at: number
  readonly reason: string
}

/** Reads `bytes[start, end)` as one canonical object. */
export function scan(bytes: Uint8Array, start = 0, end = bytes.length): Scanned | NotCanonical {
  const scanner = new Scanner(bytes, start, end)
  const reason = scanner.run()
  return reason === null ? scanner : { at: scanner.at - start, reason }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const ZERO = 0x30
const isDigit = (c: number) => c >= ZERO && c <= 0x39
const isLetter = (c: number) => (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a

class Scanner {
  kind: string | null = null
  seq: number | null = null
  v: number | null = null
  source: string | null = null
  at: number
  readonly #bytes: Uint8Array
  readonly #start: number
  readonly #end: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.at = start
  }

  run(): string | null {
    if (!isUtf8(this.#bytes.subarray(this.#start, this.#end))) return 'not UTF-8'
    if (this.#peek() !== 0x7b) return 'not an object'
    const reason = this.#object(0)
    if (reason !== null) return reason
    return this.at === this.#end ? null : 'something stands behind the object'
  }

  #peek(): number {
    return this.at < this.#end ? (this.#bytes[this.at] ?? -1) : -1
  }

  #value(depth: number): string | null {
    const c = this.#peek()
    if (c === QUOTE) return this.#string()
    if (isDigit(c) || c === 0x2d) return this.#integer()
    if (c === 0x7b || c === 0x5b) {
      if (depth >= MAX_DEPTH) return `nested deeper than ${MAX_DEPTH}`
      return c === 0x7b ? this.#object(depth) : this.#array(depth)
    }
    if (c === 0x6e) return this.#word('null')
    if (c === 0x74) return this.#word('true')
    if (c === 0x66) return this.#word('false')
    return 'no value stands here'
  }

  #object(depth: number): string | null {
    this.at += 1
    if (this.#peek() === 0x7d) return this.#step()
    let last = -1
    let lastEnd = -1
    for (;;) {
      if (this.#peek() !== QUOTE) return 'a name is missing'
      const from = this.at + 1
      const reason = this.#key() ?? this.#order(last, lastEnd, from, this.at - 1)
      if (reason !== null) return reason
      last = from
      lastEnd = this.at - 1
      if (this.#peek() !== COLON) return 'a colon is missing'
      this.at += 1
      const valueAt = this.at
      const bad = this.#value(depth + 1)
      if (bad !== null) return bad
      if (depth === 0) this.#note(from, lastEnd, valueAt)
      if (this.#peek() === COMMA) this.at += 1
      else if (this.#peek() === 0x7d) return this.#step()
      else return 'a comma or the end of the object is missing'
    }
  }

  #array(depth: number): string | null {
    this.at += 1
    if (this.#peek() === 0x5d) return this.#step()
    for (;;) {
      const bad = this.#value(depth + 1)
      if (bad !== null) return bad
      if (this.#peek() === COMMA) this.at += 1
      else if (this.#peek() === 0x5d) return this.#step()
      else return 'a comma or the end of the list is missing'
    }
  }

  #step(): null {
    this.at += 1
    return null
  }

  #word(word: string): string | null {
    for (let i = 0; i < word.length; i += 1) {
      if (this.#peek() !== word.charCodeAt(i)) return 'no value stands here'
      this.at += 1
    }
    return null
  }

  #integer(): string | null {
    const from = this.at
    if (this.#peek() === 0x2d) this.at += 1
    const first = this.at
    while (isDigit(this.#peek())) this.at += 1
    const length = this.at - first
    if (length === 0) return 'a minus without a number'
    if (this.#bytes[first] === ZERO && (length > 1 || first > from)) return 'a number starts with 0'
    if (length < 16) return null
    return Number.isSafeInteger(this.#number(from)) ? null : 'a number beyond 2^53 - 1'
  }

  /** Exact up to 2^53; beyond that only surely not safe. */
  #number(from: number): number {
    let n = 0
    for (let i = from; i < this.at; i += 1) {
      const c = this.#bytes[i] ?? 0
      if (isDigit(c)) n = n * 10 + (c - ZERO)
    }
    return n
  }

  #string(): string | null {
    this.at += 1
    for (;;) {
      const c = this.#peek()
      if (c === QUOTE) return this.#step()
      if (c < 0x20) return c < 0 ? 'a text does not end' : 'a control character in a text'
      this.at += 1
      if (c === BACKSLASH && !this.#escape()) return 'an escape that canonical JSON does not use'
    }
  }

  /** `\" \\ \b \f \n \r \t`, and `\u00xx` in lower case for the other control characters. */
  #escape(): boolean {
    const c = this.#peek()
    this.at += 1
    if (c !== 0x75) return '"\\bfnrt'.includes(String.fromCharCode(c)) && c >= 0
    const hex = String.fromCharCode(
      ...this.#bytes.subarray(this.at, Math.min(this.at + 4, this.#end)),
    )
    this.at += 4
    return /^00[01][0-9a-f]$/.test(hex) && !/^000[89acd]$/.test(hex)
  }

  #key(): string | null {
    this.at += 1
    if (!isLetter(this.#peek())) return 'a name does not start with a letter'
    for (;;) {
      const c = this.#peek()
      if (c === QUOTE) return this.#step()
      if (!isLetter(c) && !isDigit(c) && c !== 0x5f && c !== 0x2d) return 'a name is not plain'
      this.at += 1
    }
  }

  #order(a: number, aEnd: number, b: number, bEnd: number): string | null {
    if (a < 0) return null
    for (let i = 0; ; i += 1) {
      const x = a + i < aEnd ? (this.#bytes[a + i] ?? 0) : -1
      const y = b + i < bEnd ? (this.#bytes[b + i] ?? 0) : -1
      if (x < y) return null
      if (x > y) return 'names are not in order'
      if (x < 0) return 'a name stands twice'
    }
  }

  /** Keeps what a record says about itself at its top level. */
  #note(from: number, to: number, value: number): void {
    switch (this.#bytes[from]) {
      case 0x73:
        if (to - from === 3 && this.#is(from, 'seq')) this.seq = this.#numberAt(value)
        else if (to - from === 6 && this.#is(from, 'source')) this.source = this.#textAt(value)
        return
      case 0x6b:
        if (to - from === 4 && this.#is(from, 'kind')) this.kind = this.#textAt(value)
        return
      case 0x76:
        if (to - from === 1) this.v = this.#numberAt(value)
    }
  }

  #numberAt(value: number): number | null {
    return isDigit(this.#bytes[value] ?? 0) ? this.#number(value) : null
  }

  /** The first bytes of a text, as they stand there. */
  #textAt(value: number): string | null {
    if (this.#bytes[value] !== QUOTE) return null
    let text = ''
    const end = Math.min(this.at - 1, value + 65)
    for (let i = value + 1; i < end; i += 1) text += String.fromCharCode(this.#bytes[i] ?? 0)
    return text
  }

  #is(from: number, word: string): boolean {
    for (let i = 0; i < word.length; i += 1) {
      if (this.#bytes[from + i] !== word.charCodeAt(i)) return false
    }
    return true
  }
}
