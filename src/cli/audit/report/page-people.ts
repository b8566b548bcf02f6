// Sections 3 and 4 of a report: who read what, and who did what. Pure.

import { count } from '../../../model/format.ts'
import { printable } from '../../../model/printable.ts'
import type { Signed } from '../../../model/signed.ts'
import { type Html, html } from '../../../words/html.ts'
import type { Collector, Kept, ReadSum, Sum, WorksheetEntry } from './collect.ts'
import { ofKind } from './page-log.ts'
import {
  byColumn,
  byWhom,
  moment,
  type NameRecord,
  recordColumn,
  table,
  timeColumn,
} from './parts.ts'

const lines = (all: WorksheetEntry['lines']): Html =>
  html`${all.map(([label, value]) => html`<div>${label}: <b>${printable(value)}</b></div>`)}`

export function peoplePages(collector: Collector, name: NameRecord): Html {
  const span = ({ first, last }: Pick<Sum, 'first' | 'last'>) =>
    `${name(first.place)} to ${name(last.place)}`
  const acts = collector.kept.filter(({ record }) => {
    const byHand = record.kind === 'accept' || record.kind === 'key-rotation'
    return record.actor.id !== 'bridge' && record.kind !== 'worksheet' && !byHand
  })
  return html`<h2>3 Who read what</h2>
    ${table<ReadSum>(
      [
        { head: 'By', look: 'who', cell: ({ actor }) => byWhom(actor) },
        { head: 'What', cell: ({ route }) => route },
        { head: 'Of pump', cell: ({ pump }) => pump ?? 'any' },
        { head: 'Reads', look: 'n', cell: ({ reads }) => count(reads) },
        { head: 'Refused', look: 'n', cell: ({ refused }) => count(refused) },
        { head: 'First (UTC)', look: 'at', cell: ({ first }) => moment(first.record.at) },
        { head: 'Last (UTC)', look: 'at', cell: ({ last }) => moment(last.record.at) },
        { head: 'Records', cell: span },
      ],
      [...collector.reads.values()],
      'No read over HTTP and none of the log is recorded in this time. What was seen on the computer itself (its page, its terminal) is not recorded as a read.',
    )}
    <p class="note">One line for each reader, way and pump. Every record of a read stands in the file of reads.</p>
    <h2>4 Who did what</h2>
    ${table<Sum>(
      [
        { head: 'By', look: 'who', cell: ({ actor }) => byWhom(actor) },
        { head: 'Made', look: 'n', cell: ({ actions }) => count(actions.C) },
        { head: 'Read', look: 'n', cell: ({ actions }) => count(actions.R) },
        { head: 'Changed', look: 'n', cell: ({ actions }) => count(actions.U) },
        { head: 'Dropped', look: 'n', cell: ({ actions }) => count(actions.D) },
        { head: 'Did', look: 'n', cell: ({ actions }) => count(actions.E) },
        { head: 'Records', cell: span },
      ],
      [...collector.actors.values()],
      'Nobody did anything in this time.',
    )}
    ${
      acts.length > 0 &&
      html`<h3>Other entries of people and programs</h3>${table<Kept>(
        [
          recordColumn(name),
          timeColumn(),
          byColumn(),
          { head: 'What', look: 'w', cell: ({ record }) => record.kind },
        ],
        acts,
        '',
      )}`
    }
    <h3>Refill worksheets</h3>
    <p class="note">What people wrote down, each with its name, time and meaning. A correction stands beside what it corrects, and both stay.</p>
    ${table<WorksheetEntry>(
      [
        recordColumn(name),
        timeColumn(),
        { head: 'By', look: 'who', cell: signedBy },
        {
          head: 'Pump, sheet',
          look: 'who',
          cell: ({ record }) => `${record.pump ?? ''} ${sheetOf(record).sheet}`,
        },
        { head: 'Step', look: 'w', cell: ({ record }) => sheetOf(record).step },
        { head: 'Written', cell: (entry) => lines(entry.lines) },
        { head: 'Corrections', cell: (entry) => correction(entry, name) },
      ],
      collector.worksheets,
      'No worksheet was written in this time.',
    )}
    <h3>Messages to other systems</h3>
    ${table<Kept & { text: string }>(
      [recordColumn(name), timeColumn(), { head: 'What', cell: ({ text }) => text }],
      messages(collector),
      'No message was set aside, sent again or left out.',
    )}`
}

/** The name, and whether anybody checked it. */
function signedBy({ record }: WorksheetEntry): string {
  const { operator = null, verified = 'claimed' } = sheetOf(record).signed ?? {}
  if (operator === null) return `nobody was named (${record.actor.auth})`
  return verified === 'pin' ? `${operator} (PIN)` : `${operator} (claimed)`
}

const sheetOf = (record: Kept['record']) =>
  record.body as { sheet: string; step: string; signed?: Signed }

function correction({ old, record, correctedBy, place }: WorksheetEntry, name: NameRecord): Html {
  const { corrects } = record.refs ?? {}
  const of = corrects === undefined ? null : name({ ...place, position: corrects })
  return html`${
    of !== null &&
    html`<div><b>Corrects record ${of}</b>${old ? html`, which says:${lines(old.lines)}` : ', which is not kept any more.'}</div>`
  }${correctedBy !== null && html`<div><b>Corrected by record ${name({ ...place, position: correctedBy })}</b></div>`}`
}

function messages(collector: Collector): (Kept & { text: string })[] {
  const parked = ofKind(collector, 'delivery-parked').map((one) => {
    const { destination, position, code, text, attempts } = one.body
    return {
      ...one,
      text: `${destination} did not take the message of record ${position} (${code} ${text}, ${attempts} attempts): set aside`,
    }
  })
  const resent = ofKind(collector, 'delivery-resent').map((one) => {
    const { destination, position } = one.body
    return { ...one, text: `${destination} took the message of record ${position} after all` }
  })
  const gaps = ofKind(collector, 'delivery-gap').map((one) => {
    const { destination, log, from, to } = one.body
    return {
      ...one,
      text: `${destination} was never sent records ${from} to ${to ?? 'the end'} of ${log}`,
    }
  })
  const disabled = ofKind(collector, 'delivery-disabled').map((one) => {
    const { destination, code, text } = one.body
    const said = code === null ? 'was asked again' : `wants no messages any more (${code} ${text})`
    return { ...one, text: `${destination} ${said}` }
  })
  return [...parked, ...resent, ...gaps, ...disabled]
}
