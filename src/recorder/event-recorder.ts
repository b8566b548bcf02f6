// The gate's recorder: which events become records, and whether what they say may be shown. An event
// counts once its record is durable.
import { Emitter } from '../base/emitter.ts'
import type { Env } from '../base/env.ts'
import type { Recorder } from '../bridge/gate.ts'
import type { BridgeEvent, LinkEvent } from '../model/event.ts'
import { statement } from '../model/statement.ts'
import type { AuditStatus, Coded } from '../model/status.ts'
import { RefusedTraffic } from './aggregate.ts'
import type { Auditor } from './auditor.ts'
import { recordOf } from './records.ts'

/** What one port can report while nothing answers there, before the rest is no news. */
const MOST_CAUSES = 50

export class EventRecorder implements Recorder {
  readonly #auditor: Auditor
  readonly #refused: RefusedTraffic
  readonly #changes = new Emitter()
  /** Kinds of events of which the newest could not be recorded, and when that was. */
  readonly #notKept = new Map<string, string>()
  /** Ports whose wand has said what it is. */
  readonly #known = new Set<string>()
  /** Of ports where nothing answers: what they have reported since. */
  readonly #silent = new Map<string, Set<string>>()

  constructor(env: Env, auditor: Auditor) {
    this.#auditor = auditor
    this.#refused = new RefusedTraffic(env, (record) => auditor.append(record))
    auditor.changes$.subscribe(() => this.#changes.emit())
  }

  record(event: BridgeEvent): Promise<boolean> | null {
    if (event.kind === 'wand') this.#known.add(event.port)
    if (event.kind === 'refused') {
      this.#refused.add(event.port, event.wand, event.reason, event.bytes)
    }
    if (event.kind === 'link' && this.#isOldNews(event)) return null
    const record = recordOf(event)
    if (!record) return null
    const appended = this.#auditor.append(record)
    // Nothing can be live before the wand has said what it is, so nobody needs to wait for the disk.
    if (!this.#known.has(event.port)) return null
    return appended.then((receipt) => {
      this.#keptOrNot(event, receipt !== null)
      return receipt !== null
    })
  }

  status(): Coded<AuditStatus> {
    const { notices, ...rest } = this.#auditor.status
    const lost = [...this.#notKept].map(([kind, at]) => statement('audit.not-kept', { kind, at }))
    return { ...rest, notices: [...notices, ...lost] }
  }

  onChange(listener: () => void): void {
    this.#changes.on(listener)
  }

  /** Writes what has gathered and has no record yet. */
  flush(): Promise<void> {
    return this.#refused.flush()
  }

  /** People are told until something of the same kind is kept again. */
  #keptOrNot({ kind, receivedAt }: BridgeEvent, kept: boolean): void {
    if (kept ? !this.#notKept.delete(kind) : this.#notKept.get(kind) === receivedAt) return
    if (!kept) this.#notKept.set(kind, receivedAt)
    this.#changes.emit()
  }

  /** A wand that is away for a week, tried every second, is one piece of news. */
  #isOldNews({ port, cause, why, connected }: LinkEvent): boolean {
    if (cause === 'wand-answered') this.#silent.delete(port)
    const seen = this.#silent.get(port) ?? new Set()
    if (connected && !this.#silent.has(port)) return false
    this.#silent.set(port, seen)
    const news = `${cause} ${JSON.stringify(why)}`
    if (seen.has(news) || seen.size >= MOST_CAUSES) return true
    seen.add(news)
    return false
  }
}
