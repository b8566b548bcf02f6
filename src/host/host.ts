// A bridge with its audit log and its control socket: what `serve` and `demo` run, what other commands
// talk to, and what `status` and `watch` are for a moment when no bridge runs.
import { readFileSync } from 'node:fs'
import { map, type Observable } from 'rxjs'
import { systemAccount } from '../base/account.ts'
import { type Env, sleep } from '../base/env.ts'
import type { Say } from '../base/journal.ts'
import { clockState } from '../base/time-service.ts'
import type { Bridge, BridgeOptions } from '../bridge/bridge.ts'
import { interrogateOnce } from '../bridge/interrogate.ts'
import { watchLines } from '../bridge/watch.ts'
import type { Reply } from '../control/messages.ts'
import { ControlServer, type Handlers } from '../control/server.ts'
import { knowDecoder } from '../drivers/decoders.ts'
import type { DriverKind } from '../drivers/driver.ts'
import type { Feed } from '../feed/feed.ts'
import type { Counter } from '../http/sources.ts'
import type { Knowledge } from '../knowledge/knowledge.ts'
import type { Locale } from '../model/format.ts'
import type { Source } from '../model/reading.ts'
import type { DestinationStatus } from '../model/status.ts'
import type { PatientsConfig } from '../patients/config.ts'
import type { Auditor, AuditorOptions } from '../recorder/auditor.ts'
import { type CaptureLimits, Captures } from '../recorder/captures.ts'
import { WORDS, type Words } from '../words/words.ts'
import { treeOfLog } from './audit-tiles.ts'
import { type Changeable, type Changes, change } from './changes.ts'
import { Closers } from './closers.ts'
import { controlHandlers } from './control-handlers.ts'
import { bridgeCounters } from './counters.ts'
import type { Delivery, Destinations } from './delivery-host.ts'
import type { Fleet, FleetOptions } from './fleet-host.ts'
import type { Http, HttpOptions } from './http-host.ts'
import { owedToDestinations, type Sending, sends } from './owed.ts'
import { Part } from './part.ts'
import type { Patients } from './patients-host.ts'
import { openRooms } from './rooms.ts'
import { checkState, claimState } from './state-format.ts'
import { checkSource } from './state-source.ts'
import { destinationsTold, lineTold, outcomeTold } from './telling.ts'
import { WAND_DRIVER } from './wand-driver.ts'
import type { WitnessConfig, Witnessed } from './witness-host.ts'

export interface Host {
  readonly source: Source
  /** What it speaks with to whoever asks it. */
  readonly words: Words
  readonly bridge: Bridge
  readonly auditor: Auditor
  readonly captures: Captures
  readonly feed: Feed
  readonly knowledge: Knowledge
  /** Null = it does not listen. */
  readonly http: Http | null
  /** One reading through a port, from asking to the confirmed close. Never rejects. */
  interrogate(port: string, readMs: number): Promise<Reply<'interrogate'>[number]['outcome']>
  /** The live stream as people's programs read it. */
  watch(): Observable<Reply<'watch'>>
  /** Resolves when everything that is durable is known, or within a second. */
  caughtUp(): Promise<void>
  /** Null = there is no destination. */
  readonly delivery: Delivery | null
  /** Where messages go, and records, with how far each is. */
  destinations(): readonly DestinationStatus[]
  counters(): readonly Counter[]
  /** Uses other settings for the parts that are named: `change`. */
  reconfigure(next: Changes): Promise<void>
  /** Reads the configuration again, as whoever started the bridge does it. */
  reload(): Promise<Reply<'reload'>>
  /**
   * Closes every session (confirmed if the implant answers) and every port, records `why`, and frees
   * the state directory.
   */
  stop(why: string): Promise<void>
}

export interface HostOptions extends Omit<BridgeOptions, 'env' | 'recorder' | 'driver'> {
  /** What kind of wands it reads. */
  readonly source: Source
  /** How they are spoken to; the open protocol if not given. */
  readonly driver?: DriverKind
  /** The language of its sentences; en-US if not given. */
  readonly locale?: Locale
  readonly audit?: Pick<AuditorOptions, 'keepDays'> & {
    readonly witnesses?: readonly WitnessConfig[]
  }
  readonly capture?: CaptureLimits & {
    /** From the beginning; otherwise somebody asks for it. */
    readonly on?: boolean
  }
  readonly http?: HttpOptions
  /** Null = nobody says any more whose a pump is. Not given = it stays as the log says. */
  readonly patients?: {
    readonly config: PatientsConfig | null
    readonly log: Say
  }
  readonly delivery?: {
    readonly destinations: Destinations
    readonly log: Say
  }
  /** Reads the configuration again and says what became of it. */
  readonly reload?: () => Promise<Reply<'reload'>>
  /** The broker that every record goes to. */
  readonly fleet?: FleetOptions
}

export { ListenError } from '../http/listen-error.ts'

/**
 * Takes `stateDir`, then makes the bridge and starts it; rejects with AlreadyRunning when another
 * one has the directory, with OtherSource when its logs are of another kind, before anything else is
 * touched. What was opened is closed again when the start fails.
 */
export async function startHost(
  env: Env,
  stateDir: string,
  make: () => Promise<HostOptions>,
): Promise<Host> {
  const closers = new Closers((name, error) => {
    console.error(`${name} could not be ended in order: ${String(error)}`)
  })
  let handlers: Handlers | null = null
  const control = await ControlServer.listen(env, stateDir, () => handlers)
  closers.add('the control socket', () => control.close())
  try {
    checkState(stateDir)
    const host = await hostOf(env, stateDir, await make(), closers)
    handlers = controlHandlers(host)
    return host
  } catch (error) {
    await closers.close()
    throw error
  }
}

