// The host as people run it, on the devices of this machine: commands as processes of their own, or a
// bridge in this one where only what it reads counts.
import assert from 'node:assert/strict'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemEnv } from '../../../src/base/env.ts'
import { Bridge, type BridgeOptions } from '../../../src/bridge/bridge.ts'
import { interrogateOnce } from '../../../src/bridge/interrogate.ts'
import { openWand } from '../../../src/drivers/open-wand/driver.ts'
import type { BridgeEvent } from '../../../src/model/event.ts'
import type { PortSource } from '../../../src/transport/port.ts'
import { run } from './until.ts'

const NOBODY = 65534
/** What people run, as it was built. */
export const PROGRAM = resolve('dist/bin/wandbridge.js')

export type Reading = Extract<BridgeEvent, { kind: 'reading' }>

export async function withBridge<T>(
  options: Omit<BridgeOptions, 'env' | 'driver'>,
  test: (bridge: Bridge) => Promise<T>,
): Promise<T> {
  const bridge = new Bridge({
    source: 'simulator',
    ...options,
    driver: openWand,
    env: systemEnv(),
  })
  bridge.start()
  try {
    return await test(bridge)
  } finally {
    await bridge.stop()
  }
}

/** What it tells from now on; the list grows. */
export function eventsOf(bridge: Bridge): readonly BridgeEvent[] {
  const events: BridgeEvent[] = []
  bridge.events$.subscribe((event) => void events.push(event))
  return events
}

/** One interrogation by a bridge in this process: the snapshot, confirmed closed. */
export const readOnce = (source: PortSource): Promise<Reading> =>
  withBridge({ ports: [source], policy: 'manual' }, async (bridge) => {
    const events = eventsOf(bridge)
    const outcome = await interrogateOnce(systemEnv(), bridge, source.path, 40_000)
    assert.equal(outcome.kind, 'read', JSON.stringify(outcome))
    assert.ok(outcome.kind === 'read' && outcome.closeConfirmed, 'closed, confirmed')
    // A reply that was late on a busy machine is refused as out of sequence; nothing may be damaged.
    const refused = bridge.counters()[source.path]?.discarded ?? {}
    assert.deepEqual(
      Object.keys(refused).filter((why) => why !== 'out-of-sequence'),
      [],
    )
    const reading = events.find((event) => event.kind === 'reading')
    assert.ok(reading, 'a reading')
    return reading
  })

/** What runs a program as nobody, in these groups. */
export const asNobody = (...groups: string[]): string[] => [
  ...['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`],
  groups.length > 0 ? `--groups=${groups.join()}` : '--clear-groups',
]

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/**
 * Runs a command of the host to its end as nobody, in a state directory of its own: in memory, because
 * the machine's root lies over a directory of the host that others change.
 */
export async function commandAsNobody(...args: string[]): Promise<Ended> {
  const stateDir = mkdtempSync('/run/state-')
  chownSync(stateDir, NOBODY, NOBODY)
  const [program = '', ...rest] = [...asNobody(), process.execPath, PROGRAM, ...args]
  try {
    const { stdout, stderr } = await run(program, [...rest, '--state-dir', stateDir])
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  } finally {
    rmSync(stateDir, { recursive: true, force: true })
  }
}
