// Codes, words, units and values as fields of a message (CWE): ours, of MDC where it is verified, with the first of
// the clinic's own codings as the alternate. Pure.
import type { Codings } from '../model/codings.ts'
import { number } from '../model/format.ts'
import type { Measured } from '../model/metrics.ts'
import { type Code, type EnumName, eventCode, isMember, MDC_UNITS } from '../model/nomenclature.ts'
import type { InterrogationRecord } from '../model/record.ts'
import type { Field } from './text.ts'

const FLAGS = { invalid: 'INV', unavailable: 'NAV', unread: 'NAV', unknown: 'NAV' } as const

/** CWE-9, the original text, alone: a word that no table of ours has is given no code. */
const uncoded = (text: string): Field => ['', '', '', '', '', '', '', '', text]

/** MDC with UCUM beside it; UCUM alone where no verified number exists. */
function unitOf(ucum: string): Field {
  const known = MDC_UNITS[ucum]
  if (!known) return [ucum, ucum, 'UCUM']
  return [String(known.mdc), known.ref, 'MDC', ucum, ucum, 'UCUM']
}

export class Coded {
  readonly #codings: Codings

  constructor(codings: Codings) {
    this.#codings = codings
  }

  /**
   * A code without number of MDC goes as `0^MDCX_…^MDC`. What says more than the code's own text is its original
   * text.
   */
  code({ mdc, ref, text: own }: Code, text = own): Field {
    const [other] = this.#codings.get(ref) ?? []
    const code = [String(mdc ?? 0), ref, 'MDC']
    const alternate = other ? [other.code, other.display, other.hl7] : ['', '', '']
    return [...code, ...alternate, '', '', text === own ? '' : text]
  }

  /** An event is of MDC where that is verified, else of our own. */
  word(name: EnumName, word: string): Field {
    if (!isMember(name, word)) return uncoded(word)
    const event = eventCode(name, word)
    return event ? this.code(event) : [word, word, `99${name.toUpperCase()}`]
  }

  /** The fields of an OBX that a value fills; `text`: what it is in words. */
  value(
    { code, kind, values, value, unit, missing }: Measured,
    { source, contradicted }: Pick<InterrogationRecord, 'source' | 'contradicted'>,
    text?: string,
  ): Readonly<Record<number, Field>> {
    const test = source === 'device' ? [] : ['TEST']
    const each = missing !== null ? [FLAGS[missing]] : [...test, ...(contradicted ? ['QUES'] : [])]
    const shared = { 3: this.code(code, text), 8: { each }, 11: value === null ? 'X' : 'R' }
    if (value === null) return shared
    if (kind === 'number') {
      return { ...shared, 2: 'NM', 5: number(Number(value), unit ?? '1'), 6: unitOf(unit ?? '1') }
    }
    const said = String(value)
    // A time of the pump's clock has no zone, and would be taken as of MSH-7's, which is UTC: so it is text.
    if (kind === 'time' || values === null) return { ...shared, 2: 'ST', 5: said }
    return { ...shared, 2: 'CWE', 5: this.word(values, said) }
  }
}
