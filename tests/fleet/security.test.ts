// Who may do what at a broker, with the example configuration of deploy/: a bridge of one site writes and reads nothing of
// another, a replica sees a site by that site's key alone; TLS with an authority of one's own, and a broker that is
// not what it should be, told in a sentence.

import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, nkeyAuthenticator } from '@nats-io/transport-node'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { fleetFindings } from '../../src/cli/doctor/fleet.ts'
import { gatherFleet } from '../../src/cli/doctor/fleet-facts.ts'
import { openBroker } from '../../src/fleet/stream/broker.ts'
import { brokerProblem, fleetSchema } from '../../src/fleet/stream/config.ts'
import { descriptionOf, streamOf } from '../../src/fleet/stream/names.ts'
import { configSchema } from '../../src/host/config.ts'
import { startReplica } from '../../src/host/replica.ts'
import type { BridgeStatus } from '../../src/model/status.ts'
import { WORDS } from '../../src/words/words.ts'
import { accounts, authority, operated, tls, userKey } from './keys.ts'
import { get, tokenIn } from './replicas.ts'
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

const LOG = 'simulator-1-0a1b2c3d'

/** Of two clinics: what each sends with, and in a directory of their own what they are read with. */
function keysOfTwo() {
  const dir = temporary()
  const readers = join(dir, 'readers')
  mkdirSync(readers)
  const key = {
    a: userKey(dir, 'a'),
    b: userKey(dir, 'b'),
    readA: userKey(readers, 'clinic-a'),
    readB: userKey(readers, 'clinic-b'),
  }
  return { dir, readers, key }
}

const brokerOf = (key: ReturnType<typeof keysOfTwo>['key']) =>
  broker(
    accounts({
      ...{ UPUBLISHERCLINICA: key.a.id, UPUBLISHERCLINICB: key.b.id },
      ...{ UREADERCLINICA: key.readA.id, UREADERCLINICB: key.readB.id },
    }),
  )

/** A replica that has a key for each site, what it says and what it shows. */
async function replicaWith(url: string, readers: string) {
  const [said, state]: [string[], string] = [[], temporary()]
  const token = await tokenIn(join(state, 'sites/clinic-a'))
  const all = await tokenIn(state)
  const replica = await startReplica(env, state, {
    ...{ broker: { servers: [url], nkey: readers }, source: 'simulator' },
    ...{ words: WORDS['en-US'], page: { locale: 'en-US', zone: 'UTC' } },
    http: { host: '127.0.0.1', port: 0 },
    log: (text, level = 'warning') => void said.push(`${level}: ${text}`),
  })
  onCleanUp(() => replica.close())
  const sizes = () => replica.overview().sites.map(({ site, records }) => [site, records])
  const audit = async () => {
    const reply = await get(replica, '/api/v1/pumps', token)
    return ((await reply.json()) as BridgeStatus).audit.state
  }
  /** Whose key is not let in, by the overview. */
  const refused = () =>
    replica
      .overview()
      .sites.filter(({ keyLostAt }) => keyLostAt !== null)
      .map(({ site }) => site)
      .join()
  const page = async () => (await get(replica, '/fleet', all)).text()
  return { replica, state, said, sizes, audit, refused, page }
}

const shows = ({ sizes }: Awaited<ReturnType<typeof replicaWith>>, all: unknown[]) =>
  until(() => JSON.stringify(sizes().toSorted()) === JSON.stringify(all), `${all}`, 40)

