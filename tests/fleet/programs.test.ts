// A fleet of the programs that people start: a bridge that reads a simulated wand sends to a broker; a replica shows
// its pump to a token of that site; doctor and delivery status say how it stands, and what is wrong with a broker that
// is away.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import {
  endAll,
  eventually,
  printed,
  serve,
  sim,
  start,
  stop,
  temporary,
  token,
} from '../system/programs.ts'
import { broker, cleanUp } from './world.ts'

afterEach(async () => {
  await endAll()
  await cleanUp()
})

it('a reading of a wand is on the page of a replica, and the broker is told of by doctor and delivery status', async () => {
  const node = await broker()
  const wand = await sim('tcp')
  const state = temporary()
  const config = join(temporary(), 'config.yaml')
  writeFileSync(
    config,
    `source: simulator\nfleet: { servers: ['${node.url}'], site: clinic-a, replicas: 1 }\n`,
  )
  const { bridge } = await serve([wand.port], { state, more: ['--config', config] })
  const from = temporary()
  const bearer = await token(join(from, 'sites/clinic-a'))
  const how = ['--source', 'simulator', '--state-dir', from, '--listen', '127.0.0.1:0']
  const replica = start(['serve', '--from', node.url, ...how])
  await eventually(replica.err, (text) => text.includes('Replica ready on'), 30_000)
  const [url = ''] = /https?:\/\/[^,\s]+\d/.exec(replica.err()) ?? []
  const page = async () => {
    const authorization = `Basic ${Buffer.from(`clinic-a:${bearer}`).toString('base64')}`
    return (await fetch(`${url}/fleet`, { headers: { authorization } })).text()
  }
  let shown = ''
  const looking = setInterval(() => void page().then((text) => (shown = text)), 500)
  await eventually(
    () => shown,
    (text) => text.includes('/fleet/pumps/clinic-a/'),
    60_000,
  )
  clearInterval(looking)
  expect(shown).toContain('Pumps of clinic-a')
  expect(await printed('delivery', 'status', '--state-dir', state)).toMatch(
    /^fleet clinic-a \(nats:\/\/.*\): /,
  )
  const said = async () => {
    const doctor = start(['doctor', '--json', '--state-dir', state, '--config', config])
    await doctor.exit
    return doctor.json().filter(({ topic }) => topic === 'Broker')
  }
  // What doctor says of a broker that is there is in doctor.test.ts.
  await stop(bridge)
  await node.kill()
  expect(await said()).toMatchObject([{ level: 'wrong' }])
})
