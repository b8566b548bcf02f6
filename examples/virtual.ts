// How your own tests can have a pump: in virtual time, the same from a seed every time, hours in moments. A wand is
// lifted off the patient; what was read stays, and is not live.
import { Bridge, loopbackSource, openWand, VirtualEnv } from 'wandbridge'
import { startSimulator } from 'wandbridge/simulator'

const env = new VirtualEnv({ seed: 7 })
const simulator = await startSimulator({ env, scenario: 'worked-example', seed: 7 })
const ports = simulator.wands.map((wand) => loopbackSource(wand.serial, wand.paths.line))
const given = { source: 'simulator', policy: 'continuous' } as const
const bridge = new Bridge({ env, driver: openWand, ports, ...given })
bridge.start()
const quality = () => bridge.status().pumps[0]?.quality
await env.until(() => quality() === 'current', 60_000)
const at = () => new Date(env.wall()).toISOString()
console.log(at(), quality())
await simulator.command({ do: 'lift', wand: 0 })
await env.until(() => quality() === 'stale', 60_000)
const [pump] = bridge.status().pumps
console.log(at(), pump?.quality, pump?.reason, pump?.reservoir.reportedVolume.value)
// Closing the session takes its time, too.
const stopped = bridge.stop()
await env.advance(5_000)
await stopped
await simulator.stop()
