// A host that stands still while reports come: the kernel's own queue in hidraw runs over and drops in
// silence. Nothing that is read is wrong, what is lost is counted, and requests are asked again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { REPORT_DESCRIPTOR, REPORT_SIZE } from '../../../protocol/hid-report.ts'
import { startSimulator } from '../../../simulator/index.ts'
import type { HeldPath } from '../../../simulator/ports/path.ts'
import { Command } from './bridge.ts'
import { note } from './host.ts'
import { UHid } from './uhid.ts'

/** More than hidraw keeps. */
const FLOOD = 200

test('a slow reader loses reports, reads nothing wrong, and reads on', async () => {
  const simulator = await startSimulator({ seed: 7, leaseMs: 1_500 })
  const path = simulator.wands[0]?.paths.report
  assert.ok(path)
  let held: HeldPath | null = null
  const device = await UHid.make({
    name: 'Queue',
    vendor: 0x1209,
    product: 0x0001,
    descriptor: REPORT_DESCRIPTOR,
    output: (report) => held?.write(report),
  })
  held = path.hold({ data: (bytes) => void send(device, bytes), unplugged() {} })
  const host = new Command(['watch', '--json', '--policy', 'continuous', '--hid', device.path])
  try {
    const isCurrent = (line: { kind: string; quality?: string }) =>
      line.kind === 'reading' && line.quality === 'current'
    await host.line('current', isCurrent, 0, 120_000)
    const pump = simulator.wands[0]?.implantSerial
    for (let round = 0; round < 5; round += 1) {
      host.child.kill('SIGSTOP')
      for (let i = 0; i < FLOOD; i += 1) await device.input(new Uint8Array(REPORT_SIZE).fill(i))
      await wait(100)
      const from = host.lines.length
      host.child.kill('SIGCONT')
      await host.line(`current again, round ${round}`, isCurrent, from)
    }
    const readings = host.lines.filter(({ line }) => line.kind === 'reading')
    for (const { line } of readings) assert.equal(line.pump?.serial, pump)
    const refused = readings.at(-1)?.line
    const { out } = await host.stop()
    const last =
      out
        .split('\n')
        .filter((text) => text.includes('"refused"'))
        .at(-1) ?? '{}'
    const { frames } = JSON.parse(last).link?.refused ?? JSON.parse(last).wand?.link?.refused ?? {}
    note(`${frames} reports refused of ${5 * FLOOD} sent into a queue of 64`)
    assert.ok(frames > 0 && frames < 5 * FLOOD, `some were refused, the rest never came: ${frames}`)
    assert.ok(refused)
  } finally {
    host.child.kill('SIGKILL')
    await host.ended()
    await device.destroy()
    await simulator.stop()
  }
})

/** Reports one after the other: the kernel takes one an event. */
async function send(device: UHid, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += REPORT_SIZE) {
    await device.input(bytes.subarray(at, at + REPORT_SIZE))
  }
}
