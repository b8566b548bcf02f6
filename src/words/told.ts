// What is known as codes, with the sentences of one language beside them: what leaves the bridge. The rest
// of a status is passed on as it is. Pure, browser-safe.
import type { ApiRecord, CodedRecord } from '../model/record.ts'
import type { Statement } from '../model/statement.ts'
import type {
  AuditStatus,
  BridgeStatus,
  Coded,
  DestinationStatus,
  LinkStatus,
  PumpStatus,
  SessionStatus,
  WandStatus,
} from '../model/status.ts'
import { sentence, sentences, type Words } from './words.ts'

const optional = (words: Words, one: Statement | null) => (one === null ? '' : sentence(words, one))

export const linkSentence = (words: Words, { cause }: Pick<LinkStatus, 'cause'>): string =>
  sentence(words, { code: `link.${cause}`, args: {} })

/** How the link stands, with why where that is known. */
export const linkText = (words: Words, link: Pick<Coded<LinkStatus>, 'cause' | 'why'>): string =>
  `${linkSentence(words, link)} ${optional(words, link.why)}`.trim()

/** How the log does, and what else is to be told of it. */
export const auditSentence = (
  words: Words,
  { code, args, notices }: Pick<Coded<AuditStatus>, 'code' | 'args' | 'notices'>,
): string => {
  // A log that is well says nothing beside a log that was set aside.
  const quiet = code === 'audit.recorded' && notices.some((one) => ASIDE.test(one.code))
  return sentences(words, [...(quiet ? [] : [{ code, args }]), ...notices])
}
const ASIDE = /^aside\.|^audit\.strays$/

export const destinationSentence = (
  words: Words,
  { code, args, parked }: Coded<DestinationStatus>,
): string => {
  const said = sentence(words, { code, args })
  return parked === 0 ? said : `${said} ${words.parked(parked)}`
}

export const linkTold = (words: Words, link: Coded<LinkStatus>): LinkStatus => ({
  ...link,
  sentence: linkSentence(words, link),
  detail: optional(words, link.why),
})

export const sessionTold = (words: Words, session: Coded<SessionStatus>): SessionStatus => ({
  ...session,
  sentence: sentence(words, session),
})

export const auditTold = (words: Words, audit: Coded<AuditStatus>): AuditStatus => ({
  ...audit,
  notices: [...audit.notices],
  sentence: auditSentence(words, audit),
})

type OfWand = Pick<Coded<WandStatus>, 'readFailure' | 'unclosed'>
const ofWand = <T extends OfWand>(words: Words, wand: T) => ({
  ...wand,
  lastReadFailure: wand.readFailure && sentence(words, wand.readFailure),
  unclosed: unclosedTold(words, wand.unclosed),
})

export const unclosedTold = (words: Words, unclosed: OfWand['unclosed']): WandStatus['unclosed'] =>
  unclosed.map((one) => ({ ...one, sentence: sentence(words, one) }))

export const wandTold = (words: Words, wand: Coded<WandStatus>): WandStatus => ({
  ...ofWand(words, wand),
  link: linkTold(words, wand.link),
  session: sessionTold(words, wand.session),
})

export const pumpTold = (words: Words, pump: Coded<PumpStatus>): PumpStatus =>
  ({
    ...pump,
    wand: ofWand(words, pump.wand),
    session: sessionTold(words, pump.session),
    link: linkTold(words, pump.link),
    audit: auditTold(words, pump.audit),
  }) as PumpStatus

export const statusTold = (words: Words, status: Coded<BridgeStatus>): BridgeStatus => ({
  ...status,
  wands: status.wands.map((wand) => wandTold(words, wand)),
  pumps: status.pumps.map((pump) => pumpTold(words, pump)),
  audit: auditTold(words, status.audit),
})

export const destinationTold = (
  words: Words,
  one: Coded<DestinationStatus>,
): DestinationStatus => ({
  ...one,
  aside: one.aside.map((parked) => ({ ...parked })),
  sentence: destinationSentence(words, one),
})

export function recordTold(words: Words, record: CodedRecord): ApiRecord {
  if (record.kind === 'link') return { ...record, detail: optional(words, record.why) }
  if (record.kind === 'read-failed') return { ...record, why: sentence(words, record) }
  return record
}
