// The sentence of every code that is said, in US English: what happened, what it means for the reading,
// what to do next. A code without a sentence does not compile.
import { dateTime } from '../../model/format.ts'
import type { ArgsOf, AsideCode, Code } from '../../model/statement.ts'

export type Statements = {
  readonly [C in Code]: keyof ArgsOf<C> extends never ? string : (args: ArgsOf<C>) => string
}

const NOT_CONFIRMED = 'Session not confirmed closed. Hold the wand in place again.'
const ENDED_BY_WAND = 'The wand has ended the session by itself.'
const SESSION_CLOSED = 'Session closed. You may now use the pump’s own programmer.'

const MEANS =
  'What is on the screen stays but is not live, because nothing is shown that is not recorded.'
const AGAIN = 'Recording starts again by itself.'
const FORKED =
  'Do not rely on this bridge before it is known which log is right. Have each verified with: wandbridge audit verify --witness KEY.'
const DISBELIEF =
  'Nothing the bridge says is believed. Have the log verified with the checkpoint that was kept.'

const IS: Readonly<Record<string, string>> = {
  device: 'This is a real wand',
  simulator: 'This is a simulated wand',
  replay: 'This wand plays back a recording',
}
const READS: Readonly<Record<string, string>> = {
  device: 'devices',
  simulator: 'simulated wands',
  replay: 'recordings',
}

/** What a wand means that refuses, by the name of its answer. */
const ANSWERS: Readonly<Record<string, string>> = {
  BUSY: 'other air work is running, or a session is open already',
  NO_SESSION: 'the session has ended',
  WRONG_LINK: 'the wand has not seen a HELLO of this link',
  NO_IMPLANT: 'no implant answers: the wand is not over a pump, or too far from it',
  AIR_FAILED: 'the implant was heard, but the exchange did not complete',
  SNAPSHOT_GONE: 'the snapshot is no longer kept',
  CHANGED: 'the implant changed while it was read',
  BAD_REQUEST:
    'the wand takes the request for one that is too short or asks for what does not exist',
  UNKNOWN_TYPE: 'the wand does not know the request',
  REFUSED: 'the wand takes the request for one that does more than read',
  VERSION: 'the wand speaks another version of the protocol',
  INTERNAL: 'the wand failed',
}

/** Said at every opening after the first: nobody should take one pump for the other. */
function whichPump({ same, pump }: ArgsOf<'session.open'>): string {
  if (same === null) return ''
  return same ? 'Same pump confirmed. ' : `Another pump than before: ${pump}. `
}

/** The log was not set aside: a witness would not have it. */
type Refusal = 'fork' | 'ahead'

/** Why a log was set aside, as a part of a sentence. */
export const setAside: {
  readonly [C in Exclude<AsideCode, Refusal>]: (args: ArgsOf<`aside.${C}`>) => string
} = {
  gone: () => 'it was renamed or removed',
  cut: () => 'it was cut while it was written',
  replaced: () => 'other files were put in its place while it was written',
  copied: () =>
    'it was copied or restored from a backup: these are not the files that this bridge wrote',
  shorter: ({ found, left }) =>
    `it is older than when it was written last: ${found} records, not ${left}`,
  'no-manifest': () => 'no manifest that can be read says that this bridge wrote it here',
  missing: () => 'segments of it are missing',
  damaged: ({ segment, offset, position }) =>
    segment === null
      ? 'its records are not those that were written last'
      : `it is damaged (segment ${segment}, byte ${offset}, record ${position})`,
  'no-key': ({ key }) => `the key it was signed with is not here (${key})`,
  unreadable: ({ errno }) => `it cannot be read: ${errno}`,
}

const aside =
  <C extends Exclude<AsideCode, Refusal>>(code: C) =>
  (args: ArgsOf<`aside.${C}`>): string =>
    `Audit log ${args.log} was set aside: ${setAside[code](args)}. A new one is written. Readings are not affected. Have it looked at, then run: wandbridge audit accept --reason TEXT`

