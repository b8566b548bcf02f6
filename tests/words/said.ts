// What people read of a code, in US English, for tests that ask for the words.
import type { Statement } from '../../src/model/statement.ts'
import { auditSentence, destinationSentence } from '../../src/words/told.ts'
import { sentence, WORDS } from '../../src/words/words.ts'

const words = WORDS['en-US']
export const said = (one: Statement | null | undefined): string => (one ? sentence(words, one) : '')
export const auditSaid = (audit: Parameters<typeof auditSentence>[1]): string =>
  auditSentence(words, audit)
export const destinationSaid = (
  one: Parameters<typeof destinationSentence>[1] | undefined,
): string => (one ? destinationSentence(words, one) : '')
