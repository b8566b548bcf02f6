// How a destination stands, as it is shown: on the page, among the metrics, by `hl7 send`. Pure.
import type { DestinationStatus } from '../model/status.ts'
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
  readonly lost: string | null
  readonly machine: State
  readonly lastError: string
  readonly waiting: number
  readonly parked: readonly Parked[]
  readonly sent: number
}

export function standing(known: Known): DestinationStatus {
  const { name, address, now, since, lost, machine, lastError, waiting, parked, sent } = known
  const state = stateOf(known)
  const said = {
    failed: `Nothing is sent to it: ${lost}. What is recorded stays in the log.`,
    idle: 'Everything that was recorded for it has been accepted or set aside.',
    sending: 'Messages are being sent.',
    waiting:
      machine.head === null
        ? 'What it is owed is being looked up in the log.'
        : `It does not take messages now (${lastError || 'connecting'}). They stay in the log and are sent when it does.`,
  }[state]
  const { length } = parked
  const aside = length === 0 ? '' : ` ${length} set aside: wandbridge hl7 send --parked.`
  return {
    name,
    address,
    state,
    lagMs: since === null ? 0 : Math.max(0, now - Date.parse(since)),
    waiting,
    parked: length,
    aside: parked.slice(-SHOWN),
    sent,
    strays: machine.strays,
    sentence: `${said}${aside}`,
  }
}

function stateOf({ lost, since, machine }: Known): DestinationStatus['state'] {
  if (lost !== null) return 'failed'
  if (since === null) return 'idle'
  return machine.link === 'open' && machine.waiting !== 'backoff' ? 'sending' : 'waiting'
}
