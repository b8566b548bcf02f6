// A bridge that is killed, or whose computer loses its power, at random moments: after its start it knows
// what a bridge knows that was never ended. The whole house but for the kernel, on a disk in memory, in
// virtual time, over seeds; the pump and its wand go on meanwhile.
import { describe, expect, it } from 'vitest'
import { startSimulator } from '../../simulator/index.ts'
import { readRecords } from '../../src/audit/read/reader.ts'
import { mulberry32, VirtualEnv } from '../../src/base/env.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { Closers } from '../../src/host/closers.ts'
import { openRooms, type Rooms } from '../../src/host/rooms.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'
import type { PortSource, WandPort } from '../../src/transport/port.ts'
import { duringReal } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'

const LONG = process.env['WANDBRIDGE_LONG'] === '1'
const SEEDS = LONG ? 200 : 6
const SCENARIOS = ['stall-late-recovery', 'low-reservoir-early', 'mri-stuck-session', 'eri-to-eos']

interface House extends Rooms {
  readonly disk: MemoryDisk
  /** Nothing of it reaches the wand or the disk any more. */
  dead: boolean
  end(): Promise<void>
}

/** A port that goes silent when its process is killed. */
function mortal(source: PortSource, house: { dead: boolean }): PortSource {
  return {
    ...source,
    create: (): WandPort => {
      const port = source.create()
      const alive =
        <A extends readonly unknown[]>(does: (...args: A) => void) =>
        (...args: A) => {
          if (!house.dead) does(...args)
        }
      return {
        path: port.path,
        framing: port.framing,
        open: (events) => port.open({ data: alive(events.data), ended: events.ended }),
        write: alive((bytes) => port.write(bytes)),
        close: () => port.close(),
      }
    },
  }
}

async function run(seed: number) {
  const env = new VirtualEnv({ seed })
  const chance = mulberry32(seed)
  const below = (n: number) => chance() % n
  const scenario = SCENARIOS[seed % SCENARIOS.length] as string
  const simulator = await startSimulator({ env, seed, scenario })
  const command = async (what: object) => void (await simulator.command(what as never))
  let boots = 0

  const open = async (disk: MemoryDisk): Promise<House> => {
    const house = { dead: false }
    const path = simulator.wands[0]?.paths.line
    if (!path) throw new Error('the simulator has no wand')
    const closers = new Closers((name, error) => {
      throw new Error(`${name}: ${String(error)}`)
    })
    boots += 1
    const rooms = openRooms(
      {
        ...{ env, stateDir: '/state', source: 'simulator', boot: `boot ${boots}`, settings: {} },
        driver: openWand,
        policy: 'on-placement',
        ports: [mortal(loopbackSource('wand', path), house)],
        audit: { disk },
        why: () => 'test',
      },
      closers,
    )
    const started = rooms.start()
    await duringReal(env, started)
    return Object.assign(house, rooms, { disk, end: () => duringReal(env, closers.close()) })
  }

  /** What a reader would be told of the past. */
  const known = ({ knowledge, bridge }: House) => ({
    pumps: bridge.status().pumps.map((pump) => ({
      pump: pump.pump,
      readAt: pump.readAt,
      volume: pump.reservoir.reportedVolume.value,
      rate: pump.infusion.rate.value,
      alarms: pump.alarms,
    })),
    alarms: knowledge.pumps().map(({ id }) => knowledge.alarms(id)),
    visits: knowledge.pumps().map(({ id }) => knowledge.visits(id).items),
    refills: knowledge.pumps().map(({ id }) => knowledge.refills(id).items),
    unclosed: knowledge.unclosed().map(({ serial, session }) => [serial, session]),
  })

  let house = await open(new MemoryDisk())
  for (let round = 0; round < 4; round += 1) {
    await env.advance(2_000 + below(25_000))
    if (below(2) === 0) await command({ do: 'lift' })
    await env.advance(1_000 + below(3_000))
    // Killed here: in the middle of whatever it does.
    house.dead = true
    const disk = below(2) === 0 ? house.disk.killed() : house.disk.cut(below)
    void house.end()
    await command({ do: 'alarm', code: 'memory-error', on: true })
    await command({ do: 'advance', days: below(3) })
    await command({ do: 'alarm', code: 'memory-error', on: below(2) === 0 })
    await env.advance(15_000)
    house = await open(disk)
    await command({ do: 'lift' })
    await env.advance(2_000)
    await command({ do: 'place' })
  }
  await env.advance(30_000)
  await command({ do: 'lift' })
  await env.advance(5_000)
  const before = known(house)
  // Once more, between two visits, in good order: nothing is to be lost or told anew.
  const size = house.auditor.head?.size ?? 0
  await house.end()
  house = await open(house.disk.killed())
  const after = known(house)
  const records = []
  const dir = `/state/audit/${house.auditor.head?.log}`
  for await (const { record } of readRecords(house.disk, dir)) records.push(record)
  await house.end()
  await simulator.stop()
  return { before, after, records, size }
}

describe('a bridge that is killed at random moments', () => {
  it(`knows afterwards what it knew, and tells each alarm once, over ${SEEDS} seeds`, {
    timeout: LONG ? 1_800_000 : 120_000,
  }, async () => {
    let readings = 0
    let alarms = 0
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { before, after, records, size } = await run(seed)
      expect(after, `seed ${seed}`).toEqual(before)
      expect(records.length).toBeGreaterThan(size)
      const active = new Set<string>()
      for (const record of records) {
        if (record.kind === 'interrogation') readings += 1
        if (record.kind !== 'alarm') continue
        alarms += 1
        const { phase, alarm } = record.body
        const name = `${record.pump} ${String(alarm['id'])} ${String(alarm['code'])}`
        expect(active.has(name), `seed ${seed}: ${phase} of ${name}`).toBe(phase !== 'start')
        if (phase === 'start') active.add(name)
        if (phase === 'end') active.delete(name)
      }
    }
    expect(readings).toBeGreaterThan(SEEDS)
    expect(alarms).toBeGreaterThan(SEEDS)
  })
})
