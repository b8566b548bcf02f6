// The drivers there are, held to the contract: that of the open protocol, and the other kind of these tests.
import { startSimulator } from '../../simulator/index.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'
import { asciiWand } from './ascii/driver.ts'
import { AsciiWands } from './ascii/simulator.ts'
import { contract } from './contract.ts'

contract(openWand, async (env) => {
  const simulator = await startSimulator({ env, seed: 4 })
  const path = simulator.wands[0]?.paths.line
  if (!path) throw new Error('the simulator has no wand')
  return {
    port: loopbackSource('open', path),
    lift: async () => void (await simulator.command({ do: 'lift' })),
    place: async () => void (await simulator.command({ do: 'place' })),
    stop: () => simulator.stop(),
  }
})

contract(asciiWand, async (env) => {
  const wands = new AsciiWands(env)
  const near = (is: boolean) => {
    for (const pump of Object.values(wands.pumps)) pump.near = is
  }
  return {
    port: loopbackSource('ascii', wands),
    lift: () => near(false),
    place: () => near(true),
    stop: () => {},
  }
})
