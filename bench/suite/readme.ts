// The part of bench/README.md that is made from asked.ts: what is asked, and of what is not always reached why.
import { ASKED, type Asked } from './asked.ts'
import { askedText } from './row.ts'

const BEGIN = '<!-- made from suite/asked.ts by `npm run bench -- --readme` -->'
const END = '<!-- until here -->'

function made(): string {
  const rows = Object.entries<readonly Asked[]>(ASKED).flatMap(([part, all]) =>
    all.map((row) => {
      const asked = row.must === null ? '' : `${askedText(row)} ${row.unit}`
      return `| \`${part}\` | ${row.work} | ${row.against} | ${asked} |`
    }),
  )
  const reasons = Object.values<readonly Asked[]>(ASKED).flatMap((all) =>
    all.flatMap(({ work, against, why }) => (why ? [`- *${work} / ${against}.* ${why}.`] : [])),
  )
  return [
    ...['| part | work | against | asked |', '|---|---|---|---|', ...rows],
    ...['', 'Where a run does not reach it:', '', ...reasons],
  ].join('\n')
}

/** `readme` with what is asked as it is declared now. */
export function withAsked(readme: string): string {
  const [before, rest] = readme.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('bench/README.md has no marks')
  return `${before}${BEGIN}\n${made()}\n${END}${after}`
}
