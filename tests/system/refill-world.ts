// A refill as it happens: a simulated pump on a pty that has lived the worked example, a bridge that
// reads it, and the worksheet beside it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, type Program, type Sim, serve, sim, start, temporary } from './programs.ts'

/** 20 mL at 0.25 mL/day, 2.5 % more leaves; beside it another patient's pump. */
const SCENARIO = `
title: A refill
description: The worked example, and another patient.
pumps:
  - { serial: SIM-0020, model: SIM-20, volume: 20000000, filled: { volume: 20000000, daysAgo: 0 }, drift: 0, bias: 25000, fillBias: 0 }
  - { serial: SIM-0011, model: SIM-20, volume: 13000000 }
`
const CONFIG = `
zone: Europe/London
refill: { clinic: North Clinic, phone: 555-0100, tolerance: 14.5, source: Pharmacy rule 7 }
`

export interface World {
  readonly pump: Sim
  readonly bridge: Program
  readonly state: string
  readonly config: string
}

/** A pump that waits, sixty days on, and what a bridge is told. */
export async function ready(pumps = SCENARIO): Promise<Omit<World, 'bridge'>> {
  const state = temporary()
  const scenario = join(state, 'scenario.yaml')
  const config = join(state, 'config.yaml')
  writeFileSync(scenario, pumps)
  writeFileSync(config, CONFIG)
  const pump = await sim('pty', '--scenario', scenario)
  await pump.command({ do: 'advance', days: 60 })
  return { pump, state, config }
}

/** Both running, and the pump read once. */
export async function world(pumps = SCENARIO, listen = 'none'): Promise<World> {
  const { pump, state, config } = await ready(pumps)
  const { bridge } = await serve([pump.port], { state, listen })
  await eventually(
    () => bridge.err(),
    (text) => text.includes('Reading finished'),
    60_000,
  )
  return { pump, bridge, state, config }
}

export interface Worksheet {
  readonly program: Program
  readonly url: string
  /** A link that lets one browser in. */
  link(): Promise<string>
}

const LINK = /http:\/\/127\.0\.0\.1:\d+\/open\/[0-9a-f]+/g

/** The worksheet's server beside a running bridge; with `more`, a bridge of its own. */
export async function worksheet(
  { state, config }: Pick<World, 'state' | 'config'>,
  ...more: string[]
): Promise<Worksheet> {
  const files = ['--state-dir', state, '--config', config]
  const program = start(['refill', '--no-open', '--port', '0', ...files, ...more])
  const links = () => program.out().match(LINK) ?? []
  await eventually(links, (some) => some.length > 0, 30_000)
  const url = new URL(links()[0] ?? '').origin
  return {
    program,
    url,
    async link() {
      const before = links().length
      program.child.stdin?.write('o')
      await eventually(links, (some) => some.length > before, 10_000)
      return links().at(-1) ?? ''
    },
  }
}
