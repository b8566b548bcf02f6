// One reading of one wand, from asking to the confirmed close, and how it came out.

import type { Env } from '../base/env.ts'
import { type Statement, statement } from '../model/statement.ts'
import type { AuditStatus, Coded, LinkStatus, PumpStatus } from '../model/status.ts'
import type { Bridge } from './bridge.ts'

export type Outcome =
  /** Read; `status` is as it stood when the last reply came, with the session as it ended. */
  | { readonly kind: 'read'; readonly status: Coded<PumpStatus>; readonly closeConfirmed: boolean }
  /** Nothing answers on the port. */
  | { readonly kind: 'no-wand'; readonly why: readonly Statement[] }
  /** The wand answers, the pump does not, or the reading broke off. */
  | { readonly kind: 'failed'; readonly why: readonly Statement[] }
  /** Nothing can be recorded, so nothing is shown. */
  | { readonly kind: 'unrecorded'; readonly why: readonly Statement[] }

/** A wand answers, and cannot be read by this bridge. */
const REFUSED: readonly string[] = ['other-source', 'wrong-version']

/** How long a wand may take to answer at all. */
const WAND_MS = 5_000

/**
 * Asks `port` for one interrogation and follows it to the end of its session, `readMs` at most. Never
 * rejects.
 */
export function interrogateOnce(
  env: Env,
  bridge: Bridge,
  port: string,
  readMs: number,
): Promise<Outcome> {
  const unrecorded = (): Outcome | null => {
    const { audit } = bridge.status()
    return audit.state === 'failed' ? { kind: 'unrecorded', why: auditWhy(audit) } : null
  }
  // What cannot be recorded is better not read: an interrogation leaves its mark in the pump.
  const before = unrecorded()
  if (before) return Promise.resolve(before)
  return new Promise((resolve) => {
    /** The session, or the link with it, has ended, whether that is recorded yet or not. */
    let ended = false
    let read: Coded<PumpStatus> | null = null
    let failure: Statement | null = null
    const finish = (outcome: Outcome) => {
      subscription.unsubscribe()
      noWand()
      tooLong()
      resolve(outcome)
    }
    const wand = () => bridge.status().wands.find((w) => w.port === port)
    /** A wand answers, of a kind that this bridge does not read. */
    const refused = () => REFUSED.includes(wand()?.link.cause ?? '')
    const explain = () => {
      const { link, contact } = wand() ?? {}
      if (link?.connected && link.phase !== 'greeting' && !contact?.fresh) {
        return [statement('outcome.no-pump')]
      }
      return failure ? [failure] : linkWhy(link)
    }
    const giveUp = () => {
      const outcome = ended ? unrecorded() : null
      if (outcome) finish(outcome)
    }
    const noWand = env.after(Math.min(WAND_MS, readMs), () => {
      const now = wand()
      if (refused()) return finish({ kind: 'failed', why: explain() })
      if (now?.serial) return
      finish({ kind: 'no-wand', why: linkWhy(now?.link) })
    })
    const tooLong = env.after(readMs, () => {
      if (read) finish({ kind: 'read', status: read, closeConfirmed: false })
      else finish(unrecorded() ?? { kind: 'failed', why: explain() })
    })
    const subscription = bridge.changes$.subscribe({
      next: ({ event, durable, lost }) => {
        if (event.port !== port) return
        if (refused()) finish({ kind: 'failed', why: explain() })
        if (lost && event.kind === 'reading') {
          finish({ kind: 'unrecorded', why: auditWhy(bridge.status().audit) })
        }
        if (lost) return
        if (event.kind === 'session-end') ended = true
        if (!durable) return giveUp()
        if (event.kind === 'reading') {
          read = bridge.status().pumps.find((p) => p.pump.id === event.pump.id) ?? null
        }
        if (event.kind === 'read-failed') {
          failure = event.why
          if (event.final) finish({ kind: 'failed', why: [event.why] })
        }
        if (event.kind === 'session-end' && read) {
          const session = wand()?.session ?? read.session
          const closeConfirmed = event.how === 'confirmed'
          finish({ kind: 'read', status: { ...read, session }, closeConfirmed })
        }
      },
      complete: () => finish({ kind: 'failed', why: [statement('outcome.stopped')] }),
    })
    subscription.add(bridge.audit$.subscribe(giveUp))
    bridge.interrogate(port)
  })
}

const auditWhy = ({ code, args, notices }: Coded<AuditStatus>) => [{ code, args }, ...notices]

/** What the link says of itself. */
function linkWhy(link: Coded<LinkStatus> | undefined): Statement[] {
  if (!link) return [statement('outcome.nothing-answers')]
  return [{ code: `link.${link.cause}`, args: {} }, ...(link.why ? [link.why] : [])]
}
