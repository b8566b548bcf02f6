// A reading that its pump contradicts only after it was recorded: whoever was sent it is told, and whoever asks for it.
import { afterEach, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { systemEnv } from '../../src/base/env.ts'
import { Library } from '../../src/fhir/library.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { addressees } from '../../src/host/delivery-host.ts'
import { Knowledge } from '../../src/knowledge/knowledge.ts'
import { WORDS } from '../../src/words/words.ts'
import { recordedReading } from '../hl7/readings.ts'
import { r4Server } from './r4-server.ts'
import { atEnd, closeAll, sending } from './senders.ts'
import { eventually } from './world.ts'

afterEach(closeAll)

/** The record of the session of a reading that says so. */
function contradiction(reading: NewRecord): NewRecord {
  const { pump, model, wand, port, session } = reading as NewRecord<'interrogation'>
  const about = { pump, model, wand, port, session }
  return { ...about, kind: 'session', body: { event: 'contradicted' } } as NewRecord<'session'>
}

async function contradicted() {
  const ehr = await r4Server()
  atEnd(() => ehr.close())
  const bridge = await sending({ fhir: [{ name: 'ehr', url: ehr.url, testMessages: true }] })
  await eventually(() => bridge.of('ehr')?.state === 'idle', 10_000)
  const [at = 0] = await bridge.read(1)
  await eventually(() => bridge.of('ehr')?.sent === 1, 20_000)
  const before = new Map(ehr.statuses)
  const said = await bridge.auditor.append(contradiction(await recordedReading()))
  await eventually(() => bridge.of('ehr')?.sent === 2, 20_000)
  return { ehr, bridge, at, said: said?.position ?? 0, before }
}

it('is updated where it was sent as FHIR: no value of it is final any more', async () => {
  const { ehr, before, said } = await contradicted()
  const of = (all: ReadonlyMap<string, string>, type: string) =>
    new Set([...all].filter(([key]) => key.startsWith(`${type} `)).map(([, status]) => status))
  expect([of(before, 'Observation'), of(before, 'DiagnosticReport')]).toEqual([
    ...[new Set(['final']), new Set(['final'])],
  ])
  expect([of(ehr.statuses, 'Observation'), of(ehr.statuses, 'DiagnosticReport')]).toEqual([
    ...[new Set(['preliminary']), new Set(['partial'])],
  ])
  // Nothing is there twice, and the second transaction has a name of its own.
  expect([...ehr.statuses.keys()]).toEqual([...before.keys()])
  expect(ehr.order.at(-1)).toMatch(new RegExp(`/${said}$`))
}, 60_000)

it('is sent again in HL7 as a correction, under the filler number of the reading', async () => {
  const { bridge, at, said } = await contradicted()
  const hl7 = destinationSchema.array().parse([{ name: 'emr', host: '127.0.0.1', port: 1 }])
  const [emr] = addressees({ hl7, fhir: [], webhooks: [] }, WORDS['en-US'])
  const sender = emr?.sender(systemEnv(), bridge.feed)
  const texts: string[] = []
  for await (const record of bridge.feed.read({ kinds: sender?.kinds ?? [] })) {
    const message = sender?.messageOf(record)
    await message?.ready?.()
    if (message) texts.push(message.text())
  }
  const [first = [], second = []] = texts.map((text) =>
    text.split('\r').map((line) => line.split('|')),
  )
  expect(texts).toHaveLength(2)
  const obr = (lines: string[][]) => lines.find(([name]) => name === 'OBR') ?? []
  expect([obr(first)[3], obr(first)[25]]).toEqual([obr(second)[3], 'F'])
  expect(obr(second)[25]).toBe('C')
  expect(obr(first)[3]).toContain(`/${at}^`)
  // A message of its own.
  expect(second[0]?.[9]).not.toBe(first[0]?.[9])
  expect(second[0]?.[9]).toMatch(new RegExp(`-${said.toString(36).toUpperCase()}$`))
  expect(second.some(([name]) => name === 'NTE')).toBe(true)
  const values = (lines: string[][]) => lines.filter(([name, , type]) => name === 'OBX' && type)
  expect(values(second).map((one) => one[5])).toEqual(values(first).map((one) => one[5]))
  expect(values(second).every((one) => one[8]?.includes('QUES'))).toBe(true)
}, 60_000)

it('is another version where FHIR is asked for it, found by when that was', async () => {
  const { bridge, at, said } = await contradicted()
  const { feed } = bridge
  const env = systemEnv()
  const begin = async () => {
    const knowledge = new Knowledge({ env, disk: null, dir: '', source: 'simulator', feed })
    await knowledge.start()
    atEnd(() => knowledge.stop())
    return knowledge
  }
  const knowledge = await begin()
  const status = () => ({ pumps: [] })
  const library = new Library({ env, version: '0', zone: 'UTC', status, feed, knowledge })
  const id = `${feed.head()?.log}.${at}`
  const report = (await library.one('DiagnosticReport', id))?.resource
  let when = ''
  for await (const one of feed.read({ after: said - 1, before: said + 1 })) when = one.at
  expect(report).toMatchObject({
    status: 'partial',
    conclusion: expect.stringMatching(/./),
    meta: { versionId: '2', lastUpdated: when },
  })
  const bundle = await library.bundle(at, '')
  const values = bundle?.entry?.filter(({ resource }) => resource?.resourceType === 'Observation')
  expect(values?.length).toBeGreaterThan(20)
  for (const { resource } of values ?? []) {
    expect(resource).toMatchObject({ status: 'preliminary', meta: { versionId: '2' } })
  }
  // The next reading is final again, and the one before stays as it is.
  const [next] = await bridge.read(1)
  await eventually(() => knowledge.state.position >= (next ?? 0), 10_000)
  const of = async (position: number) =>
    (await library.one('DiagnosticReport', `${feed.head()?.log}.${position}`))?.resource
  expect(await of(next ?? 0)).toMatchObject({ status: 'final', meta: { versionId: '1' } })
  expect(await of(at)).toMatchObject({ status: 'partial' })
}, 60_000)
