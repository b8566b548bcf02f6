// Who reads what at a replica: a token of one site reaches nothing of another, on any address that its server has,
// and the addresses are taken from the server itself. What a browser, `/wands` and the overview say.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeDisk } from '../../src/base/disk.ts'
import { Feed } from '../../src/feed/feed.ts'
import type { BridgeStatus } from '../../src/model/status.ts'
import { clinic, get, readingOf, replica, tokenIn } from './replicas.ts'
import {
  broker,
  caughtUp,
  cleanUp,
  env,
  type Room,
  room,
  sending,
  temporary,
  until,
} from './world.ts'

/** Every address that any server of this process has, as it was registered. */
const routes = new Set<string>()
const noted = (message: unknown) => {
  const { fastify } = message as { readonly fastify: FastifyInstance }
  fastify.addHook('onRoute', ({ url }) => void routes.add(url))
}
beforeEach(() => subscribe('fastify.initialization', noted))
afterEach(async () => {
  unsubscribe('fastify.initialization', noted)
  routes.clear()
  await cleanUp()
})

/** They say nothing of any pump. */
const OPEN = [
  ...['/', '/fleet.css', '/healthz', '/readyz', '/open/:code', '/api/v1/openapi.json'],
  '/fhir/R4/metadata',
]
const FOR_ALL = ['/api/v1/fleet', '/fleet', '/fleet/pumps/:site/:id', '/metrics']

/** What may stand in an address of the site: of everything that its own token reads. */
interface Things {
  readonly site: string
  readonly log: string
  readonly pumps: readonly string[]
  readonly records: readonly string[]
  /** Ids of resources, by their type. */
  readonly fhir: ReadonlyMap<string, readonly string[]>
}

type Reader = (path: string) => Promise<{ readonly status: number; readonly text: string }>

/** An answer; of a stream what comes first. */
const readerFor =
  (one: { readonly url: string }, token: string | null): Reader =>
  async (path) => {
    const reply = await get(one, path, token)
    if (!reply.headers.get('content-type')?.startsWith('text/event-stream'))
      return { status: reply.status, text: await reply.text() }
    let text = ''
    for await (const chunk of reply.body ?? []) {
      text += Buffer.from(chunk).toString()
      if (text.includes('\n\n') && text.includes('event:')) break
    }
    return { status: reply.status, text }
  }

async function thingsOf(site: string, from: Room, read: Reader): Promise<Things> {
  const { pumps } = JSON.parse((await read('/api/v1/pumps')).text) as BridgeStatus
  const ids = pumps.map(({ pump }) => pump.id)
  const records: string[] = []
  for (const id of ids) {
    const { text } = await read(`/api/v1/pumps/${id}/interrogations?limit=2`)
    const { interrogations } = JSON.parse(text) as { interrogations: { id: string }[] }
    records.push(...interrogations.map((one) => one.id))
  }
  const fhir = new Map<string, string[]>()
  for (const type of typesIn(routes)) {
    const { entry = [] } = JSON.parse((await read(`/fhir/R4/${type}?_count=1`)).text) as {
      entry?: { resource: { id?: string; resourceType: string } }[]
    }
    const own = entry.filter(({ resource }) => resource.resourceType === type)
    fhir.set(type, own.map(({ resource }) => resource.id ?? '').slice(0, 1))
  }
  return { site, log: from.name, pumps: ids, records, fhir }
}

const typesIn = (all: ReadonlySet<string>) =>
  [...all].flatMap((url) => /^\/fhir\/R4\/(\w+)\/:id$/.exec(url)?.[1] ?? [])

/** Every address of a route with what one site has in its places. */
function addresses(route: string, of: Things): string[] {
  const found = of.fhir.get(/^\/fhir\/R4\/(\w+)/.exec(route)?.[1] ?? '') ?? []
  const places: Readonly<Record<string, readonly string[]>> = {
    ':site': [of.site],
    ':log': [of.log],
    ':record': of.records.slice(0, 1),
    ':version': ['1'],
    ':code': ['x'],
    '*': route.includes('entries') ? ['000.p/1'] : ['0/000.p/1'],
    ':id': found.length > 0 ? found : of.pumps.slice(0, 2),
  }
  let all = ['']
  for (const part of route.split('/').slice(1)) {
    const values = places[part] ?? (part.startsWith(':') ? [] : [part])
    if (values.length === 0) throw new Error(`nothing to put for ${part} of ${route}`)
    all = all.flatMap((begin) => values.map((value) => `${begin}/${value}`))
  }
  return all
}

