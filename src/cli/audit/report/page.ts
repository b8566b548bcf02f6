// The page of an audit report: one document that needs nothing else, to be printed. What it shows is what was
// gathered; where something is left out it says where that stands. Pure.

import { count } from '../../../model/format.ts'
import { printable } from '../../../model/printable.ts'
import { sourceOf } from '../../../model/source.ts'
import { Html, html } from '../../../words/html.ts'
import type { Asked, Collector } from './collect.ts'
import type { DataFile } from './files.ts'
import { happened, logPages, ofKind } from './page-log.ts'
import { peoplePages } from './page-people.ts'
import { pumpPages } from './page-pump.ts'
import { PAGE_STYLE } from './page-style.ts'
import { moment, type NameRecord, table } from './parts.ts'
import type { LogPart, Made } from './report.ts'

export interface PageData {
  readonly made: Made
  readonly asked: Asked
  readonly logs: readonly LogPart[]
  readonly collector: Collector
  readonly files: readonly DataFile[]
}

const MARKS = {
  device: '',
  simulator: 'SIMULATOR. These are not readings of a patient’s pump.',
  replay: 'REPLAY of a recording. These readings are not of their moment.',
}

export function page(data: PageData): Html {
  const { made, asked, logs, collector } = data
  const [source] = logs.map(({ account }) => sourceOf(account.log))
  const mark = MARKS[source ?? 'device']
  const ordinal = new Map(logs.map(({ account }, i) => [account.log, i + 1]))
  const name: NameRecord = ({ log, position }) =>
    logs.length === 1 ? String(position) : `${ordinal.get(log)}:${position}`
  const about = asked.pump === null ? 'all pumps' : `pump ${printable(asked.pump)}`
  const title = `Audit report, ${about}`
  return html`<!doctype html>
<html lang="en-US"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
${new Html(`<style>${PAGE_STYLE}</style>`)}</head>
<body><main><table class="whole" role="presentation"><thead><tr><td>
${mark !== '' && html`<p class="mark">${mark}</p>`}
<div class="head"><div>${title}</div><div>Made ${moment(made.at)} UTC, ${made.software}</div></div></td></tr></thead>
<tbody><tr><td><h1>${title}</h1>
${cover(data)}
${logPages(logs, collector, name)}
${happened(collector, name)}
${peoplePages(collector, name)}
${pumpPages(collector, name)}
${checking(data, name)}
</td></tr></tbody></table></main></body></html>
`
}

const range = ({ from, to }: Asked): string => {
  if (from === null && to === null) return 'the whole log'
  return [from && `from ${moment(from)}`, to && `before ${moment(to)}`].filter(Boolean).join(' ')
}

