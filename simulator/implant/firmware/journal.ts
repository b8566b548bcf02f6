// What the pump remembers having happened: a ring of 64 events with absolute numbers, and alarms that
// are active or latched.
import { ALARM_CODES } from '../../../protocol/fields/alarms.ts'
import type { BlockRepr } from '../../../protocol/fields/blocks.ts'
import { EVENT_CODES } from '../../../protocol/fields/events.ts'

export type EventName = (typeof EVENT_CODES)[keyof typeof EVENT_CODES]
export type AlarmName = (typeof ALARM_CODES)[keyof typeof ALARM_CODES]

const codesOf = (table: Readonly<Record<number, string>>) =>
  new Map(Object.entries(table).map(([n, name]) => [name, Number(n)]))
const EVENT_CODE = codesOf(EVENT_CODES)
const ALARM_CODE = codesOf(ALARM_CODES)
export const ALARM_NAMES = Object.values(ALARM_CODES) as readonly AlarmName[]

/** The pump's own classes (domain: critical and non-critical alarms of the SynchroMed family). */
const CRITICAL: readonly AlarmName[] = [
  'empty-reservoir',
  'end-of-service',
  'motor-stall',
  'stopped-over-48h',
  'critical-memory-error',
  'low-battery-reset',
]
export const RING = 64
const ACTIVE = 1
const LATCHED = 2

type EventRepr = BlockRepr<'events'>['events'][number]
type AlarmRepr = BlockRepr<'alarms'>['alarms'][number]

/** An event from before the scenario; `at` on the pump's clock. */
export interface PastEvent {
  readonly name: EventName
  readonly at: number
  readonly argument: number | null
}

export class Journal {
  total: number
  #events: EventRepr[] = []
  #alarms: AlarmRepr[] = []

  /** `total` events have been logged before; `past` are those that the ring still holds. */
  constructor(total: number, past: readonly PastEvent[]) {
    this.total = total - past.length
    for (const { name, at, argument } of past) this.log(name, at, at, argument)
  }

  get events(): readonly EventRepr[] {
    return this.#events
  }

  get alarms(): readonly AlarmRepr[] {
    return this.#alarms
  }

  log(
    name: EventName,
    occurredAt: number,
    detectedAt: number,
    argument: number | null = null,
  ): number {
    this.total += 1
    const code = EVENT_CODE.get(name) ?? 0
    this.#events.push({ number: this.total, code, occurredAt, detectedAt, argument })
    if (this.#events.length > RING) this.#events.shift()
    return this.total
  }

  has(name: AlarmName, state = ACTIVE): boolean {
    return this.#alarms.some(
      (alarm) => alarm.code === ALARM_CODE.get(name) && alarm.state === state,
    )
  }

  raise(name: AlarmName, occurredAt: number, detectedAt: number): boolean {
    if (this.has(name)) return false
    const code = ALARM_CODE.get(name) ?? 0
    this.#alarms = this.#alarms.filter((alarm) => alarm.code !== code)
    const id = this.log('alarm-raised', occurredAt, detectedAt, code)
    const kind = CRITICAL.includes(name) ? 2 : 1
    this.#alarms.push({ id, code, class: kind, state: ACTIVE, occurredAt, detectedAt })
    return true
  }

  /** The condition has ended. A critical alarm stays latched until somebody programs the pump. */
  clear(name: AlarmName, at: number): boolean {
    const code = ALARM_CODE.get(name) ?? 0
    const alarm = this.#alarms.find((one) => one.code === code && one.state === ACTIVE)
    if (!alarm) return false
    this.log('alarm-cleared', at, at, code)
    this.#alarms = this.#alarms.flatMap((one) => {
      if (one !== alarm) return [one]
      return one.class === 2 ? [{ ...one, state: LATCHED }] : []
    })
    return true
  }

  /** Somebody with the programmer has seen them. */
  acknowledge(): void {
    this.#alarms = this.#alarms.filter((alarm) => alarm.state !== LATCHED)
  }
}
