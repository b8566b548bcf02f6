// A bridge that reads one simulated wand all the time, in this process and in virtual time.
import { startSimulator } from '../../simulator/index.ts'
import type { VirtualEnv } from '../../src/base/env.ts'
import { Bridge } from '../../src/bridge/bridge.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'

/** It is not started yet. */
export async function loopBridge(env: VirtualEnv) {
  const simulator = await startSimulator({ env, seed: 1, wands: 1 })
  const ports = simulator.wands.map((wand) => loopbackSource('loop-0', wand.paths.line))
  const source = 'simulator'
  const bridge = new Bridge({ env, driver: openWand, source, ports, policy: 'continuous' })
  return { bridge, simulator }
}
