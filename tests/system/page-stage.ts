// The page on a stage: its built files, and a bridge that says what a test tells it to, at a moment that
// stands still. What is shown comes from the simulator in virtual time, so that it is the same every time,
// to the pixel, and needs no process a scenario.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { PageSettings } from '../../src/host/page-files.ts'
import { pageFiles } from '../../src/host/page-files.ts'
import type { Refill, Visit } from '../../src/model/api.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import type {
  AuditStatus,
  BridgeStatus,
  Coded,
  DestinationStatus,
  PatientsStatus,
} from '../../src/model/status.ts'
import { statusTold } from '../../src/words/told.ts'
import { WORDS } from '../../src/words/words.ts'
import { rig } from '../bridge/rig.ts'

const LOG = 'simulator-1-00000000'

/** What the bridge of the stage knows. */
export interface Scene {
  readonly status: BridgeStatus
  readonly visits?: readonly Visit[]
  readonly refills?: readonly Refill[]
  /** The interrogations of those visits, by id. */
  readonly whole?: ReadonlyMap<string, InterrogationRecord>
  readonly destinations?: readonly DestinationStatus[]
  readonly patients?: PatientsStatus
}

const AUDIT: Coded<AuditStatus> = {
  log: LOG,
  position: 7,
  state: 'ok',
  checkpoint: null,
  code: 'audit.recorded',
  args: {},
  notices: [],
}

/** How a scenario stands after one reading on placement, or while it is live. */
export async function statusOf(
  scenario: string,
  { live = false, then = async (_: Awaited<ReturnType<typeof rig>>) => {} } = {},
): Promise<BridgeStatus> {
  const run = await rig({ scenario, policy: live ? 'continuous' : 'on-placement' })
  run.bridge.start()
  if (live) await run.live()
  else {
    await run.until(() => run.wand()?.session.state === 'closed' || ended(run.wand()), 120_000)
  }
  await then(run)
  const seen = run.bridge.status()
  await run.stop()
  const pumps = seen.pumps.map((pump) => ({ ...pump, audit: AUDIT }))
  return statusTold(WORDS['en-US'], { ...seen, pumps, audit: AUDIT })
}

const ended = (wand: { unclosed: readonly unknown[] } | undefined) =>
  (wand?.unclosed.length ?? 0) > 0

export interface Stage {
  readonly url: string
  /** What whoever comes from now on is told. */
  show(scene: Scene): void
  /** Tells those who are there. */
  tell(event: string, data: object): void
  /** Cuts every stream, and refuses new ones until something is shown again. */
  cut(): void
  close(): Promise<void>
}

export async function stage(
  settings: PageSettings = { locale: 'en-US', zone: 'UTC' },
): Promise<Stage> {
  const files = new Map(pageFiles(settings).map((file) => [file.path, file]))
  if (files.size === 0) throw new Error('dist/web is missing. Run `npm run build`.')
  let scene: Scene | null = null
  const streams = new Set<ServerResponse>()
  const server = createServer((request, reply) => {
    const { pathname } = new URL(request.url ?? '', 'http://stage')
    const file = files.get(pathname)
    if (file) return void reply.writeHead(200, { 'content-type': file.type }).end(file.body)
    if (!scene) return void request.socket.destroy()
    if (pathname === '/api/v1/events') {
      reply.writeHead(200, { 'content-type': 'text/event-stream' })
      streams.add(reply)
      request.on('close', () => streams.delete(reply))
      const { asOf, wands, pumps, audit } = scene.status
      return send(reply, 'snapshot', { asOf, log: LOG, position: 7, wands, pumps, audit }, '7')
    }
    const answer = said(pathname, scene)
    reply.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
    reply.end(JSON.stringify(answer ?? {}))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    show: (next) => {
      scene = next
    },
    tell: (event, data) => {
      for (const reply of streams) send(reply, event, data)
    },
    cut() {
      scene = null
      for (const reply of streams) reply.destroy()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function send(reply: ServerResponse, event: string, data: object, id?: string): void {
  const place = id === undefined ? '' : `id: ${LOG}.${id}\n`
  reply.write(`event: ${event}\n${place}data: ${JSON.stringify(data)}\n\n`)
}

/** What an address of the API answers; undefined = there is no such. */
function said(path: string, scene: Scene): object | undefined {
  const { status, visits = [], refills = [], whole, destinations = [], patients = null } = scene
  const { asOf, wands, audit } = status
  if (path === '/api/v1/wands') return { asOf, wands, audit, destinations, patients }
  const [, id = '', what = '', record = ''] =
    /^\/api\/v1\/pumps\/([^/]+)\/([a-z]+)(?:\/([^/]+))?$/.exec(path) ?? []
  const pump = { id, serial: id }
  const head = { asOf, log: LOG, pump }
  if (what === 'refills') return { ...head, refills, next: null }
  if (what !== 'interrogations') return undefined
  if (record === '') return { ...head, interrogations: visits, next: null }
  const interrogation = whole?.get(decodeURIComponent(record))
  return interrogation && { asOf, interrogation }
}

/** Opens the page of a stage, its clock standing still, and waits until it is drawn. */
export async function seat(
  browser: Browser,
  { url }: Stage,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ bypassCSP: true, ...options })
  const page = await context.newPage()
  await page.clock.install({ time: new Date('2026-11-24T14:02:11Z') })
  await page.goto(url)
  await page.locator('.strip, .obstacle').first().waitFor({ timeout: 20_000 })
  for (const waiting of [
    'Connecting to the bridge.',
    'Looking for the last visit.',
    'Reading the history.',
  ])
    await page.getByText(waiting).waitFor({ state: 'hidden', timeout: 20_000 })
  return page
}
