// What a client of the stream is told at its beginning and its end: whether it goes on where it was, and
// why the connection is over. Pure.
import type { Cursor } from '../feed/cursor.ts'
import type { ByeEvent, ResetEvent } from '../model/api.ts'

export type Bye = ByeEvent['reason']

/** An event as it goes over the wire. */
export function frame(event: string, data: object, id?: string): Buffer {
  const head = id === undefined ? '' : `id: ${id}\n`
  return Buffer.from(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** Null = the client goes on where it was; else what it is told before it begins anew. */
export function resume(
  asked: Cursor | 'unknown',
  at: Cursor | null,
  oldest: number,
  asOf: string,
): ResetEvent | null {
  const reason = reasonOf(asked, at, oldest)
  if (reason === null) return null
  const newest = at === null || at.position < 0 ? null : at.position
  return { asOf, reason, log: at?.log ?? null, oldest: newest === null ? null : oldest, newest }
}

function reasonOf(
  asked: Cursor | 'unknown',
  at: Cursor | null,
  oldest: number,
): ResetEvent['reason'] | null {
  if (asked === 'unknown' || asked.log !== at?.log) return 'unknown'
  if (asked.position > at.position) return 'ahead'
  return asked.position < oldest - 1 ? 'too-old' : null
}
