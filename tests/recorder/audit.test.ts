// The bridge with its audit log, in virtual time, on a disk that fails as disks do: what anybody was
// told is recorded, what is recorded can be derived again, and bad news waits for nothing.

import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { scenarioNames } from '../../simulator/scenarios/load.ts'
import { openKeys } from '../../src/audit/log/keys.ts'
import { AuditLog } from '../../src/audit/log/log.ts'
import type { Limits } from '../../src/audit/log/options.ts'
import { listLogs } from '../../src/audit/read/files.ts'
import { readRecords, type Stored } from '../../src/audit/read/reader.ts'
import { verify } from '../../src/audit/verify/verify.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { interrogateOnce, type Outcome } from '../../src/bridge/interrogate.ts'
import { decoderOf } from '../../src/drivers/decoders.ts'
import type { BridgeEvent } from '../../src/model/event.ts'
import { Auditor } from '../../src/recorder/auditor.ts'
import { EventRecorder } from '../../src/recorder/event-recorder.ts'
import { recordOf } from '../../src/recorder/records.ts'
import { duringReal, start } from '../audit/bench-log.ts'
import { MemoryDisk } from '../audit/memory-disk.ts'
import { type Rig, type RigOptions, rig } from '../bridge/rig.ts'
import { auditSaid } from '../words/said.ts'

const DIR = '/state/audit'
const cleanUp: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleanUp.splice(0)) await clean()
})

interface Audited {
  readonly r: Rig
  readonly disk: MemoryDisk
  readonly auditor: Auditor
  /** Ends bridge and log, as a host does. */
  end(): Promise<void>
  records(): Promise<Stored[]>
}

const auditorOn = (env: VirtualEnv, disk: MemoryDisk, limits: Partial<Limits> = {}) =>
  new Auditor({
    ...{ env, stateDir: '/state', source: 'simulator', boot: 'boot', settings: {} },
    ...{ disk, limits },
  })

async function audited(options: RigOptions = {}, disk = new MemoryDisk()): Promise<Audited> {
  let auditor: Auditor | null = null
  const r = await rig({
    ...options,
    recorder: (env) => {
      auditor = auditorOn(env, disk)
      return new EventRecorder(env, auditor)
    },
  })
  const made = auditor as unknown as Auditor
  let ended = false
  const end = async () => {
    if (ended) return
    ended = true
    await r.stop()
    await duringReal(r.env, made.close('test'))
  }
  cleanUp.push(end)
  r.bridge.start()
  return { r, disk, auditor: made, end, records: () => all(disk) }
}

/** The records of every log there is. */
async function all(disk: MemoryDisk): Promise<Stored[]> {
  const found: Stored[] = []
  for (const log of await listLogs(disk, DIR)) {
    for await (const stored of readRecords(disk, `${DIR}/${log}`)) found.push(stored)
  }
  return found
}

/** What of an event its record must say. */
function essence(event: BridgeEvent): string | null {
  const record = recordOf(event)
  if (!record || event.link === 0 || event.wand === null) return null
  return JSON.stringify([record.kind, record.at, record.session, record.body])
}

const essenceOf = ({ record }: Stored) =>
  JSON.stringify([record.kind, record.at, record.session, record.body], null, 0)

/** Names in ascending order, as a record has them. */
function sorted(text: string): string {
  const sort = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sort)
      : value && typeof value === 'object'
        ? Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([k, v]) => [k, sort(v)]),
          )
        : value
  return JSON.stringify(sort(JSON.parse(text)))
}

