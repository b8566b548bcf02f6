// The profiles that resources claim are published, and hold: by a validator that we did not write, for every resource
// of a scenario. The codings of a clinic stand beside ours, in both standards, and are found by a search.
import type { Bundle, ElementDefinition, Resource, StructureDefinition } from 'fhir/r4.js'
import { describe, expect, it } from 'vitest'
import { auditEventOf } from '../../src/fhir/audit-events.ts'
import { bundleOf, eventsBundle } from '../../src/fhir/bundle.ts'
import { capability } from '../../src/fhir/capability.ts'
import { coderOf } from '../../src/fhir/extra-codings.ts'
import { PROFILES, profileUrl } from '../../src/fhir/profile-names.ts'
import { profiles } from '../../src/fhir/profiles.ts'
import { published } from '../../src/fhir/published.ts'
import type { AuditEntry } from '../../src/fhir/sources.ts'
import { fhirSurface } from '../../src/fhir/surface.ts'
import { PROFILE } from '../../src/hl7/heading.ts'
import { isSendable, messageOf } from '../../src/hl7/messages.ts'
import { CODED, type Codings } from '../../src/model/codings.ts'
import { OWN } from '../../src/model/nomenclature.ts'
import { checkEnums } from './enums.ts'
import { coreDefinitions, hasJudges, medplum, needsJudges, validator } from './oracle.ts'
import { LOG, recordsOf } from './readings.ts'

const RECORD = {
  ...{ position: 7, log: LOG, source: 'simulator', at: '2026-11-24T14:02:11.000Z' },
  ...{ kind: 'start', actor: { id: 'bridge', role: 'bridge', auth: 'process' }, action: 'E' },
  ...{ outcome: { ok: true }, pump: null, wand: null, reads: null },
} as const satisfies AuditEntry

/** Of one reading, and of what the pump has logged since the one before. */
async function resources(name: string): Promise<Resource[]> {
  const all = await recordsOf(name)
  const records = ['interrogation', 'pump-events'].flatMap(
    (kind) => all.find((one) => one.kind === kind) ?? [],
  )
  const bundles = records.flatMap((one) =>
    one.kind === 'interrogation'
      ? [bundleOf(one, 'http://x', { before: 0 })]
      : one.kind === 'pump-events'
        ? [eventsBundle(one, 'http://x')]
        : [],
  )
  const made = bundles.flatMap(({ entry = [] }: Bundle) =>
    entry.flatMap(({ resource }) => resource ?? []),
  )
  return [...made, auditEventOf(RECORD)]
}

/** A profile with everything of what it is based on, as a validator wants it. */
function whole(
  profile: StructureDefinition,
  base: StructureDefinition | undefined,
): StructureDefinition {
  const own = new Map((profile.differential?.element ?? []).map((one) => [one.path, one]))
  const element = (base?.snapshot?.element ?? []).map((one): ElementDefinition => {
    const rule = own.get(one.path)
    own.delete(one.path)
    return { ...one, ...rule }
  })
  // Whatever it has rules for is there to have rules.
  expect([...own.keys()]).toEqual([])
  return { ...profile, snapshot: { element } }
}

describe('profiles', () => {
  it('and extensions are FHIR R4, named once, and what the server says it supports', async () => {
    const validate = hasJudges ? await validator() : () => {}
    for (const one of profiles('0.0.0')) {
      validate(one)
      checkEnums(one)
    }
    const ids = published('0').map(({ resourceType, id }) => `${resourceType}/${id}`)
    expect(new Set(ids).size).toBe(ids.length)
    expect(profiles('0').map(({ url }) => url)).toContain(profileUrl('device-time'))
    const said = capability('0', 'http://x', '2026-11-24').rest?.[0]?.resource ?? []
    expect(said.flatMap(({ supportedProfile = [] }) => supportedProfile).sort()).toEqual(
      PROFILES.map(({ name }) => profileUrl(name)).sort(),
    )
  })

  it('are claimed by every resource of a pump, and hold', async ({ skip }) => {
    needsJudges({ skip })
    const { validateResource } = await medplum()
    await validator()
    const core = coreDefinitions()
    const defined = new Map<string, StructureDefinition>()
    for (const one of profiles('0.0.0')) {
      if (one.kind === 'resource') defined.set(one.url, whole(one, core.get(one.type)))
    }
    const seen = new Set<string>()
    for (const one of await resources('event-log-overflow')) {
      const [url = ''] = one.meta?.profile ?? []
      const profile = defined.get(url)
      if (!profile) throw new Error(`${one.resourceType}/${one.id} is of no profile: ${url}`)
      seen.add(url)
      expect(validateResource(one, { profile })).toEqual([])
    }
    expect(seen).toEqual(new Set(defined.keys()))
    // They can say no.
    const [reading] = await resources('mixture')
    const wrong = { ...reading, issued: undefined }
    const profile = defined.get(reading?.meta?.profile?.[0] ?? '') as StructureDefinition
    expect(() => validateResource(wrong, { profile })).toThrow('issued')
  })

  it('have every extension that a resource uses', async () => {
    const known = profiles('0').map(({ url }) => url)
    const text = JSON.stringify(await resources('normal-refill'))
    const used = [...text.matchAll(/"url":"(urn:wandbridge[^"]+)"/g)].map(([, url]) => url)
    expect(used.length).toBeGreaterThan(0)
    for (const url of used) expect(known).toContain(url)
  })
})

