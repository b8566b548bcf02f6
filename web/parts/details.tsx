// The smaller parts of a reading: patient boluses, battery, clocks, catheter, and where it is recorded.

import { FIELDS } from '../../src/model/fields.ts'
import { clockTime, count, dateTime, inZone } from '../../src/model/format.ts'
import type { PumpStatus } from '../../src/model/status.ts'
import { clockText } from '../../src/words/clock.ts'
import { pumpMoment, type Reader, shown } from '../../src/words/reader.ts'
import { auditSentence } from '../../src/words/told.ts'
import { named } from '../../src/words/words.ts'
import { Facts, Part } from './facts.tsx'

interface Props {
  readonly pump: PumpStatus
  readonly reader: Reader
}

export function Bolus({ pump: { infusion }, reader }: Props) {
  const { page } = reader.words
  const { patientBolus: bolus } = infusion
  const fields = FIELDS.bolus
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
          // Whether the patient may ask for one is said where the pump does not say that it is on.
          ...(bolus.enabled.value === 'on'
            ? []
            : [{ label: page.stateIs, value: text('enabled') }]),
          { label: page.bolusEach, value: text('volume') },
          { label: page.bolusDuration, value: text('duration') },
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
  const fields = FIELDS.battery
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
  const { page, notAvailable } = reader.words
  const host = inZone(clock.hostTime, reader.zone)
  const full = (local: string) => `${dateTime(local)}${clockTime(local).slice(5)}`
  return (
    <Part title={page.clocks} name="clocks">
      <Facts
        facts={[
          {
            label: page.pumpClock,
            value: clock.deviceTime === null ? notAvailable : full(clock.deviceTime),
            note: page.pumpClockNote,
          },
          { label: page.hostClock, value: full(host), note: reader.zone },
        ]}
      />
      <p>{clockText({ ...clock, uncertainty: clock.uncertainty.value }, reader)}</p>
    </Part>
  )
}

export function Catheter({ pump: { catheter }, reader }: Props) {
  const { page } = reader.words
  const fields = FIELDS.catheter
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
  const { page } = reader.words
  const { log, position } = audit
  const place = log !== null && position !== null ? count(position) : null
  return (
    <Part title={page.audit} name="audit">
      {place !== null && <p>{page.auditPlace(log ?? '', place)}</p>}
      <p>{auditSentence(reader.words, audit)}</p>
    </Part>
  )
}