describe('what anybody was told', () => {
  it.each([
    ['normal-refill', 'high'],
    ...scenarioNames().map((name): [string, string] => [name, 'low']),
  ])(
    'is in the log, in that order, and derives again from its PDUs: %s, noise %s',
    async (scenario, level) => {
      const a = await audited({ scenario, seed: 1 })
      await a.r.command({ do: 'noise', level })
      await a.r.env.advance(20_000)
      await a.r.command({ do: 'unplug' })
      await a.r.env.advance(3_000)
      await a.r.command({ do: 'plug' })
      await a.r.env.advance(20_000)
      await a.end()
      const told = a.r.events.map(essence).filter((text) => text !== null)
      const kept = (await a.records()).map(essenceOf)
      let at = 0
      for (const text of told.map(sorted)) {
        // Repeated news of a silent port is recorded once.
        const found = kept.indexOf(text, at)
        if (found >= 0) at = found + 1
        else expect(JSON.parse(text)[0]).toBe('link')
      }
      const readings = a.r.events.filter((e) => e.kind === 'reading' || e.kind === 'live').length
      expect(readings).toBeGreaterThan(0)
      const [log] = await listLogs(a.disk, DIR)
      const result = await verify(a.disk, `${DIR}/${log}`, { rederive: decoderOf, schemas: true })
      expect(result.sentence).toMatch(/consistent/)
      expect(result.rederived).toBe(readings)
      expect(result.differing).toEqual([])
    },
  )

  it('was durable before: no event comes out whose record is not on the disk', async () => {
    const a = await audited({ seed: 3 })
    const early: string[] = []
    const onDisk = () =>
      [...a.disk.durable.entries()]
        .filter(([name]) => name.endsWith('.jsonl'))
        .map(([, { bytes, synced }]) => bytes.subarray(0, synced).toString())
        .join('')
    a.r.bridge.events$.subscribe((event) => {
      if (event.kind !== 'reading' && event.kind !== 'live') return
      const mark = `"at":"${event.receivedAt}"`
      if (!onDisk().includes(mark)) early.push(mark)
    })
    await a.r.env.advance(15_000)
    expect(early).toEqual([])
    expect(a.r.events.filter((e) => e.kind === 'live').length).toBeGreaterThan(3)
  })

  it('in one log of its own source, and its status names the newest record', async () => {
    const a = await audited()
    await a.r.live()
    expect((await listLogs(a.disk, DIR)).every((log) => log.startsWith('simulator-1-'))).toBe(true)
    const { audit } = a.r.pump() ?? {}
    const records = await a.records()
    expect(audit).toMatchObject({ state: 'ok', log: expect.stringMatching(/^simulator-1-/) })
    expect(audit?.position).toBe(records.length - 1)
    expect(audit?.checkpoint).toContain(`\n${records.length}\n`)
    expect(records.map((s) => s.record.kind).slice(0, 3)).toEqual([
      'segment',
      'start',
      'configuration',
    ])
    await a.end()
    expect((await a.records()).at(-1)?.record).toMatchObject({
      kind: 'stop',
      body: { why: 'test' },
    })
  })

  it('in that one log before a wand has spoken, too: a bridge has one source', async () => {
    const a = await audited()
    await a.r.command({ do: 'unplug' })
    await a.r.env.advance(5_000)
    const { log } = a.r.bridge.status().audit
    expect(log).toMatch(/^simulator-1-/)
    await a.r.command({ do: 'plug' })
    await a.r.live()
    expect(a.r.bridge.status().audit.log).toBe(log)
    expect(await listLogs(a.disk, DIR)).toEqual([log])
  })
})

describe('one altered byte of a PDU', () => {
  it('is found when the readings are derived again, though whoever has the key signed it', async () => {
    const a = await audited()
    await a.r.live()
    await a.end()
    const records = await a.records()
    const { record } = records.find((s) => s.record.kind === 'interrogation') as Stored
    const pdus = (record.pdus ?? []).map((text) => Buffer.from(text, 'base64'))
    const bytes = pdus.reduce((n, pdu) => n + pdu.length, 0)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const forged = pdus.map((pdu) => Uint8Array.from(pdu))
        let left = at
        for (const pdu of forged) {
          if (left < pdu.length) {
            pdu[left] = (pdu[left] ?? 0) ^ flip
            break
          }
          left -= pdu.length
        }
        const disk = a.disk.killed()
        const { env } = a.r
        const { keys } = await openKeys(env, disk, '/state/keys')
        const log = new AuditLog({
          env,
          disk,
          dir: DIR,
          source: 'simulator',
          keys: async () => keys,
          boot: 'forger',
        })
        const { kind, body, decoder, pump } = record
        void log.append({ kind, body, decoder, pump, pdus: forged } as never)
        await duringReal(env, log.close())
        const dir = `${DIR}/${log.state.log}`
        expect((await verify(disk, dir)).ok).toBe(true)
        const result = await verify(disk, dir, { rederive: decoderOf })
        expect(result).toMatchObject({ ok: false, problem: { position: records.length } })
      }),
      { numRuns: process.env['WANDBRIDGE_LONG'] === '1' ? 1_000 : 20 },
    )
  })
})

