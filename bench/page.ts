// An hour of the page's life as fast as it takes it: events of a real bridge, played again and again with
// growing times and positions, into the page in Chromium. Prints what its heap was after the first tenth
// and at the end, one JSON object.
// Usage: npm run bench -- page [--quick]. Needs the build (npm run build) and a Chromium (tests/system/chromium.ts says where).
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createParser } from 'eventsource-parser'
import { systemEnv } from '../src/base/env.ts'
import { pageFiles } from '../src/host/page-files.ts'
import { launch } from '../tests/system/chromium.ts'

const HOUR_S = process.argv.includes('--quick') ? 600 : 3_600
const RECORD_MS = 20_000
/** An interrogation comes so often in a session that is kept open, in s. */
const INTERROGATION_S = 120

const env = systemEnv()
const root = fileURLToPath(new URL('../../../', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))

type Data = Record<string, unknown> & { position?: number; at?: string; asOf?: string }
interface Heard {
  readonly event: string
  readonly data: Data
}

/** What a bridge with a simulated wand says in its first seconds. */
async function recorded(): Promise<Heard[]> {
  const main = join(root, 'dist', 'bin', 'wandbridge.js')
  const args = [main, 'demo', '--port', '0', '--state-dir', dir]
  const demo = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const heard: Heard[] = []
  try {
    let said = ''
    await new Promise<void>((resolve) => {
      demo.stdout.on('data', (text) => {
        said += String(text)
        if (said.includes('Audit files')) resolve()
      })
    })
    const [, token] = /Bearer (\S+)'/.exec(said) ?? []
    const [, url] = /(http:\/\/\S+)\/api/.exec(said) ?? []
    const stop = AbortSignal.timeout(RECORD_MS)
    const headers = { authorization: `Bearer ${token}` }
    const reply = await fetch(`${url}/api/v1/events`, { headers, signal: stop })
    const parser = createParser({
      onEvent: ({ event = '', data }) => void heard.push({ event, data: JSON.parse(data) }),
    })
    const decoder = new TextDecoder()
    try {
      for await (const chunk of reply.body ?? []) parser.feed(decoder.decode(chunk))
    } catch {
      // The time is over.
    }
  } finally {
    demo.kill('SIGTERM')
    await new Promise((resolve) => demo.once('exit', resolve))
  }
  return heard
}

const heard = await recorded()
const first = (event: string) => {
  const found = heard.find((one) => one.event === event)
  if (!found) throw new Error(`the bridge sent no ${event}`)
  return found.data
}
const status = [...heard].reverse().find(({ event }) => event === 'status')?.data ?? first('status')
const [interrogation, live, tick] = [first('interrogation'), first('live'), first('tick')]
const snapshot = first('snapshot')
const began = Date.parse(String(interrogation.at))

let position = Number(snapshot.position ?? 0) + 1
let stream: ServerResponse | null = null
const files = new Map(
  pageFiles({ locale: 'en-US', zone: 'UTC' }, join(root, 'dist', 'web')).map((file) => [
    file.path,
    file,
  ]),
)
const server = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? ''
  const file = files.get(path)
  if (file) return void response.setHeader('content-type', file.type).end(file.body)
  if (path === '/api/v1/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    stream = response
    send('snapshot', {
      ...snapshot,
      log: interrogation.log,
      position: position - 1,
      wands: status.wands,
    })
    send('interrogation', { ...interrogation, position })
    return
  }
  if (path.endsWith('/readings')) return void response.end()
  const { log, pump } = interrogation
  response.end(JSON.stringify({ asOf: tick.asOf, log, pump, interrogations: [], next: null }))
})
const send = (event: string, data: object) =>
  stream?.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const browser = await launch()
const page = await browser.newPage()
await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
await page.locator('.state').first().waitFor()
// Another tab before it: the page is in the background.
await (await browser.newPage()).bringToFront()
const cdp = await page.context().newCDPSession(page)
async function heap(): Promise<{ mB: number; nodes: number }> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  const { nodes } = await cdp.send('Memory.getDOMCounters')
  return { mB: Math.round(usedSize / 1e5) / 10, nodes }
}

const samples: { s: number; mB: number; nodes: number }[] = []
for (let s = 0; s <= HOUR_S; s += 1) {
  const at = new Date(began + s * 1_000).toISOString()
  position += 1
  if (s % INTERROGATION_S === 0) send('interrogation', { ...interrogation, at, position })
  else send('live', { ...live, at, position, deviceTime: at.slice(0, 19) })
  if (s % 5 === 0) send('tick', { ...tick, asOf: at })
  if (s % 10 === 0) send('status', { ...status, asOf: at })
  if (s % 20 === 0) await page.evaluate('new Promise((done) => setTimeout(done, 0))')
  if (s > 0 && s % (HOUR_S / 10) === 0) samples.push({ s, ...(await heap()) })
}
const [early, late] = [samples[0], samples.at(-1)]
console.log(
  JSON.stringify({
    bench: 'page',
    node: process.version,
    chromium: browser.version(),
    at: new Date(env.wall()).toISOString(),
    seconds: HOUR_S,
    samples,
    growth: early && late ? Math.round((late.mB / early.mB) * 100) / 100 : null,
  }),
)
await browser.close()
server.closeAllConnections()
server.close()
rmSync(dir, { recursive: true, force: true })
