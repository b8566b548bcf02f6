// What the pump infuses: mode, rate, each drug with its concentration and dose of a day, and the day's
// schedule drawn.
import { DRUG_FIELDS, FIELDS, STEP_FIELDS } from '../../src/model/fields.ts'
import { mayGiveBolus } from '../../src/model/reading.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { drugName, type Reader, shown, stepStart } from '../../src/words/reader.ts'
import { named } from '../../src/words/words.ts'
import { Facts, Part } from './facts.tsx'

const fields = FIELDS.infusion

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

export function Infusion({ pump: { infusion, state }, reader }: Props) {
  const { page, mode, pumpState, notAvailable } = reader.words
  const { drugs } = infusion
  const facts = [
    { label: page.state, value: named(pumpState, state.state.value, notAvailable) },
    {
      label: page.rate,
      value: shown(reader, fields.rate, infusion.rate),
      note: page.rateNote,
    },
    { label: page.mode, value: named(mode, infusion.mode.value, notAvailable) },
    { label: page.volume24h, value: shown(reader, fields.volume24h, infusion.volume24h) },
    ...singleBolus(infusion, reader),
  ]
  return (
    <Part title={page.infusion} name="infusion">
      <Facts facts={facts} />
      {drugs === null && <p>{page.drugsUnread}</p>}
      <ul class="drugs">
        {drugs?.map((drug, n) => (
          <li key={`${n} ${drug.name}`}>
            <h4>{drugName(reader, drug)}</h4>
            <Facts
              facts={[
                {
                  label: page.concentration,
                  value: shown(reader, DRUG_FIELDS.concentration, drug.concentration),
                },
                { label: page.dose24h, value: shown(reader, DRUG_FIELDS.dose24h, drug.dose24h) },
              ]}
            />
          </li>
        ))}
      </ul>
    </Part>
  )
}

/** Only while one is given, or where the pump does not say whether. */
function singleBolus(infusion: PumpStatus['infusion'], reader: Reader) {
  if (!mayGiveBolus(infusion)) return []
  const { bolusVolume, bolusRate } = infusion
  const left = shown(reader, fields.bolusVolume, bolusVolume)
  const rate = shown(reader, fields.bolusRate, bolusRate)
  return [{ label: reader.words.page.singleBolus, value: left, note: rate }]
}

const DAY = 1_440
const HEIGHT = 100

export function Schedule({ pump: { infusion }, reader }: Props) {
  const { page } = reader.words
  const steps = infusion.schedule
  if (steps === null) {
    return (
      <Part title={page.schedule} name="schedule">
        <p>{page.scheduleUnread}</p>
      </Part>
    )
  }
  const rateOf = (step: (typeof steps)[number]) => shown(reader, STEP_FIELDS.rate, step.rate)
  if (steps.length === 0) {
    return (
      <Part title={page.schedule} name="schedule">
        <p class="one-rate">
          {page.oneRate}: <strong>{shown(reader, fields.rate, infusion.rate)}</strong>
        </p>
        <Day steps={[{ start: 0, rate: infusion.rate.value }]} label={page.oneRate} />
      </Part>
    )
  }
  return (
    <Part title={page.schedule} name="schedule">
      <Day
        steps={steps.map(({ start, rate }) => ({ start: start.value, rate: rate.value }))}
        label={page.scheduleDrawing(steps.length)}
      />
      <table>
        <thead>
          <tr>
            <th scope="col">{page.time}</th>
            <th scope="col">{page.rate}</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step, n) => (
            <tr key={`${n} ${step.start.value}`}>
              <td>{stepStart(reader, step.start)}</td>
              <td>{rateOf(step)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  )
}

interface DayProps {
  readonly steps: readonly { readonly start: number | null; readonly rate: number | null }[]
  readonly label: string
}

/**
 * Midnight to midnight of the pump's clock; before its first step the day runs on with its last. A day of
 * which a part is not known is not drawn.
 */
function Day({ steps, label }: DayProps) {
  const rates = steps.flatMap(({ rate }) => (rate === null ? [] : [rate]))
  if (rates.length < steps.length || steps.some(({ start }) => start === null)) return null
  const most = Math.max(...rates, Number.MIN_VALUE)
  const y = (rate: number) => HEIGHT - (rate / most) * (HEIGHT - 10)
  const first = steps[0]?.start === 0 ? rates[0] : rates.at(-1)
  let path = `M0 ${HEIGHT}V${y(first ?? 0)}`
  for (const { start, rate } of steps) path += `H${start}V${y(rate ?? 0)}`
  path += `H${DAY}V${HEIGHT}z`
  return (
    <div class="day">
      <svg
        viewBox={`0 0 ${DAY} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <path class="area" d={path} />
        {[360, 720, 1080].map((x) => (
          <path key={x} class="grid" d={`M${x} 0V${HEIGHT}`} />
        ))}
        <path class="base" d={`M0 ${HEIGHT}H${DAY}`} />
      </svg>
      <p class="hours" aria-hidden="true">
        {['00:00', '06:00', '12:00', '18:00', '24:00'].map((hour) => (
          <span key={hour}>{hour}</span>
        ))}
      </p>
    </div>
  )
}
