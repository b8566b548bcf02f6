// What doctor says of a broker, over a real one: whether it is reached, what of the log it lacks, what ends within
// weeks; and that a running bridge tells the broker among its destinations.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { lookAhead } from '../../src/cli/doctor/ahead.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { type FleetFacts, fleetEnds, fleetFindings } from '../../src/cli/doctor/fleet.ts'
import { gatherFleet } from '../../src/cli/doctor/fleet-facts.ts'
import type { Settings } from '../../src/cli/options.ts'
import { ask } from '../../src/control/client.ts'
import { fleetSchema } from '../../src/fleet/stream/config.ts'
import { configSchema } from '../../src/host/config.ts'
import { startHost } from '../../src/host/host.ts'
import { authority, operated, tls } from './keys.ts'
import {
  broker,
  caughtUp,
  cleanUp,
  env,
  onCleanUp,
  room,
  sending,
  some,
  temporary,
  until,
} from './world.ts'

afterEach(cleanUp)

const DAY_MS = 86_400_000

function settings(stateDir: string, fleet: object): Settings {
  return {
    ...configSchema.parse({
      source: 'simulator',
      fleet: { site: 'clinic-a', replicas: 1, ...fleet },
    }),
    stateDir,
  }
}

const said = (all: readonly Finding[]) =>
  all.map(({ level, says }) => `${level}: ${says}`).join('\n')

const WELL: FleetFacts = {
  ...{ site: 'clinic-a', servers: ['tls://broker.example:4222'], fault: null, told: null },
  stream: {
    name: 'wand_clinic-a_x',
    is: 'there',
    owed: 3,
    copies: { wanted: 3, has: 3, current: 3 },
  },
  ...{ keys: null, storage: null, certificates: [], credentialsUntil: null },
}
const stream = (more: Partial<NonNullable<FleetFacts['stream']>>) => ({
  stream: { ...(WELL.stream as NonNullable<FleetFacts['stream']>), ...more },
})

describe('what doctor makes of a broker', () => {
  it('finds nothing wrong with one that has the log', () => {
    expect(fleetFindings(WELL).filter(({ level }) => level !== 'ok')).toEqual([])
    expect(fleetFindings(null)).toEqual([])
  })

  it('says once that a broker is away, however many keys there are for it', () => {
    const sites = ['a', 'b'].map((site) => ({ site, fault: 'nothing listens', refused: false }))
    const found = fleetFindings({ ...WELL, keys: { dir: '/keys', sites, overlooked: null } })
    expect(found.map(({ level }) => level)).toEqual(['wrong'])
    expect(said(found)).toContain('is not reached: nothing listens')
  })

  it.each<[string, Partial<FleetFacts>, Finding['level'], string]>([
    ['not reached', { fault: 'nothing listens' }, 'wrong', 'records stay in the log'],
    [
      'what the bridge says',
      { told: 'Stream x ends with another record.' },
      'wrong',
      'another record',
    ],
    ['no stream yet', stream({ is: 'missing' }), 'note', 'has no stream wand_clinic-a_x yet'],
    ['a stream of somebody else', stream({ is: 'foreign' }), 'wrong', 'no bridge made'],
    ['records owed', stream({ owed: 40_000 }), 'note', 'lacks 40000 records'],
    ['an older copy here', stream({ owed: -7 }), 'wrong', '7 records more than the log here'],
    [
      'a node that is away',
      stream({ copies: { wanted: 3, has: 3, current: 2 } }),
      'note',
      '2 are up to date',
    ],
    [
      'too few copies',
      stream({ copies: { wanted: 3, has: 1, current: 1 } }),
      'note',
      'on 1 of the 3',
    ],
    ['room that ends', { storage: { used: 85, most: 100 } }, 'note', '85 %'],
    ['no room', { storage: { used: 96, most: 100 } }, 'wrong', 'no record is taken'],
  ])('%s', (_, more, level, says) => {
    const found = fleetFindings({ ...WELL, ...more }).filter((one) => one.level !== 'ok')
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ level, topic: 'Broker' })
    expect(found[0]?.says).toContain(says)
    expect(found[0]?.todo).not.toBeNull()
  })
})