async function hostOf(
  env: Env,
  stateDir: string,
  {
    source,
    driver = WAND_DRIVER,
    locale = 'en-US',
    audit: { witnesses = [], ...audit } = {},
    capture = {},
    http: listening,
    delivery: sending,
    patients: asked,
    reload = () =>
      Promise.reject(new Error('This bridge was started without a configuration file.')),
    fleet: broker,
    ...options
  }: HostOptions,
  closers: Closers,
): Promise<Host> {
  await checkSource(stateDir, source)
  await claimState(stateDir)
  knowDecoder(driver.decoder)
  const { CREDENTIALS_DIRECTORY: credentials } = process.env
  const boot = bootName(env)
  const settings = (ports: readonly string[]) => ({ source, ports, policy: options.policy })
  const named = [...options.ports, ...(options.finder ? [options.finder] : [])]
  let words = WORDS[locale]
  let why = 'start-failed'
  let watched: Witnessed | null = null
  // When its start fails half-way.
  closers.add('the witnesses', () => watched?.close())
  let fleet: Fleet | null = null
  // After the log has ended: its last records go to the broker, too.
  closers.add('the way to the broker', () => fleet?.close())
  const delivery = new Part<Delivery, Sending>(sending, async (settings) => {
    // Whoever does not send or listen does not load what it takes.
    if (!settings || !sends(settings)) return null
    const { addressees, startDelivery } = await import('./delivery-host.ts')
    const all = addressees(settings.destinations, words, knowledge)
    return startDelivery(env, stateDir, rooms, all, settings.log)
  })
  const patients = new Part<Patients, HostOptions['patients']>(asked, async (settings) => {
    const { startPatients } = await import('./patients-host.ts')
    const { config, log = () => {} } = settings ?? {}
    // What was written until now is known before it is asked whose a pump is.
    await caughtUp()
    return startPatients({ env, stateDir, auditor, knowledge, config, log })
  })
  const http = new Part<Http, HostOptions['http']>(listening, async (settings) => {
    if (!settings) return null
    const { startHttp } = await import('./http-host.ts')
    const now = { delivery: () => delivery.now, fleet: () => fleet, patients: () => patients.now }
    return startHttp(env, stateDir, { ...rooms, tree, words, counters, ...now }, settings)
  })
  const { auditor, feed, knowledge, bridge, start } = openRooms(
    {
      ...options,
      ...{ env, stateDir, source, boot, driver },
      settings: settings(named.map((port) => port.path)),
      audit: {
        account: systemAccount(),
        clock: clockState(env),
        // While they change, and until the last session has ended, as it was known before.
        ownerOf: (...pump) => patients.newest?.ownerOf(...pump) ?? null,
        ...(credentials !== undefined && { credentials }),
        ...audit,
      },
      owed: () => {
        const toBroker = fleet?.owed ?? (broker ? 0 : Number.POSITIVE_INFINITY)
        return Math.min(owedToDestinations(delivery), toBroker)
      },
      learned: async () => {
        closers.add('the patients', () => patients.close())
        await patients.start()
      },
      ...(witnesses.length > 0 && { witnessed: async () => watched?.close() }),
      why: () => why,
      between: { name: 'the capture', close: () => captures.stop() },
      tap: (...traffic) => captures.take(...traffic),
    },
    closers,
  )
  const captures = new Captures({
    env,
    stateDir,
    boot,
    bridge: { source, policy: options.policy, liveMs: options.liveMs ?? null },
    append: (record) => auditor.append(record),
    allowed: () => auditor.state.captures,
    ...capture,
  })
  if (capture.on) void captures.start()
  const tree = treeOfLog(env, auditor, () => watched)
  if (witnesses.length > 0) {
    const { startWitnesses } = await import('./witness-host.ts')
    watched = startWitnesses(env, auditor, tree, witnesses)
  }
  const rooms = { bridge, auditor, feed, knowledge }
  const counters = () =>
    bridgeCounters({ bridge, auditor, delivery: delivery.now, fleet, patients: patients.now })
  const caughtUp = async () => {
    const until = env.monotonic() + 1_000
    const behind = () => knowledge.state.position + 1 < (auditor.head?.size ?? 0)
    while (behind() && env.monotonic() < until) await sleep(env, 20)
  }
  if (broker) {
    const { startFleet } = await import('./fleet-host.ts')
    fleet = await startFleet(env, stateDir, rooms, broker)
  }
  closers.add('the destinations', () => delivery.close())
  await delivery.start()
  closers.add('the HTTP server', () => http.close())
  await http.start()
  await start()
  const parts: Changeable = {
    ...{ bridge, auditor, captures, delivery, patients, http, settings },
    speak: (next) => {
      words = WORDS[next]
    },
  }
  return {
    source,
    get words() {
      return words
    },
    bridge,
    feed,
    knowledge,
    auditor,
    captures,
    get http() {
      return http.now
    },
    get delivery() {
      return delivery.now
    },
    destinations: () => destinationsTold(words, delivery.now, fleet),
    reconfigure: (next) => change(parts, next),
    reload,
    counters,
    interrogate: async (port, readMs) =>
      outcomeTold(words, await interrogateOnce(env, bridge, port, readMs)),
    watch: () => watchLines(bridge).pipe(map((line) => lineTold(words, line))),
    caughtUp,
    stop(reason) {
      why = reason
      return closers.close()
    },
  }
}

/** This boot of the system and this process, so that monotonic times are compared within one only. */
function bootName(env: Env): string {
  const mark = Buffer.from(env.random(4)).toString('hex')
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot} ${process.pid} ${mark}`
  } catch {
    return `unknown ${process.pid} ${mark}`
  }
}
