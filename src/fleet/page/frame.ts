// What surrounds each page of a replica: the mark of what is no device, what nobody may take for granted, foot. Pure.
import type { Source } from '../../model/reading.ts'
import { type Html, html } from '../../words/html.ts'
import { moment, type Reader } from '../../words/reader.ts'

export const STYLE_PATH = '/fleet.css'
/** Below which every page stands. */
export const PREFIX = '/fleet'

export interface Look {
  readonly reader: Reader
  readonly source: Source
}

/** The page asks for itself again after so long, in seconds: it needs no script to be of this minute. */
const AGAIN_S = 60

export function frame(title: string, body: Html, { reader, source }: Look): Html {
  const { fleet, page, refill, source: marks } = reader.words
  return html`<!doctype html>
<html lang="${refill.lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="${AGAIN_S}">
<title>${title}</title><link rel="stylesheet" href="${STYLE_PATH}"></head>
<body>${source !== 'device' && html`<aside class="mark">${marks[source]}</aside>`}
<main><h1>${title}</h1>${body}</main>
<footer><p>${fleet.foot}</p><p>${page.zone(reader.zone)}</p></footer></body></html>
`
}

/** Of which moment a page is, and that nothing on it is live. */
export const notLive = (asOf: string, brokerLostAt: string | null, { reader }: Look): Html => {
  const { fleet } = reader.words
  const lost =
    brokerLostAt !== null &&
    html`<p class="loud" role="alert">${fleet.brokerLost(moment(reader, brokerLostAt))}</p>`
  return html`<p class="note">${fleet.asOf(moment(reader, asOf))}. ${fleet.notLive}</p>${lost}`
}
