// A year of a clinic in virtual time, with everything that an audit report has to tell of: a visit a month on
// a simulated pump, worksheets with a correction, readers over HTTP, a jump of the clock, a gap, a change of
// key, a kill, a log that was damaged, set aside and accepted, and retention. As files in a directory.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startSimulator } from '../../simulator/index.ts'
import type { Actor, NewRecord } from '../../src/audit/format/record.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { openWand } from '../../src/drivers/open-wand/driver.ts'
import { Closers } from '../../src/host/closers.ts'
import { openRooms } from '../../src/host/rooms.ts'
import type { InterrogationRecord } from '../../src/model/record.ts'
import { readingOf } from '../../src/refill/sheet/reading.ts'
import { loopbackSource } from '../../src/transport/loopback.ts'
import { duringReal } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'

const DAY = 86_400_000
export const HOSTILE = '<script>alert(1)</script>\u001b[2K\u202e=1+1'
const AMY: Actor = { id: 'amy', role: 'operator', auth: 'pin' }
const EHR: Actor = { id: 'tok-ehr', role: 'reader', auth: 'token' }
const KEPT_DAYS = 120

/** What is programmed at each refill. */
const PROGRAMMES = [
  { rate: 260_001 },
  {
    drugs: [
      { name: 'Baclofen', massUnit: 'mcg', concentration: 500_050 },
      { name: 'Clonidine, 2nd', massUnit: 'mg', concentration: 2_000_000 },
    ],
  },
  {
    mode: 'flex',
    schedule: [
      { start: 0, rate: 200_000 },
      { start: 420, rate: 333_333 },
    ],
    bolus: { volume: 100_000, duration: 600, lockout: 90, maxPerDay: 6 },
  },
  { mode: 'stopped' },
]

/** The files of `/state` of a disk in memory, in a directory. */
export function written(disk: MemoryDisk, state: string): void {
  for (const [path, { bytes }] of disk.files) {
    const to = join(state, path.replace('/state/', ''))
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(to, bytes)
  }
}

/** Writes the year to `state`; gives the keys and checkpoints that somebody kept on the way. */
export async function year(state: string) {
  const env = new VirtualEnv({ seed: 7 })
  const simulator = await startSimulator({ env, seed: 7, scenario: 'normal-refill' })
  const command = async (what: object) => void (await simulator.command(what as never))
  const path = simulator.wands[0]?.paths.line
  if (!path) throw new Error('the simulator has no wand')
  let disk = new MemoryDisk()
  const kept: { month: number; log: string; key: string; checkpoint: string }[] = []

  for (let month = 0; month < 12; month += 1) {
    const closers = new Closers((name, error) => {
      throw new Error(`${name}: ${String(error)}`)
    })
    const { auditor, feed, start } = openRooms(
      {
        ...{ env, stateDir: '/state', source: 'simulator', boot: `boot ${month}`, settings: {} },
        driver: openWand,
        policy: 'on-placement',
        ports: [loopbackSource('wand', path)],
        audit: {
          disk,
          account: { uid: 1_000, name: 'clinic' },
          clock: () => (month % 4 === 3 ? 'unknown' : 'synchronised'),
          keepDays: KEPT_DAYS,
        },
        why: () => 'evening',
      },
      closers,
    )
    await duringReal(env, start())
    await command({ do: 'place' })
    await env.advance(25_000)
    const append = async (record: NewRecord) => {
      const receipt = await duringReal(env, auditor.append(record))
      if (!receipt) throw new Error(auditor.state.code)
      return receipt.position
    }
    if (month % 3 === 0) {
      let reading: InterrogationRecord | null = null
      for await (const record of feed.read({ kinds: ['interrogation'] })) {
        const one = record.api()
        if (one?.kind === 'interrogation') reading = one
      }
      if (!reading) throw new Error('the pump was not read')
      const sheet = `2026${String(month + 1).padStart(2, '0')}05-0800-0a1b`
      const step = (name: string, entries: object, corrects?: number) =>
        append({
          kind: 'worksheet',
          action: corrects === undefined ? 'C' : 'U',
          actor: AMY,
          pump: reading?.pump?.serial ?? null,
          model: reading?.identity.model ?? null,
          ...(corrects !== undefined && { refs: { corrects } }),
          body: {
            ...{ sheet, step: name, entries: entries as never },
            signed: { operator: 'amy', verified: 'pin' },
          },
        })
      await step('identity', {
        ...{ card: '0001', serial: 'SIM-0001', model: reading.identity.model, source: 'simulator' },
      })
      await step('before', readingOf(reading, false))
      const wrong = await step('aspirated', { volume: 4_200_000, remark: HOSTILE })
      await step('aspirated', { volume: 2_400_000, remark: 'digits were swapped' }, wrong)
      await command({ do: 'drain' })
      await step('injected', { volume: 20_000_000 })
      await command({ do: 'refill', volume: 20_000_000, program: true })
      await command({ do: 'program', change: PROGRAMMES[month / 3] })
    }
    for (let i = 0; i < 5; i += 1) {
      const access = { actor: EHR, route: '/api/v1/pumps/{id}', pump: i < 3 ? 'SIM-0001' : null }
      await duringReal(env, Promise.resolve(auditor.read(access)))
    }
    if (month === 1) env.setWall(40 * DAY)
    if (month === 2) await duringReal(env, auditor.append({ kind: 'link', body: {} } as never))
    if (month === 4) await duringReal(env, auditor.rotateKey('yearly', AMY))
    if (month === 8) await duringReal(env, auditor.accept('the disk was changed', AMY))
    await env.advance(70_000)
    if (month === 1) env.setWall(-40 * DAY)
    await append({ kind: 'refused', body: refusedBody(env.wall()) })
    const { log, key, checkpoint } = auditor.state
    kept.push({ month, log: log ?? '', key: key ?? '', checkpoint: checkpoint ?? '' })
    await command({ do: 'lift' })
    await env.advance(3_000)
    const killed = month === 5 ? disk.killed() : null
    await duringReal(env, closers.close())
    disk = killed ?? disk
    if (month === 7) damage(disk, log ?? '')
    await command({ do: 'advance', days: 29 })
    env.setWall(29 * DAY)
  }
  await simulator.stop()
  written(disk, state)
  return kept
}

const refusedBody = (wall: number) => {
  const at = new Date(wall).toISOString()
  return { from: at, to: at, frames: 3, bytes: 17, reasons: [{ why: 'crc', frames: 3, bytes: 17 }] }
}

/** One byte of its last segment is another. */
function damage(disk: MemoryDisk, log: string): void {
  const names = [...disk.files.keys()].filter((name) => name.startsWith(`/state/audit/${log}/`))
  const last = names
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .at(-1)
  const bytes = disk.files.get(last ?? '')?.bytes
  if (!bytes) throw new Error('no segment')
  bytes[bytes.indexOf('"kind":"stop"') + 8] = 'x'.charCodeAt(0)
}
