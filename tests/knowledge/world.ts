// A log, the feed of it and what is known of it, on a disk in memory and in virtual time.
import { Subject } from 'rxjs'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { AuditLog } from '../../src/audit/log/log.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { Feed } from '../../src/feed/feed.ts'
import { Knowledge, type KnowledgeState } from '../../src/knowledge/knowledge.ts'
import { bench, during } from '../audit/bench-log.ts'
import type { MemoryDisk } from '../audit/memory-disk.ts'

export const DIR = '/state/knowledge'
export const FILE = `${DIR}/simulator.json`

export async function world(seed: number, disk?: MemoryDisk, segmentBytes = 60_000) {
  const wake$ = new Subject<void>()
  const onState = () => wake$.next()
  const b = bench(seed, disk, { onState, limits: { segmentBytes } })
  const { env } = b
  const log = await during(env, AuditLog.open(b.options))
  const head = () => {
    const { log: name, size } = log.state
    return name === null ? null : { log: name, size }
  }
  const feed = new Feed({
    env,
    disk: b.disk,
    dir: '/state/audit',
    source: 'simulator',
    head,
    wake$,
  })
  return {
    env,
    disk: b.disk,
    log,
    feed,
    /** Appends all, and waits until they are durable. */
    async append(records: readonly NewRecord[]): Promise<void> {
      await during(env, Promise.all(records.map((record) => log.append(record))))
    },
    /** What is known, up to the head; and every state it went through. */
    async know() {
      const options = { env, disk: b.disk, dir: DIR, source: 'simulator' as const, feed }
      const knowledge = new Knowledge(options)
      const states: KnowledgeState[] = []
      knowledge.onChange(() => states.push(knowledge.state))
      await during(env, knowledge.start())
      return { knowledge, states }
    },
    /** Ends what was known, with its snapshot written. */
    stop: (knowledge: Knowledge) => during(env, knowledge.stop()),
    close: () => during(env, log.close()),
  }
}

/** What is known of the log as it lies on a copy of the disk, where there is no snapshot of it. */
export async function rebuilt(disk: MemoryDisk) {
  const copy = disk.killed()
  copy.files.delete(FILE)
  const env = new VirtualEnv({ seed: 77 })
  const feed = new Feed({ env, disk: copy, dir: '/state/audit', source: 'simulator' })
  const knowledge = new Knowledge({ env, disk: copy, dir: DIR, source: 'simulator', feed })
  await during(env, knowledge.start())
  const { state } = knowledge
  if (state.phase !== 'following') throw new Error(`it could not be read: ${state.code}`)
  await during(env, knowledge.stop())
  return told(knowledge)
}

/** Everything that can be asked, but for the way here. */
export function told(knowledge: Knowledge) {
  return {
    position: knowledge.state.position,
    log: knowledge.state.log,
    unclosed: knowledge.unclosed(),
    pumps: knowledge.pumps().map((pump) => ({
      pump,
      alarms: knowledge.alarms(pump.id),
      history: knowledge.alarmHistory(pump.id),
      visits: knowledge.visits(pump.id),
      refills: knowledge.refills(pump.id),
      events: knowledge.newEvents(pump.id),
    })),
    missing: knowledge.missingAlarms(),
  }
}
