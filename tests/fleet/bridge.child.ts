// A bridge without wands whose log goes to a broker. It is killed from outside. Its arguments: the state
// directory, the brokers, the name of the site. It is told what to do line by line: `write N` appends N
// records, `clock MS` sets its clock that much off from the computer's own; each line is answered by how it stands.
import { createInterface } from 'node:readline'
import { systemEnv } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import { fleetSchema } from '../../src/fleet/stream/config.ts'
import { startFleet } from '../../src/host/fleet-host.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
import { some } from './records.ts'

const [stateDir = '', servers = '', site = ''] = process.argv.slice(2)
const system = systemEnv()
let off = 0
const env = { ...system, wall: () => system.wall() + off }
const source = 'simulator'
const auditor = new Auditor({ env, stateDir, source, settings: {}, boot: `child-${process.pid}` })
await auditor.opened
const { disk, dir, commits$: wake$ } = auditor
const feed = new Feed({ env, disk, dir, source, head: () => auditor.head, wake$ })
const config = fleetSchema.parse({ servers: servers.split(','), site, replicas: 3 })
const fleet = await startFleet(env, stateDir, { auditor, feed }, { config, log: console.error })
let written = 0
createInterface({ input: process.stdin }).on('line', async (line) => {
  const [what, n = '0'] = line.split(' ')
  if (what === 'clock') off = Number(n)
  if (what === 'write') {
    await Promise.all(some(Number(n), written).map((record) => auditor.append(record)))
    written += Number(n)
  }
  const { log, size } = auditor.head ?? { log: '', size: 0 }
  const { state, waiting, code } = fleet.status()
  console.log(JSON.stringify({ log, size, state, waiting, code }))
})
