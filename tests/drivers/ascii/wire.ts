// The line of a wand of another kind: ASCII questions and answers, two wands on one port, a checksum of its own, and
// lines that come unasked. For tests: it is no vendor's.
//
//   ?A VOL*hh CR          a question to wand A         =A VOL 12.250;20*hh CR LF    its answer
//   !A NEAR 72*hh CR LF   unasked: the coil senses an implant; !A AWAY when it does not
//
// hh: the sum of the characters before the star, modulo 97, in two digits.

export const ADDRESSES = ['A', 'B'] as const
export type Address = (typeof ADDRESSES)[number]
export const QUESTIONS = ['ID', 'PUMP', 'VOL', 'RATE', 'DRUG', 'ALRM', 'CLK'] as const
export type Question = (typeof QUESTIONS)[number]

export const sum = (text: string): string =>
  String([...text].reduce((n, c) => n + c.charCodeAt(0), 0) % 97).padStart(2, '0')

export const question = (to: Address, what: Question): string => {
  const text = `?${to} ${what}`
  return `${text}*${sum(text)}\r`
}

export interface Line {
  readonly mark: '=' | '!'
  readonly from: Address
  readonly what: string
  readonly rest: string
}

/** A line without its end; null = it is damaged, or none. */
export function readLine(line: string): Line | null {
  const match = /^(([=!])([AB]) ([A-Z]+)(?: (.*))?)\*(\d\d)$/.exec(line)
  if (!match) return null
  const [, text = '', mark, from, what = '', rest = '', given] = match
  return sum(text) === given ? { mark: mark as '=', from: from as Address, what, rest } : null
}
