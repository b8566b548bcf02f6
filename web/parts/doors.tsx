// The way from the page to what is beside it. The worksheet is a program of its own, which a page cannot
// start: it says how.
import type { Reader } from '../../src/words/reader.ts'

export function Doors({ reader: { words } }: { readonly reader: Reader }) {
  const { page } = words
  return (
    <details class="part doors noprint">
      <summary>
        <h2>{page.doors}</h2>
      </summary>
      <dl>
        <div>
          <dt>{page.worksheet}</dt>
          <dd>
            {page.worksheetNext} <code>wandbridge refill</code>
          </dd>
        </div>
        <div>
          <dt>{page.practice}</dt>
          <dd>
            {page.practiceNext} <code>wandbridge refill --practice</code>
          </dd>
        </div>
      </dl>
    </details>
  )
}
