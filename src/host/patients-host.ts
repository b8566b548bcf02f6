// Where whose pump it is comes from: the log, the clinic's table, and what is told of patients over HL7. The rooms
// of it do not know each other.
import { join } from 'node:path'
import type { Env } from '../base/env.ts'
import { utc } from '../base/env.ts'
import { fileStore } from '../base/file-store.ts'
import type { Say } from '../base/journal.ts'
import { AdtListener } from '../hl7/listener.ts'
import { ListenError } from '../http/listen-error.ts'
import type { Counter } from '../http/sources.ts'
import { loadTls } from '../http/tls.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import type { Owner } from '../model/owner.ts'
import type { PatientsStatus } from '../model/status.ts'
import type { AdtConfig, PatientsConfig } from '../patients/config.ts'
import { Desk } from '../patients/desk.ts'
import { TableFile } from '../patients/table-file.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { gauge } from './counters.ts'

export interface Patients {
  ownerOf(serial: string, model: string | null): Owner | null
  /** Null = nothing is configured. */
  status(): PatientsStatus | null
  counters(): readonly Counter[]
  /** Where it listens for ADT; null = it does not. */
  readonly port: number | null
  close(): Promise<void>
}

export interface PatientsOptions {
  readonly env: Env
  readonly stateDir: string
  readonly auditor: Auditor
  readonly knowledge: Pick<Knowledge, 'owners'>
  /** Null = nobody says any more whose a pump is. Undefined = it stays as the log says. */
  readonly config: PatientsConfig | null | undefined
  readonly log: Say
}

/** Senders whose clocks have no zone may be so far ahead. */
const AHEAD_MS = 26 * 3_600_000

/** Rejects with ListenError when it cannot listen as it is told. */
export async function startPatients(options: PatientsOptions): Promise<Patients> {
  const { env, stateDir, auditor, knowledge, config, log } = options
  const durable = (written: Promise<unknown>) => written.then((receipt) => receipt !== null)
  const desk = new Desk(
    {
      env,
      log,
      kept: fileStore(join(stateDir, 'patients', 'told.json')),
      ledger: {
        assignment({ serial: pump, model }, body) {
          const ok = body.change !== 'refused'
          const outcome = ok ? { ok } : { ok, reason: 'two-patients' }
          return durable(
            auditor.append({ kind: 'assignment', action: 'U', pump, model, body, outcome }),
          )
        },
        told: (body) => durable(auditor.append({ kind: 'patient-told', action: 'U', body })),
      },
    },
    structuredClone(knowledge.owners()),
  )
  if (!config) {
    // Not waited for: a log that cannot be written must not keep a bridge from reading.
    if (config === null) void desk.taken({ links: [], refused: [] })
    return {
      ownerOf: (serial, model) => desk.ownerOf(serial, model),
      status: () => null,
      counters: () => [],
      port: null,
      close: () => desk.stop(),
    }
  }
  const { file: path, encoding, system, names, settleSeconds, adt } = config
  const format = /\.csv$/i.test(path) ? 'csv' : 'yaml'
  const table = new TableFile({
    env,
    path,
    settings: { format, encoding, system, names },
    settleMs: settleSeconds * 1_000,
    taken: (taken) => desk.taken(taken),
    wrong: (problem) => desk.wrong(problem),
  })
  const listener = adt ? await listening(options, adt, desk, config) : null
  await table.start()
  return {
    ownerOf: (serial, model) => desk.ownerOf(serial, model),
    status: () => ({ ...desk.status, adt: listener ? { ...listener.answers } : null }),
    counters: () => countersOf(desk, listener),
    port: listener?.port ?? null,
    async close() {
      await listener?.close()
      await table.stop()
      await desk.stop()
    },
  }
}

async function listening(
  { env, auditor, log }: PatientsOptions,
  { listen, tls, peers, authorities, encoding, maxKiB }: AdtConfig,
  desk: Desk,
  { system, names }: PatientsConfig,
) {
  const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(listen) ?? []
  const refused = (error: Error) =>
    new ListenError(`ADT cannot be heard on ${listen}: ${error.message}. Change patients.adt.`)
  const files = tls && {
    ...{ cert: tls.cert, key: tls.key },
    ...(tls.clientCa !== undefined && { clientCa: tls.clientCa }),
  }
  const secured = files
    ? await loadTls(files).catch((error: Error) => Promise.reject(refused(error)))
    : null
  const server = new AdtListener({
    ...{ env, host, port: Number(port), peers, encoding, log },
    ...(secured && { tls: secured }),
    mostBytes: maxKiB * 1_024,
    settings: () => ({
      ...{ authorities, system, names },
      tests: auditor.source !== 'device',
      latest: utc(env.wall() + AHEAD_MS),
    }),
    take: (people) => desk.said(people),
  })
  const bound = await server.listen().catch((error: Error) => Promise.reject(refused(error)))
  log(`Listening for HL7 ADT on ${host}:${bound}${secured ? ', with TLS' : ''}.`, 'info')
  return { port: bound, answers: server.answers, close: () => server.close() }
}

function countersOf(desk: Desk, listener: Pick<AdtListener, 'answers'> | null): Counter[] {
  const { assigned, problem, refused } = desk.status
  return [
    gauge('patients_pumps', 'Pumps that are known to be somebody’s.', assigned),
    gauge('patients_refused', 'Pumps that the table gives to two patients.', refused.length),
    gauge(
      'patients_table_wrong',
      'The table cannot be taken; pumps stay whose they were.',
      problem === null ? 0 : 1,
    ),
    ...(listener
      ? [
          {
            name: 'adt_messages_total',
            help: 'HL7 ADT messages, by how they were answered.',
            type: 'counter' as const,
            values: Object.entries(listener.answers).map(([answer, value]) => ({
              labels: { answer },
              value,
            })),
          },
        ]
      : []),
  ]
}
