// Sections 1 and 2 of a report: what the logs are and what vouches for them, and what happened to them. Pure.
import type { AuditRecord, Kind } from '../../../audit/format/record.ts'
import { asideOf } from '../../../audit/format/unaccepted.ts'
import { count } from '../../../model/format.ts'
import { printable } from '../../../model/printable.ts'
import type { Statement } from '../../../model/statement.ts'
import { type Html, html } from '../../../words/html.ts'
import { sentence as saying, WORDS } from '../../../words/words.ts'
import type { Collector, Kept } from './collect.ts'
import {
  byColumn,
  byWhom,
  type Column,
  moment,
  type NameRecord,
  recordColumn,
  table,
  timeColumn,
} from './parts.ts'
import type { LogPart } from './report.ts'

/** The records of one kind, with what they say. */
export interface Of<K extends Kind> extends Kept {
  readonly body: Extract<AuditRecord, { kind: K }>['body']
}

export function ofKind<K extends Kind>(collector: Collector, kind: K): Of<K>[] {
  return collector.kept
    .filter(({ record }) => record.kind === kind)
    .map((one) => ({ ...one, body: one.record.body as Of<K>['body'] }))
}

export function logPages(logs: readonly LogPart[], collector: Collector, name: NameRecord): Html {
  return html`<h2>1 What this covers, and what vouches for it</h2>
    ${logs.map((part, i) => logPart(part, logs.length === 1 ? '' : `Log ${i + 1}: `))}
    ${clockNote(collector)}
    ${opened(collector, name)}`
}

