// What a bridge counts by itself, for metrics and for support. Nothing in it names a person, a pump or a wand.
import { overlookedTotals } from '../base/failures.ts'
import type { Bridge } from '../bridge/bridge.ts'
import type { Counter } from '../http/sources.ts'
import { isFork } from '../model/status.ts'
import type { Auditor } from '../recorder/auditor.ts'

/** A room with counters of its own. */
interface Counts {
  counters(): readonly Counter[]
}

const single =
  (type: Counter['type']) =>
  (name: string, help: string, value: number): Counter => ({
    ...{ name, help, type, values: [{ value }] },
  })

/** What has one value, without labels. */
export const gauge = single('gauge')
export const counter = single('counter')

export interface Counting {
  readonly bridge: Bridge
  readonly auditor: Auditor
  readonly delivery: Counts | null
  readonly fleet: Counts | null
  readonly patients: Counts | null
}

export const bridgeCounters = (rooms: Counting): Counter[] => [
  ...countersOf(rooms),
  overlookedCounter(),
  ...(rooms.delivery?.counters() ?? []),
  ...(rooms.fleet?.counters() ?? []),
  ...(rooms.patients?.counters() ?? []),
]

function witnessGauges(witnesses: Auditor['status']['witnesses']): Counter[] {
  if (!witnesses) return []
  const { of, signed, behind, problems } = witnesses
  const forks = problems.filter(({ problem }) => isFork(problem)).length
  return [
    gauge('audit_witnesses', 'Witnesses of the log.', of),
    gauge('audit_witnesses_signed', 'Witnesses that have cosigned the newest checkpoint.', signed),
    gauge('audit_witness_lag', 'Records that not every witness has cosigned.', behind),
    gauge('audit_witness_forks', 'Witnesses that have seen another log of this name.', forks),
  ]
}

function overlookedCounter(): Counter {
  return {
    name: 'failures_overlooked_total',
    help: 'What failed and was done without or tried again, by what it was. No reading is wrong for it.',
    type: 'counter',
    values: [...overlookedTotals()].map(([what, value]) => ({ labels: { what }, value })),
  }
}

/** Ports are numbered as they are configured: a path may name a person's computer. */
function countersOf({ bridge, auditor }: Counting): Counter[] {
  const links = Object.values(bridge.counters())
  const per = (
    name: string,
    help: string,
    of: (link: (typeof links)[number]) => number,
  ): Counter => ({
    name,
    help,
    type: 'counter',
    values: links.map((link, i) => ({ labels: { port: String(i) }, value: of(link) })),
  })
  const discarded = links.flatMap((link, i) =>
    Object.entries(link.discarded).map(([reason, { frames }]) => ({
      labels: { port: String(i), reason },
      value: frames,
    })),
  )
  const { waiting, dropped } = auditor.state
  return [
    per('link_bytes_in_total', 'Bytes from the wand.', (link) => link.bytesIn),
    per('link_bytes_out_total', 'Bytes to the wand.', (link) => link.bytesOut),
    per(
      'link_frames_total',
      'Frames from the wand that were good.',
      (link) => link.accepted.frames,
    ),
    per('link_retries_total', 'Requests sent again.', (link) => link.retries),
    {
      name: 'link_discarded_total',
      help: 'Frames that were refused, by reason.',
      type: 'counter',
      values: discarded,
    },
    gauge('audit_waiting', 'Records that wait for the disk.', waiting),
    counter(
      'audit_dropped_total',
      'Records that could not be kept; a gap record says so.',
      dropped,
    ),
    counter(
      'audit_upkeep_failures_total',
      'Steps of the care for older segments that could not be done.',
      auditor.upkeepFailures,
    ),
    ...witnessGauges(auditor.status.witnesses),
  ]
}
