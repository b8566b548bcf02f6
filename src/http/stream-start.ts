// What a client of the stream is told at its beginning and its end: whether it goes on where it was, and
// why the connection is over. Pure.
import type { ByeEvent, ResetEvent } from '../model/api.ts'
import type { Ring } from './ring.ts'
import type { LogHead } from './sources.ts'
import type { StreamClient } from './stream-client.ts'

export type Bye = ByeEvent['reason']

export const BYES: Readonly<Record<Bye, string>> = {
  slow: 'This connection did not take what was sent, so it is ended. Connect again with the last id; nothing recorded is lost.',
  revoked: 'The token was revoked. Nothing you show is live.',
  expired: 'The token or page session has expired. Nothing you show is live.',
  shutdown: 'The bridge is ending. Nothing you show is live. Connect again with the last id.',
}

/** An event as it goes over the wire. */
export function frame(event: string, data: object, id?: number): Buffer {
  const head = id === undefined ? '' : `id: ${id}\n`
  return Buffer.from(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** Whether the client goes on where it was, and then from where; else what to tell it, if anything. */
export function resume(
  client: StreamClient,
  head: LogHead | null,
  ring: Ring | null,
  oldest: number,
  asOf: string,
): ResetEvent | null | 'continue' {
  const { asked, askedLog } = client
  if (asked === null) return null
  const last = ring?.last ?? -1
  const log = head?.log ?? null
  const known = asked !== 'unknown' && (askedLog === null || askedLog === log)
  const reason = !known ? 'unknown' : asked > last ? 'ahead' : asked < oldest - 1 ? 'too-old' : null
  if (reason === null) {
    client.cursor = asked as number
    client.log = log
    return 'continue'
  }
  return {
    asOf,
    reason,
    log,
    oldest: head && head.size > 0 ? oldest : null,
    newest: last < 0 ? null : last,
  }
}
