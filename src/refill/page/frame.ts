// What surrounds every page of the worksheet: head, mark, who signs, foot; and a page that only says
// something. Pure.
import type { Source } from '../../model/reading.ts'
import { Html, html } from '../../words/html.ts'
import { mark } from '../paper/parts.ts'
import { SCRIPT_PATH } from '../paper/print.ts'
import type { Look } from '../sheet/lines.ts'
import type { Words } from '../sheet/words.ts'

/** Where the worksheet leads to the page of readings. */
export const READINGS_PATH = '/readings'

export interface Frame {
  readonly look: Look
  /** Content of the style element, which the policy names by its hash. */
  readonly style: string
  readonly source: Source | null
  /** Not set = nobody can sign in here. */
  readonly sign?: Sign | null
}

export interface Sign {
  readonly names: readonly string[]
  readonly signedIn: string | null
  /** Why nobody has, when somebody tried. */
  readonly problem: string | null
  /** The sheet to come back to; empty = the list. */
  readonly sheet: string
}

export function frame(
  title: string,
  body: Html,
  { look, style, source, sign }: Frame,
  wide?: Html,
): Html {
  const w = look.words
  return html`<!doctype html>
<html lang="${w.lang}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${w.product}</title>
${new Html(`<style>${style}</style>`)}<script src="${SCRIPT_PATH}" defer></script></head>
<body><header>${source === null ? null : mark(source, w)}${wide ?? html`<h1>${title}</h1>`}</header>
<main id="main">${sign && signPart(sign, w)}${body}</main>
<footer><p>${w.purpose}</p></footer></body></html>
`
}

/** Who signs what is written; a form of its own, which no draft is kept of. */
function signPart({ names, signedIn, problem, sheet }: Sign, w: Words): Html {
  const hidden = (name: string, value: string) =>
    html`<input type="hidden" name="${name}" value="${value}">`
  const begin = (step: string) => html`${hidden('sheet', sheet)}${hidden('step', step)}`
  const head = html`<form class="sign" method="post" action="/worksheet" autocomplete="off" aria-label="${w.sign.title}">`
  if (signedIn !== null) {
    return html`${head}${begin('sign-out')}<p><strong>${w.sign.signedIn(signedIn)}</strong></p>
      <button type="submit" class="second">${w.sign.signOut}</button></form>`
  }
  return html`${head}${begin('sign-in')}<p>${w.sign.nobody}</p>
    ${problem !== null && html`<div class="alert" role="alert"><p>${problem}</p></div>`}
    <label for="sign-name">${w.sign.name}</label><select id="sign-name" name="operator">${names.map(
      (name) => html`<option value="${name}">${name}</option>`,
    )}</select>
    <label for="sign-pin">${w.sign.pin}</label><input type="password" id="sign-pin" name="pin" inputmode="numeric" maxlength="12" autocomplete="off">
    <button type="submit" class="second">${w.sign.signIn}</button></form>`
}

/** A page that only says something. */
export function sayPage(title: string, sentence: string, page: Frame): Html {
  const w = page.look.words
  const body = html`<div class="alert" role="alert"><p>${sentence}</p></div>
    <nav class="nav" aria-label="${w.title}"><a href="/">${w.allSheets}</a></nav>`
  return frame(title, body, page)
}
