// What of the page is not in its body: the title of its tab, and what stands on every sheet of paper: which
// pump, the mark of a source that is no device, the number of the sheet.

export interface Sheet {
  readonly title: string
  readonly pump: string
  readonly mark: string
  readonly page: string
  readonly of: string
}

const paper = new CSSStyleSheet()
let printed = ''

export function dress({ title, pump, mark, page, of }: Sheet): void {
  if (document.title !== title) document.title = title
  const rule = pageRule([pump, mark].filter(Boolean).join(' · '), page, of)
  if (rule === printed) return
  printed = rule
  paper.replaceSync(rule)
  if (!document.adoptedStyleSheets.includes(paper)) {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, paper]
  }
}

function pageRule(head: string, page: string, of: string): string {
  const number = `${quoted(`${page} `)} counter(page) ${quoted(` ${of} `)} counter(pages)`
  return `@page { @top-left { content: ${quoted(head)} } @bottom-right { content: ${number} } }`
}

/** A text as CSS has it: what a pump calls itself ends no string and begins no rule. */
export const quoted = (text: string): string =>
  `"${[...text].map((one) => (/[\w .,:’·-]/.test(one) ? one : `\\${one.codePointAt(0)?.toString(16)} `)).join('')}"`
