// FHIR and HL7 beside the decoder, on one core: a hundred interrogations a second through both, and a
// FHIR read beside the read of the API. Ratios are what counts. Prints one JSON object.
// Usage: npm run bench -- interop [--quick]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator } from '../simulator/index.ts'
import { systemEnv, VirtualEnv } from '../src/base/env.ts'
import { Bridge } from '../src/bridge/bridge.ts'
import { reassemble } from '../src/drivers/open-wand/assembly.ts'
import { openWand } from '../src/drivers/open-wand/driver.ts'
import { apiRecord } from '../src/feed/api-record.ts'
import { Feed } from '../src/feed/feed.ts'
import { observationsOf } from '../src/fhir/observations.ts'
import { interrogationReport } from '../src/fhir/reports.ts'
import { messageOf } from '../src/hl7/messages.ts'
import { treeOfLog } from '../src/host/audit-tiles.ts'
import { startHttp } from '../src/host/http-host.ts'
import { Knowledge } from '../src/knowledge/knowledge.ts'
import type { ReadingEvent } from '../src/model/event.ts'
import type { InterrogationRecord } from '../src/model/record.ts'
import { Auditor } from '../src/recorder/auditor.ts'
import { EventRecorder } from '../src/recorder/event-recorder.ts'
import { recordOf } from '../src/recorder/records.ts'
import { loopbackSource } from '../src/transport/loopback.ts'
import { WORDS } from '../src/words/words.ts'

const env = systemEnv()
const quick = process.argv.includes('--quick')
const RATE = 100
const SECONDS = quick ? 2 : 10
const source = 'simulator' as const
const READS = quick ? 200 : 2_000

/** One reading of a simulated pump, from bytes to event. */
async function reading(): Promise<ReadingEvent> {
  const virtual = new VirtualEnv({ seed: 1 })
  const simulator = await startSimulator({ env: virtual, seed: 1, wands: 1 })
  const [wand] = simulator.wands
  if (!wand) throw new Error('no wand')
  const ports = [loopbackSource('loop-0', wand.paths.line)]
  const bridge = new Bridge({
    env: virtual,
    driver: openWand,
    source,
    ports,
    policy: 'continuous',
  })
  let found: ReadingEvent | null = null
  bridge.events$.subscribe((event) => {
    if (event.kind === 'reading') found ??= event
  })
  bridge.start()
  await virtual.until(() => found !== null, 60_000)
  const stopping = bridge.stop()
  await virtual.advance(5_000)
  await stopping
  await simulator.stop()
  if (!found) throw new Error('nothing was read')
  return found
}

const p = (sorted: readonly number[], q: number) => sorted[Math.floor(sorted.length * q)] ?? 0
const round = (x: number) => Number(x.toFixed(3))

/** CPU time of `work` in µs, each. */
function cpu(n: number, work: () => void): number {
  for (let i = 0; i < n / 10; i += 1) work()
  const from = process.cpuUsage()
  for (let i = 0; i < n; i += 1) work()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / n
}

async function paced(work: () => void): Promise<{ done: number; late: number; busy: number }> {
  const from = env.monotonic()
  const before = process.cpuUsage()
  let late = 0
  const total = RATE * SECONDS
  for (let i = 0; i < total; i += 1) {
    const due = from + (i * 1_000) / RATE
    const wait = due - env.monotonic()
    if (wait > 0) await new Promise<void>((done) => void env.after(wait, done))
    work()
    late = Math.max(late, env.monotonic() - due)
  }
  const { user, system } = process.cpuUsage(before)
  return { done: total, late, busy: (user + system) / 1_000 / (env.monotonic() - from) }
}

