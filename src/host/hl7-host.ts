// The HL7 destinations of a bridge: the audit log is their outbox, a file each in the state directory
// says how far they are.
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { nodeDisk, replaceFile } from '../base/disk.ts'
import type { Env } from '../base/env.ts'
import { Destination, type Notes } from '../delivery/destination.ts'
import type { Rules } from '../delivery/machine.ts'
import type { Records } from '../delivery/outbox.ts'
import type { Store } from '../delivery/saved.ts'
import type { DestinationConfig } from '../hl7/config.ts'
import { hl7Sender } from '../hl7/sender.ts'
import type { Counter } from '../http/sources.ts'
import type { Coded, DestinationStatus } from '../model/status.ts'
import type { Auditor } from '../recorder/auditor.ts'

export interface Hl7 {
  status(): readonly Coded<DestinationStatus>[]
  counters(): readonly Counter[]
  /** Sends what was set aside again; how many messages that are, by destination. */
  resend(name?: string): Readonly<Record<string, number>>
  /** Nothing is owed any more. */
  readonly idle: boolean
  /** Lowest position of the log that is written now which some destination has not had. */
  readonly owed: number
  close(): Promise<void>
}

export function startHl7(
  env: Env,
  stateDir: string,
  { auditor, feed }: { readonly auditor: Auditor; readonly feed: Records },
  configs: readonly DestinationConfig[],
  log: (text: string) => void,
  rules: Partial<Rules> = {},
): Hl7 {
  const dir = join(stateDir, 'hl7')
  const taken = configs.filter((one) => auditor.source === 'device' || one.testMessages)
  for (const { name } of configs.filter((one) => !taken.includes(one))) {
    log(
      `HL7 ${name}: nothing is sent to it, because this bridge does not read devices. To send it test messages, set testMessages.`,
    )
  }
  const all = taken.map(
    (config) =>
      new Destination({
        env,
        name: config.name,
        since: config.since,
        rules: { ackMs: config.ackSeconds * 1_000, attempts: config.attempts, ...rules },
        sender: hl7Sender(env, config),
        records: feed,
        store: fileStore(join(dir, `${config.name}.json`)),
        notes: notesOf(auditor, config.name),
        log: (text) => log(`HL7 ${config.name}: ${text}`),
      }),
  )
  for (const one of all) one.start()
  return {
    status: () => all.map((one) => one.status()),
    counters: () => countersOf(all.map((one) => one.status())),
    resend: (name) =>
      Object.fromEntries(
        all
          .filter((one) => name === undefined || one.name === name)
          .map((one) => [one.name, one.resend()]),
      ),
    get idle() {
      return all.every((one) => one.idle)
    },
    get owed() {
      return Math.min(...all.map((one) => one.owed), Number.POSITIVE_INFINITY)
    },
    async close() {
      await Promise.all(all.map((one) => one.stop()))
    },
  }
}

function fileStore(path: string): Store {
  return {
    load: () =>
      readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      }),
    async save(text) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await replaceFile(nodeDisk, path, Buffer.from(text))
    },
  }
}

function notesOf(auditor: Auditor, destination: string): Notes {
  const durable = (written: Promise<unknown>) => written.then((receipt) => receipt !== null)
  return {
    parked({ position, control, code, text, attempts }) {
      const body = { destination, position, control, code, text, attempts }
      const outcome = { ok: false, reason: `${code} ${text}`.trim() }
      return durable(auditor.append({ kind: 'hl7-parked', body, outcome }))
    },
    resent({ position, control }) {
      const body = { destination, position, control }
      return durable(auditor.append({ kind: 'hl7-resent', body }))
    },
    gap({ log, from, to, why }) {
      const outcome = { ok: false, reason: why }
      const body = { destination, log, from, to }
      return durable(auditor.append({ kind: 'hl7-gap', body, outcome }))
    },
  }
}

function countersOf(all: readonly Coded<DestinationStatus>[]): Counter[] {
  const per = (
    name: string,
    help: string,
    type: Counter['type'],
    of: (one: Coded<DestinationStatus>) => number,
  ) => ({
    name,
    help,
    type,
    values: all.map((one) => ({ labels: { destination: one.name }, value: of(one) })),
  })
  return [
    per(
      'hl7_lag_seconds',
      'Age of the oldest record that is still owed.',
      'gauge',
      (one) => one.lagMs / 1_000,
    ),
    per('hl7_parked', 'Messages that were set aside.', 'gauge', (one) => one.parked),
    per(
      'hl7_sent_total',
      'Messages that were accepted since the start.',
      'counter',
      (one) => one.sent,
    ),
    per(
      'hl7_strays_total',
      'Replies that named no message that was sent.',
      'counter',
      (one) => one.strays,
    ),
  ]
}
