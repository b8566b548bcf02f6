// The HTTP surface of real bridges, with real clients: what is not live is seen by everybody within a
// second, also while the disk hangs; nothing recorded is lost over restarts; rights end at once. Other programs
// are in http-programs.test.ts.
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { type ApiRecord, Client, HEARTBEAT_MS } from '../../src/client/index.ts'
import { RECORD_KINDS } from '../../src/model/record.ts'
import { check } from '../http/contract.ts'
import { CHROMIUM, launch, NO_CHROMIUM } from './chromium.ts'
import { endAll, eventually, MAIN, run, serve, sim, temporary, token } from './programs.ts'

const CI = process.env['CI'] === 'true'
const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const MS = 120_000

const clients: Client[] = []
const browsers: Browser[] = []
afterAll(async () => {
  for (const client of clients) client.close()
  await Promise.all(browsers.map((browser) => browser.close()))
  await endAll()
})

const once = (args: readonly string[]) =>
  execFileSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })

const get = async (url: string, bearer: string) => {
  const reply = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } })
  return { status: reply.status, body: (await reply.json()) as Record<string, never> }
}

function open(url: string, bearer: string) {
  const client = new Client({ url, token: bearer })
  clients.push(client)
  const records: ApiRecord[] = []
  let state = ''
  client.records$.subscribe((record) => void records.push(record))
  client.connection$.subscribe((one) => {
    state = one.state
  })
  return { client, records, state: () => state, pump: () => client.status()?.pumps[0] }
}

