// What the pump has logged itself, as Observations: each event once, from the reading that first had it, so that
// an alarm that came and went, and a stall that recovered, are there to be found. When it happened, only the
// pump's clock says.
import type { Observation } from 'fhir/r4.js'
import { eventRows } from '../model/pump-event-rows.ts'
import type { RecordOf } from '../model/record.ts'
import { conceptOf, deviceReference, metaOf } from './elements.ts'
import { categoryOf, componentOf, identifierOf, observationId, valueIn } from './observations.ts'

export function eventObservations(record: RecordOf<'pump-events'>): Observation[] {
  const pump = deviceReference(record.pump?.id ?? '')
  return record.entries.map((event, i) => {
    const key = `event-${event.number ?? `x${i}`}`
    const [own, ...parts] = eventRows(event)
    return {
      resourceType: 'Observation',
      id: observationId(record, key),
      meta: metaOf(record.source, 'pump-event', '1', record.at),
      identifier: [identifierOf(record, key)],
      status: 'final',
      category: [categoryOf('technical')],
      code: conceptOf(own.code),
      subject: pump,
      // When it was read: the pump's clock dates nothing outside of the pump.
      effectiveDateTime: record.readAt,
      issued: record.at,
      ...valueIn(own),
      note: [{ text: 'Logged by the pump itself, and read later. Nobody watched the pump.' }],
      device: pump,
      component: parts.map(componentOf),
    }
  })
}
