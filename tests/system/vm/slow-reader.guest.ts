// A host that stands still while reports come: the kernel's own queue in hidraw runs over and drops in
// silence. Nothing that is read is wrong, what is lost is counted, and requests are asked again.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { REPORT_SIZE } from '../../../protocol/framing/hid-report.ts'
import { startSimulator } from '../../../simulator/index.ts'
import type { WatchLine } from '../../../src/bridge/watch.ts'
import type { DriverCounters } from '../../../src/drivers/driver.ts'
import { note } from './host.ts'
import { UHid } from './uhid.ts'
import { until } from './until.ts'

/** More than the 63 reports that hidraw keeps. */
const FLOOD = 200
const ROUNDS = process.env['WANDBRIDGE_LONG'] === '1' ? 20 : 1

type Line = WatchLine | ({ readonly kind: 'counters' } & DriverCounters)

test('a slow reader loses reports, asks again, and reads nothing wrong', async () => {
  const simulator = await startSimulator({ seed: 7 })
  const wand = simulator.wands[0]
  assert.ok(wand)
  const held = wand.paths.report.hold({ data: (bytes) => void send(bytes), unplugged() {} })
  assert.ok(held)
  /** Called with the next request, in its stead. */
  let caught: ((report: Uint8Array) => void) | null = null
  const device = await UHid.make({
    name: 'Queue',
    output(report) {
      const take = caught ?? held.write.bind(held)
      caught = null
      take(report)
    },
  })
  /** Reports one after the other: the kernel takes one an event. */
  async function send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += REPORT_SIZE) {
      await device.input(bytes.subarray(at, at + REPORT_SIZE))
    }
  }
  const host = spawn(
    process.execPath,
    [join(import.meta.dirname, 'bridge.child.js'), device.path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines: Line[] = []
  createInterface({ input: host.stdout }).on('line', (text) => lines.push(JSON.parse(text)))
  const currentAfter = (from: number) => () =>
    lines.slice(from).some((line) => line.kind === 'reading' && line.quality === 'current')
  try {
    await until('current', currentAfter(0), 60_000)
    for (let round = 1; round <= ROUNDS; round += 1) {
      const request = await new Promise<Uint8Array>((resolve) => {
        caught = resolve
      })
      host.kill('SIGSTOP')
      for (let i = 0; i < FLOOD; i += 1) await device.input(new Uint8Array(REPORT_SIZE).fill(i))
      // Its reply finds no room any more.
      held.write(request)
      await wait(100)
      const from = lines.length
      host.kill('SIGCONT')
      await until(`current again, round ${round}`, currentAfter(from), 60_000)
    }
    for (const line of lines) {
      if (line.kind === 'reading') assert.equal(line.pump.serial, wand.implantSerial)
    }
    host.kill('SIGTERM')
    await once(host, 'close')
    const last = lines.at(-1)
    assert.ok(last?.kind === 'counters', JSON.stringify(last))
    const { retries, discarded } = last
    note(
      `${retries} requests asked again, of ${ROUNDS * FLOOD} reports: ${JSON.stringify(discarded)}`,
    )
    assert.ok(retries >= ROUNDS, `asked again: ${retries}`)
    const refused = Object.values(discarded).reduce((sum, { frames }) => sum + frames, 0)
    assert.ok(
      refused > 0 && refused < ROUNDS * FLOOD,
      `some refused, the rest never came: ${refused}`,
    )
  } finally {
    host.kill('SIGKILL')
    held.release()
    await device.destroy()
    await simulator.stop()
  }
})
