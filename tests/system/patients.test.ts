// A bridge whose pump is somebody's: the same patient in REST, FHIR, HL7 and a webhook, before and after a merge,
// and in nothing that operators read.
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Deframer, frame } from '../../src/delivery/mllp.ts'
import { r4Server } from '../delivery/r4-server.ts'
import { atEnd, closeAll, fileOf, SECRET, webhookReceiver } from '../delivery/senders.ts'
import { ask, endAll, eventually, lifted, serve, sim, stop, temporary, token } from './programs.ts'
import { receiver } from './receiver.ts'

afterEach(async () => {
  await endAll()
  await closeAll()
})

interface Item {
  readonly id: string
  readonly owner: { readonly value: string } | null
}

it('one patient, everywhere the same', { timeout: 180_000 }, async () => {
  const [emr, ehr, lab] = [await receiver(), await r4Server(), await webhookReceiver()]
  atEnd(() => emr.close())
  atEnd(() => ehr.close())
  const pump = await sim('tcp')
  const dir = temporary()
  const table = join(dir, 'pumps.csv')
  const config = join(dir, 'config.yaml')
  // Which serial the simulated pump has is learnt from a first reading, of nobody.
  writeFileSync(table, 'serial,value,name,location\nOTHER,X,,\nANOTHER,Y,,\n')
  writeFileSync(
    config,
    `source: simulator
patients: { file: ${table}, system: 'urn:oid:1.2.3', names: true, settleSeconds: 0.2, adt: { listen: '127.0.0.1:0' } }
hl7: { destinations: [{ name: emr, host: 127.0.0.1, port: ${emr.port}, testMessages: true }] }
delivery:
  fhir: [{ name: ehr, url: '${ehr.url}', testMessages: true }]
  webhooks: [{ name: lab, url: '${lab.url}', secretFiles: ['${fileOf(SECRET)}'], kinds: [interrogation], testMessages: true }]
`,
  )
  const state = temporary()
  const served = await serve([pump.port], { state, more: ['--config', config] })
  const { bridge } = served
  const bearer = await token(state)
  // What the pump has logged itself goes there, too.
  const reports = () => [...ehr.store].filter((key) => /^DiagnosticReport .*\d$/.test(key)).length
  const metricsOf = async () =>
    (
      await fetch(`${served.url}/metrics`, { headers: { authorization: `Bearer ${bearer}` } })
    ).text()
  const got = (n: number) =>
    eventually(
      () => [emr.got.length, reports(), lab.seen.length],
      (all) => all.every((one) => one === n),
      60_000,
    )
  await got(1)
  const { pumps } = await ask<{ pumps: { pump: { id: string; serial: string } }[] }>(
    served,
    bearer,
    '/api/v1/pumps',
  )
  const { id = '', serial = '' } = pumps[0]?.pump ?? {}
  writeFileSync(table, `serial,value,name,location\n${serial},A-1,"Doe, Jane",W1^2\n`)
  for (let left = 200; ; left -= 1) {
    const text = await metricsOf()
    // Two pumps were somebody's, and one is.
    if (/^wandbridge_patients_pumps 1$/m.test(text)) break
    if (left === 0) throw new Error(bridge.err())
    await new Promise((go) => setTimeout(go, 50))
  }
  const again = async () => {
    await lifted(pump, served, bearer)
    await pump.command({ do: 'place' })
  }
  await again()
  await got(2)
  const [, port = ''] = /ADT on 127\.0\.0\.1:(\d+)/.exec(bridge.err()) ?? []
  const reply = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    const deframer = new Deframer()
    socket.on('error', reject).on('data', (chunk) => {
      const [text] = deframer.push(chunk)
      if (text === undefined) return
      resolve(text)
      socket.destroy()
    })
    socket.write(
      frame('MSH|^~\\&|ADT||||20260105080000||ADT^A40|c1|P|2.5\rPID|1||B-2||Roe^Jane\rMRG|A-1\r'),
    )
  })
  expect(reply).toContain('MSA|AA|c1')
  await again()
  await got(3)

  const { interrogations } = await ask<{ interrogations: Item[] }>(
    served,
    bearer,
    `/api/v1/pumps/${id}/interrogations`,
  )
  expect(interrogations.map(({ owner }) => owner?.value ?? null)).toEqual([null, 'A-1', 'B-2'])
  const pid = emr.got.map((text) => /\rPID\|\|\|([^^|]*)/.exec(text)?.[1])
  expect(pid).toEqual(['', 'A-1', 'B-2'])
  expect(/\rPV1\|1\|U\|W1\^2/.test(emr.got[1] ?? '')).toBe(true)
  const patients = [...ehr.store].filter((key) => key.startsWith('Patient '))
  expect(patients.sort()).toEqual(['Patient urn:oid:1.2.3|A-1', 'Patient urn:oid:1.2.3|B-2'])
  const theirs = async (path: string) => (await ask<{ total: number }>(served, bearer, path)).total
  const named = encodeURIComponent('urn:oid:1.2.3|B-2')
  expect(await theirs(`/fhir/R4/DiagnosticReport?patient:identifier=${named}`)).toBe(2)
  const { interrogations: own } = await ask<{ interrogations: Item[] }>(
    ...[served, bearer, `/api/v1/pumps/${id}/interrogations?patient=A-1`],
  )
  expect(own.map((one) => one.id)).toEqual(interrogations.slice(1).map((one) => one.id))
  const reading = await ask<{ interrogation: Item }>(
    ...[served, bearer, `/api/v1/pumps/${id}/interrogations/${interrogations[2]?.id}`],
  )
  expect(reading.interrogation.owner).toEqual({
    ...{ system: 'urn:oid:1.2.3', value: 'B-2' },
    ...{ name: 'Roe, Jane', location: 'W1^2' },
  })
  const metrics = await metricsOf()
  expect(metrics).toContain('wandbridge_adt_messages_total{answer="accepted"} 1')
  expect(await stop(bridge)).toBe(0)
  for (const text of [metrics, bridge.err()]) expect(text).not.toMatch(/Jane|A-1|B-2/)
})
