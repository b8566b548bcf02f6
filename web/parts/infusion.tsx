// What the pump infuses: mode, rate, each drug with its concentration and dose of a day, and the day's
// schedule drawn.
import { Drug } from '../../protocol/fields/drugs.ts'
import { Infusion as Declared, ScheduleStep } from '../../protocol/fields/infusion.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { named } from '../../src/words/words.ts'
import { type Reader, shown, timeOfDay } from '../view/reader.ts'
import { Facts, Figure, Part } from './facts.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

export function Infusion({ pump: { infusion, state }, reader }: Props) {
  const { page, mode, pumpState, notAvailable } = reader.words
  const { drugs } = infusion
  const facts = [
    { label: page.state, value: named(pumpState, state.state.value, notAvailable) },
    { label: page.mode, value: named(mode, infusion.mode.value, notAvailable) },
    { label: page.volume24h, value: shown(reader, Declared.fields.volume24h, infusion.volume24h) },
  ]
  return (
    <Part title={page.infusion} name="infusion">
      <div class="rate">
        <p class="label">{page.rate}</p>
        <Figure text={shown(reader, Declared.fields.rate, infusion.rate)} />
        <p class="note">{page.rateNote}</p>
      </div>
      <Facts facts={facts} />
      <ul class="drugs">
        {drugs.map((drug, n) => (
          <li key={`${n} ${drug.name}`}>
            <h4>{drug.name ?? page.unreadableName}</h4>
            <Facts
              facts={[
                {
                  label: page.concentration,
                  value: shown(reader, Drug.fields.concentration, drug.concentration),
                },
                { label: page.dose24h, value: shown(reader, Drug.fields.dose24h, drug.dose24h) },
              ]}
            />
          </li>
        ))}
      </ul>
    </Part>
  )
}

const DAY = 1_440
const HEIGHT = 100

export function Schedule({ pump: { infusion }, reader }: Props) {
  const { page, notAvailable } = reader.words
  const steps = infusion.schedule
  const rateOf = (step: (typeof steps)[number]) =>
    shown(reader, ScheduleStep.fields.rate, step.rate)
  if (steps.length === 0) {
    return (
      <Part title={page.schedule} name="schedule">
        <p class="one-rate">
          {page.oneRate}: <strong>{shown(reader, Declared.fields.rate, infusion.rate)}</strong>
        </p>
        <Day steps={[{ start: 0, rate: infusion.rate.value }]} label={page.oneRate} />
      </Part>
    )
  }
  const known = steps.map(({ start, rate }) => ({ start: start.value ?? 0, rate: rate.value }))
  return (
    <Part title={page.schedule} name="schedule">
      <Day steps={known} label={page.scheduleDrawing(steps.length)} />
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
              <td>{timeOfDay(step.start.value, notAvailable)}</td>
              <td>{rateOf(step)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  )
}

interface DayProps {
  readonly steps: readonly { readonly start: number; readonly rate: number | null }[]
  readonly label: string
}

/** Midnight to midnight of the pump's clock; before its first step the day runs on with its last. */
function Day({ steps, label }: DayProps) {
  const rates = steps.map(({ rate }) => rate ?? 0)
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