describe('a broker with an account for each site', () => {
  it('takes from a bridge what is of its own site, and gives it nothing of another', async () => {
    const { readers, key } = keysOfTwo()
    const node = await brokerOf(key)
    const rooms = { a: await room(), b: await room() }
    for (const [site, one] of Object.entries(rooms)) {
      // Whose a record is, is told by its number.
      await one.append(some(20, site === 'b' ? 5_000 : 0))
      const nkey = key[site as 'a' | 'b'].file
      await caughtUp(sending(one, node.url, `clinic-${site}`, { nkey }))
    }
    // The bridge of A that calls itself B: none of its records is taken.
    const other = await room()
    await other.append(some(3))
    const wrong = sending(other, node.url, 'clinic-b', { nkey: key.a.file })
    await until(() => wrong.said.some((line) => /permission/i.test(line)), 'it is told', 20)
    expect(wrong.publisher.counts.sent).toBe(0)
    await wrong.stop()
    // With the key of A, whatever it asks for, nothing of B is there.
    const asA = await openBroker({ servers: [node.url], nkey: key.a.file }, 'test')
    onCleanUp(() => asA.close())
    const streamB = streamOf({ site: 'clinic-b', log: rooms.b.name })
    await expect(asA.manager.streams.info(streamB)).rejects.toThrow(/stream not found/)
    await expect(asA.manager.streams.getMessage(streamB, { seq: 1 })).rejects.toThrow(/not found/)
    const inbox: string[] = []
    asA.connection.subscribe('_INBOX.>', {
      callback: (error, message) => void (error === null && inbox.push(message.string())),
    })
    // Nor is anything believed that stands in its account under the name of B.
    const bare = await connect({
      servers: node.url.slice(7),
      authenticator: nkeyAuthenticator(Buffer.from(readFileSync(key.a.file, 'utf8').trim())),
    })
    onCleanUp(() => bare.close())
    await (await jetstreamManager(bare)).streams.add({
      name: streamOf({ site: 'clinic-b', log: LOG }),
      description: descriptionOf(0),
      subjects: [`wand.v1.clinic-b.${LOG}.>`],
    })
    const replica = await startReplica(env, temporary(), {
      ...{ broker: { servers: [node.url], nkey: readers }, source: 'simulator' },
      ...{ words: WORDS['en-US'], page: { locale: 'en-US', zone: 'UTC' } },
      ...{ http: { host: '127.0.0.1', port: 0 }, log: () => {} },
    })
    onCleanUp(() => replica.close())
    const sites = () =>
      replica.overview().sites.map(({ site, log, records }) => [site, log, records])
    await rooms.b.append(some(5, 5_020))
    const expected = (['a', 'b'] as const).map((one) => [
      ...[`clinic-${one}`, rooms[one].name, rooms[one].log.state.size],
    ])
    await until(
      () => JSON.stringify(sites()) === JSON.stringify(expected),
      `${JSON.stringify(sites())}`,
    )
    expect(inbox.some((text) => text.includes('"reportedVolume":7}'))).toBe(true)
    expect(inbox.filter((text) => /"reportedVolume":50\d\d/.test(text))).toEqual([])
    expect(inbox.filter((text) => text.includes(rooms.b.name))).toEqual([])
    // A reader cannot write, and has no stream removed.
    const asReader = await openBroker({ servers: [node.url], nkey: key.readB.file }, 'test')
    onCleanUp(() => asReader.close())
    await expect(asReader.manager.streams.delete(streamB)).rejects.toThrow(/permission/i)
  })

  it('that takes back the key of one site leaves the others as they are, and that one comes back with its key', async () => {
    const { dir, readers, key } = keysOfTwo()
    const old = { id: key.readA.id, other: userKey(dir, 'other').id }
    // They are called like a key, and are none.
    for (const name of ['clinic-b.bak', 'clinic-c.pub', 'readme'])
      writeFileSync(join(readers, name), 'x')
    const node = await brokerOf(key)
    const rooms = { a: await room(), b: await room() }
    const sent = []
    for (const [site, one] of Object.entries(rooms)) {
      await one.append(some(20))
      const nkey = key[site as 'a' | 'b'].file
      const by = sending(one, node.url, `clinic-${site}`, { nkey })
      await caughtUp(by)
      sent.push(by)
    }
    const conf = join(dirname(node.store), 'nats.conf')
    const changed = async (from: string, to: string) => {
      await node.kill()
      writeFileSync(conf, readFileSync(conf, 'utf8').replace(from, to))
      await node.start()
    }
    const is = (one: 'a' | 'b') => [`clinic-${one}`, rooms[one].log.state.size]
    const started = () => replicaWith(node.url, readers)
    const first = await started()
    // What lies beside the keys is told, loudly, and how a key is called.
    const beside = first.said.filter((line) => line.includes('clinic-b.bak, clinic-c.pub, readme'))
    expect(beside).toEqual([
      expect.stringMatching(/^warning: No keys of sites.* such as clinic-a\.nk\./),
    ])
    await shows(first, [is('a'), is('b')])
    const before = is('a')
    await changed(old.id, old.other)
    await until(() => first.said.some((text) => text.includes('the key of clinic-a:')), 'told', 20)
    await rooms.b.append(some(5, 20))
    await shows(first, [before, is('b')])
    await until(() => first.replica.overview().brokerLostAt === null, 'clinic-b is there', 20)
    expect((await get(first.replica, '/readyz', null)).status).toBe(200)
    expect(await first.audit()).toBe('failed')
    await until(() => first.refused() === 'clinic-a', 'the overview says whose key it is', 20)
    expect(await first.page()).toContain('has not let in the key of this site since')
    // So it is with one that starts now.
    const second = await started()
    await shows(second, [['clinic-a', 0], is('b')])
    expect(second.said.join()).toContain('clinic-a.nk: it does not let this user in')
    expect(await second.audit()).toBe('failed')
    expect(second.refused()).toBe('clinic-a')
    await changed(old.other, old.id)
    await rooms.a.append(some(5, 20))
    for (const one of [first, second]) {
      await shows(one, [is('a'), is('b')])
      await until(async () => (await one.audit()) === 'ok', 'clinic-a is there again')
      expect(one.refused()).toBe('')
    }
  }, 90_000)

  it('lets in a key that comes, is another, or goes, while a replica runs; doctor says what lies there', async () => {
    const { dir, readers, key } = keysOfTwo()
    const node = await brokerOf(key)
    const rooms = { a: await room(), b: await room() }
    for (const [site, one] of Object.entries(rooms)) {
      await one.append(some(20))
      await caughtUp(
        sending(one, node.url, `clinic-${site}`, { nkey: key[site as 'a' | 'b'].file }),
      )
    }
    const is = (one: 'a' | 'b') => [`clinic-${one}`, rooms[one].log.state.size]
    const [file, away] = [key.readB.file, join(dir, 'away.nk')]
    renameSync(file, away)
    const one = await replicaWith(node.url, readers)
    await shows(one, [is('a')])
    // Another's key, and then its own: the file counts as it is.
    copyFileSync(userKey(dir, 'stranger').file, file)
    await until(() => one.refused() === 'clinic-b', 'a key that is not let in is told', 20)
    const settings = configSchema.parse({
      source: 'simulator',
      fleet: { site: 'replica', servers: [node.url], nkey: readers },
    })
    writeFileSync(join(readers, 'clinic-c.key'), 'x')
    // As a system leaves beside what it mounts.
    writeFileSync(join(readers, '..data'), 'x')
    const found = fleetFindings(await gatherFleet(env, { ...settings, stateDir: temporary() }))
    expect(found.map(({ level, says }) => `${level}: ${says}`)).toEqual([
      expect.stringMatching(/^ok: Sites whose keys the broker .* lets in: 1\.$/),
      expect.stringMatching(
        /^wrong: The key of clinic-b is not let in: it does not let this user in/,
      ),
      expect.stringMatching(/^wrong: No keys of sites, and not used: clinic-c\.key in /),
    ])
    await until(
      () => one.said.some((text) => text.includes('clinic-c.key in')),
      'told while it runs',
    )
    copyFileSync(away, file)
    await shows(one, [is('a'), is('b')])
    await until(() => one.refused() === '', 'clinic-b is let in', 20)
    // So does a token that is made now, for a site that was not there at the start.
    const token = await tokenIn(join(one.state, 'sites/clinic-b'))
    const counts = async () => (await get(one.replica, '/api/v1/pumps', token)).status === 200
    await until(counts, 'a token made now counts', 20)
    rmSync(file)
    await until(() => one.refused() === 'clinic-b', 'a key that is gone is told', 20)
    // In the same words to the site itself: the broker is there.
    const own = await (await get(one.replica, '/fleet', token)).text()
    expect(own).toContain('has not let in the key of this site')
    expect(own).not.toContain('The broker has not answered')
    const { audit } = (await (await get(one.replica, '/api/v1/wands', token)).json()) as {
      audit: { state: string; code: string }
    }
    expect(audit).toMatchObject({ state: 'failed', code: 'fleet.key-lost' })
    await rooms.b.append(some(5, 20))
    await rooms.a.append(some(5, 20))
    await until(() => JSON.stringify(one.sizes()[1]) === JSON.stringify(is('a')), 'a goes on')
    expect(one.sizes()[0]).toEqual(['clinic-b', rooms.b.log.state.size - 5])
    renameSync(away, file)
    await shows(one, [is('a'), is('b')])
  }, 120_000)

  it('lets in a user by a credentials file', async () => {
    const dir = temporary()
    const { conf, file } = operated(dir)
    const node = await broker(conf)
    const one = await room()
    await one.append(some(5))
    const sent = sending(one, node.url, 'clinic-a', { credentials: file })
    await caughtUp(sent)
    const nobody = sending(await room(), node.url, 'clinic-b')
    await until(
      () => nobody.said.some((line) => line.includes('does not let this user in')),
      'told',
    )
  })
})

