// What a running bridge says of itself, without whose pumps they are: codes, numbers and times.
import type { BridgeStatus, DestinationStatus, PumpStatus, WandStatus } from '../model/status.ts'
import type { Names } from './names.ts'

export interface CounterValue {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function standingFor(
  { asOf, wands, pumps, audit }: BridgeStatus,
  destinations: readonly DestinationStatus[],
  names: Names,
): object {
  const { position, state, checkpoint, code, notices, witnesses } = audit
  return {
    asOf,
    wands: wands.map((wand) => wandFor(wand, names)),
    pumps: pumps.map((pump) => pumpFor(pump, names)),
    audit: {
      ...{ log: names.nameOf(audit.log), position, state, signed: checkpoint !== null },
      code: names.code(code),
      notices: notices.map((notice) => names.code(notice.code)),
      ...(witnesses && {
        witnesses: {
          ...witnesses,
          problems: witnesses.problems.map(({ name, problem, theirs }) => ({
            ...{ name: names.name(name), problem, theirs },
          })),
        },
      }),
    },
    destinations: destinations.map((one) => destinationFor(one, names)),
  }
}

const codeOf = (said: { readonly code: string } | null, { code }: Names) =>
  said === null ? null : code(said.code)
const codeOrNull = (text: string | null, { code }: Names) => (text === null ? null : code(text))

function wandFor(wand: WandStatus, names: Names): object {
  const { link, session, coupling, contact } = wand
  return {
    port: names.port(wand.port),
    serial: names.nameOf(wand.serial),
    ...{ model: wand.model, firmware: wand.firmware, source: wand.source, battery: wand.battery },
    coupling: { value: coupling.value, position: codeOrNull(coupling.position, names) },
    contact: { ...contact, operation: codeOrNull(contact.operation, names) },
    lastSessionEnd: codeOrNull(wand.lastSessionEnd, names),
    readFailure: codeOf(wand.readFailure, names),
    link: {
      ...{ phase: names.code(link.phase), cause: names.code(link.cause) },
      ...{ connected: link.connected, why: codeOf(link.why, names), since: link.since },
      refused: link.refused,
    },
    session: {
      ...{ id: session.id, state: session.state, closeConfirmed: session.closeConfirmed },
      ...{ openedAt: session.openedAt, endedAt: session.endedAt, code: names.code(session.code) },
    },
    unclosed: wand.unclosed.map(({ why, session, pump, code }) => ({
      ...{ why: names.code(why), session, pump: names.nameOf(pump), code: names.code(code) },
    })),
    pump: names.nameOf(wand.pump),
  }
}

function pumpFor({ pump, wand, ...status }: PumpStatus, names: Names): object {
  const { quality, reason, source, readAt, ageMs } = status
  return {
    ...{ id: names.name(pump.id), serial: names.name(pump.serial) },
    ...{ model: pump.model, firmware: pump.firmware, wand: names.nameOf(wand.serial) },
    ...{ quality, ...(reason && { reason }), source, readAt, ageMs },
  }
}

function destinationFor(one: DestinationStatus, names: Names): object {
  const { kind, state, lagMs, waiting, parked, sent, strays } = one
  return {
    ...{ name: names.name(one.name), kind, address: names.address(one.address), state },
    ...{ lagMs, waiting, parked, sent, strays, code: names.code(one.code) },
    aside: one.aside.map(({ position, code, attempts, at }) => ({
      ...{ position, code: /^(?:[A-Z]{2}|\d{3}|none)$/.test(code) ? code : names.name(code) },
      ...{ attempts, at },
    })),
  }
}

/** A counter as one line, in the way of Prometheus. */
export function counterLines(counters: readonly CounterValue[], names: Names): string[] {
  return counters.map(({ name, labels, value }) => {
    const shown = Object.entries(labels).map(([label, text]) => {
      const own = label === 'destination' ? names.name(text) : ownLabel(text, names)
      return `${names.code(label)}="${own}"`
    })
    return `${names.code(name)}${shown.length > 0 ? `{${shown.join(',')}}` : ''} ${value}`
  })
}

const ownLabel = (text: string, names: Names) =>
  /^(?:[A-Z]{2}|\d{1,4})$/.test(text) ? text : names.code(text)
