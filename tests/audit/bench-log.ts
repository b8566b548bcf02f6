// What the audit's tests share: a log in virtual time on a disk in memory, and records for it.
import type { KeyObject } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { NewRecord } from '../../src/audit/format/record.ts'
import { newKey } from '../../src/audit/log/keys.ts'
import { AuditLog } from '../../src/audit/log/log.ts'
import type { LogOptions } from '../../src/audit/log/options.ts'
import { VirtualEnv } from '../../src/base/env.ts'
import { MemoryDisk } from './memory-disk.ts'

export interface Bench {
  readonly env: VirtualEnv
  readonly disk: MemoryDisk
  readonly key: KeyObject
  readonly options: LogOptions
}

export function bench(seed = 1, disk = new MemoryDisk(), more: Partial<LogOptions> = {}): Bench {
  const env = new VirtualEnv({ seed })
  const key = newKey(new VirtualEnv({ seed: 99 }))
  const options: LogOptions = {
    env,
    disk,
    dir: '/state/audit',
    source: 'simulator',
    keys: async () => [key],
    boot: `boot-${seed}`,
    ...more,
    limits: { ballastBytes: 4_096, ...more.limits },
  }
  return { env, disk, key, options }
}

/** Awaits `work` while virtual time goes on. */
export async function during<T>(env: VirtualEnv, work: Promise<T>, limitMs = 60_000): Promise<T> {
  let done = false
  const settled = work.finally(() => {
    done = true
  })
  if (!(await env.until(() => done, limitMs, 50)))
    throw new Error(`nothing came of it in ${limitMs} ms`)
  return settled
}

/** The same for work that also needs real time, as packing does. */
export async function duringReal<T>(env: VirtualEnv, work: Promise<T>): Promise<T> {
  let done = false
  const settled = work.finally(() => {
    done = true
  })
  while (!done) {
    await env.advance(10)
    await setTimeout(1)
  }
  return settled
}

export const open = ({ env, options }: Bench) => during(env, AuditLog.open(options))
export const close = ({ env }: Bench, log: AuditLog) => during(env, log.close())

export const refused = (n: number): NewRecord<'link'> => ({
  kind: 'link',
  port: '/dev/ttyACM0',
  wand: 'WAND-0001',
  link: 7,
  body: {
    phase: 'ready',
    cause: 'test',
    why: { code: 'why.port', args: { text: `number ${n}` } },
    connected: true,
  },
})

export const start: NewRecord<'start'> = {
  kind: 'start',
  body: { software: 'wandbridge 0.1.0', node: 'v20.20.2', platform: 'linux' },
}
export const stop: NewRecord<'stop'> = { kind: 'stop', body: { why: 'SIGTERM' } }

export const logDir = (log: AuditLog) => `/state/audit/${log.state.log}`