describe('at a replica', () => {
  it('a token of one site reaches nothing of another, on any address', async () => {
    const node = await broker()
    const rooms = { a: await room(), b: await room() }
    for (const [site, one] of Object.entries(rooms)) {
      await one.append([
        await readingOf('normal-refill', `${site.toUpperCase()}-9`),
        ...(await clinic(site, site === 'a' ? 2 : 3, 80)),
      ])
      await caughtUp(sending(one, node.url, site))
    }
    const dir = temporary()
    const [a, b, all] = [
      await tokenIn(`${dir}/sites/a`),
      await tokenIn(`${dir}/sites/b`),
      await tokenIn(dir),
    ]
    const one = await replica(node, dir)
    const [asA, asB, asAll, nobody] = [a, b, all, null].map((token) => readerFor(one, token)) as [
      Reader,
      Reader,
      Reader,
      Reader,
    ]
    // The surface of a site is made when it is asked first.
    // What is read must be recorded: nobody is answered before the log here is open.
    for (const read of [asA, asB])
      await until(async () => (await read('/api/v1/pumps')).status === 200, 'it is answered')
    const theirs = await thingsOf('b', rooms.b, asB)
    expect(theirs.pumps.length).toBeGreaterThan(2)
    expect(theirs.records.length).toBeGreaterThan(2)
    const told = [/\bB-\d/, new RegExp(theirs.log), ...theirs.pumps.map((id) => new RegExp(id))]
    const tells = (text: string, path: string) =>
      told.some((what) =>
        what.test(text.replaceAll(path, '').replaceAll(encodeURIComponent(path), '')),
      )
    const telling = new Set<string>()
    const checked: string[] = []
    const known = new Set<string>()
    for (const route of [...routes].filter((url) => url !== '/*')) {
      for (const path of addresses(route, theirs)) {
        const own = await asB(path)
        if (own.status === 200 && tells(own.text, path)) telling.add(route)
        const other = await asA(path)
        // What was asked for may be named in a refusal.
        const said =
          other.status === 200
            ? other.text
            : other.text.replaceAll(/[\w-]+/g, (word) => (path.includes(word) ? '' : word))
        expect(tells(said, path), `${path}: ${other.status} ${said.slice(0, 300)}`).toBe(false)
        if (OPEN.includes(route)) continue
        checked.push(path)
        // Once for each: refusals are slow when there are many.
        if (known.has(route)) continue
        known.add(route)
        expect((await nobody(path)).status, path).toBe(401)
        const general = await asAll(path)
        if (FOR_ALL.includes(route)) expect(general.status, path).toBe(200)
        else expect(general.status, path).toBe(404)
      }
    }
    // It would have been noticed: the token of the site itself reads such things on most addresses.
    expect(
      [...routes].filter((url) => url.startsWith('/api/v1/pumps') && !telling.has(url)),
    ).toEqual([])
    expect(telling).toContain('/fleet')
    expect(telling).toContain('/fleet/pumps/:site/:id')
    expect(telling).toContain('/api/v1/events')
    expect(telling).toContain('/api/v1/wands')
    expect([...telling].filter((url) => url.startsWith('/fhir')).length).toBeGreaterThan(5)
    expect(checked.length).toBeGreaterThan(40)
  })

  it('tells the wands of a site, sessions not closed, and pages to a browser that shows the token as a password', async () => {
    const node = await broker()
    const one = await room()
    const reading = await readingOf('normal-refill', 'A-1')
    const { session = 1, wand, port, model } = reading
    await one.append([
      // The same serial number at another model is another pump.
      { ...reading, model: `${model} II` },
      reading,
      {
        kind: 'session',
        model,
        pump: 'A-1',
        wand,
        port,
        session,
        body: { event: 'ended', how: 'unconfirmed' },
      } as never,
    ])
    const sent = sending(one, node.url, 'a')
    await caughtUp(sent)
    const dir = temporary()
    const [a, all] = [await tokenIn(`${dir}/sites/a`), await tokenIn(dir)]
    const served = await replica(node, dir)
    const { wands } = (await (await get(served, '/api/v1/wands', a)).json()) as BridgeStatus
    expect(
      wands.map((each) => [each.port, each.serial, each.link.connected, each.link.cause]),
    ).toEqual([[port, wand, false, 'elsewhere']])
    const { pumps } = served.overview()
    expect(pumps.map((each) => [each.model, each.unclosed])).toEqual([
      [model, 1],
      [`${model} II`, 0],
    ])
    expect(wands[0]?.unclosed.length).toBe(1)
    const basic = (token: string) => ({
      authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}`,
    })
    const page = async (path: string, token: string) =>
      (await fetch(`${served.url}${path}`, { headers: basic(token) })).text()
    for (const token of [a, all]) {
      const overview = await page('/fleet', token)
      expect(overview).toContain('A-1')
      const shown = await Promise.all(
        [...overview.matchAll(/href="(\/fleet\/pumps\/a\/[^"]+)"/g)].map(([, address = '']) =>
          page(address, token),
        ),
      )
      for (const pump of shown) {
        expect(pump).toContain('Pump A-1')
        expect(pump).toContain('Not live')
      }
      expect(shown.map((pump) => pump.includes('is not known to be closed'))).toEqual([true, false])
    }
    // Who opened a pump's page is recorded, with the pump.
    const log = new Feed({ env, source: 'simulator', disk: nodeDisk, dir: `${dir}/audit` })
    const reads: string[] = []
    for await (const { line } of log.read({ kinds: ['read-access'] })) reads.push(line)
    for (const route of ['/sites/a/fleet/pumps/{site}/{id}', '/fleet/pumps/{site}/{id}'])
      expect(
        reads.filter((line) => line.includes(`"${route}"`) && line.includes('"pump":"A-1"')),
      ).toHaveLength(1)
    const asked = await fetch(`${served.url}/fleet`)
    expect(asked.status).toBe(401)
    expect(asked.headers.get('www-authenticate')).toContain('Basic realm="wandbridge"')
    expect(await asked.text()).toContain('The password is a token')
  })
})
