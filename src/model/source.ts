// What the name of an audit log says of its records. Without schemas, so that a client brings none along. Browser-safe.
import type { Source } from './reading.ts'

/** Of the records in an audit log: its name begins with it. */
export const sourceOf = (log: string) => log.split('-')[0] as Source
/** Which of its source's logs it is, counted from 1, as its name says; NaN = it says no number. */
export const ordinalOf = (log: string) => Number(log.split('-')[1])
/** Logs of that source that were begun before this one, as far as its name says. */
export const logsBefore = (log: string): number => Math.max(0, (ordinalOf(log) || 1) - 1)
