// What people read of a code, in US English, for tests that ask for the words.
import {
  type ArgKind,
  type Args,
  type Code,
  STATEMENTS,
  type Statement,
} from '../../src/model/statement.ts'
import { auditSentence, destinationSentence } from '../../src/words/told.ts'
import { sentence, WORDS } from '../../src/words/words.ts'

const words = WORDS['en-US']
export const said = (one: Statement | null | undefined): string => (one ? sentence(words, one) : '')
export const auditSaid = (audit: Parameters<typeof auditSentence>[1]): string =>
  auditSentence(words, audit)
export const destinationSaid = (
  one: Parameters<typeof destinationSentence>[1] | undefined,
): string => (one ? destinationSentence(words, one) : '')

const SAMPLE: Readonly<Record<ArgKind, string | number | boolean>> = {
  text: 'ENOENT: no such file',
  name: 'NAME-1',
  'name?': 'NAME-2',
  number: 17,
  'number?': 18,
  time: '2026-11-24T14:02:11.345Z',
  'flag?': false,
}

/** One of each argument of a code; or null where that may be. */
export function sampleArgs(code: Code, missing = false): Args {
  const kinds = Object.entries(STATEMENTS[code]) as [string, ArgKind][]
  return Object.fromEntries(
    kinds.map(([name, kind]) => [name, missing && kind.endsWith('?') ? null : SAMPLE[kind]]),
  )
}
