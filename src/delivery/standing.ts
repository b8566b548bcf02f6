// How a destination stands, as it is shown: on the page, among the metrics, by `hl7 send`. Pure.
import { type Statement, statement } from '../model/statement.ts'
import type { Coded, DestinationStatus } from '../model/status.ts'
import type { State } from './machine.ts'
import type { Parked } from './saved.ts'

const SHOWN = 10

interface Known {
  readonly name: string
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
  const { name, address, now, since, lost, machine, lastError, waiting, parked, sent } = known
  const state = stateOf(known)
  const said = {
    failed: lost ?? statement('delivery.starting'),
    idle: statement('delivery.idle'),
    sending: statement('delivery.sending'),
    waiting: machine.head === null ? statement('delivery.looking-up') : lastError,
  }[state]
  return {
    name,
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

function stateOf({ lost, since, machine }: Known): DestinationStatus['state'] {
  if (lost !== null) return 'failed'
  if (since === null) return 'idle'
  return machine.link === 'open' && machine.waiting !== 'backoff' ? 'sending' : 'waiting'
}
