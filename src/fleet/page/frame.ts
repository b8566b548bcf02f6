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
  /** Whoever looks has asked that the page renews itself: one that does so unasked loses the place of who reads it. */
  readonly renews?: boolean
}

/** In an address: the page is to renew itself. */
export const RENEWS = 'renew'

/** How often it does, in seconds. */
const AGAIN_S = 60

export function frame(title: string, body: Html, { reader, source, renews = false }: Look): Html {
  const { page, refill, source: marks } = reader.words
  return html`<!doctype html>
<html lang="${refill.lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">${renews && html`<meta http-equiv="refresh" content="${AGAIN_S}">`}
<title>${title}</title><link rel="stylesheet" href="${STYLE_PATH}"></head>
<body>${source !== 'device' && html`<aside class="mark">${marks[source]}</aside>`}
<main><h1>${title}</h1>${body}</main>
<footer><p>${page.readOnly}</p><p>${page.zone(reader.zone)}</p></footer></body></html>
`
}

/** Of which moment a page is, and that nothing on it is live. */
export const notLive = (
  asOf: string,
  brokerLostAt: string | null,
  { reader, renews = false }: Look,
): Html => {
  const { fleet } = reader.words
  const lost =
    brokerLostAt !== null &&
    html`<p class="loud" role="alert">${fleet.brokerLost(moment(reader, brokerLostAt))}</p>`
  return html`<p class="note">${fleet.asOf(moment(reader, asOf))}. ${fleet.notLive}
    <a href="${renews ? '?' : `?${RENEWS}`}">${renews ? fleet.renewsNot : fleet.renews}</a></p>${lost}`
}
