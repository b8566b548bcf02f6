// What a record is called at the broker: one stream a log, one message a record, and what stands in its
// subject and headers. No serial is ever part of a subject: a pump is told by a keyed hash. Pure.
import { createHmac } from 'node:crypto'

/** A site in names of streams and in subjects, where neither dots nor underscores may stand. */
export const SITE = /^[a-z0-9][a-z0-9-]{0,39}$/
const LOG = /^[a-z]+-[1-9]\d*-[0-9a-f]{8}$/

export interface SiteLog {
  readonly site: string
  readonly log: string
}

const ROOT = 'wand.v1'
const STREAM = 'wand_'

export const streamOf = ({ site, log }: SiteLog): string => `${STREAM}${site}_${log}`

/** Null = it is no log's stream. */
export function parseStream(name: string): SiteLog | null {
  const [site = '', log = '', ...more] = name.startsWith(STREAM)
    ? name.slice(STREAM.length).split('_')
    : []
  return more.length === 0 && SITE.test(site) && LOG.test(log) ? { site, log } : null
}

/** All subjects of a log. */
export const subjectsOf = ({ site, log }: SiteLog): string => `${ROOT}.${site}.${log}.>`
/** All subjects of every log. */
export const ALL_SUBJECTS = `${ROOT}.>`

/** Stands where a record is about no pump. */
const NO_PUMP = '-'

/** Gives the subject of each record of a log, by its kind and the serial; `key` is the site's own secret. */
export function subjectsFor(
  { site, log }: SiteLog,
  key: Uint8Array,
): (kind: string, pump: string | null) => string {
  const known = new Map<string, string>()
  const hashOf = (pump: string) => {
    const made =
      known.get(pump) ?? createHmac('sha256', key).update(pump).digest('hex').slice(0, 16)
    if (known.size > 10_000) known.clear()
    known.set(pump, made)
    return made
  }
  return (kind, pump) => `${ROOT}.${site}.${log}.${kind}.${pump === null ? NO_PUMP : hashOf(pump)}`
}

/** The kind of record, from the subject. */
export function kindOf(subject: string): string {
  const end = subject.lastIndexOf('.')
  return subject.slice(subject.lastIndexOf('.', end - 1) + 1, end)
}

/** The newest signed checkpoint, on the record that it ends with, and the verifier key for it. Both in base64. */
export const CHECKPOINT = 'Wandbridge-Checkpoint'
export const KEY = 'Wandbridge-Key'

/** Which record the first message of a stream is: from there on, sequence less position is constant. */
export const descriptionOf = (first: number): string => `wandbridge/1 first=${first}`

/** Null = it was not made by a publisher of this version. */
export function firstOf(description: string | undefined): number | null {
  const [, digits] = /^wandbridge\/1 first=(0|[1-9]\d{0,15})$/.exec(description ?? '') ?? []
  return digits === undefined ? null : Number(digits)
}

/** Where a bridge says that it is there, besides its records. Kept by nobody. */
export const pulseOf = ({ site, log }: SiteLog): string => `wand-pulse.v1.${site}.${log}`
export const ALL_PULSES = 'wand-pulse.v1.>'

/** Null = the subject is no pulse. */
export function parsePulse(subject: string): SiteLog | null {
  const [root, version, site = '', log = ''] = subject.split('.')
  if (root !== 'wand-pulse' || version !== 'v1') return null
  return SITE.test(site) && LOG.test(log) ? { site, log } : null
}

/** How often a bridge says so, in ms. */
export const PULSE_MS = 10_000

export interface Pulse {
  /** By the bridge's clock, UTC. */
  readonly at: string
  /** Durable records in its log. */
  readonly size: number
  readonly checkpoint: string | null
  readonly key: string | null
  /** Why nothing of the log is sent: the broker has another history of it. Null = it is sent. */
  readonly apart: string | null
}
