// Plugs pulled and put back at random moments, mid-frame included, on HID, CDC-ACM and FTDI at once, in
// one bridge: what was live is stale within a second, the wand is asked again within three, and nothing
// is left behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { mulberry32 } from '../../../src/env.ts'
import { Command, LONG } from './bridge.ts'
import { ftdi } from './ftdi.ts'
import { note } from './host.ts'
import { plugged, withSimulator } from './wand.ts'

const ROUNDS = LONG ? 200 : 20
const STALE_MS = 1_000
const BACK_MS = 3_000
/** Short, so that the tests do not mostly wait: the wand ends what the cable cut with its lease. */
const LEASE_MS = 1_500

interface Way {
  readonly name: string
  readonly port: string
  unplug(): unknown
  plug(): unknown
}

test(`${ROUNDS} times unplugged and plugged in, each of HID, CDC-ACM and FTDI`, async () => {
  const options = { wands: 3, leaseMs: LEASE_MS, ports: [{ kind: 'usbip', port: 0 }] } as const
  await withSimulator(options, async (simulator) => {
    const cdc = await plugged('SIMW-0002')
    await plugged('SIMW-0001')
    // The third wand is behind the adapter; over USB it is not there.
    const third = simulator.wands[2]
    assert.ok(third)
    const adapter = await ftdi(third.paths.line)
    const byId = '/dev/serial/by-id/usb-Wandbridge_Simulated_wand_SIMW-0002-if00'
    assert.ok(cdc.tty)
    const cable = (wand: number) => ({
      unplug: () => simulator.command({ do: 'unplug', wand }),
      plug: () => simulator.command({ do: 'plug', wand }),
    })
    const ways: Way[] = [
      { name: 'HID', port: '', ...cable(0) },
      { name: 'CDC-ACM', port: byId, ...cable(1) },
      { name: 'FTDI', port: adapter.byId, unplug: adapter.unplug, plug: adapter.plug },
    ]
    const hid = (await plugged('SIMW-0001')).hidraw
    const host = new Command([
      ...['watch', '--json', '--policy', 'continuous'],
      ...['--hid', hid, '--serial', byId, '--serial', adapter.byId],
    ])
    try {
      const began = performance.now()
      const lines = [hid, byId, adapter.byId]
      const all = ways.map((way, i) => ({ ...way, port: lines[i] ?? '' }))
      for (const way of all) await current(host, way.port, 0, 120_000)
      const before = await host.footprint()
      await Promise.all(all.map((way, i) => rounds(host, way, mulberry32(i + 1))))
      for (const way of all) await current(host, way.port, 0, 60_000)
      await wait(1_000)
      const after = await host.footprint()
      note(
        `files ${before.files} → ${after.files}, ${Math.round(before.memory)} → ${Math.round(after.memory)} MiB, ${Math.round((performance.now() - began) / 1000)} s`,
      )
      assert.ok(after.files <= before.files + 2, `open files: ${before.files} → ${after.files}`)
      assert.ok(after.memory < before.memory + 60, `memory: ${before.memory} → ${after.memory}`)
      await host.stop()
    } finally {
      host.child.kill('SIGKILL')
      await host.ended()
      await adapter.remove()
    }
  })
})

/** The first line from `from` on that says that the pump on `port` is current. */
const current = (host: Command, port: string, from: number, ms: number) =>
  host.line(
    `${port} current`,
    (line) => line.kind === 'reading' && line.wand?.port === port && line.quality === 'current',
    from,
    ms,
  )

async function rounds(host: Command, way: Way, random: () => number): Promise<void> {
  const between = (from: number, to: number) => from + (random() % (to - from))
  const slowest = { stale: 0, back: 0 }
  for (let i = 0; i < ROUNDS; i += 1) {
    await wait(between(0, 1_200))
    const live = isLive(host, way.port)
    let from = host.lines.length
    const pulled = performance.now()
    await way.unplug()
    if (live) {
      const { at } = await host.line(
        `${way.name}, round ${i}: stale`,
        (line) =>
          line.kind === 'reading' && line.wand?.port === way.port && line.quality === 'stale',
        from,
        10_000,
      )
      slowest.stale = Math.max(slowest.stale, at - pulled)
      assert.ok(at - pulled <= STALE_MS, `${way.name}, round ${i}: stale after ${at - pulled} ms`)
    }
    // The lease of what was cut runs out meanwhile.
    await wait(between(LEASE_MS, LEASE_MS + 500))
    from = host.lines.length
    const put = performance.now()
    await way.plug()
    const asked = await host.line(
      `${way.name}, round ${i}: asked again`,
      (line) => line.kind === 'link' && line.port === way.port && line.link?.phase === 'starting',
      from,
    )
    slowest.back = Math.max(slowest.back, asked.at - put)
    assert.ok(asked.at - put <= BACK_MS, `${way.name}, round ${i}: back after ${asked.at - put} ms`)
    // Every third time it is pulled while it reads.
    if (i % 3 !== 2) await current(host, way.port, from, 60_000)
  }
  const ms = (n: number) => Math.round(n)
  note(
    `${way.name}: stale after ${ms(slowest.stale)} ms at most, asked again after ${ms(slowest.back)}`,
  )
}

function isLive(host: Command, port: string): boolean {
  const last = host.lines.findLast(
    ({ line }) => line.kind === 'reading' && line.wand?.port === port,
  )
  return last?.line.quality === 'current'
}
