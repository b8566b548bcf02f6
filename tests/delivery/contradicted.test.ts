// A reading that its pump contradicts only after it was recorded: whoever was sent it is told, and whoever asks for it.
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { systemEnv } from '../../src/base/env.ts'
import { Deframer, frame } from '../../src/delivery/mllp.ts'
import { Library } from '../../src/fhir/library.ts'
import { destinationSchema } from '../../src/hl7/config.ts'
import { addressees } from '../../src/host/delivery-host.ts'
import { Knowledge } from '../../src/knowledge/knowledge.ts'
import { WORDS } from '../../src/words/words.ts'
import { recordedReading } from '../hl7/readings.ts'
import { r4Server } from './r4-server.ts'
import { atEnd, closeAll, fileOf, SECRET, sending, webhookReceiver } from './senders.ts'
import { eventually } from './world.ts'

afterEach(closeAll)

/** The record of the session of a reading that says so. */
function contradiction(reading: NewRecord): NewRecord {
  const { pump, model, wand, port, session } = reading as NewRecord<'interrogation'>
  const about = { pump, model, wand, port, session }
  return { ...about, kind: 'session', body: { event: 'contradicted' } } as NewRecord<'session'>
}

type Bridge = Awaited<ReturnType<typeof sending>>

async function contradicted(between: (bridge: Bridge) => Promise<void> = async () => {}) {
  const ehr = await r4Server()
  atEnd(() => ehr.close())
  const bridge = await sending({ fhir: [{ name: 'ehr', url: ehr.url, testMessages: true }] })
  await eventually(() => bridge.of('ehr')?.state === 'idle', 10_000)
  const [at = 0] = await bridge.read(1)
  await eventually(() => bridge.of('ehr')?.sent === 1, 20_000)
  const before = new Map(ehr.statuses)
  await between(bridge)
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

/** The segments of a message, and its OBR. */
const segments = (text: string) => text.split('\r').map((line) => line.split('|'))
const obrOf = (text: string) => segments(text).find(([name]) => name === 'OBR') ?? []
/** Values of a message, and whether none of them, nor the message, is given as certain. */
const valuesOf = (text: string) =>
  segments(text).filter(([name, , type]) => name === 'OBX' && type !== '')
const isDoubted = (text: string) =>
  segments(text).some(([name]) => name === 'NTE') &&
  valuesOf(text).every((one) => one[8]?.includes('QUES'))

it('is sent again in HL7 as a correction, under the filler number of the reading', async () => {
  const hl7 = destinationSchema.array().parse([{ name: 'emr', host: '127.0.0.1', port: 1 }])
  const [emr] = addressees({ hl7, fhir: [], webhooks: [] }, WORDS['en-US'])
  const told = async ({ feed }: Bridge) => {
    const sender = emr?.sender(systemEnv(), feed)
    const texts: string[] = []
    for await (const record of feed.read({ kinds: sender?.kinds ?? [] })) {
      const message = sender?.messageOf(record)
      await message?.ready?.()
      if (message) texts.push(message.text())
    }
    return texts
  }
  let before: string[] = []
  const { bridge, at, said } = await contradicted(async (all) => {
    before = await told(all)
  })
  const [first = ''] = before
  const [late = '', second = '', ...more] = await told(bridge)
  expect([before.length, more]).toEqual([1, []])
  expect([obrOf(first)[3], obrOf(first)[25]]).toEqual([obrOf(second)[3], 'F'])
  expect(obrOf(second)[25]).toBe('C')
  expect(obrOf(first)[3]).toContain(`/${at}^`)
  // A message of its own.
  expect(segments(second)[0]?.[9]).not.toBe(segments(first)[0]?.[9])
  expect(segments(second)[0]?.[9]).toMatch(new RegExp(`-${said.toString(36).toUpperCase()}$`))
  expect(valuesOf(second).map((one) => one[5])).toEqual(valuesOf(first).map((one) => one[5]))
  expect([isDoubted(first), isDoubted(second)]).toEqual([false, true])
  // Whoever is sent the reading only now gets it as one that is not verified.
  expect([obrOf(late)[25], isDoubted(late)]).toEqual(['R', true])
}, 60_000)

/** A record system over MLLP. `answer`: by what was sent so far, the newest last; null = silence. */
async function mllpServer(answer: (got: readonly string[]) => 'AA' | 'AR' | null) {
  const got: string[] = []
  const server = createServer((socket) => {
    const deframer = new Deframer()
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      for (const text of deframer.push(bytes)) {
        got.push(text)
        const said = answer(got)
        const [msh = []] = segments(text)
        if (said) socket.write(frame(`MSH|^~\\&|R\rMSA|${said}|${msh[9]}\r`))
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  atEnd(() => void server.close())
  const { port } = server.address() as AddressInfo
  const config = { name: 'emr', host: '127.0.0.1', port, testMessages: true, patienceMinutes: 0 }
  return { got, config }
}

it('never stands as certain again where it was set aside and is sent after it was contradicted', async () => {
  const emr = await mllpServer((got) => (got.length === 1 ? 'AR' : 'AA'))
  const ehr = await r4Server({ deed: (n) => (n === 0 ? 422 : 'ok') })
  atEnd(() => ehr.close())
  const lab = await webhookReceiver({ plan: { 0: '422' } })
  const hook = { name: 'lab', url: lab.url, secretFiles: [fileOf(SECRET)], testMessages: true }
  const fhir = [{ name: 'ehr', url: ehr.url, testMessages: true }]
  const bridge = await sending({ fhir, webhooks: [hook] }, undefined, [emr.config])
  const all = (done: (one: NonNullable<ReturnType<typeof bridge.of>>) => boolean) =>
    eventually(() => bridge.delivery().status().every(done), 20_000)
  await all((one) => one.state === 'idle')
  await bridge.read(1)
  await all((one) => one.parked === 1)
  await bridge.auditor.append(contradiction(await recordedReading()))
  await all((one) => one.sent === 1)
  expect(bridge.delivery().resend()).toEqual({ emr: 1, ehr: 1, lab: 1 })
  await all((one) => one.parked === 0)
  expect(emr.got.map((text) => obrOf(text)[25])).toEqual(['F', 'C', 'R'])
  expect(new Set(emr.got.map((text) => obrOf(text)[3])).size).toBe(1)
  expect(emr.got.map(isDoubted)).toEqual([false, true, true])
  expect(new Set(ehr.statuses.values())).not.toContain('final')
  // The reading is told again to who takes readings, and no sessions.
  expect(lab.seen.map((one) => one.contradicted)).toEqual([false, true, true])
  expect(new Set(lab.seen.map(({ kind, position }) => `${kind} ${position}`)).size).toBe(1)
  expect(new Set(lab.seen.map(({ id }) => id)).size).toBe(2)
}, 60_000)

it('never stands as certain again where its correction was taken while it was stuck itself', async () => {
  const isCorrected = (got: readonly string[]) => got.some((text) => obrOf(text)[25] === 'C')
  const emr = await mllpServer((got) => (isCorrected(got) ? 'AA' : null))
  const quick = { backoffMs: 5, longestMs: 20, ackMs: 100, stuck: 2 }
  const bridge = await sending({}, quick, [emr.config])
  await eventually(() => bridge.of('emr')?.state === 'idle', 10_000)
  await bridge.read(1)
  await eventually(() => emr.got.length > 0, 10_000)
  await bridge.auditor.append(contradiction(await recordedReading()))
  await eventually(() => bridge.of('emr')?.sent === 2 && bridge.delivery().idle, 20_000)
  const after = emr.got.slice(emr.got.findIndex((text) => obrOf(text)[25] === 'C') + 1)
  expect(after.length).toBeGreaterThan(0)
  expect(new Set(after.map((text) => obrOf(text)[25]))).toEqual(new Set(['R']))
  expect(after.every(isDoubted)).toBe(true)
}, 60_000)

it('never stands as certain again where it waited for its destination while it was contradicted', async () => {
  let takes = false
  let before = 0
  const emr = await mllpServer(() => (takes ? 'AA' : null))
  const quick = { backoffMs: 5, longestMs: 20, ackMs: 100, stuck: null }
  const bridge = await sending({}, quick, [emr.config])
  await eventually(() => bridge.of('emr')?.state === 'idle', 10_000)
  await bridge.read(1)
  await eventually(() => emr.got.length > 1, 10_000)
  await bridge.auditor.append(contradiction(await recordedReading()))
  // One that was under way already may still come.
  before = emr.got.length + 1
  await eventually(() => emr.got.length > before, 10_000)
  takes = true
  await eventually(() => bridge.of('emr')?.sent === 2 && bridge.delivery().idle, 20_000)
  expect(emr.got.slice(before).map((text) => obrOf(text)[25])).not.toContain('F')
  expect(emr.got.slice(before).every(isDoubted)).toBe(true)
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
  // The first version stays what it was.
  const asked = (version: string) => library.one('DiagnosticReport', id, { version })
  expect((await asked('1'))?.resource).toMatchObject({ status: 'final', meta: { versionId: '1' } })
  expect((await asked('2'))?.resource).toEqual(report)
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