it('an address with a name or a password in it is refused, and not shown', () => {
  for (const server of ['nats://bob:s3cret@127.0.0.1:4222', 'tls://s3cret@b.example', 's3cret@x']) {
    const { error } = fleetSchema.safeParse({ servers: [server], site: 'a' })
    for (const text of [error?.message ?? '', brokerProblem({ servers: [server] }) ?? '']) {
      expect(text).toContain('name a file in fleet.nkey or fleet.credentials')
      expect(text).not.toContain('s3cret')
    }
  }
})

it('the example of docs/fleet.md is a configuration', () => {
  const [, example = ''] =
    /^```yaml\n(fleet:\n[^`]*)```$/m.exec(
      readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8'),
    ) ?? []
  const { fleet } = configSchema.parse(parse(example))
  expect(fleet).toMatchObject({ site: 'clinic-a', replicas: 3, window: 250 })
})

describe('a broker behind TLS', () => {
  it('is believed by the authority that is configured, and by no other; the sentence says what to mend', async () => {
    const dir = temporary()
    const own = authority(dir, 'own')
    const other = authority(dir, 'other')
    const { cert, key } = own.certificate('localhost')
    const node = await broker(tls(cert, key))
    // By its name: the client holds a certificate to no address.
    const url = `tls://localhost:${new URL(node.url).port}`
    const one = await room()
    await one.append(some(5))
    await caughtUp(sending(one, url, 'clinic-a', { tls: { ca: own.ca } }))
    const wrong = sending(await room(), url, 'clinic-b', { tls: { ca: other.ca } })
    await until(
      () =>
        wrong.said.some((line) =>
          line.includes('fleet.tls.ca must be the authority of the broker'),
        ),
      `told: ${wrong.said}`,
    )
    expect(wrong.publisher.status()).toMatchObject({ code: 'fleet.connecting', state: 'waiting' })
    // A certificate for another name, and a broker that has none.
    await node.kill()
    const named = own.certificate('broker.example')
    renameSync(named.cert, cert)
    renameSync(named.key, key)
    await node.start()
    const broken = { servers: [url], tls: { ca: own.ca } }
    await expect(openBroker(broken, 'test')).rejects.toThrow('its certificate is for another name')
    await node.kill()
    await expect(openBroker(broken, 'test')).rejects.toThrow('nothing listens at that address')
  })
})
