// What was typed into a form, read field by field: each is good, or has its sentence. Pure.
import type { Clinic } from './compare.ts'
import type { CheckedStep } from './entries.ts'
import { folded, type Read, readRemark, readText } from './input.ts'
import type { Words } from './words.ts'

export type Given = Readonly<Record<string, string>>

export const checksOf = (step: CheckedStep, { checks = [] }: Clinic) =>
  checks.filter((check) => check.step === step)
export const checkField = (i: number): string => `check${i}`

/** Reads fields one after another and keeps what is wrong with each. */
export class Reader {
  readonly wrong: Record<string, string> = {}
  readonly #given: Given
  readonly #w: Words

  constructor(given: Given, w: Words) {
    this.#given = given
    this.#w = w
  }

  raw(field: string): string {
    return this.#given[field] ?? ''
  }

  read<T>(field: string, by: (text: string) => Read<T>): T | null {
    const read = by(this.raw(field))
    if (read.ok) return read.value
    this.wrong[field] = read.sentence
    return null
  }

  text(field: string, what: string, most = 80): string | null {
    return this.read(field, (text) => readText(text, what, most, this.#w))
  }

  /** Undefined where it may stay empty and does. */
  optional(field: string, what: string, most: number): string | undefined {
    if (this.raw(field).trim() === '') return undefined
    return this.text(field, what, most) ?? undefined
  }

  other(field: string, what: string, first: string | null): string | null {
    const second = this.text(field, what)
    if (first === null || second === null) return second
    if (folded(first) !== folded(second)) return second
    this.wrong[field] = this.#w.samePerson
    return null
  }

  /** Undefined where it may stay empty and does. */
  remark(field: string, what: string): string | undefined {
    if (this.raw(field).trim() === '') return undefined
    return this.read(field, (text) => readRemark(text, what, this.#w)) ?? undefined
  }

  /** The clinic's own lines at this step, each confirmed or not. */
  checks(step: CheckedStep, clinic: Clinic): { checks?: { text: string; done: boolean }[] } {
    const lines = checksOf(step, clinic).map(({ text }, i) => {
      const said = this.raw(checkField(i))
      if (said !== 'yes' && said !== 'no') this.wrong[checkField(i)] = this.#w.notChosen(text)
      return { text, done: said === 'yes' }
    })
    return lines.length === 0 ? {} : { checks: lines }
  }

  get good(): boolean {
    return Object.keys(this.wrong).length === 0
  }
}
