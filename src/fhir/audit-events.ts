// The audit log as AuditEvents: who did what, when, to which pump. Reads through a surface are summed up
// in the log, and here as there.
import type { AuditEvent } from 'fhir/r4.js'
import { deviceReference, metaOf, RECORD_SYSTEM } from './elements.ts'
import type { AuditEntry } from './sources.ts'

const TYPES = 'http://terminology.hl7.org/CodeSystem/audit-event-type'
export const KIND_SYSTEM = 'urn:wandbridge:codesystem:record-kind'

export function auditEventOf(entry: AuditEntry): AuditEvent {
  const { position, log, source, at, kind, actor, outcome, pump, wand, reads } = entry
  const detail = [
    { type: 'log', valueString: log },
    { type: 'position', valueString: String(position) },
    ...(wand === null ? [] : [{ type: 'wand', valueString: wand }]),
    ...(reads === null
      ? []
      : [
          { type: 'route', valueString: reads.route },
          { type: 'reads', valueString: String(reads.count) },
        ]),
  ]
  return {
    resourceType: 'AuditEvent',
    id: `${log}.${position}`,
    meta: metaOf(source, 'record', '1', at),
    type: reads
      ? { system: TYPES, code: 'rest', display: 'RESTful Operation' }
      : { system: TYPES, code: 'object', display: 'Object' },
    subtype: [{ system: KIND_SYSTEM, code: kind }],
    action: entry.action,
    recorded: at,
    outcome: outcome.ok ? '0' : '8',
    ...(outcome.reason !== undefined && { outcomeDesc: outcome.reason }),
    agent: [
      {
        who: {
          identifier: { system: 'urn:wandbridge:actor', value: actor.id },
          display: actor.role,
        },
        requestor: true,
        ...(actor.auth !== 'process' && { policy: [`urn:wandbridge:auth:${actor.auth}`] }),
      },
    ],
    source: { observer: { display: 'wandbridge' } },
    entity: [
      {
        what: pump
          ? deviceReference(pump.id)
          : { identifier: { system: RECORD_SYSTEM, value: `${log}/${position}` } },
        detail,
      },
    ],
  }
}