describe('doctor at a real broker', () => {
  it('says what the broker has of the log, who vouches for it, and until when', async () => {
    const dir = temporary()
    const own = authority(dir, 'own')
    const { cert, key } = own.certificate('localhost')
    const node = await broker(tls(cert, key))
    const servers = [`tls://localhost:${new URL(node.url).port}`]
    const one = await room()
    const well = settings(one.dir, { servers, tls: { ca: own.ca } })
    expect(said(fleetFindings(await gatherFleet(env, well)))).toContain('note: It has no stream')
    await one.append(some(200))
    const sent = sending(one, servers, 'clinic-a', { tls: { ca: own.ca } })
    await caughtUp(sent)
    await sent.stop()
    const full = await gatherFleet(env, well)
    expect(said(fleetFindings(full))).toContain('has the log, but for 0 records')
    // The test's own certificates last two days.
    const ahead = {
      wall: env.wall(),
      node: '24.1.0',
      disk: { freeBytes: null, grown: null },
      key: null,
    }
    const ends = lookAhead({ ...ahead, certificates: fleetEnds(full) })
    expect(said(ends)).toMatch(
      /wrong: The certificate of tls:\/\/localhost:\d+ \(fleet\.servers\) is good until/,
    )
    await one.append(some(300, 200))
    await one.close()
    expect(said(fleetFindings(await gatherFleet(env, well)))).toMatch(
      /note: .* lacks 30\d records of the log/,
    )
    const other = authority(dir, 'other')
    const wrong = await gatherFleet(env, settings(one.dir, { servers, tls: { ca: other.ca } }))
    expect(said(fleetFindings(wrong))).toContain('fleet.tls.ca must be the authority of the broker')
    rmSync(join(one.dir, 'audit'), { recursive: true })
    expect((await gatherFleet(env, well))?.stream).toBeNull()
  })

  it('says when credentials end, and a running bridge tells the broker among its destinations', async () => {
    const dir = temporary()
    const endsAt = Math.floor(env.wall() / 1_000) + 10 * 86_400
    const { conf, file } = operated(dir, { endsAt })
    const node = await broker(conf)
    const fleet = { servers: [node.url], credentials: file }
    const state = temporary()
    const host = await startHost(env, state, async () => ({
      ...{ source: 'simulator', ports: [], policy: 'manual' },
      fleet: {
        config: fleetSchema.parse({ site: 'clinic-a', replicas: 1, ...fleet }),
        log: () => {},
      },
    }))
    onCleanUp(() => host.stop('test'))
    let told: Awaited<ReturnType<typeof ask<'delivery'>>> = null
    const idle = async () => {
      told = await ask(state, 'delivery', {})
      return told?.[0]?.state === 'idle'
    }
    await until(idle, 'everything is at the broker')
    // Lag, window and what was sent again are among the metrics.
    const counted = new Map(host.counters().map(({ name, values }) => [name, values[0]?.value]))
    for (const name of ['lag_records', 'lag_seconds', 'window', 'stopped', 'resent_total'])
      expect(counted.get(`fleet_${name}`), name).toBe(0)
    expect(counted.get('fleet_epochs_total')).toBe(1)
    expect(counted.get('fleet_sent_total')).toBeGreaterThan(0)
    expect(told).toMatchObject([
      { kind: 'nats', name: 'fleet clinic-a', sentence: 'Every durable record is at the broker.' },
    ])
    const facts = await gatherFleet(env, settings(state, fleet))
    expect(facts).toMatchObject({ fault: null, told: null, credentialsUntil: endsAt * 1_000 })
    const ahead = { node: '24.1.0', disk: { freeBytes: null, grown: null }, key: null }
    const ends = (days: number) =>
      lookAhead({
        ...ahead,
        wall: endsAt * 1_000 - days * DAY_MS,
        certificates: fleetEnds(facts),
      }).at(-1)
    expect([ends(10)?.level, ends(40)?.level]).toEqual(['wrong', 'ok'])
    expect(ends(10)?.todo).toContain('Have new credentials made')
  })
})
