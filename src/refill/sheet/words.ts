// The worksheet's part of the catalogue.
import type { Locale } from '../../model/format.ts'
import { type Words as Catalogue, WORDS } from '../../words/words.ts'

export type Words = Catalogue['refill']
export const wordsOf = (locale: Locale): Words => WORDS[locale].refill