it('what has versions has them in the capability and among the addresses, and nothing else has', () => {
  const paths = fhirSurface({} as never).routes.map(({ path }) => path)
  const said = capability('0', 'http://x', '2026-11-24').rest?.[0]?.resource ?? []
  expect(said.map(({ type }) => type)).toContain('Patient')
  for (const { type, versioning, interaction = [] } of said) {
    const has = paths.includes(`/${type}/:id/_history/:version`)
    expect([type, versioning]).toEqual([type, has ? 'versioned' : 'no-version'])
    expect(interaction.some(({ code }) => code === 'vread')).toBe(has)
  }
})

describe('a category', () => {
  it('is there for every report and value, and one of ours that can be searched', async () => {
    for (const one of await resources('normal-refill')) {
      if (one.resourceType !== 'Observation' && one.resourceType !== 'DiagnosticReport') continue
      const { category = [] } = one as { category?: { coding?: { system: string }[] }[] }
      expect(category[0]?.coding?.length).toBeGreaterThan(0)
    }
  })
})

describe('codings of the clinic', () => {
  const extra = (code: string) => ({
    system: 'urn:oid:1.2.3',
    code,
    display: `of | ${code}`,
    hl7: 'L',
  })
  const codings: Codings = new Map([...CODED.keys()].map((ref) => [ref, [extra(ref)]]))

  it('stand beside every code of ours in FHIR, and nothing else changes', async () => {
    const validate = hasJudges ? await validator() : () => {}
    const coder = coderOf(codings)
    for (const one of await resources('mixture')) {
      const both = coder.coded(one)
      validate(both)
      expect(without(both)).toEqual(JSON.parse(JSON.stringify(one)))
      const text = JSON.stringify(both)
      if (one.resourceType === 'Observation') expect(text).toContain('urn:oid:1.2.3')
      expect(JSON.stringify(coderOf(new Map()).coded(one))).toBe(JSON.stringify(one))
    }
    expect(coder.all(OWN.reported).map(({ system }) => system)).toContain('urn:oid:1.2.3')
  })

  it('are the alternates of every code of ours in HL7, and OBR-25 says that it is final', async () => {
    const all = (await recordsOf('event-log-overflow')).filter(isSendable)
    const records = ['interrogation', 'alarm', 'pump-events'].flatMap(
      (kind) => all.find((one) => one.kind === kind) ?? [],
    )
    expect(records.length).toBe(3)
    let alarms = 0
    for (const record of records) {
      const text = messageOf(record, { ...PROFILE, codings })
      for (const line of text.split('\r')) {
        const fields = line.split('|')
        if (fields[0] === 'OBR') expect(fields[25]).toBe('F')
        if (fields[0] !== 'OBX') continue
        const [, ref = '', system, ...alternate] = (fields[3] ?? '').split('^')
        expect(system).toBe('MDC')
        expect(alternate.slice(0, 3)).toEqual([ref, `of \\F\\ ${ref}`, 'L'])
        const [, event = '', of] = (fields[5] ?? '').split('^')
        if (of === 'MDC') {
          alarms += 1
          expect(fields[5]).toContain(`^${event}^of \\F\\ ${event}^L`)
        }
      }
      expect(codesOf(text)).toEqual(codesOf(messageOf(record)))
    }
    expect(alarms).toBeGreaterThan(0)
  })
})

/** Of every field that is coded: code, name and system, and the text of it. */
const codesOf = (text: string) =>
  [...text.matchAll(/\|([^|^]*\^[^|^]*\^MDC)[^|\r]*/g)].map(([field, code]) => [
    code,
    field.split('^')[8] ?? '',
  ])

/** Without the codings of the clinic. */
function without(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (name, one) =>
    name === 'coding' && Array.isArray(one)
      ? one.filter(({ system }: { system: string }) => system !== 'urn:oid:1.2.3')
      : one,
  )
}
