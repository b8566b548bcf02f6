// A bridge and a simulated pump in one process: prints what the pump reports, three times, and ends.
import { Bridge, loopbackSource, openWand, systemEnv } from 'wandbridge'
import { startSimulator } from 'wandbridge/simulator'

const simulator = await startSimulator({ scenario: 'normal-refill' })
const ports = simulator.wands.map((wand) => loopbackSource(wand.serial, wand.paths.line))
const given = { source: 'simulator', policy: 'continuous' } as const
const bridge = new Bridge({ env: systemEnv(), driver: openWand, ports, ...given })
let left = 3
bridge.streams.reservoir$.subscribe(({ pump, value: { reportedVolume } }) => {
  const { value, unit, quality } = reportedVolume
  console.log(
    `${pump.serial}: ${value === null ? 'not available' : `${value} ${unit}`}, ${quality}`,
  )
  left -= 1
  if (left === 0) void bridge.stop().then(() => simulator.stop())
})
bridge.start()
