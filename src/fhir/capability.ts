// What this server can do, made from the tables that do it.
import type { CapabilityStatement, CapabilityStatementRestResource } from 'fhir/r4.js'
import { includable } from './included.ts'
import { PARAMS } from './parameters.ts'
import { PROFILES, profileUrl } from './profile-names.ts'
import { isVersioned, TYPES } from './query.ts'

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
          'Nothing can be written. Every read is recorded. What would change the result and is not supported is refused, or left out and said so with Prefer: handling=lenient. Pages go by their links. _sort by date, issued or _lastUpdated is the order of the log, or with a minus the newest first.',
        security: { description: 'Authorization: Bearer TOKEN, with the scope fhir.' },
        resource: TYPES.map((type) => resourceOf(type)),
      },
    ],
  }
}

function resourceOf(type: (typeof TYPES)[number]): CapabilityStatementRestResource {
  const versioned = isVersioned(type)
  const profiles = PROFILES.filter((one) => one.type === type)
  const codes = ['read', ...(versioned ? ['vread'] : []), 'search-type'] as const
  return {
    type,
    ...(profiles.length > 0 && {
      supportedProfile: profiles.map(({ name }) => profileUrl(name)),
    }),
    interaction: codes.map((code) => ({ code: code as 'read' })),
    ...(type === 'Observation' && {
      operation: [
        {
          name: 'lastn',
          definition: 'http://hl7.org/fhir/OperationDefinition/Observation-lastn',
          documentation: 'max, and what Observations are searched by. Without a patient, too.',
        },
      ],
    }),
    ...(includable(type).length > 0 && { searchInclude: includable(type) }),
    versioning: versioned ? 'versioned' : 'no-version',
    searchParam: Object.entries(PARAMS[type]).map(([name, { type: kind }]) => ({
      name,
      type: kind,
    })),
  }
}
