// What this server can do, made from the tables that do it.
import type { CapabilityStatement, CapabilityStatementRestResource } from 'fhir/r4.js'
import { TYPES } from './library.ts'
import { PARAMS } from './parameters.ts'

export function capability(version: string, base: string, date: string): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'wandbridge', version },
    implementation: {
      description: 'Readings of implanted intrathecal pumps, read-only. Not a medical device.',
      url: base,
    },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        documentation:
          'Nothing can be written. Every read is recorded. Unknown parameters are left out and said so, or refused with Prefer: handling=strict. Pages go by their links.',
        security: { description: 'Authorization: Bearer TOKEN, with the scope fhir.' },
        resource: TYPES.map((type) => resourceOf(type)),
      },
    ],
  }
}

function resourceOf(type: (typeof TYPES)[number]): CapabilityStatementRestResource {
  const versioned = type !== 'DeviceMetric'
  const codes = ['read', ...(versioned ? ['vread'] : []), 'search-type'] as const
  return {
    type,
    interaction: codes.map((code) => ({ code: code as 'read' })),
    versioning: versioned ? 'versioned' : 'no-version',
    searchParam: Object.entries(PARAMS[type]).map(([name, { type: kind }]) => ({
      name,
      type: kind,
    })),
  }
}
