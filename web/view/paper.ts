// The rule of a style sheet that sets head and foot of every sheet of paper. Pure.

/** `page` and `of`: the words around the two numbers. */
export function pageRule(head: string, page: string, of: string): string {
  const number = `${quoted(`${page} `)} counter(page) ${quoted(` ${of} `)} counter(pages)`
  return `@page { @top-left { content: ${quoted(head)} } @bottom-right { content: ${number} } }`
}

/** A text as CSS has it: what a pump calls itself ends no string and begins no rule. */
export const quoted = (text: string): string =>
  `"${[...text].map((one) => (/[\w .,:’·-]/.test(one) ? one : `\\${one.codePointAt(0)?.toString(16)} `)).join('')}"`
