// What is said to people, as data: a code with its arguments. State, events and records hold these and no
// sentence of any language; words/ has the sentence of every code in every language. Browser-safe.
/**
 * What an argument is. `text`: words of the system, of another program or of a person, in whatever
 * language. `name`: an identifier or a code. `time`: UTC. With `?` it may be null.
 */
export type ArgKind = 'text' | 'name' | 'name?' | 'number' | 'number?' | 'time' | 'flag?'

const NOTHING = {} as const satisfies Record<string, ArgKind>
const DIR = { dir: 'name' } as const satisfies Record<string, ArgKind>
const PUMP = { same: 'flag?', pump: 'name' } as const satisfies Record<string, ArgKind>
const ASIDE = { log: 'name' } as const satisfies Record<string, ArgKind>
const STREAM = { stream: 'name', position: 'number' } as const satisfies Record<string, ArgKind>

/** Every code that can be said, with its arguments. */
export const STATEMENTS = {
  // What led to the phase of a link.
  'link.not-started': NOTHING,
  'link.elsewhere': NOTHING,
  'link.start': NOTHING,
  'link.opened': NOTHING,
  'link.cannot-open': NOTHING,
  'link.wand-answered': NOTHING,
  'link.wrong-version': NOTHING,
  'link.other-source': NOTHING,
  'link.mark-changed': NOTHING,
  'link.no-answer': NOTHING,
  'link.defect': NOTHING,
  'link.not-allowed': NOTHING,
  'link.driver-lost': NOTHING,
  'link.port-gone': NOTHING,
  'link.clock-jumped': NOTHING,
  'link.held-up': NOTHING,
  'link.link-forgotten': NOTHING,
  'link.retry': NOTHING,
  'link.session-asked': NOTHING,
  'link.open-failed': NOTHING,
  'link.open-hung': NOTHING,
  'link.open-to-close': NOTHING,
  'link.session-open': NOTHING,
  'link.read-again': NOTHING,
  'link.read-kept': NOTHING,
  'link.read-done': NOTHING,
  'link.read-failed': NOTHING,
  'link.held-long-enough': NOTHING,
  'link.pump-not-recognised': NOTHING,
  'link.session-gone': NOTHING,
  'link.closed': NOTHING,
  'link.not-confirmed': NOTHING,
  'link.close-given-up': NOTHING,
  'link.stop-in-session': NOTHING,
  'link.stopped': NOTHING,
  // Why, where the cause alone does not say it.
  'why.port': { text: 'text' },
  'why.port-late': { seconds: 'number' },
  'why.version': { major: 'number' },
  'why.other-source': { is: 'name', reads: 'name' },
  'why.no-session-number': NOTHING,
  'why.driver-hung': { seconds: 'number' },
  'why.driver-floods': NOTHING,
  'why.driver-died': { how: 'name' },
  'why.not-allowed': { bytes: 'number', hex: 'name' },
  'why.refused-bytes': { bytes: 'number' },
  // Why a reading, or a step of it, came to nothing.
  'read.refused': { message: 'name', answer: 'name' },
  'read.session-ended': NOTHING,
  'read.mark-changed': NOTHING,
  'read.pump-silent': NOTHING,
  'read.too-long': NOTHING,
  'read.close-unanswered': NOTHING,
  'read.not-placed': NOTHING,
  'read.no-snapshot': NOTHING,
  'read.no-times': NOTHING,
  'read.pump-unnamed': NOTHING,
  'read.another-pump': NOTHING,
  'read.snapshot-of-another-pump': NOTHING,
  'read.directory-of-another': NOTHING,
  'read.pump-changed': NOTHING,
  'read.too-large': { bytes: 'number' },
  'read.piece-unasked': NOTHING,
  'read.piece-misplaced': NOTHING,
  'read.block-too-long': NOTHING,
  'read.incomplete': NOTHING,
  'read.wrong-checksum': NOTHING,
  // A session. `same`: whether it is with the pump that was there before; null = there was none.
  'session.none': NOTHING,
  'session.left-behind': NOTHING,
  'session.open': PUMP,
  'session.out-of-reach': PUMP,
  'session.recognised': NOTHING,
  'session.confirmed': NOTHING,
  'session.unconfirmed': NOTHING,
  'session.lost': NOTHING,
  'session.ended-by-wand': NOTHING,
  'session.end-unknown': NOTHING,
  // Why nobody knows that a session has ended well.
  'unclosed.stuck': NOTHING,
  'unclosed.cable-lost': NOTHING,
  'unclosed.left-to-lease': NOTHING,
  'unclosed.ended-by-wand': NOTHING,
  'unclosed.wand-restarted': NOTHING,
  'unclosed.still-open': NOTHING,
  'unclosed.remembered': { pump: 'name?', openedAt: 'time' },
  // How the log does.
  'audit.none': NOTHING,
  'audit.recorded': NOTHING,
  'audit.slow': NOTHING,
  'audit.starting': NOTHING,
  'audit.closed': NOTHING,
  'audit.disk-full': DIR,
  'audit.disk-read-only': DIR,
  'audit.denied': DIR,
  'audit.disk-errors': DIR,
  'audit.disk-silent': DIR,
  'audit.gone': NOTHING,
  'audit.foreign': NOTHING,
  'audit.locked': NOTHING,
  'audit.failed': { errno: 'name', dir: 'name' },
  // What is told beside that.
  'witness.fork': { name: 'name', said: 'text' },
  'witness.ahead': { name: 'name', theirs: 'number' },
  'witness.forgot': { name: 'name', theirs: 'number' },
  'witness.unknown-key': { name: 'name' },
  'witness.wrong-key': { name: 'name' },
  'witness.unreadable': { name: 'name' },
  'audit.strays': { files: 'text', more: 'number' },
  'audit.low-space': { mebibytes: 'number' },
  'audit.neglected': { step: 'name', errno: 'name', dir: 'name' },
  'audit.not-kept': { kind: 'name', at: 'time' },
  // Why a log was set aside.
  'aside.fork': { log: 'name', name: 'name' },
  'aside.ahead': { log: 'name', name: 'name' },
  'aside.gone': ASIDE,
  'aside.cut': ASIDE,
  'aside.replaced': ASIDE,
  'aside.copied': ASIDE,
  'aside.shorter': { log: 'name', found: 'number', left: 'number' },
  'aside.no-manifest': ASIDE,
  'aside.missing': ASIDE,
  'aside.damaged': {
    ...{ log: 'name', segment: 'number?', offset: 'number?', position: 'number?' },
  },
  'aside.no-key': { log: 'name', key: 'name' },
  'aside.unreadable': { log: 'name', errno: 'name' },
  // How a destination of messages does.
  'delivery.starting': NOTHING,
  'delivery.place-unreadable': { destination: 'name' },
  'delivery.failed': { text: 'text' },
  'delivery.idle': NOTHING,
  'delivery.sending': NOTHING,
  'delivery.looking-up': NOTHING,
  'delivery.connecting': NOTHING,
  'delivery.unanswered': NOTHING,
  'delivery.no-connection': NOTHING,
  'delivery.closed': NOTHING,
  'delivery.no-reply': NOTHING,
  'delivery.refused': { text: 'text' },
  'delivery.odd': { text: 'text' },
  'delivery.disabled': { text: 'text' },
  // How the way to the broker of a fleet does. `position`: of the last record that it has.
  'fleet.connecting': { text: 'text' },
  'fleet.idle': NOTHING,
  'fleet.sending': { records: 'number' },
  'fleet.fork': STREAM,
  'fleet.ahead': STREAM,
  'fleet.gap': STREAM,
  'fleet.foreign': STREAM,
  // At a replica.
  'fleet.apart': { site: 'name' },
  'fleet.silent': { site: 'name', since: 'time' },
  'fleet.away': { since: 'time' },
  'fleet.key-lost': { since: 'time' },
  // Why a connection to the stream ends.
  'bye.slow': NOTHING,
  'bye.revoked': NOTHING,
  'bye.expired': NOTHING,
  'bye.shutdown': NOTHING,
  'health.running': NOTHING,
  // Why a client does not believe a bridge.
  'trust.no-checkpoint': NOTHING,
  'trust.not-grown': { size: 'number', before: 'number' },
  'trust.shrunk': { size: 'number', before: 'number' },
  'trust.forked': { size: 'number' },
  'trust.not-v1': { event: 'name', text: 'text' },
  // Why one reading that somebody asked for was not had.
  'outcome.no-pump': NOTHING,
  'outcome.nothing-answers': NOTHING,
  'outcome.stopped': NOTHING,
  'outcome.no-such-port': { port: 'name' },
} as const satisfies Record<string, Readonly<Record<string, ArgKind>>>

