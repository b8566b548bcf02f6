// Code systems and value sets of our own: what stands where no verified code exists, and the words of
// the protocol's tables.
import type { CodeSystem, CodeSystemConcept as Concept, ValueSet } from 'fhir/r4.js'
import {
  type Code,
  ENUMS,
  type EnumName,
  enumSystem,
  MDC,
  MDC_SYSTEM,
  OWN_CODES,
  OWN_SYSTEM,
} from '../model/nomenclature.ts'
import { RECORD_KINDS } from '../model/record.ts'
import { KIND_SYSTEM } from './audit-events.ts'

export const common = (id: string, version: string, title: string) => ({
  id,
  version,
  name: id.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase()),
  title,
  status: 'active' as const,
})

/** Every one of them. */
export function terminology(version: string): (CodeSystem | ValueSet)[] {
  const names = Object.keys(ENUMS) as EnumName[]
  return [
    codeSystem(
      'mdcx',
      OWN_SYSTEM,
      version,
      'What no verified code exists for',
      OWN_CODES.map(coded),
    ),
    metricSet(version),
    {
      ...codeSystem(
        'record-kind',
        KIND_SYSTEM,
        version,
        'Kinds of records',
        RECORD_KINDS.map(word),
      ),
      content: 'fragment' as const,
    },
    ...names.flatMap((name) => {
      const system = enumSystem(name)
      const { title, names } = ENUMS[name]
      return [
        codeSystem(name, system, version, title, Object.values(names).map(word)),
        valueSet(name, version, title),
      ]
    }),
  ]
}

const coded = ({ ref, text, source }: Code): Concept => ({
  code: ref,
  display: text,
  definition: source,
})
const word = (code: string): Concept => ({ code, display: code.replaceAll('-', ' ') })

function codeSystem(
  id: string,
  url: string,
  version: string,
  title: string,
  concept: Concept[],
): CodeSystem {
  return {
    resourceType: 'CodeSystem',
    ...common(id, version, title),
    url,
    caseSensitive: true,
    content: 'complete',
    concept,
  }
}

function valueSet(name: EnumName, version: string, title: string): ValueSet {
  return {
    resourceType: 'ValueSet',
    ...common(name, version, title),
    url: `urn:wandbridge:valueset:${name}`,
    compose: { include: [{ system: enumSystem(name) }] },
  }
}

function metricSet(version: string): ValueSet {
  const concept = Object.values(MDC).map(({ mdc, ref }) => ({ code: String(mdc), display: ref }))
  return {
    resourceType: 'ValueSet',
    ...common('metrics', version, 'Every code that is given away'),
    url: 'urn:wandbridge:valueset:metrics',
    compose: { include: [{ system: MDC_SYSTEM, concept }, { system: OWN_SYSTEM }] },
  }
}
