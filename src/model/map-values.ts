// Every value in something, changed: without the schemas of values, so that a client brings none along. Browser-safe.
import type { Value } from './value.ts'

/** Maps every value in something, keeping its shape: how freshness is laid over what was read. */
export function mapValues<T>(values: T, change: (value: Value) => Value): T {
  if (typeof values !== 'object' || values === null) return values
  if (Array.isArray(values)) return values.map((item) => mapValues(item, change)) as T
  if (isValue(values)) return change(values) as T
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [k, mapValues(v, change)])) as T
}

function isValue(x: unknown): x is Value {
  return typeof x === 'object' && x !== null && 'quality' in x && 'receivedAt' in x
}