export type Code = keyof typeof STATEMENTS
type CodesOf<Area extends string> = Code extends infer C
  ? C extends `${Area}.${infer Rest}`
    ? Rest
    : never
  : never

/** What can lead to the phase of a link. */
export type LinkCause = CodesOf<'link'>
export type UnclosedWhy = Exclude<CodesOf<'unclosed'>, 'remembered'>
/** Why a log can be set aside. */
export type AsideCode = CodesOf<'aside'>

interface Said {
  readonly text: string
  readonly name: string
  readonly 'name?': string | null
  readonly number: number
  readonly 'number?': number | null
  readonly time: string
  readonly 'flag?': boolean | null
}

export type ArgsOf<C extends Code> = {
  readonly [K in keyof (typeof STATEMENTS)[C]]: Said[(typeof STATEMENTS)[C][K] & keyof Said]
}

export type Args = Readonly<Record<string, string | number | boolean | null>>

/** Something said: it may come from a newer bridge than the one that reads it, with a code of its own. */
export interface Statement {
  readonly code: string
  readonly args: Args
}

export function statement<C extends Code>(
  ...[code, args]: keyof ArgsOf<C> extends never ? [code: C] : [code: C, args: ArgsOf<C>]
): Statement {
  return { code, args: { ...args } as Args }
}
