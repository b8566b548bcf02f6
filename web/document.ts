// What of the page is not in its body: the title of its tab, and what stands on every sheet of paper: which
// pump, the mark of a source that is no device, the number of the sheet.
import { pageRule } from './view/paper.ts'

export interface Sheet {
  readonly title: string
  readonly pump: string
  readonly mark: string
  readonly page: string
  readonly of: string
}

let paper: CSSStyleSheet | null = null
let printed = ''

export function dress({ title, pump, mark, page, of }: Sheet): void {
  if (document.title !== title) document.title = title
  const rule = pageRule([pump, mark].filter(Boolean).join(' · '), page, of)
  if (rule === printed) return
  printed = rule
  if (!paper) {
    paper = new CSSStyleSheet()
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, paper]
  }
  paper.replaceSync(rule)
}