async function reads(event: ReadingEvent): Promise<Record<string, number>> {
  const stateDir = mkdtempSync(join(tmpdir(), 'wandbridge-bench-'))
  const auditor = new Auditor({ env, stateDir, source, settings: {}, boot: 'bench' })
  const bridge = new Bridge({
    env,
    driver: openWand,
    source,
    ports: [],
    policy: 'manual',
    recorder: new EventRecorder(env, auditor),
  })
  const { disk, dir, commits$ } = auditor
  const head = () => auditor.head
  const feed = new Feed({ env, disk, dir, source, head, wake$: commits$ })
  const knowledge = new Knowledge({ env, disk, dir: join(stateDir, 'knowledge'), source, feed })
  const tree = treeOfLog(env, auditor)
  const rooms = {
    bridge,
    auditor,
    feed,
    knowledge,
    delivery: () => null,
    fleet: () => null,
    patients: () => null,
    tree,
    words: WORDS['en-US'],
  }
  const log = () => {}
  const http = await startHttp(env, stateDir, rooms, {
    host: '127.0.0.1',
    port: 0,
    tokens: true,
    log,
    limits: { perSecond: 1e6, burst: 1e6 },
  })
  try {
    const record = recordOf(event)
    if (!record) throw new Error('no record')
    const { at: _at, mono: _mono, ...rest } = record
    const receipt = await auditor.append(rest)
    if (!receipt) throw new Error('not recorded')
    await knowledge.start()
    const { log: name, position } = receipt
    const token = http.lend({ label: 'bench', scopes: ['history', 'fhir'], lifeMs: null })
    const headers = { authorization: `Bearer ${token}` }
    const paths = {
      rest: `/api/v1/pumps/${event.pump.id}/interrogations/${name}.${position}`,
      fhir: `/fhir/R4/Observation/${name}.${position}.reported-volume`,
    }
    const times: Record<string, number[]> = { rest: [], fhir: [] }
    for (let i = 0; i < READS; i += 1) {
      for (const [key, path] of Object.entries(paths)) {
        const from = env.monotonic()
        const reply = await fetch(`${http.url}${path}`, { headers })
        await reply.arrayBuffer()
        if (reply.status !== 200) throw new Error(`${path}: ${reply.status}`)
        times[key]?.push(env.monotonic() - from)
      }
    }
    const [rest99 = 0, fhir99 = 0] = ['rest', 'fhir'].map((key) =>
      p(
        [...(times[key] ?? [])].sort((a, b) => a - b),
        0.99,
      ),
    )
    return { restP99Ms: round(rest99), fhirP99Ms: round(fhir99), ratio: round(fhir99 / rest99) }
  } finally {
    await http.close()
    await knowledge.stop()
    await bridge.stop()
    await auditor.close('bench')
    rmSync(stateDir, { recursive: true, force: true })
  }
}

async function main(): Promise<void> {
  const event = await reading()
  const place = { position: 1, log: 'simulator-1-00000000', source: 'simulator' } as const
  const stored = recordOf(event)
  if (!stored) throw new Error('no record')
  const record = apiRecord({ ...stored, at: event.receivedAt }, place) as InterrogationRecord
  const decode = () => void reassemble(event.evidence.pdus)
  const fhir = () => void JSON.stringify([interrogationReport(record), ...observationsOf(record)])
  const hl7 = () => void messageOf(record)
  const n = quick ? 300 : 3_000
  const each = { decode: cpu(n, decode), fhir: cpu(n, fhir), hl7: cpu(n, hl7) }
  const { done, late, busy } = await paced(() => {
    decode()
    fhir()
    hl7()
  })
  console.log(
    JSON.stringify({
      node: process.version,
      cpuMicrosecondsEach: {
        decode: round(each.decode),
        fhir: round(each.fhir),
        hl7: round(each.hl7),
      },
      ratios: {
        fhirToDecode: round(each.fhir / each.decode),
        hl7ToDecode: round(each.hl7 / each.decode),
      },
      hundredASecond: {
        interrogations: done,
        worstLateMs: round(late),
        shareOfOneCore: round(busy),
      },
      read: await reads(event),
    }),
  )
}

await main()
