// One pump of a site on a page, as a replica draws it: how old its reading is, what must be seen of it first, and
// every field that it said. Pure.
import { compare } from '../../model/comparison.ts'
import { blocksOf } from '../../model/content.ts'
import { age } from '../../model/format.ts'
import type { BridgeStatus, PumpStatus } from '../../model/status.ts'
import { told } from '../../words/comparison.ts'
import { type Html, html } from '../../words/html.ts'
import { moment, namesOf, pumpMoment, type Reader, unreadLines } from '../../words/reader.ts'
import { alarmName, summaryOf } from '../../words/summary.ts'
import { auditSentence } from '../../words/told.ts'
import { named } from '../../words/words.ts'
import { frame, type Look, notLive, PREFIX } from './frame.ts'
import { table } from './overview.ts'

export interface PumpOfSite {
  readonly site: string
  readonly pump: PumpStatus
  /** Sessions with it of which no confirmed close is known. */
  readonly unclosed: readonly { readonly sentence: string }[]
  readonly audit: BridgeStatus['audit']
  readonly brokerLostAt: string | null
  /** Since when the broker does not let in the key of its site; null = it does, or is away itself. */
  readonly keyLostAt: string | null
}

export function pumpPage(one: PumpOfSite, look: Look): Html {
  const { reader } = look
  const { fleet, page } = reader.words
  const { site, pump, unclosed, audit } = one
  const { serial, model, firmware } = namesOf(reader, pump.pump, pump.invalid)
  const which = [model && `${page.model} ${model}`, firmware && `${page.firmware} ${firmware}`]
  const loud = [
    ...(one.keyLostAt === null ? [] : [fleet.keyLost(moment(reader, one.keyLostAt))]),
    ...(pump.reason === 'contradicted' ? [page.contradicted] : []),
    ...unreadLines(pump, reader),
    ...unclosed.map(({ sentence }) => sentence),
    ...(audit.notices.length > 0 ? [auditSentence(reader.words, audit)] : []),
  ]
  const body = html`<nav><a href="${PREFIX}">${fleet.back}</a></nav>
    ${notLive(pump.asOf, one.brokerLostAt, look)}
    <p>${fleet.site} <strong>${site}</strong>. ${which.filter(Boolean).join(', ')}</p>
    <p class="state"><strong>${page.readAt(moment(reader, pump.readAt), age(pump.ageMs))}</strong></p>
    ${loud.map((text) => html`<p class="loud">${text}</p>`)}
    ${unclosed.length > 0 && html`<ol>${page.notConfirmedNext.map((step) => html`<li>${step}</li>`)}</ol>`}
    ${figures(pump, reader)}
    <section><h2>${page.alarms}</h2>${alarms(pump, reader)}</section>
    <section><h2>${fleet.everything}</h2>${everything(pump, reader)}</section>`
  return frame(`${page.pump} ${serial}`, body, look)
}

function figures(pump: PumpStatus, reader: Reader): Html {
  const { page, notMeasured } = reader.words
  const all = summaryOf(pump, reader)
  const cell = (label: string, what: string, notes: readonly string[], grave = false) =>
    html`<div${grave ? html` class="grave"` : null}><dt>${label}</dt><dd>${what}</dd>
      ${notes.filter(Boolean).map((note) => html`<dd class="note">${note}</dd>`)}</div>`
  return html`<dl class="figures">
    ${cell(page.reservoir, all.volume, [notMeasured])}
    ${cell(page.rate, all.rate, [all.still, page.rateNote, all.says], all.infusing === 'nothing')}
    ${all.doses.map(({ drug, dose }) => cell(`${page.dose24h}, ${drug}`, dose, []))}
    ${cell(page.refillBefore, all.refill.day, [all.refill.left, all.refill.clock || page.byPumpClock])}</dl>`
}

function alarms(pump: PumpStatus, reader: Reader): Html {
  const { page, notAvailable, alarmState } = reader.words
  // With the day: the reading may be of last month.
  const at = moment(reader, pump.readAt)
  if (pump.alarms === null) return html`<p class="loud">${page.alarmsUnread(at)}</p>`
  if (pump.alarms.length === 0) return html`<p class="note">${page.noAlarms(at)}</p>`
  const heads = [page.alarm, page.class, page.state, page.began, page.noticed]
  const rows = pump.alarms.map((alarm) => ({
    grave: alarm.class === 'critical',
    cells: [
      html`<strong>${alarmName(alarm, reader)}</strong>`,
      html`${alarm.class ?? notAvailable}`,
      html`${named(alarmState, alarm.state, notAvailable)}`,
      html`${pumpMoment(reader, alarm.occurredAt)}`,
      html`${pumpMoment(reader, alarm.detectedAt)}`,
    ],
  }))
  return html`${table(heads, rows)}<p class="note">${page.alarmsAt(at)}</p>`
}

/** Every field by its name, as the comparison of two readings has it. */
function everything(pump: PumpStatus, reader: Reader): Html {
  const { fleet } = reader.words
  const blocks = blocksOf(pump.pump, pump, {
    deviceTime: pump.clock.deviceTime,
    receivedAt: pump.readAt,
  })
  const rows = told(compare(blocks, blocks), reader).map(({ what, after }) => ({
    grave: false,
    cells: [html`${what}`, html`${after}`],
  }))
  return table([fleet.field, fleet.value], rows, 'pairs')
}