function logPart(part: LogPart, ordinal: string): Html {
  const { account, sentence, through, first, unread } = part
  const { log, verification: v, setAside, accepted, ok } = account
  const covers =
    first === null ? 'none' : `${count(first)} to ${count(Math.max(first, through - 1))}`
  const lines: [string, string][] = v
    ? [
        ['Records', count(v.records)],
        ['Taken into this report: records', covers],
        ['Dropped by retention, hashes kept', count(v.hashesOnly)],
        ['Could not be written (gaps)', count(v.facts?.dropped ?? 0)],
        ['Vouched for by a key kept elsewhere', count(v.vouched.key)],
        ['Vouched for by a checkpoint kept elsewhere', count(v.vouched.checkpoint)],
        ['Vouched for by nothing', count(v.vouched.nothing)],
        ['Readings decoded again from their bytes', count(v.rederived)],
      ]
    : []
  if (v?.facts?.from && v.facts.to) {
    lines.splice(1, 0, ['Time', `${moment(v.facts.from)} to ${moment(v.facts.to)}`])
  }
  return html`<h3>${ordinal}${log}</h3>
    <p class="${ok && v?.ok ? 'plain' : 'loud'}">${printable(sentence)}</p>
    ${(v?.refused ?? []).map(
      (one) => html`<p class="loud">${printable(asideText(asideOf(one)))}</p>`,
    )}
    ${setAside && html`<p class="loud">${printable(asideText(setAside.why))}</p>`}
    ${
      accepted &&
      html`<p class="plain">It was accepted as it is by ${byWhom(accepted.actor)}, ${moment(accepted.at)}: ${printable(accepted.reason)}</p>`
    }
    ${unread !== null && html`<p class="loud">It could not be read to its end: ${printable(unread)}</p>`}
    <dl>${lines.map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`)}</dl>
    ${
      v &&
      v.differing.length > 0 &&
      html`<p class="loud">${count(v.differing.length)} readings were written by a decoder that this release does not have. They were not decoded again.</p>`
    }
    ${
      v &&
      v.strays.length > 0 &&
      html`<p class="loud">Files that are no part of the log lie in its directory, and were not read: ${printable(v.strays.join(', '))}</p>`
    }
    ${v?.checkpoint && html`<pre>${v.checkpoint.trimEnd()}</pre>`}
    ${v?.key && html`<pre>${v.key}</pre>`}`
}

function clockNote({ clocks }: Collector): Html {
  const says = {
    synchronised: 'kept by a time service',
    unsynchronised: 'not kept by a time service',
    unknown: 'perhaps kept by a time service, perhaps not',
  }
  const parts = [...clocks].map(
    ([state, n]) => `${count(n)} records were written while it was ${says[state]}`,
  )
  return html`<p>The computer’s clock: ${parts.join('; ') || 'no record tells'}.</p>`
}

/** Which software ran, as whom, and how it was set. */
function opened(collector: Collector, name: NameRecord): Html {
  let settings = ''
  const rows = collector.kept.filter(({ record }) => {
    if (record.kind !== 'configuration') return record.kind === 'start' || record.kind === 'stop'
    const was = settings
    settings = record.body.sha256
    return settings !== was
  })
  const says = ({ record }: Kept): string => {
    if (record.kind === 'start') {
      const { software, node, platform, account } = record.body
      const by = account ? `, as ${account.name} (uid ${account.uid})` : ', account not recorded'
      return `${software}, Node ${node}, ${platform}${by}`
    }
    if (record.kind === 'stop') return record.body.why
    if (record.kind !== 'configuration') return ''
    return `${JSON.stringify(record.body.settings)}, SHA-256 ${record.body.sha256}`
  }
  return html`<h3>Starts and ends of the bridge</h3>${table<Kept>(
    [
      recordColumn(name),
      timeColumn(),
      { head: 'What', look: 'w', cell: ({ record }) => record.kind },
      { head: 'Which', cell: says },
    ],
    rows,
    'No start or end is recorded in this time.',
  )}<p class="note">Of the configurations, each that differs from the one before.</p>`
}

/** What happened to the log: gaps, logs set aside, keys, clocks, retention. The whole log, always. */
export function happened(collector: Collector, name: NameRecord): Html {
  const some = <K extends Kind>(kind: K, title: string, none: string, more: Column<Of<K>>[]) =>
    html`<h3>${title}</h3>${table<Of<K>>(
      [recordColumn(name), timeColumn(), ...more],
      ofKind(collector, kind),
      none,
    )}`
  const listed = (items: readonly { readonly count: number }[], of: string) =>
    items.map((one) => `${one.count} ${(one as unknown as Record<string, string>)[of]}`).join(', ')
  return html`<h2>2 What happened to the log</h2>
    <p class="note">Of the whole log, whatever time or pump was asked for.</p>
    ${some('gap', 'Gaps: what could not be written', 'No gap is recorded.', [
      { head: 'From (UTC)', look: 'at', cell: ({ body }) => moment(body.from) },
      { head: 'To (UTC)', look: 'at', cell: ({ body }) => moment(body.to) },
      { head: 'Records lost', look: 'n', cell: ({ body }) => count(body.dropped) },
      { head: 'Why', cell: ({ body }) => listed(body.reasons, 'why') },
      { head: 'Of what kind', cell: ({ body }) => listed(body.kinds, 'kind') },
    ])}
    ${some('quarantine', 'Logs set aside', 'No log is recorded as set aside.', [
      { head: 'Log', cell: ({ body }) => body.log },
      {
        head: 'Why',
        cell: ({ body }) => asideText(asideOf(body)),
      },
      {
        head: 'Records it had',
        look: 'n',
        cell: ({ body }) => (body.size === undefined ? '' : count(body.size)),
      },
    ])}
    ${some('accept', 'Logs accepted as they are', 'No acceptance is recorded.', [
      byColumn(),
      { head: 'Log', cell: ({ body }) => body.log },
      { head: 'Reason', cell: ({ body }) => body.reason },
    ])}
    ${some('key-rotation', 'Changes of the signing key', 'No change of key is recorded.', [
      byColumn(),
      { head: 'From', cell: ({ body }) => body.from },
      { head: 'To', cell: ({ body }) => body.to },
      { head: 'Reason', cell: ({ body }) => body.reason },
    ])}
    ${some('clock-jump', 'Jumps of the computer’s clock', 'No jump of the clock is recorded.', [
      { head: 'From (UTC)', look: 'at', cell: ({ body }) => moment(body.fromWall) },
      { head: 'To (UTC)', look: 'at', cell: ({ body }) => moment(body.toWall) },
      { head: 'Size (s)', look: 'n', cell: ({ body }) => String(body.sizeMs / 1_000) },
      {
        head: 'Kept by a time service',
        cell: ({ body }) => (body.vouched ? 'yes' : 'no, or not known'),
      },
    ])}
    ${some('retention', 'Retention: entries dropped by rule', 'No entry is recorded as dropped.', [
      { head: 'Dropped: all before record', look: 'n', cell: ({ body }) => count(body.position) },
      { head: 'Rule', cell: ({ body }) => `older than ${count(body.keepDays)} days` },
    ])}
    <h3>New files of the log</h3>${table<Of<'segment'>>(
      [
        recordColumn(name),
        timeColumn(),
        { head: 'Segment', look: 'n', cell: ({ body }) => count(body.number) },
        { head: 'Why', cell: ({ body }) => WHY[body.why] },
        {
          head: 'Set aside: bytes that were never acknowledged',
          look: 'n',
          cell: ({ body }) => count(body.voids.reduce((n, { bytes }) => n + bytes, 0)),
        },
      ],
      ofKind(collector, 'segment').filter(
        ({ body }) => body.why !== 'size' && body.why !== 'month',
      ),
      'The log was never begun anew.',
    )}
    ${some('stray', 'Foreign files that were in the way', 'None is recorded.', [
      { head: 'File', cell: ({ body }) => body.file },
      { head: 'Moved to', cell: ({ body }) => body.moved },
    ])}`
}

const WHY = {
  first: 'the log began',
  size: 'it had grown to its size',
  month: 'a new month',
  key: 'after a change of key',
  recovery: 'after a failed write or an unclean end',
}

/** Why a log was set aside. */
const asideText = (why: Statement | null): string =>
  why ? saying(WORDS['en-US'], why) : 'It was set aside; why is not recorded.'