function cover({ made, asked, logs, collector }: PageData): Html {
  const bad = logs.filter(({ account }) => !account.ok)
  const nothing = logs.reduce(
    (n, { account }) => n + (account.verification?.vouched.nothing ?? 0),
    0,
  )
  const total = [...collector.kinds.values()].reduce((sum, n) => sum + n, 0)
  const gaps = ofKind(collector, 'gap').reduce((sum, { body }) => sum + body.dropped, 0)
  const dropped = logs.reduce(
    (sum, { account }) => sum + (account.verification?.hashesOnly ?? 0),
    0,
  )
  const accepted = logs.filter(({ account }) => account.ok && account.verification?.ok !== true)
  const lines = [
    ['Asked for', `${asked.pump === null ? 'every pump' : `pump ${asked.pump}`}, ${range(asked)}`],
    ['Pumps in it', [...collector.pumps].sort().join(', ') || 'none'],
    ['Records in it', count(total)],
    [
      'Gaps',
      `${count(ofKind(collector, 'gap').length)}, with ${count(gaps)} records that could not be written`,
    ],
    ['Logs set aside', count(ofKind(collector, 'quarantine').length)],
    ['Changes of the signing key', count(ofKind(collector, 'key-rotation').length)],
    ['Jumps of the computer’s clock', count(ofKind(collector, 'clock-jump').length)],
    ['Records dropped by retention', count(dropped)],
    ['Of', made.stateDir],
    ['Made by', `${made.by} (account of the operating system), ${moment(made.at)} UTC`],
    [
      'This reading of the log',
      made.recorded ? 'is itself recorded in the log' : 'is not recorded in the log',
    ],
  ] as const
  return html`<dl>${lines.map(([label, value]) => html`<dt>${label}</dt><dd>${printable(value)}</dd>`)}</dl>
    ${
      bad.length > 0
        ? html`<p class="loud">${bad.length === 1 ? 'A log is' : `${bad.length} logs are`} not intact, or missing. Section 1 says which, and from where on nothing was taken from it.</p>`
        : html`<p class="${accepted.length === 0 ? 'plain' : 'loud'}">${
            accepted.length === 0
              ? 'Every log is intact.'
              : `${accepted.map(({ account }) => account.log).join(', ')}: not intact, or missing. People have accepted that: section 1 says who, and why.`
          }</p>`
    }
    <p class="plain">${
      nothing === 0
        ? 'Everything is vouched for by what was kept elsewhere.'
        : `${count(nothing)} records are vouched for by nothing that was kept outside this computer: whoever has its key could have written them anew.`
    }</p>
    <p class="note">All times are UTC by the clock of the computer that wrote the record, unless a column says that they are the pump’s own, which knows no zone. Their order is that of the records; section 2 lists every jump of that clock. “Record” is the number of the record in its log${
      logs.length === 1 ? '' : ', behind the number of the log in section 1'
    }. What a pump reports is what it reckons and was set to: nothing here was measured in the patient.</p>`
}

function checking({ files, logs, collector, asked }: PageData, name: NameRecord): Html {
  const kinds = [...collector.kinds].sort(([a], [b]) => (a < b ? -1 : 1))
  const { foreign } = collector
  return html`<h2>6 How to check this report</h2>
    <p>Each figure stands in a record. The files beside this page have every row of it, and name the record, its leaf hash (RFC 6962) and what vouches for it.</p>
    ${table(
      [
        { head: 'File', cell: ({ name: file }: DataFile) => file },
        { head: 'Rows', look: 'n', cell: ({ rows }) => (rows === null ? '' : count(rows)) },
        { head: 'SHA-256', cell: ({ sha256 }) => sha256 },
      ],
      files,
      '',
    )}
    <p>On any computer that has the logs: <b>wandbridge audit verify --rederive --key KEY --since CHECKPOINT</b>, with a key and a checkpoint that were kept elsewhere. <b>wandbridge audit show --json</b> prints the records as they are signed; <b>wandbridge audit prove N</b> proves one of them. src/audit/README.md says how to do all of this with another program.</p>
    <h3>Records by kind</h3>
    ${table(
      [
        { head: 'Kind', look: 'w', cell: ([kind]: readonly [string, number]) => kind },
        { head: 'Records', look: 'n', cell: ([, n]) => count(n) },
      ],
      kinds,
      'No record is in this report.',
    )}
    ${
      asked.from !== null || asked.to !== null || asked.pump !== null
        ? html`<p class="note">Records of the log itself (section 2) are counted whole, whatever was asked for.</p>`
        : null
    }
    ${
      foreign.length > 0 &&
      html`<p class="loud">${count(foreign.length)} records are not understood by this release, and are in no table: ${foreign
        .slice(0, 50)
        .map(({ place, why }) => `${name(place)} (${printable(why)})`)
        .join(', ')}${foreign.length > 50 ? ', …' : ''}. They are signed like the others.</p>`
    }
    <p class="note">${logs.length === 1 ? 'The log is' : `The ${logs.length} logs are`} read in full for a report. Bytes of the pump’s replies, from which every reading was decoded again, stand in the log and are not printed.</p>`
}
