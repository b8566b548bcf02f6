// The commands and the bridge as people start them: a reading goes out to a destination, is exported as a
// Bundle, and what a destination would not take is sent again.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { endAll, eventually, serve, sim, start, temporary, token } from './programs.ts'
import { receiver } from './receiver.ts'

const closing: (() => void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await endAll()
})

it('a reading is sent, set aside when it is refused, shown, sent again, and exported', {
  timeout: 180_000,
}, async () => {
  const { got, port, close } = await receiver((n) => (n === 0 ? 'AR' : 'AA'))
  closing.push(close)
  const wand = await sim('tcp')
  const state = temporary()
  const config = join(temporary(), 'config.yaml')
  writeFileSync(
    config,
    `source: simulator\nstateDir: ${state}\nhl7:\n  destinations:\n    - { name: emr, host: 127.0.0.1, port: ${port}, testMessages: true }
codings:
  - { of: MDCX_PUMP_RESERVOIR_VOLUME_REPORTED, system: urn:oid:1.2.36.146, code: PUMP-RV, display: Reservoir }
`,
  )
  const base = ['--state-dir', state]
  const { bridge, url } = await serve([wand.port], { state, more: ['--config', config] })
  await eventually(
    () => bridge.err(),
    (x) => x.includes('set aside'),
    30_000,
  )
  expect(got.length).toBe(1)
  const told = start(['hl7', 'send', ...base])
  expect(await told.exit).toBe(0)
  expect(told.out()).toContain('1 set aside')
  expect(told.out()).toMatch(/ record \d+ of simulator-1-[0-9a-f]{8}: AR because/)
  // The same is seen over HTTP: by whoever shows the page, and by whoever watches the metrics.
  const headers = { authorization: `Bearer ${await token(state)}` }
  // A token is known a moment later, and on a slow disk a read that cannot be recorded is refused.
  const get = async (path: string) => {
    for (let left = 40; ; left -= 1) {
      const reply = await fetch(`${url}${path}`, { headers })
      const text = await reply.text()
      if (reply.ok || left === 0) return text
      await setTimeout(500)
    }
  }
  const { destinations } = JSON.parse(await get('/api/v1/wands')) as { destinations: unknown }
  expect(destinations).toMatchObject([{ name: 'emr', parked: 1, aside: [{ code: 'AR' }] }])
  const metrics = await get('/metrics')
  expect(metrics).toMatch(/delivery_parked\{destination="emr",kind="hl7"\} 1\n/)
  // Nothing is owed; what was recorded this moment, such as this read, is still being looked at.
  expect(metrics).toMatch(/delivery_lag_seconds\{destination="emr",kind="hl7"\} 0(\.\d+)?\n/)
  const found = await get('/fhir/R4/Observation?code=157784')
  expect(JSON.parse(found)).toMatchObject({ total: 1, meta: { security: [{ code: 'HTEST' }] } })
  const path = '/fhir/R4/DiagnosticReport?_include=DiagnosticReport:result&_count=200'
  const given = JSON.parse(await get(path)) as { entry: { resource: { id: string } }[] }
  const status = start(['hl7', 'status', '--config', config])
  expect(await status.exit, status.err()).toBe(0)
  expect(status.out()).toContain('AR because')
  // The configuration says where the bridge is that runs: through it, beside it.
  const again = start(['hl7', 'send', '--parked', '--config', config])
  expect(await again.exit).toBe(0)
  expect(again.out()).toContain('emr: 1 sent again.')
  await eventually(
    () => got.length,
    (n) => n === 2,
    10_000,
  )
  expect(got[1]).toBe(got[0])
  const test = start(['hl7', 'test', '--config', config])
  expect(await test.exit, test.err()).toBe(0)
  expect(test.out()).toContain('Accepted (AA')
  expect(got[2]?.split('|')[10]).toBe('T')
  expect(got[2]).toContain('about no patient and no pump')
  bridge.child.kill('SIGTERM')
  expect(await bridge.exit).toBe(0)

  const dry = start(['hl7', 'send', '--dry-run', '--config', config, ...base])
  expect(await dry.exit).toBe(0)
  expect(dry.err()).toContain('0 messages owed')
  const alone = start(['hl7', 'send', '--config', config, ...base])
  expect(await alone.exit, alone.err()).toBe(0)
  expect(alone.out()).toContain('Everything that was recorded')
  expect(got.length).toBe(3)

  const shown = start(['audit', 'show', '--json', ...base])
  expect(await shown.exit).toBe(0)
  const records = shown.json() as { kind: string; seq: number; body: { position?: number } }[]
  const position = records.find((one) => one.kind === 'interrogation')?.seq
  for (const kind of ['delivery-parked', 'delivery-resent']) {
    expect(records.find((one) => one.kind === kind)?.body.position, kind).toBe(position)
  }
  const exported = start(['fhir', 'export', String(position), '--config', config])
  expect(await exported.exit).toBe(0)
  const bundle = JSON.parse(exported.out()) as {
    type: string
    entry: { resource: { id: string } }[]
  }
  expect(bundle.type).toBe('collection')
  expect(bundle.entry[0]?.resource.id).toMatch(new RegExp(`\\.${position}$`))
  // The same as the bridge gave, with the codings of the clinic.
  const read = (id: string) => /^simulator-1-[0-9a-f]{8}\./.test(id)
  const there = given.entry.map(({ resource }) => resource)
  const here = bundle.entry.map(({ resource }) => resource).filter(({ id }) => read(id))
  const sorted = (all: { id: string }[]) => all.sort((a, b) => (a.id < b.id ? -1 : 1))
  expect(sorted(here)).toEqual(sorted(there))
  expect(here.length).toBeGreaterThan(20)
  expect(JSON.stringify(here)).toContain('"code":"PUMP-RV"')
  const none = start(['fhir', 'export', '0', ...base])
  expect(await none.exit).toBe(1)
  expect(none.err()).toContain('There is no interrogation at position 0')
})
