// The smaller parts of a reading: patient boluses, battery, clocks, catheter, and where it is recorded.
import { Battery as BatteryFields } from '../../protocol/fields/battery.ts'
import { Bolus as BolusFields } from '../../protocol/fields/bolus.ts'
import { Catheter as CatheterFields } from '../../protocol/fields/catheter.ts'
import { age, clockTime, dateTime, inZone, number } from '../../src/model/format.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { named } from '../../src/words/words.ts'
import { pumpMoment, type Reader, shown } from '../view/reader.ts'
import { Facts, Part } from './facts.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

export function Bolus({ pump: { infusion }, reader }: Props) {
  const { page } = reader.words
  const { patientBolus: bolus } = infusion
  const { fields } = BolusFields
  if (bolus.enabled.value === 'off') {
    return (
      <Part title={page.bolus} name="bolus">
        <p>{page.bolusOff}</p>
      </Part>
    )
  }
  const text = (name: keyof typeof bolus & keyof typeof fields) =>
    shown(reader, fields[name], bolus[name])
  return (
    <Part title={page.bolus} name="bolus">
      <Facts
        facts={[
          { label: page.bolusEach, value: text('volume') },
          { label: page.bolusLockout, value: text('lockout') },
          { label: page.bolusGiven, value: page.bolusOf(text('given24h'), text('maxPerDay')) },
          { label: page.bolusAccepted, value: text('acceptedCount') },
          { label: page.bolusDenied, value: text('deniedCount') },
          { label: page.bolusLast, value: text('lastAcceptedAt'), note: page.byPumpClock },
        ]}
      />
    </Part>
  )
}

export function Battery({ pump: { battery }, reader }: Props) {
  const { page, battery: states, notAvailable } = reader.words
  const { fields } = BatteryFields
  return (
    <Part title={page.battery} name="battery">
      <Facts
        facts={[
          { label: page.stateIs, value: named(states, battery.state.value, notAvailable) },
          { label: page.charge, value: shown(reader, fields.remaining, battery.remaining) },
          { label: page.voltage, value: shown(reader, fields.voltage, battery.voltage) },
          { label: page.replacement, value: pumpMoment(reader, battery.replacementDate.value) },
          { label: page.serviceEnd, value: pumpMoment(reader, battery.serviceEndDate.value) },
        ]}
      />
    </Part>
  )
}

/** The pump's clock has no zone: how far it is from ours is said for the clinic's zone. */
export function Clocks({ pump: { clock }, reader }: Props) {
  const { page } = reader.words
  const host = inZone(clock.hostTime, reader.zone)
  const full = (local: string) => `${dateTime(local)}${clockTime(local).slice(5)}`
  return (
    <Part title={page.clocks} name="clocks">
      <Facts
        facts={[
          {
            label: page.pumpClock,
            value: clock.deviceTime === null ? page.noPumpClock : full(clock.deviceTime),
            note: page.pumpClockNote,
          },
          { label: page.hostClock, value: full(host), note: reader.zone },
        ]}
      />
      {clock.deviceTime !== null && <p>{farText(clock.deviceTime, host, reader)}</p>}
    </Part>
  )
}

function farText(pump: string, host: string, { words: { page } }: Reader): string {
  const far = Date.parse(`${pump}Z`) - Date.parse(`${host}Z`)
  if (Math.abs(far) < 2_000) return page.clockSame
  const by = age(Math.abs(far))
  return far > 0 ? page.clockAhead(by) : page.clockBehind(by)
}

export function Catheter({ pump: { catheter }, reader }: Props) {
  const { page } = reader.words
  const { fields } = CatheterFields
  return (
    <Part title={page.catheter} name="catheter">
      <Facts
        facts={[
          { label: page.model, value: shown(reader, fields.model, catheter.model) },
          { label: page.length, value: shown(reader, fields.length, catheter.length) },
          { label: page.volume, value: shown(reader, fields.volume, catheter.volume) },
        ]}
      />
    </Part>
  )
}

export function Record({ pump: { audit }, reader }: Props) {
  const { page, said } = reader.words
  const { log, position, sentence } = audit
  const place = log !== null && position !== null ? number(position, '1', 0) : null
  return (
    <Part title={page.audit} name="audit">
      {place !== null && <p>{page.auditPlace(log ?? '', place)}</p>}
      <p>{said(sentence)}</p>
    </Part>
  )
}
