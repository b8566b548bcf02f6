// Plugs pulled and put back at random moments, mid-frame included, on HID, CDC-ACM and FTDI at once, in
// one bridge: what was live is stale within a second, current again within three and the reading's own
// time, and nothing is left behind. The bridge is in this process, which is cheap in an emulated
// machine; what it tells are the lines of `watch`.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { filter, firstValueFrom, map, type Observable, share, throwError, timeout } from 'rxjs'
import type { Simulator } from '../../../simulator/index.ts'
import { mulberry32 } from '../../../src/base/env.ts'
import { type WatchLine, watchLines } from '../../../src/bridge/watch.ts'
import { hidSource } from '../../../src/transport/hid.ts'
import { serialSource } from '../../../src/transport/serial.ts'
import { type Adapter, withAdapter } from './adapter.ts'
import { withBridge } from './bridge.ts'
import { adapter, note } from './host.ts'
import { withRules } from './rules.ts'
import { until } from './until.ts'
import { plugged, withSimulator } from './wand.ts'

const ROUNDS = process.env['WANDBRIDGE_LONG'] === '1' ? 200 : 1
const STALE_MS = 1_000
const BACK_MS = 3_000
/** As long as a reading takes on air that is not always good. */
const READ_MS = 10_000
/** Longest wait for a line; longer than any of the bounds. */
const NEXT_MS = 30_000
/** Short, so that the tests do not mostly wait: the wand ends what the cable cut with its lease. */
const LEASE_MS = 600

interface Way {
  readonly name: string
  readonly port: string
  unplug(): unknown
  plug(): unknown
}

/** A line of `watch`, with its time on the monotonic clock. */
type Heard = WatchLine & { readonly at: number }

test(`unplugged and plugged in, each of HID, CDC-ACM and FTDI, ${ROUNDS} times each`, () =>
  withRules(() =>
    withSimulator({ wands: 2, leaseMs: LEASE_MS, ports: [{ kind: 'usbip', port: 0 }] }, (usb) =>
      withAdapter((ftdi) => all(usb, ftdi), { wands: 3, leaseMs: LEASE_MS }),
    ),
  ))

async function all(simulator: Simulator, ftdi: Adapter): Promise<void> {
  await plugged('SIMW-0001')
  await plugged('SIMW-0002')
  const hidraw = '/dev/wandbridge/hid-SIMW-0001'
  const byId = '/dev/serial/by-id/usb-Wandbridge_Simulated_wand_SIMW-0002-if00'
  const cable = (wand: number) => ({
    unplug: () => simulator.command({ do: 'unplug', wand }),
    plug: () => simulator.command({ do: 'plug', wand }),
  })
  const ways: Way[] = [
    { name: 'HID', port: hidraw, ...cable(0) },
    { name: 'CDC-ACM', port: byId, ...cable(1) },
    {
      name: 'FTDI',
      port: ftdi.byId,
      unplug: () => adapter('out'),
      plug: () => adapter('in'),
    },
  ]
  const ports = [hidSource(hidraw), serialSource(byId), serialSource(ftdi.byId)]
  await withBridge({ ports, policy: 'continuous' }, async (bridge) => {
    const began = performance.now()
    const lines = watchLines(bridge).pipe(
      map((line): Heard => ({ ...line, at: performance.now() })),
      share(),
    )
    /** The newest word on the pump of each port. */
    const live = new Map<string, boolean>()
    const listening = lines.subscribe((line) => {
      if (line.kind === 'reading') live.set(line.wand.port, line.quality === 'current')
    })
    const isLive = (port: string) => live.get(port) ?? false
    try {
      const allLive = () => ways.every(({ port }) => isLive(port))
      await until('all are current', allLive, 60_000)
      const before = await footprint()
      await Promise.all(ways.map((way, i) => rounds(lines, way, isLive, mulberry32(i + 1))))
      await until('all are current in the end', allLive, 30_000)
      const after = await footprint()
      const mib = [before, after].map(({ memory }) => Math.round(memory)).join(' → ')
      const seconds = Math.round((performance.now() - began) / 1000)
      note(`files ${before.files} → ${after.files}, memory ${mib} MiB, ${seconds} s`)
      assert.ok(after.files <= before.files, `open files: ${before.files} → ${after.files}`)
      assert.ok(after.memory < before.memory + 60, `memory, MiB: ${mib}`)
    } finally {
      listening.unsubscribe()
    }
  })
}

