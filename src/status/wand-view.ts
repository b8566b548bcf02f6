// A wand as it stands at one moment: its link, its contact and how old that is. Pure.
import type { Stamp } from '../model/event.ts'
import type { Coded, LinkStatus, WandStatus } from '../model/status.ts'
import type { Reason } from '../model/value.ts'
import type { WandState } from './state.ts'

/** Contact older than this is none (protocol: a wand with a session exchanges every 400 ms). */
export const CONTACT_MS = 900
/** Clocks that disagree by more mean that this computer slept or its clock was set. */
export const JUMP_MS = 2_000

export function utcText(wall: number): string {
  return new Date(wall).toISOString()
}

/** Age of the contact, null when there is none. Both clocks are asked. */
function contactAge(wand: WandState, now: Stamp): number | null {
  const { heardAt, skew } = wand.contact
  if (heardAt === null) return null
  return Math.max(0, now.mono - heardAt, now.wall - (heardAt + skew))
}

/** Why nothing read through this wand is live at `now`; null = contact is good. */
export function notInContact(wand: WandState, now: Stamp): Reason | null {
  if (!wand.connected) return 'wand-lost'
  if (!wand.contact.fresh) return wand.contact.loss
  const age = contactAge(wand, now)
  if (age === null) return 'implant-lost'
  const jumped = Math.abs(now.wall - now.mono - wand.contact.skew) > JUMP_MS
  if (jumped) return 'wand-lost'
  if (age <= CONTACT_MS) return null
  // Nobody has said yet that it is lost: who spoke last tells which of the two is silent.
  return now.mono - wand.contact.saidAt < CONTACT_MS / 2 ? 'implant-lost' : 'wand-lost'
}

export function viewWand(wand: WandState, now: Stamp): Coded<WandStatus> {
  const { contact } = wand
  return {
    port: wand.port,
    serial: wand.serial,
    model: wand.model,
    firmware: wand.firmware,
    ...(wand.invalid && { invalid: { ...wand.invalid } }),
    source: wand.source,
    coupling: { value: contact.coupling, unit: '%', position: contact.position },
    contact: {
      fresh: notInContact(wand, now) === null,
      ageMs: round(contactAge(wand, now)),
      atLeast: contact.atLeast,
      operation: contact.operation,
      // Everything else is over before it could be read.
      progress: contact.operation === 'interrogate' ? contact.progress : null,
    },
    battery: wand.battery,
    lastSessionEnd: wand.lastSessionEnd,
    readFailure: wand.readFailure,
    link: viewLink(wand),
    session: wand.session,
    unclosed: wand.unclosed.map((one) => ({ ...one })),
    pump: wand.pump?.id ?? null,
  }
}

function viewLink(wand: WandState): Coded<LinkStatus> {
  const { phase, cause, connected, why, since, refused } = wand
  return { phase, cause, connected, why, since, refused }
}

export const round = (ms: number | null) => (ms === null ? null : Math.round(ms))
