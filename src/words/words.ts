// The catalogue of what people read: one object a language, all of the shape of the first. Browser-safe.
import type { Locale } from '../model/format.ts'
import type { Statement } from '../model/statement.ts'
import { enGB } from './en-GB.ts'
import { enUS } from './en-US.ts'

export type Words = typeof enUS

export const WORDS: Readonly<Record<Locale, Words>> = { 'en-US': enUS, 'en-GB': enGB }

/** The name of a code; a newer one than the catalogue's is shown as it came, a missing one said. */
export function named(
  table: Readonly<Record<string, string>>,
  code: string | null,
  missing: string,
): string {
  if (code === null) return missing
  return Object.hasOwn(table, code) ? (table[code] as string) : code
}

/** A statement in words; the code itself when it is newer than the catalogue. */
export function sentence({ statements }: Words, { code, args }: Statement): string {
  if (!Object.hasOwn(statements, code)) return code
  const made = statements[code as keyof typeof statements]
  return typeof made === 'string' ? made : (made as (args: Statement['args']) => string)(args)
}

export const sentences = (words: Words, all: readonly Statement[]): string =>
  all.map((one) => sentence(words, one)).join(' ')
