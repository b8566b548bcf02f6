// The destinations of a bridge, of every kind: the audit log is their outbox, a file each in the state
// directory says how far they are. What they are sent comes from the surfaces, which do not know them.
import { join } from 'node:path'
import type { Env } from '../base/env.ts'
import { fileStore } from '../base/file-store.ts'
import type { Say } from '../base/journal.ts'
import type { DeliveryConfig, WebhookConfig } from '../delivery/config.ts'
import { Destination, type Notes } from '../delivery/destination.ts'
import { fhirSender } from '../delivery/fhir-push.ts'
import type { Rules } from '../delivery/machine.ts'
import type { Records } from '../delivery/outbox.ts'
import { insist } from '../delivery/place.ts'
import type { Sender } from '../delivery/sender.ts'
import { webhookSender } from '../delivery/webhook.ts'
import type { Feed } from '../feed/feed.ts'
import { coderOf } from '../fhir/extra-codings.ts'
import type { DestinationConfig } from '../hl7/config.ts'
import { hl7Sender } from '../hl7/sender.ts'
import type { Counter } from '../http/sources.ts'
import { type Codings, NO_CODINGS } from '../model/codings.ts'
import { withoutPeople } from '../model/people.ts'
import type { CodedRecord } from '../model/record.ts'
import type { Coded, DestinationKind, DestinationStatus } from '../model/status.ts'
import type { Auditor } from '../recorder/auditor.ts'
import { recordTold } from '../words/told.ts'
import type { Words } from '../words/words.ts'
import { contradictionsIn } from './contradictions.ts'
import { type Known, pushed } from './transactions.ts'

export interface Delivery {
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

/** Where messages go, as the configuration says it. */
export interface Destinations extends DeliveryConfig {
  readonly hl7: readonly DestinationConfig[]
  /** Of the clinic, beside ours. */
  readonly codings?: Codings
}

/** A destination of any kind as it is configured, with what it is sent and how. */
export interface Addressee {
  readonly kind: DestinationKind
  readonly name: string
  readonly testMessages: boolean
  readonly since: string | undefined
  readonly rules: Partial<Rules>
  /** `records`: where what a message speaks of is looked up. */
  sender(env: Env, records: Pick<Records, 'read'>): Sender
}

type DeliveryRecords = Records & Pick<Feed, 'oldest'>

/** After so many times that a message was sent and not taken, another one is tried. */
const STUCK = 20

/** `known`: null = refills are not told. */
export function addressees(
  { hl7, fhir, webhooks, codings = NO_CODINGS }: Destinations,
  words: Words,
  known: Known | null = null,
): Addressee[] {
  const rendered =
    ({ people }: WebhookConfig) =>
    (made: CodedRecord) =>
      made.kind === 'worksheet' && !people ? withoutPeople(made) : recordTold(words, made)
  const of = (
    kind: DestinationKind,
    {
      name,
      testMessages,
      since,
    }: Pick<Addressee, 'name' | 'testMessages'> & { since?: string | undefined },
    rules: Partial<Rules>,
    sender: Addressee['sender'],
  ): Addressee => ({ kind, name, testMessages, since, rules, sender })
  const overHttp = ({ timeoutSeconds, attempts }: DeliveryConfig['fhir'][number]) => ({
    ackMs: timeoutSeconds * 1_000,
    attempts,
    stuck: STUCK,
  })
  return [
    ...hl7.map((one) =>
      of(
        'hl7',
        one,
        {
          ackMs: one.ackSeconds * 1_000,
          attempts: one.attempts,
          patienceMs: one.patienceMinutes * 60_000,
          stuck: STUCK,
        },
        (env, records) => hl7Sender(env, one, contradictionsIn(records), codings),
      ),
    ),
    ...fhir.map((one) =>
      of('fhir', one, overHttp(one), (env, records) =>
        fhirSender(env, one, pushed(env, known, coderOf(codings), contradictionsIn(records))),
      ),
    ),
    ...webhooks.map((one) =>
      of('webhook', one, overHttp(one), (env, records) =>
        webhookSender(env, one, rendered(one), contradictionsIn(records)),
      ),
    ),
  ]
}

/** The place of a destination. */
export const placeFile = (stateDir: string, name: string) =>
  join(stateDir, 'delivery', `${name}.json`)

export function startDelivery(
  env: Env,
  stateDir: string,
  { auditor, feed }: { readonly auditor: Auditor; readonly feed: DeliveryRecords },
  configs: readonly Addressee[],
  log: Say,
  quick: Partial<Rules> = {},
): Delivery {
  const taken = configs.filter((one) => auditor.source === 'device' || one.testMessages)
  for (const { name } of configs.filter((one) => !taken.includes(one))) {
    log(
      `${name}: nothing is sent to it, because this bridge does not read devices. To send it test messages, set testMessages.`,
    )
  }
  const all = taken.map(
    ({ name, since, rules, sender }) =>
      new Destination({
        env,
        name,
        since,
        rules: { ...rules, ...quick },
        sender: sender(env, feed),
        records: feed,
        store: fileStore(placeFile(stateDir, name)),
        notes: notesOf(auditor, name),
        log: (text, level) => log(`${name}: ${text}`, level),
      }),
  )
  for (const one of all) one.start()
  const end = new AbortController()
  void insist(
    env,
    () => end.signal.aborted,
    () => tellRetention(feed, all, end.signal),
  )
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
      end.abort()
      await Promise.all(all.map((one) => one.stop()))
    },
  }
}

