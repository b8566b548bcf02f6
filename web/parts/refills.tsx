// The refills of a pump, newest first: expected, aspirated, their ratio, what was programmed, lot and who.
import type { Refill } from '../../src/model/api.ts'
import { FIELDS } from '../../src/model/fields.ts'
import { quantity } from '../../src/model/format.ts'
import { wirePer } from '../../src/model/units.ts'
import { moment, pumpMoment, type Reader, shown } from '../../src/words/reader.ts'
import { refillRow } from '../view/refills.ts'

const VOLUME = FIELDS.reservoir.reportedVolume

interface Props {
  readonly refills: readonly Refill[]
  readonly reader: Reader
}

export function Refills({ refills, reader }: Props) {
  const { page } = reader.words
  if (refills.length === 0) return <p>{page.noRefills}</p>
  const heads = [
    ...[page.lastRefill, page.refillRead, page.refillExpected, page.refillAspirated],
    ...[page.refillRatio, page.refillProgrammed, page.refillLot, page.refillBy, page.refillSheet],
  ]
  return (
    <section class="refills">
      <h4>{page.refills}</h4>
      <p class="note">{page.refillsNote}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="scrolls" tabIndex={0} aria-label={page.refills}>
        <table>
          <thead>
            <tr>
              {heads.map((head) => (
                <th scope="col" key={head}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {refills.map((refill) => (
              <Row key={refill.id} refill={refill} reader={reader} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

function Row({ refill, reader }: { readonly refill: Refill; readonly reader: Reader }) {
  const { absent } = reader.words
  const { filledAt, filledVolume, before, after } = refill
  const { aspirated, ratio, lots, who, sheets } = refillRow(refill)
  return (
    <tr>
      <td>{pumpMoment(reader, filledAt)}</td>
      <td>{after ? moment(reader, after.readAt) : absent}</td>
      <td>{before ? shown(reader, VOLUME, before.reportedVolume) : absent}</td>
      <td>
        {aspirated === null
          ? absent
          : quantity(aspirated / wirePer('mL'), 'mL', null, reader.locale)}
      </td>
      <td>{ratio === null ? absent : quantity(ratio / 10, '%')}</td>
      <td>{shown(reader, FIELDS.reservoir.filledVolume, filledVolume)}</td>
      <td>{lots.join(', ') || absent}</td>
      <td>{who ?? absent}</td>
      <td>{sheets.join(', ') || absent}</td>
    </tr>
  )
}