const refusedBy = (name: string, why: string) =>
  `Witness ${name} refused audit log ${why}. That is told until somebody has looked at it: find out which log is right, then run: wandbridge audit accept --reason TEXT`

const STAYS = 'They stay in the log and are sent when it does.'

export const statements: Statements = {
  'link.not-started': 'Not started.',
  'link.elsewhere': 'The wand is at its site. Whether it answers there is not known here.',
  'link.start': 'Opening the port.',
  'link.opened': 'Port open. Asking which wand this is.',
  'link.cannot-open': 'The port cannot be opened.',
  'link.wand-answered': 'The wand answers.',
  'link.wrong-version':
    'The wand speaks another version of the protocol. It cannot be read with this release.',
  'link.other-source': 'This wand is refused: nothing of it is shown.',
  'link.mark-changed':
    'Signal lost: the wand changed its mark. What came with the other mark is not shown. Connecting again.',
  'link.no-answer': 'Signal lost: no wand answers on this port.',
  'link.defect':
    'The wand refuses what every host may ask: a defect of the wand or of this program.',
  'link.not-allowed':
    'Stopped: this program tried to send the wand what is no read request. Nothing of it was sent. A defect of this program: start it again, and report this.',
  'link.driver-lost':
    'Signal lost: the part of this program that reads this wand has failed. It is started again; other wands are not affected.',
  'link.port-gone': 'Signal lost: the wand was unplugged or its port closed.',
  'link.clock-jumped': 'This computer slept or its clock was changed. Connecting again.',
  'link.held-up':
    'This program was given no time for a while: the computer was too busy, or it slept. Connecting again.',
  'link.link-forgotten': 'Signal lost: the wand has restarted, or another program used its port.',
  'link.retry': 'Trying the port again.',
  'link.session-asked': 'Wand in place. Opening a session with the pump.',
  'link.open-failed':
    'No session: the pump did not answer, or the wand is still busy with an earlier one.',
  'link.open-hung':
    'The opening of a session was never confirmed. Connecting again; the wand ends the session by itself.',
  'link.open-to-close':
    'Session open. Closing it at once, so that the pump is known to have left it.',
  'link.session-open': 'Session open. Reading the pump. Hold the wand still.',
  'link.read-again': 'The pump has changed since it was read. Reading it again.',
  'link.read-kept': 'Reading finished. Session kept open.',
  'link.read-done': 'Reading finished. Closing the session.',
  'link.read-failed': 'The reading did not complete; nothing of it is used. Closing the session.',
  'link.held-long-enough': 'The session has been open long enough. Closing it.',
  'link.pump-not-recognised': 'The pump of this session no longer answers. Closing the session.',
  'link.session-gone': ENDED_BY_WAND,
  'link.closed': SESSION_CLOSED,
  'link.not-confirmed': NOT_CONFIRMED,
  'link.close-given-up': NOT_CONFIRMED,
  'link.stop-in-session': 'Stopping. Closing the session first.',
  'link.stopped': 'Stopped.',

  'why.port': ({ text }) => text,
  'why.port-late': ({ seconds }) => `The driver did not open the port within ${seconds} s.`,
  'why.version': ({ major }) => `It speaks version ${major}.`,
  'why.other-source': ({ is, reads }) =>
    `${IS[is] ?? is}; this bridge reads ${READS[reads] ?? reads}. Start the bridge with --source ${is}.`,
  'why.no-session-number': 'It opened a session without a number.',
  'why.driver-hung': ({ seconds }) => `It did not answer for ${seconds} s.`,
  'why.driver-floods': 'It said more than any wand can.',
  'why.driver-died': ({ how }) => `It ended with ${how}.`,
  'why.not-allowed': ({ bytes, hex }) => `It was ${bytes} bytes: ${hex}.`,
  'why.refused-bytes': ({ bytes }) =>
    `What came, ${bytes} bytes, no wand sends: it is another device, another speed or parity, or a damaged cable.`,

  'read.refused': ({ message, answer }) => `${message} was refused: ${ANSWERS[answer] ?? answer}.`,
  'read.session-ended': ENDED_BY_WAND,
  'read.mark-changed': 'The wand changed its mark while the pump was read.',
  'read.pump-silent': 'The pump of this session no longer answers.',
  'read.too-long': 'The reading took too long.',
  'read.close-unanswered': 'The pump did not answer in time.',
  'read.not-placed': 'The wand was not in place in time.',
  'read.no-snapshot': 'The wand names no snapshot.',
  'read.no-times': 'The wand does not say when it read.',
  'read.pump-unnamed': 'The pump does not say which one it is.',
  'read.another-pump': 'Another pump answers in the middle of the session.',
  'read.snapshot-of-another-pump': 'The snapshot is of another pump.',
  'read.directory-of-another': 'The directory is of another snapshot.',
  'read.pump-changed': 'The pump changed while it was read.',
  'read.too-large': ({ bytes }) => `The snapshot has ${bytes} bytes, more than a record can hold.`,
  'read.piece-unasked': 'A piece came that was not asked for.',
  'read.piece-misplaced': 'A piece of another place came.',
  'read.block-too-long': 'A block is longer than its directory says.',
  'read.incomplete': 'The snapshot is not complete.',
  'read.wrong-checksum': 'The checksum over the snapshot is wrong.',

  'session.none': 'No session.',
  'session.left-behind': 'The session of this reading has ended.',
  'session.open': (args) => `${whichPump(args)}Session open. Hold the wand still.`,
  'session.out-of-reach': (args) =>
    `${whichPump(args)}A session is open, and the pump is out of reach. Hold the wand in place again.`,
  'session.recognised': 'Same pump confirmed. Session open.',
  'session.confirmed': SESSION_CLOSED,
  'session.unconfirmed': NOT_CONFIRMED,
  'session.lost':
    'Signal lost while a session was open. Hold the wand in place again, so that it can be closed.',
  'session.ended-by-wand': `${ENDED_BY_WAND} Hold it in place again to read.`,
  'session.end-unknown': 'How its session ended is not recorded. Hold the wand in place again.',

  'unclosed.stuck': NOT_CONFIRMED,
  'unclosed.cable-lost':
    'Signal lost while a session was open. The wand ends it by itself; hold it in place again.',
  'unclosed.left-to-lease':
    'Session not confirmed closed. The wand ends it by itself within seconds; hold it in place again.',
  'unclosed.ended-by-wand': `${ENDED_BY_WAND} Asking it how.`,
  'unclosed.wand-restarted':
    'The wand restarted while a session was open. The pump may still be in telemetry mode; hold the wand in place again.',
  'unclosed.still-open':
    'An earlier session is still open. The wand ends it by itself when nobody uses it.',
  'unclosed.remembered': ({ pump, openedAt }) =>
    `A session with ${pump === null ? 'a pump that is not known' : `pump ${pump}`}, of ${dateTime(openedAt)} UTC, is not known to be closed. Hold the wand over that pump again, so that it can be closed.`,

  'audit.none': 'No audit log is kept.',
  'audit.recorded': 'Everything shown is recorded.',
  'audit.slow': 'The disk is slow: what is read is shown a little later.',
  'audit.starting': 'The audit log is being opened.',
  'audit.closed': 'The audit log is closed.',
  'audit.disk-full': ({ dir }) =>
    `The disk is full. ${MEANS} Free space on the disk that holds ${dir}. ${AGAIN}`,
  'audit.disk-read-only': ({ dir }) =>
    `The disk has become read-only. ${MEANS} Have the disk that holds ${dir} checked. ${AGAIN}`,
  'audit.denied': ({ dir }) =>
    `The audit log may not be written. ${MEANS} Give this program its rights on ${dir} back. ${AGAIN}`,
  'audit.disk-errors': ({ dir }) =>
    `The disk reports errors. ${MEANS} Have the disk that holds ${dir} replaced. ${AGAIN}`,
  'audit.disk-silent': ({ dir }) =>
    `The disk does not answer. ${MEANS} Wait, or have the disk that holds ${dir} checked. ${AGAIN}`,
  'audit.gone': `The audit log was renamed, removed or replaced while it was written. ${MEANS} A new log is begun that says so. Look for the old one.`,
  'audit.foreign': `Another program wrote into the audit log. ${MEANS} End the other program. ${AGAIN}`,
  'audit.locked': `Another bridge is writing this audit log. ${MEANS} End the other bridge. ${AGAIN}`,
  'audit.failed': ({ errno, dir }) =>
    `The audit log cannot be written (${errno}). ${MEANS} Check ${dir}. ${AGAIN}`,

  'witness.fork': ({ name, said }) =>
    `Witness ${name} has seen another audit log of this name, and refuses this one (${said}): an older copy was put back, or the log is written in two places. ${FORKED}`,
  'witness.ahead': ({ name, theirs }) =>
    `Witness ${name} has seen ${theirs} records of this audit log, and here are fewer: an older copy was put back, or the log is written in two places and this is the slower one. ${FORKED}`,
  'witness.forgot': ({ name, theirs }) =>
    `Witness ${name} has cosigned more records of this audit log than the ${theirs} it now says it saw: its state was lost or put back, so it would cosign a second history. The log is not affected. Give that witness a new directory and a new key, and tell the bridge the new key.`,
  'witness.unknown-key': ({ name }) =>
    `Witness ${name} was not given the key of this audit log. Give it the verifier key that wandbridge audit checkpoint prints.`,
  'witness.wrong-key': ({ name }) =>
    `What answers for witness ${name} signs with another key. Compare audit.witnesses in the configuration with what the witness prints.`,
  'witness.unreadable': ({ name }) =>
    `Nothing can be proven to witness ${name}: the hashes that are kept are not those of the newest checkpoint. Run: wandbridge audit verify.`,
  'audit.strays': ({ files, more }) =>
    `The audit log's directory holds files that are not its own: ${files}${more > 0 ? ` and ${more} more` : ''}. They are not read, and readings are not affected. Find out who put them there.`,
  'audit.low-space': ({ mebibytes }) =>
    `The disk has only ${mebibytes} MiB left: free space before it is full.`,
  'audit.neglected': ({ step, errno, dir }) =>
    `Older parts of the log could not be cared for (${step}: ${errno}). Nothing is lost; it is tried again. Check the disk that holds ${dir}.`,
  'audit.not-kept': ({ kind, at }) =>
    `What came at ${at.slice(11, 19)} UTC (${kind}) could not be recorded and is not shown. Read the pump again.`,

  'aside.fork': ({ log, name }) =>
    refusedBy(name, `${log}, because it has seen another log of this name`),
  'aside.ahead': ({ log, name }) =>
    refusedBy(name, `${log}, because it has seen more records of it than it was shown`),
  'aside.gone': aside('gone'),
  'aside.cut': aside('cut'),
  'aside.replaced': aside('replaced'),
  'aside.copied': aside('copied'),
  'aside.shorter': aside('shorter'),
  'aside.no-manifest': aside('no-manifest'),
  'aside.missing': aside('missing'),
  'aside.damaged': aside('damaged'),
  'aside.no-key': aside('no-key'),
  'aside.unreadable': aside('unreadable'),

  'delivery.starting':
    'Nothing is sent to it yet: its place is being looked up. What is recorded stays in the log.',
  'delivery.place-unreadable': ({ destination }) =>
    `Nothing is sent to it: the file that says how far ${destination} is cannot be read. What is recorded stays in the log.`,
  'delivery.failed': ({ text }) =>
    `Nothing is sent to it: ${text}. What is recorded stays in the log.`,
  'delivery.idle': 'Everything that was recorded for it has been accepted or set aside.',
  'delivery.sending': 'Messages are being sent.',
  'delivery.looking-up': 'What it is owed is being looked up in the log.',
  'delivery.connecting': `It does not take messages now (connecting). ${STAYS}`,
  'delivery.unanswered': `It does not take messages now (no answer in the time that is configured). ${STAYS}`,
  'delivery.no-connection': `It does not take messages now (no answer to connecting). ${STAYS}`,
  'delivery.closed': `It does not take messages now (it closed the connection). ${STAYS}`,
  'delivery.no-reply': `It does not take messages now (it sends what is no reply). ${STAYS}`,
  'delivery.disabled': ({ text }) =>
    `It wants no messages any more (${text}), and is sent none. What is recorded stays in the log. Take it out of the configuration, or ask it again: wandbridge delivery send --parked --to NAME.`,
  'delivery.odd': ({ text }) =>
    `It answers what is no answer to the message that was sent (${text}). ${STAYS}`,
  'delivery.refused': ({ text }) => `It does not take messages now (${text}). ${STAYS}`,

  'fleet.connecting': ({ text }) =>
    `The broker does not take records now${text === '' ? '' : ` (${text})`}. ${STAYS}`,
  'fleet.idle': 'Every durable record is at the broker.',
  'fleet.sending': ({ records }) => `Records are sent to the broker; ${records} are owed.`,
  'fleet.fork': ({ stream, position }) =>
    `Stream ${stream} ends with another record ${position} than this log has: one of the two was put back from a copy, or the log is written in two places. Nothing is sent, and readings here are not affected. Compare both with audit verify before anything is removed.`,
  'fleet.ahead': ({ stream, position }) =>
    `Stream ${stream} has record ${position}, and this log has fewer: an older copy of the log was put back. Nothing is sent. Put the right log back, or have a new one begun.`,
  'fleet.gap': ({ stream, position }) =>
    `Stream ${stream} ends with record ${position}, and the one behind it is not kept here any more. Nothing is sent. Rename or remove the stream at the broker: it is made again, from the oldest record that is kept.`,
  'fleet.foreign': ({ stream }) =>
    `The broker has a stream ${stream} that no bridge made. Nothing is sent. Rename or remove it at the broker.`,
  'fleet.apart': ({ site }) =>
    `The log of ${site} is another than the broker has of it: one of the two was rewritten, or put back from a copy. Nothing newer of it comes, and what is shown may be false. At ${site}, wandbridge delivery status says which.`,
  'fleet.silent': ({ site, since }) =>
    `Nothing is heard of ${site}; its newest word is of ${since.slice(0, 10)} ${since.slice(11, 19)} UTC. What is shown is as old as it says.`,
  'fleet.away': ({ since }) =>
    `The broker has not answered since ${since.slice(11, 19)} UTC. What is shown is as old as it says, and may be outdated.`,
  'fleet.key-lost': ({ since }) =>
    `The broker has not let in the key of this site since ${since.slice(11, 19)} UTC, or the key is gone. What is shown is as old as it says, and may be outdated.`,

  'bye.slow':
    'This connection did not take what was sent, so it is ended. Connect again with the last id; nothing recorded is lost.',
  'bye.revoked': 'The token was revoked. Nothing you show is live.',
  'bye.expired': 'The token or page session has expired. Nothing you show is live.',
  'bye.shutdown': 'The bridge is ending. Nothing you show is live. Connect again with the last id.',
  'health.running': 'The bridge runs.',

  'trust.no-checkpoint': 'The bridge gave a checkpoint that is none. Nothing it says is believed.',
  'trust.not-grown': ({ size, before }) =>
    `The audit log of ${size} records is no continuation of the one of ${before} records that was seen before. ${DISBELIEF}`,
  'trust.shrunk': ({ size, before }) =>
    `The audit log has ${size} records; it had ${before}. Records were taken away: nothing the bridge says is believed. Have the log verified with the checkpoint that was kept.`,
  'trust.forked': ({ size }) =>
    `The audit log of ${size} records is another one than before. ${DISBELIEF}`,
  'trust.not-v1': ({ event, text }) =>
    `What the bridge sent as ${event} is not what v1 says: ${text}.`,

  'outcome.no-pump':
    'The wand answers, but no pump is in reach. Hold the wand over the pump and try again.',
  'outcome.nothing-answers': 'Nothing answers on this port.',
  'outcome.stopped': 'The bridge was stopped.',
  'outcome.no-such-port': ({ port }) =>
    `The bridge that runs with this state directory does not have ${port}. Start it with that port, too, or give another --state-dir.`,
}