/** Open files, and resident memory in MiB. */
async function footprint(): Promise<{ files: number; memory: number }> {
  const files = (await readdir('/proc/self/fd')).length
  return { files, memory: process.memoryUsage.rss() / 1024 ** 2 }
}

/** The next line that fits. Listen first, then act. */
function next(
  lines: Observable<Heard>,
  what: string,
  fits: (line: Heard) => boolean,
): Promise<Heard> {
  const late = () => throwError(() => new Error(`not within ${NEXT_MS} ms: ${what}`))
  return firstValueFrom(lines.pipe(filter(fits), timeout({ first: NEXT_MS, with: late })))
}

const says = (port: string, quality: 'current' | 'stale') => (line: Heard) =>
  line.kind === 'reading' && line.wand.port === port && line.quality === quality
const isAsked = (port: string) => (line: Heard) =>
  line.kind === 'link' && line.port === port && line.link.phase === 'starting'

/** What was done to the ways, and what their links have said lately. */
const said: string[] = []

async function rounds(
  lines: Observable<Heard>,
  { name, port, unplug, plug }: Way,
  isLive: (port: string) => boolean,
  random: () => number,
): Promise<void> {
  const between = (from: number, to: number) => from + (random() % (to - from))
  const slowest = { stale: 0, back: 0, read: 0 }
  const tell = (what: string, at = performance.now()) => {
    said.push(`${Math.round(at)} ${name}, ${what}`)
    said.splice(0, said.length - 60)
  }
  /** Since when it has been asking the pump, and since when it had not been before. */
  let begun = 0
  let idle = 0
  let asking = false
  const listening = lines.subscribe((line) => {
    if (line.kind !== 'link' || line.port !== port) return
    const { phase } = line.link
    const was = asking
    asking = phase === 'starting' || phase === 'reading'
    if (asking && !was) begun = line.at
    if (was && !asking) idle = line.at
    tell(`${phase}: ${line.link.cause} ${line.failure?.code ?? ''}`, line.at)
  })
  const atMost = (what: keyof typeof slowest, ms: number, limit: number, round: number) => {
    slowest[what] = Math.max(slowest[what], Math.round(ms))
    const told = `${name}, round ${round}: ${what} after ${ms} ms, ${limit} at most`
    assert.ok(ms <= limit, [told, ...said].join('\n'))
  }
  for (let i = 0; i < ROUNDS; i += 1) {
    await wait(between(0, 600))
    const stale = isLive(port)
      ? next(lines, `${name}, round ${i}: stale`, says(port, 'stale'))
      : null
    const pulled = performance.now()
    await unplug()
    tell('unplugged')
    if (stale) atMost('stale', (await stale).at - pulled, STALE_MS, i)
    await wait(between(LEASE_MS, LEASE_MS + 300))
    const asked = next(lines, `${name}, round ${i}: asked again`, isAsked(port))
    const current = next(lines, `${name}, round ${i}: current`, says(port, 'current'))
    current.catch(() => {})
    const put = performance.now()
    await plug()
    tell('plugged in')
    atMost('back', (await asked).at - put, BACK_MS, i)
    // Four of five times it is pulled before it has read anything: while it opens, asks or reads.
    if (i % 5 === 0) {
      const { at } = await current
      // Of the reading that came through; one before it may have failed by the air.
      atMost('back', begun - Math.max(put, idle), BACK_MS, i)
      atMost('read', at - begun, READ_MS, i)
    }
    if (i % 5 === 4) note(`${name}: ${i + 1} of ${ROUNDS}`)
  }
  listening.unsubscribe()
  note(`${name}, ms at most: ${JSON.stringify(slowest)}`)
}
