// The pumps of many sites on one page, as a replica draws it: how many need somebody, which sites are silent, then
// every pump, the worst first. What is grave is said in words, not by colour alone. Pure.
import type { Overview, OverviewPump } from '../../model/fleet.ts'
import { age, count } from '../../model/format.ts'
import { type Html, html } from '../../words/html.ts'
import { moment, type Reader } from '../../words/reader.ts'
import { alarmName, leftText } from '../../words/summary.ts'
import { sentence } from '../../words/words.ts'
import { frame, type Look, notLive, PREFIX } from './frame.ts'

export function overviewPage(all: Overview, look: Look): Html {
  const { reader } = look
  const { fleet } = reader.words
  const [only, ...more] = all.sites
  const title = only && more.length === 0 ? fleet.titleOf(only.site) : fleet.title
  const body = html`${notLive(all.asOf, all.brokerLostAt, look)}
    ${counts(all, reader)}
    <section><h2>${fleet.pumps}</h2>${pumps(all.pumps, reader)}</section>
    <section><h2>${fleet.sites}</h2>${sites(all, reader)}</section>`
  return frame(title, body, look)
}

/** Somebody has to look at it today. */
const isGrave = ({ critical, infusing, unclosed }: OverviewPump): boolean =>
  (critical ?? 0) > 0 || infusing === 'nothing' || unclosed > 0

function counts({ sites: known, pumps: read }: Overview, { words: { fleet } }: Reader): Html {
  const silent = known.filter((one) => one.silent).length
  const lost = known.filter((one) => one.keyLostAt !== null).length
  const grave = read.filter(isGrave).length
  const due = read.filter((one) => one.dueThisWeek).length
  const cell = (label: string, n: number, loud: boolean) =>
    html`<div${loud && n > 0 ? html` class="grave"` : null}><dt>${label}</dt><dd>${count(n)}</dd></div>`
  return html`<section aria-label="${fleet.counts}"><dl class="counts">
    ${cell(fleet.grave, grave, true)}${cell(fleet.due, due, false)}
    ${cell(fleet.silentSites, silent, false)}${lost > 0 && cell(fleet.keysLost, lost, true)}${cell(fleet.all, read.length, false)}</dl></section>`
}

function pumps(all: readonly OverviewPump[], reader: Reader): Html {
  const { fleet } = reader.words
  if (all.length === 0) return html`<p>${fleet.none}</p>`
  const heads = [
    ...[fleet.pump, fleet.site, fleet.infusion, fleet.alarms],
    ...[fleet.session, fleet.refill, fleet.lastRead],
  ]
  return table(
    heads,
    all.map((one) => ({ grave: isGrave(one), cells: cellsOf(one, reader) })),
  )
}

function cellsOf(one: OverviewPump, reader: Reader): Html[] {
  const { fleet, infusing, page } = reader.words
  const { site, id, serial, model, readAt, ageMs, alarms, unclosed } = one
  const still = infusing[one.infusing]
  const name = html`<strong>${serial}</strong>`
  const address = `${PREFIX}/pumps/${encodeURIComponent(site)}/${encodeURIComponent(id)}`
  const names = [...new Set(one.alarmCodes ?? [])].map((code) => alarmName({ code }, reader))
  const number = page.alarmCount(count(alarms ?? 0), count(one.critical ?? 0))
  return [
    html`${readAt === null ? name : html`<a href="${address}">${name}</a>`}${model !== null && html` <small>${model}</small>`}`,
    html`${site}${one.silent && html` <strong>${fleet.isSilent}</strong>`}`,
    still === '' ? html`${fleet.programmed}` : html`<strong>${still}</strong>`,
    alarms === null
      ? html`<strong>${reader.words.notRead}</strong>`
      : alarms === 0
        ? html`${page.noneReported}`
        : html`<strong>${number}</strong> ${names.join(', ')}`,
    sessions(unclosed, reader),
    one.daysLeft === null
      ? html`${reader.words.notAvailable}`
      : one.dueThisWeek
        ? html`<strong>${leftText(one.daysLeft, reader)}</strong>`
        : html`${leftText(one.daysLeft, reader)}`,
    readAt === null || ageMs === null
      ? html`${fleet.never}`
      : html`${moment(reader, readAt)} <small>${fleet.ago(age(ageMs))}</small>`,
  ]
}

/** How many were left open, of a pump or of a site. */
const sessions = (unclosed: number, { words: { fleet } }: Reader): Html =>
  unclosed > 0 ? html`<strong>${fleet.unclosed(count(unclosed))}</strong>` : html`${fleet.closed}`

function sites({ sites: known }: Overview, reader: Reader): Html {
  const { fleet } = reader.words
  if (known.length === 0) return html`<p>${fleet.noSite}</p>`
  const heads = [fleet.site, fleet.state, fleet.session, fleet.all, fleet.records]
  const rows = known.map(
    ({ site, silent, apart, keyLostAt, lastAt, unclosed, pumps: n, records }) => {
      const other = apart && sentence(reader.words, { code: 'fleet.apart', args: { site } })
      const since = lastAt === null ? fleet.neverHeard : fleet.silent(moment(reader, lastAt))
      return {
        grave: apart || keyLostAt !== null,
        cells: [
          html`<strong>${site}</strong>`,
          other
            ? html`<strong>${other}</strong>`
            : keyLostAt !== null
              ? html`<strong>${fleet.keyLost(moment(reader, keyLostAt))}</strong>`
              : silent
                ? html`<strong>${since}</strong>`
                : html`${fleet.heard}`,
          sessions(unclosed, reader),
          html`${count(n)}`,
          html`${count(records)}`,
        ],
      }
    },
  )
  return table(heads, rows)
}

interface Row {
  readonly grave: boolean
  readonly cells: readonly Html[]
}

/** On a narrow screen each row is a card, and each cell has its head beside it. */
export const table = (heads: readonly string[], rows: readonly Row[], kind = 'cards'): Html =>
  html`<table class="${kind}"><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
  <tbody>${rows.map(
    ({ grave, cells }) =>
      html`<tr${grave ? html` class="grave"` : null}>${cells.map(
        (cell, n) => html`<td data-head="${heads[n]}"><span>${cell}</span></td>`,
      )}</tr>`,
  )}</tbody></table>`
