// Tables of Markdown, as the generated parts of our documents have them.

/** A text that ends no cell of a table. */
export const cell = (text: string) => text.replaceAll('|', '\\|')

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