describe('a disk that fails', () => {
  const broken = (code: string) => () => {
    throw Object.assign(new Error(code), { code })
  }

  it.each(['EIO', 'ENOSPC', 'EROFS', 'EACCES'])(
    'shows nothing new after %s, says why at once, and heals by itself',
    async (code) => {
      const a = await audited({ seed: 2 })
      await a.r.live()
      const before = a.r.pump()?.readAt
      a.disk.fault = (operation) => {
        if (operation !== 'read' && operation !== 'list') broken(code)()
      }
      await a.r.until(() => a.r.pump()?.quality === 'stale', 2_500)
      expect(a.r.pump()).toMatchObject({ quality: 'stale', reason: 'audit-failed' })
      expect(a.r.bridge.status().audit).toMatchObject({ state: 'failed' })
      expect(auditSaid(a.r.bridge.status().audit)).toMatch(/not live.*(Free|Have|Give).*by itself/)
      await a.r.env.advance(5_000)
      expect(a.r.pump()?.readAt).toBe(before)
      a.disk.fault = () => {}
      await a.r.until(() => a.r.pump()?.quality === 'current', 3_000)
      await a.end()
      const [log] = await listLogs(a.disk, DIR)
      expect((await verify(a.disk, `${DIR}/${log}`, { rederive: decoderOf })).ok).toBe(true)
      const readings = a.r.events.filter((e) => e.kind === 'live').length
      const kept = (await a.records()).filter((s) => s.record.kind === 'live').length
      expect(kept).toBe(readings)
    },
  )

  it('that hangs: slow after a second, failed after five, stale at once when the cable goes', async () => {
    const a = await audited({ seed: 2 })
    await a.r.live()
    let release = () => {}
    a.disk.fault = (operation) =>
      operation === 'sync'
        ? new Promise<void>((resolve) => {
            release = resolve
          })
        : undefined
    await a.r.until(() => a.r.bridge.status().audit.state === 'slow', 3_000)
    await a.r.until(() => a.r.bridge.status().audit.state === 'failed', 5_000)
    expect(a.r.pump()?.reason).toBe('audit-failed')
    await a.r.command({ do: 'unplug' })
    await a.r.until(() => a.r.wand()?.link.connected === false, 1_000)
    await a.r.command({ do: 'plug' })
    await a.r.env.advance(30_000)
    a.disk.fault = () => {}
    release()
    await a.r.until(() => a.r.pump()?.quality === 'current', 10_000)
  })

  it('from the start: no reading is shown before the log can be written', async () => {
    const disk = new MemoryDisk()
    disk.fault = (operation) => {
      if (operation !== 'list') broken('EROFS')()
    }
    const a = await audited({ seed: 2 }, disk)
    await a.r.env.advance(20_000)
    expect(a.r.bridge.status().pumps).toEqual([])
    expect(auditSaid(a.r.bridge.status().audit)).toContain('read-only')
    disk.fault = () => {}
    await a.r.live()
  })

  it('under the log directory removed: a new log that says so, and every surface shows it', async () => {
    const a = await audited({ seed: 2 })
    await a.r.live()
    for (const name of [...a.disk.files.keys()]) if (name.startsWith(DIR)) a.disk.files.delete(name)
    await a.r.until(() => auditSaid(a.r.bridge.status().audit).includes('set aside'), 10_000)
    await a.r.live()
    const { log } = a.r.bridge.status().audit
    expect(log).toMatch(/^simulator-2-/)
    const accepted = await duringReal(
      a.r.env,
      a.auditor.accept('looked at', { id: 'auditor', role: 'operator', auth: 'process' }),
    )
    expect(accepted).toHaveLength(1)
    expect(auditSaid(a.r.bridge.status().audit)).not.toContain('set aside')
  })
})

describe('a reading that cannot be recorded', () => {
  it('is not shown, and everybody is told, until one is kept again', async () => {
    const a = await audited({ seed: 2, policy: 'manual' })
    await a.r.env.advance(1_000)
    const append = a.auditor.append.bind(a.auditor)
    // As a bug in the bridge would: a body that canonical JSON has no place for.
    a.auditor.append = (record) =>
      append(
        record.kind === 'interrogation'
          ? { ...record, mono: 0.5, body: { blocks: { bad: 0.5 } } }
          : record,
      )
    const read = async () => {
      let outcome: Outcome | null = null
      void interrogateOnce(a.r.env, a.r.bridge, 'loop-0', 30_000).then((o) => {
        outcome = o
      })
      await a.r.until(() => outcome !== null)
      return outcome as unknown as Outcome
    }
    expect(await read()).toMatchObject({
      kind: 'unrecorded',
      why: expect.arrayContaining([expect.objectContaining({ code: 'audit.not-kept' })]),
    })
    expect(a.r.bridge.status().pumps).toEqual([])
    a.auditor.append = append
    await a.r.env.advance(5_000)
    expect((await read()).kind).toBe('read')
    expect(auditSaid(a.r.bridge.status().audit)).not.toContain('not shown')
    await a.end()
    expect((await a.records()).map((s) => s.record.kind)).toContain('gap')
  })
})

