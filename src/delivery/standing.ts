// How a destination stands, as it is shown: on the page, among the metrics, by `hl7 send`. Pure.
import { type Statement, statement } from '../model/statement.ts'
import type { Coded, DestinationKind, DestinationStatus } from '../model/status.ts'
import type { State } from './machine.ts'
import type { Parked, Saved } from './saved.ts'

const SHOWN = 10

interface Known {
  readonly name: string
  readonly kind: DestinationKind
  readonly disabled: Saved['disabled']
  readonly address: string
  readonly now: number
  /** UTC: recording of the oldest that is owed, or since when that is not known; null = nothing is. */
  readonly since: string | null
  /** Why nothing can be sent at all. */
  readonly lost: Statement | null
  readonly machine: State
  readonly lastError: Statement
  readonly waiting: number
  readonly parked: readonly Parked[]
  readonly sent: number
}

export function standing(known: Known): Coded<DestinationStatus> {
  const {
    name,
    kind,
    address,
    now,
    disabled,
    since,
    lost,
    machine,
    lastError,
    waiting,
    parked,
    sent,
  } = known
  const state = stateOf(known)
  const said = {
    failed: lost ?? statement('delivery.starting'),
    idle: statement('delivery.idle'),
    disabled: statement('delivery.disabled', {
      text: `${disabled?.code} ${disabled?.text}`.trim(),
    }),
    sending: statement('delivery.sending'),
    waiting: machine.head === null ? statement('delivery.looking-up') : lastError,
  }[state]
  return {
    name,
    kind,
    address,
    state,
    lagMs: since === null ? 0 : Math.max(0, now - Date.parse(since)),
    waiting,
    parked: parked.length,
    aside: parked.slice(-SHOWN),
    sent,
    strays: machine.strays,
    ...said,
  }
}

function stateOf({ lost, since, machine, disabled }: Known): DestinationStatus['state'] {
  if (lost !== null) return 'failed'
  if (disabled) return 'disabled'
  if (since === null) return 'idle'
  return machine.link === 'open' && machine.waiting !== 'backoff' ? 'sending' : 'waiting'
}

const REASONS: Readonly<Record<string, string>> = {
  'delivery.unanswered': 'no answer in the time that is configured',
  'delivery.no-connection': 'no answer to connecting',
  'delivery.closed': 'it closed the connection',
  'delivery.no-reply': 'it sends what is no reply',
}

/** For the log of the bridge: in a few words. */
export const reasonOf = ({ code, args }: Statement): string =>
  REASONS[code] ??
  (code === 'delivery.odd' ? `it answers: ${args['text']}` : String(args['text'] ?? code))
