// Profiles of our resources and definitions of our extensions: what whoever files a reading can rely on, such as
// an identifier, a date and a code of ours, in the words of FHIR.
import type { Coding, ElementDefinition, StructureDefinition } from 'fhir/r4.js'
import { type Code, MDC, OWN } from '../model/nomenclature.ts'
import { codingOf } from './elements.ts'
import { PROFILES, type ProfileName, profileUrl, type ResourceProfile } from './profile-names.ts'
import { common } from './terminology.ts'

const CORE = 'http://hl7.org/fhir/StructureDefinition/'
type Rules = Readonly<Record<string, Omit<ElementDefinition, 'path' | 'id'>>>

const ONCE = { min: 1, max: '1' }
const MUST = { min: 1 }
const final = { min: 1, fixedCode: 'final' }
const read = (unsure: string) => ({
  ...MUST,
  comment: `final; ${unsure} when the pump contradicted the reading in the same session.`,
})
const of = (code: Code) => {
  const { system, code: value } = codingOf(code)
  return { min: 1, patternCodeableConcept: { coding: [{ system, code: value } as Coding] } }
}
const moment = { type: [{ code: 'dateTime' }] }
const to = (...types: string[]) => ({
  min: 1,
  type: [{ code: 'Reference', targetProfile: types.map((type) => `${CORE}${type}`) }],
})

const READ_AT = {
  ...MUST,
  ...moment,
  comment:
    'When the pump said it at the earliest, by the clock of the computer that read it. What the clock of the pump said then stands in its extensions.',
}
const VALUE = {
  ...{ identifier: ONCE, status: final, category: MUST, issued: ONCE },
  'effective[x]': READ_AT,
}
const REPORT = {
  ...{ identifier: ONCE, status: read('partial'), category: MUST, issued: ONCE },
  ...{ subject: MUST, result: MUST },
}

const TEXTS: Readonly<Record<ResourceProfile, readonly [string, Rules]>> = {
  reading: [
    'One value of one reading of a pump',
    {
      ...VALUE,
      status: read('preliminary'),
      code: {
        ...MUST,
        binding: { strength: 'required', valueSet: 'urn:wandbridge:valueset:metrics' },
        comment: 'A clinic may have codings of its own beside it.',
      },
      subject: to('Patient', 'Device'),
      device: to('DeviceMetric'),
    },
  ],
  'pump-event': [
    'An event that a pump has logged itself',
    { ...VALUE, code: of(OWN.event), subject: to('Device'), device: to('Device') },
  ],
  interrogation: [
    'One whole reading of a pump',
    { ...REPORT, code: of(OWN.interrogation), 'effective[x]': READ_AT },
  ],
  refill: [
    'A refill as the pump reports it',
    {
      ...REPORT,
      code: of(OWN.refill),
      'effective[x]': {
        ...moment,
        comment:
          'The day on which it was programmed, by the clock of the pump, whose text stands in its extension.',
      },
    },
  ],
  pump: [
    'An implanted pump that was read',
    { identifier: { min: 2 }, serialNumber: ONCE, status: ONCE, type: of(MDC.mds) },
  ],
  'pump-part': [
    'A part of a pump: what gives, what is given from, a drug',
    { identifier: ONCE, status: ONCE, type: MUST, parent: to('Device') },
  ],
  metric: [
    'What a pump can say, and whether it says it now',
    { identifier: ONCE, source: to('Device'), parent: to('Device'), operationalStatus: ONCE },
  ],
  record: ['A record of the audit log', { subtype: MUST, action: ONCE, outcome: ONCE }],
}

export const profiles = (version: string): StructureDefinition[] => [
  ...PROFILES.map(({ name, type }) => {
    const [title, rules] = TEXTS[name]
    return definition(version, name, title, type, 'resource', rules)
  }),
  extension(version, 'device-time', 'What the clock of the pump said, without zone', 'string'),
  extension(
    version,
    'device-clock-offset',
    'How far the clock of the pump, read as UTC, stood from the computer’s',
    'Quantity',
  ),
]

function extension(version: string, name: ProfileName, title: string, value: string) {
  return {
    ...definition(version, name, title, 'Extension', 'complex-type', {
      extension: { max: '0' },
      url: { min: 1, max: '1', fixedUri: profileUrl(name) },
      'value[x]': { min: 1, max: '1', type: [{ code: value }] },
    }),
    context: [{ type: 'element' as const, expression: 'dateTime' }],
  }
}

function definition(
  version: string,
  name: ProfileName,
  title: string,
  type: string,
  kind: StructureDefinition['kind'],
  rules: Rules,
): StructureDefinition {
  const element = Object.entries(rules).map(([field, rule]) => {
    const path = `${type}.${field}`
    return { id: path, path, ...rule }
  })
  return {
    resourceType: 'StructureDefinition',
    ...common(name, version, title),
    url: profileUrl(name),
    ...{ fhirVersion: '4.0.1', kind, abstract: false, type, derivation: 'constraint' },
    baseDefinition: `${CORE}${type}`,
    differential: { element: [{ id: type, path: type, short: title }, ...element] },
  }
}