describe('the clock of this computer', () => {
  it('set back an hour: order, durability and verification stand', async () => {
    const a = await audited({ seed: 4 })
    await a.r.live()
    a.r.env.setWall(-3_600_000)
    await a.r.until(() => a.r.pump()?.quality === 'stale', 1_000)
    await a.r.live()
    await a.end()
    const records = await a.records()
    expect(records.map((s) => s.position)).toEqual(records.map((_, i) => i))
    const times = records.map((s) => Date.parse(s.record.at))
    expect(times.some((at, i) => i > 0 && at < (times[i - 1] ?? 0) - 3_000_000)).toBe(true)
    const [log] = await listLogs(a.disk, DIR)
    expect((await verify(a.disk, `${DIR}/${log}`)).ok).toBe(true)
  })
})

describe('a port where nothing answers for a day', () => {
  it('costs a handful of records', async () => {
    const a = await audited({ seed: 2 })
    await a.r.command({ do: 'unplug' })
    await a.r.env.advance(600_000)
    await a.end()
    const links = (await a.records()).filter((s) => s.record.kind === 'link')
    expect(links.length).toBeGreaterThan(1)
    expect(links.length).toBeLessThan(10)
  })
})

describe('records that come while the log is opened', () => {
  it('are in one log with one key, made once', async () => {
    const env = new VirtualEnv()
    const disk = new MemoryDisk()
    let made = 0
    disk.fault = (operation, path) => {
      if (operation === 'create' && path.includes('/keys/')) made += 1
    }
    const auditor = auditorOn(env, disk)
    const appended = [auditor.append(start), auditor.append(start)]
    const receipts = await duringReal(env, Promise.all(appended))
    const { log, state } = auditor.state
    expect(state).toBe('ok')
    expect(receipts.map((receipt) => receipt?.log)).toEqual([log, log])
    expect(await listLogs(disk, DIR)).toEqual([log])
    expect(made).toBe(1)
    await duringReal(env, auditor.close('test'))
  })
})

describe('the care for older segments', () => {
  const CARE = 'Older parts of the log could not be cared for'
  it('that fails is said and counted, until it is done', async () => {
    const env = new VirtualEnv()
    const disk = new MemoryDisk()
    const auditor = auditorOn(env, disk, { segmentBytes: 2_000 })
    disk.fault = (operation, path) => {
      if (operation === 'create' && path.includes('.leaves')) throw new Error('EIO')
    }
    // The care takes its turns between appends; how many it needs depends on the machine.
    const appended = async (saidOfIt: boolean) => {
      const before = Date.now()
      do {
        for (let i = 0; i < 20; i += 1) await duringReal(env, auditor.append(start))
        await duringReal(env, setTimeout(20))
      } while (
        auditSaid(auditor.status).includes(CARE) !== saidOfIt &&
        Date.now() - before < 10_000
      )
      expect(auditSaid(auditor.status).includes(CARE)).toBe(saidOfIt)
    }
    await appended(true)
    expect(auditor.upkeepFailures).toBeGreaterThan(0)
    // What was recorded is not touched by it.
    expect(auditor.status.state).toBe('ok')
    disk.fault = () => {}
    await appended(false)
    await duringReal(env, auditor.close('test'))
  })
})

describe('noise', () => {
  it('is summed up by the second', async () => {
    const a = await audited({ seed: 6 })
    await a.r.live()
    await a.r.command({ do: 'noise', level: 'high' })
    await a.r.env.advance(20_000)
    await a.end()
    const sums = (await a.records()).filter((s) => s.record.kind === 'refused')
    expect(sums.length).toBeGreaterThan(0)
    expect(sums.length).toBeLessThan(25)
    const frames = sums.reduce((n, { record }) => n + (record.body as { frames: number }).frames, 0)
    const counted = Object.values(a.r.bridge.counters()['loop-0']?.discarded ?? {})
    expect(frames).toBe(counted.reduce((n, { frames: f }) => n + f, 0))
  })
})
