// The conformance kit on a wand on USB, over both ways that a kernel makes of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHECKS } from '../../../conformance/checks/index.ts'
import { systemClock } from '../../../conformance/clock.ts'
import { portOf } from '../../../conformance/ports/path.ts'
import { run } from '../../../conformance/run.ts'
import { note } from './host.ts'
import { plugged, withSimulator } from './wand.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
/** A machine that is simulated is late itself. */
const SLACK_MS = 2_000
const USB = { leaseMs: 1_500, ports: [{ kind: 'usbip', port: 0 }] } as const

async function passes(path: string, noImplant: boolean): Promise<void> {
  const report = await run({
    ...{ port: portOf(path), clock: systemClock, checks: CHECKS },
    ...{ noImplant, seesOpenings: false, slackMs: SLACK_MS },
  })
  const failed = report.results.filter(({ result }) => result === 'failed')
  assert.deepEqual(
    failed.map(({ check, why }) => `${check.number}: ${why}`),
    [],
  )
  assert.equal(report.session, 0)
  note(`${path}: ${report.results.filter(({ result }) => result === 'passed').length} passed`)
}

test('a simulated wand conforms over hidraw and ttyACM', () =>
  withSimulator(USB, async (simulator) => {
    const { hidraw, tty } = await plugged()
    // Over a pump most of it is waiting, which a machine that is simulated takes its time for.
    if (LONG) await passes(hidraw, false)
    await simulator.command({ do: 'lift' })
    await passes(LONG ? tty : hidraw, true)
  }))