/** Tells what of the log is kept: at the beginning, and whenever that changes. False = the following ended early. */
async function tellRetention(
  feed: DeliveryRecords,
  all: readonly Destination[],
  signal: AbortSignal,
): Promise<boolean> {
  let first = true
  for await (const item of feed.follow(null, { kinds: ['retention'], signal })) {
    const { record } = item.kind === 'record' ? item.record : { record: null }
    if (record === null && item.kind === 'caught-up' && !first) continue
    first = false
    const oldest = record?.kind === 'retention' ? record.body.position : await feed.oldest()
    await Promise.all(all.map((one) => one.keptFrom(item.cursor.log, oldest)))
  }
  return signal.aborted
}

function notesOf(auditor: Auditor, destination: string): Notes {
  const durable = (written: Promise<unknown>) => written.then((receipt) => receipt !== null)
  return {
    parked({ position, control, code, text, attempts }) {
      const body = { destination, position, control, code, text, attempts }
      const outcome = { ok: false, reason: `${code} ${text}`.trim() }
      return durable(auditor.append({ kind: 'delivery-parked', body, outcome }))
    },
    resent({ position, control }) {
      const body = { destination, position, control }
      return durable(auditor.append({ kind: 'delivery-resent', body }))
    },
    disabled(why) {
      const { code = null, text = '' } = why ?? {}
      const outcome = why ? { ok: false, reason: `${code} ${text}`.trim() } : { ok: true }
      const body = { destination, code, text }
      return durable(auditor.append({ kind: 'delivery-disabled', body, outcome }))
    },
    gap({ log, from, to, why }) {
      const outcome = { ok: false, reason: why }
      const body = { destination, log, from, to }
      return durable(auditor.append({ kind: 'delivery-gap', body, outcome }))
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
    values: all.map((one) => ({
      labels: { destination: one.name, kind: one.kind },
      value: of(one),
    })),
  })
  return [
    per(
      'delivery_lag_seconds',
      'Age of the oldest record that is still owed.',
      'gauge',
      (one) => one.lagMs / 1_000,
    ),
    per('delivery_disabled', 'It wants no messages any more.', 'gauge', (one) =>
      one.state === 'disabled' ? 1 : 0,
    ),
    per('delivery_parked', 'Messages that were set aside.', 'gauge', (one) => one.parked),
    per(
      'delivery_sent_total',
      'Messages that were accepted since the start.',
      'counter',
      (one) => one.sent,
    ),
    per(
      'delivery_strays_total',
      'Replies that named no message that was sent.',
      'counter',
      (one) => one.strays,
    ),
  ]
}
