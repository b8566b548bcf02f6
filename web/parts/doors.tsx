// The way from the page to what is beside it. The worksheet is a program of its own, which a page cannot
// start: it says how.
import type { Reader } from '../../src/words/reader.ts'

/** Where the worksheet's page is, unless it was told otherwise: on this computer alone. */
const WORKSHEET = 'http://127.0.0.1:8421/'
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

interface Props {
  /** One is shown here. */
  readonly pump: boolean
  readonly reader: Reader
}

export function Doors({ pump, reader: { words } }: Props) {
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
            {LOOPBACK.includes(location.hostname) && (
              <p>
                <a href={WORKSHEET}>{page.worksheetOpen}</a>
              </p>
            )}
          </dd>
        </div>
        {pump && (
          <div>
            <dt>{page.history}</dt>
            <dd>
              <a href="#history">{page.trends}</a>
            </dd>
          </div>
        )}
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
