// Prometheus metrics. Nothing in them names a person, a pump or a wand: labels are classes, states and
// reasons.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { BridgeStatus } from '../model/status.ts'
import type { Counter as Count, HttpSources } from './sources.ts'

export interface Metrics {
  /** A request was answered. `seconds` from its arrival to its end. */
  answered(route: string, status: number, seconds: number): void
  /** A client of the stream was sent away. */
  sentAway(reason: string): void
  text(): Promise<string>
  readonly contentType: string
}

const AUDIT_STATES = ['none', 'ok', 'slow', 'failed'] as const

export function metricsOf(sources: HttpSources, streams: () => number): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // They are no counters, whatever their names say.
  for (const what of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${what}_total`)
  }
  const requests = new Counter({
    name: 'wandbridge_http_requests_total',
    help: 'Requests answered, by class of address and status.',
    labelNames: ['route', 'status'],
    registers,
  })
  const seconds = new Counter({
    name: 'wandbridge_http_request_seconds_total',
    help: 'Time until the answer went out, in seconds, by class of address; of a stream, until it began.',
    labelNames: ['route'],
    registers,
  })
  /** Counted here and handed over when somebody asks: that is seldom, and requests are often. */
  const answered = new Map<string, { statuses: Map<number, number>; seconds: number }>()
  const away = new Counter({
    name: 'wandbridge_http_streams_ended_total',
    help: 'Streams of events that the bridge ended, by reason.',
    labelNames: ['reason'],
    registers,
  })
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `wandbridge_${name}`, help, labelNames, registers })
  gauge('build_info', 'Always 1; the version is a label.', ['version']).set(
    { version: sources.version },
    1,
  )
  const open = gauge('http_streams', 'Streams of events that are open.')
  const wands = gauge('wands', 'Wands, by whether they answer.', ['connected'])
  const pumps = gauge('pumps', 'Pumps read since the start, by quality and reason.', [
    'quality',
    'reason',
  ])
  const age = gauge(
    'reading_age_seconds',
    'Age of the newest reading of any pump; none = no pump was read.',
    ['of'],
  )
  const unclosed = gauge('sessions_unclosed', 'Sessions of which no confirmed close is known.')
  const auditState = gauge('audit_state', '1 for the state the audit log is in.', ['state'])
  const auditSize = gauge('audit_records', 'Records in the audit log.')

  function take({ wands: all, pumps: read, audit }: BridgeStatus): void {
    open.set(streams())
    wands.reset()
    for (const connected of ['yes', 'no']) wands.set({ connected }, 0)
    for (const { link } of all) wands.inc({ connected: link.connected ? 'yes' : 'no' })
    pumps.reset()
    for (const { quality, reason = 'none' } of read) pumps.inc({ quality, reason })
    age.reset()
    if (read.length > 0) {
      age.set({ of: 'newest' }, Math.min(...read.map(({ ageMs }) => ageMs)) / 1_000)
    }
    unclosed.set(all.reduce((n, wand) => n + wand.unclosed.length, 0))
    for (const state of AUDIT_STATES) auditState.set({ state }, audit.state === state ? 1 : 0)
    for (const [route, sum] of answered) {
      for (const [status, n] of sum.statuses) requests.inc({ route, status: String(status) }, n)
      seconds.inc({ route }, sum.seconds)
    }
    answered.clear()
    auditSize.set(audit.position === null ? 0 : audit.position + 1)
  }

  return {
    answered(route, status, time) {
      const sum = answered.get(route) ?? { statuses: new Map(), seconds: 0 }
      sum.statuses.set(status, (sum.statuses.get(status) ?? 0) + 1)
      sum.seconds += time
      answered.set(route, sum)
    },
    sentAway: (reason) => away.inc({ reason }),
    contentType: registry.contentType,
    async text() {
      take(sources.status.status())
      return `${await registry.metrics()}\n${await countersText(sources.counters())}`
    },
  }
}

/** The rooms below count by themselves: their totals are taken over as they are. */
export function countersText(counters: readonly Count[]): Promise<string> {
  const extra = new Registry()
  for (const { name, help, type, values } of counters) {
    const labelNames = Object.keys(values[0]?.labels ?? {})
    const options = { name: `wandbridge_${name}`, help, labelNames, registers: [extra] }
    const metric = type === 'counter' ? new Counter(options) : new Gauge(options)
    for (const { labels = {}, value } of values) metric.inc(labels, value)
  }
  return extra.metrics()
}