/** What an ordinary client sees that asks every 50 ms: quality of the pump, or of the problem. */
function poll(url: string, bearer: string) {
  const seen = { quality: '', reason: '', going: true }
  const done = (async () => {
    while (seen.going) {
      const { body } = await get(`${url}/api/v1/pumps`, bearer).catch(() => ({ body: {} as never }))
      const one = ((
        body['pumps'] as unknown as { quality: string; reason: string }[] | undefined
      )?.[0] ?? body) as { quality?: string; reason?: string }
      seen.quality = one.quality ?? ''
      seen.reason = one.reason ?? ''
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  return Object.assign(seen, {
    async stop() {
      seen.going = false
      await done
    },
  })
}

/** Quality of the pump by the newest event that says one, as `curl -N` prints it. */
function sse(url: string, bearer: string) {
  const curl = run('curl', ['-sN', '-H', `Authorization: Bearer ${bearer}`, `${url}/api/v1/events`])
  return {
    curl,
    quality(): string {
      const events = curl.out().split('\n\n')
      const saying = events.filter((one) => /event: (status|snapshot)\n/.test(one)).at(-1)
      const data = /\ndata: (.*)/.exec(saying ?? '')?.[1]
      if (data === undefined) return ''
      try {
        return (JSON.parse(data) as { pumps: { quality: string }[] }).pumps[0]?.quality ?? ''
      } catch {
        return 'not whole yet'
      }
    },
  }
}

// By itself: the others wait for programs in this process, and would hold up what is timed here.
describe('what is live', () => {
  it.each([
    ['', false],
    [', also while the disk hangs', true],
  ])(
    'is not any more: a client that asks, one on events and one on the SDK see it within a second%s',
    {
      timeout: MS,
    },
    async (_, hanging) => {
      const pump = await sim('pty')
      const state = temporary()
      const bearer = await token(state)
      const { bridge, url } = await serve([pump.port], { state, policy: 'continuous' })
      const [asking, events, sdk] = [poll(url, bearer), sse(url, bearer), open(url, bearer)]
      const told = () => ({
        asking: asking.quality,
        events: events.quality(),
        sdk: sdk.pump()?.quality ?? sdk.state(),
      })
      const all = (q: string, ms: number) =>
        eventually(told, (seen) => Object.values(seen).every((x) => x === q), ms)
      await all('current', 40_000)
      if (hanging) {
        const hang = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:delay_enter=60000000']
        const hung = run('strace', [
          '-f',
          '-qq',
          '-o',
          '/dev/null',
          ...hang,
          '-p',
          String(bridge.child.pid),
        ])
        const failed = await Promise.race([
          hung.exit.then(
            () => true,
            () => true,
          ),
          new Promise<false>((resolve) => setTimeout(() => resolve(false), 1_500)),
        ])
        expect(failed, 'strace is needed').toBe(false)
      }
      await pump.command({ do: 'unplug' })
      const began = performance.now()
      await all('stale', 1_000)
      expect(performance.now() - began).toBeLessThan(1_000)
      if (!hanging) expect(asking.reason).toBe('wand-lost')
      await asking.stop()
      bridge.child.kill('SIGKILL')
    },
  )

  it('is over for the SDK when the bridge is killed, or stands still for its heartbeat', {
    timeout: MS,
  }, async () => {
    const pump = await sim('pty')
    const state = temporary()
    const bearer = await token(state)
    const { bridge, url } = await serve([pump.port], { state, policy: 'continuous' })
    const sdk = open(url, bearer)
    const live = () =>
      eventually(
        () => sdk.pump()?.quality,
        (q) => q === 'current',
        40_000,
      )
    await live()
    bridge.child.kill('SIGSTOP')
    const stopped = performance.now()
    await eventually(
      () => sdk.pump()?.reason,
      (r) => r === 'server-silent',
      HEARTBEAT_MS + 1_000,
    )
    expect(performance.now() - stopped).toBeLessThan(HEARTBEAT_MS + 1_000)
    bridge.child.kill('SIGCONT')
    await live()
    bridge.child.kill('SIGKILL')
    await eventually(
      () => sdk.pump()?.reason,
      (r) => r === 'server-silent',
      1_000,
    )
    expect(sdk.state()).toBe('silent')
  })
})

describe.concurrent('records', () => {
  const restarts = LONG ? 20 : 3
  it(`are the same in the log and in what clients got, over ${restarts} restarts and broken connections`, {
    timeout: LONG ? 900_000 : 240_000,
  }, async () => {
    const pump = await sim('pty')
    const state = temporary()
    const bearer = await token(state)
    let { bridge, url } = await serve([pump.port], { state, policy: 'continuous' })
    const listen = url.replace('http://', '')
    const sdk = open(url, bearer)
    await eventually(
      () => sdk.pump()?.quality,
      (q) => q === 'current',
      40_000,
    )
    // A bridge that has read already gives that as a snapshot: what is compared begins with a record.
    await eventually(
      () => sdk.records.length,
      (n) => n > 0,
      40_000,
    )
    const began = sdk.records[0]?.position ?? 0
    for (let i = 0; i < restarts; i += 1) {
      for (const what of ['lift', 'place', 'unplug', 'plug']) {
        await pump.command({ do: what })
        await new Promise((resolve) => setTimeout(resolve, 400 + 97 * i))
      }
      bridge.child.kill(i % 2 === 0 ? 'SIGTERM' : 'SIGKILL')
      await bridge.exit
      ;({ bridge, url } = await serve([pump.port], { state, listen, policy: 'continuous' }))
    }
    await eventually(
      () => sdk.pump()?.quality,
      (q) => q === 'current',
      60_000,
    )
    bridge.child.kill('SIGTERM')
    await bridge.exit
    const shown = once(['audit', 'show', '--json', '--last', '1000000', '--state-dir', state])
    const kept = shown
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { seq: number; kind?: string })
      // The line that says which log this is has no kind.
      .filter(({ kind = '' }) => (RECORD_KINDS as readonly string[]).includes(kind))
      .map(({ seq }) => seq)
    const got = sdk.records.map(({ position }) => position)
    // What the last bridge wrote while it closed may come after its goodbye.
    const end = got.at(-1) ?? 0
    expect(got).toEqual(kept.filter((seq) => seq >= began && seq <= end))
    expect(kept.filter((seq) => seq > end).length).toBeLessThan(10)
    expect(new Set(sdk.records.map(({ kind }) => kind)).size).toBeGreaterThan(3)
    for (const record of sdk.records) check('Record', record)
  })
})

// By itself for the same reason.
describe('rights that are timed', () => {
  it('end within a second when another process revokes the token', { timeout: MS }, async () => {
    const pump = await sim('pty')
    const state = temporary()
    const { bridge, url } = await serve([pump.port], { state, policy: 'continuous' })
    // Made while the bridge runs.
    const bearer = await token(state)
    await new Promise((resolve) => setTimeout(resolve, 600))
    const { curl } = sse(url, bearer)
    await eventually(
      () => curl.out(),
      (text) => text.includes('event: snapshot'),
      10_000,
    )
    once(['token', 'revoke', bearer, '--state-dir', state])
    await eventually(
      () => curl.out(),
      (text) => text.includes('event: bye\n'),
      1_000,
    )
    expect(await curl.exit).toBe(0)
    expect((await get(`${url}/api/v1/pumps`, bearer)).body['type']).toBe(
      'urn:wandbridge:problem:token-revoked',
    )
    expect(once(['token', 'list', '--state-dir', state])).toMatch(/revoked/)
    bridge.child.kill('SIGTERM')
    expect(await bridge.exit).toBe(0)
  })
})

describe('a program of others', () => {
  it("a browser's EventSource, let in by wandbridge open", { timeout: MS }, async ({ skip }) => {
    skip(!CHROMIUM && !CI, NO_CHROMIUM)
    const pump = await sim('pty')
    const state = temporary()
    const { url } = await serve([pump.port], { state, policy: 'continuous' })
    const link = once(['open', '--print', '--state-dir', state]).trim()
    expect(link.startsWith(`${url}/open/`)).toBe(true)
    const browser = await launch()
    browsers.push(browser)
    const page = await browser.newPage()
    await page.goto(link)
    expect(page.url()).toBe(`${url}/`)
    // No script gets at the cookie.
    expect(await page.evaluate('document.cookie')).toBe('')
    const seen = `new Promise((resolve) => {
      const got = []
      const source = new EventSource('/api/v1/events')
      for (const name of ['snapshot', 'status', 'interrogation', 'live', 'session'])
        source.addEventListener(name, (e) => {
          got.push([name, e.lastEventId, JSON.parse(e.data).asOf ?? null])
          if (got.filter(([n]) => n === 'live').length === 2) { source.close(); resolve(got) }
        })
    })`
    const got = (await page.evaluate(seen)) as [string, string, string | null][]
    expect(got[0]?.[0]).toBe('snapshot')
    const live = got
      .filter(([name]) => name === 'live')
      .map(([, id]) => Number(/^simulator-1-[0-9a-f]{8}\.(\d+)$/.exec(id)?.[1]))
    expect(live[1]).toBeGreaterThan(live[0] ?? Infinity)
    // Another site's page gets nothing, not even whether somebody is there.
    const other = createServer((_, reply) => reply.end('<p>other</p>')).listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
    const stolen = await page.evaluate(
      `fetch('${url}/api/v1/pumps', { credentials: 'include' }).then((r) => r.text(), (e) => 'refused: ' + e.name)`,
    )
    expect(stolen).toBe('refused: TypeError')
    other.close()
    // The link was for once: it leads on only whom it has let in already.
    await page.goto(link)
    expect(new URL(page.url()).pathname).toBe('/')
    const stranger = await fetch(link, { headers: { accept: 'text/html' }, redirect: 'manual' })
    expect(stranger.status).toBe(404)
    expect(await stranger.text()).toContain('used already')
  })
})
