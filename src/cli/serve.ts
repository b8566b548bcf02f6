// `wandbridge serve`: the bridge, until it is stopped. It never gives up on a lost wand.

import type { Command } from 'commander'
import { type Env, systemEnv } from '../base/env.ts'
import { type Overlooked, onOverlooked } from '../base/failures.ts'
import { isJournal, Journal, type Level } from '../base/journal.ts'
import { serviceManager } from '../base/service-manager.ts'
import { AlreadyRunning } from '../control/server.ts'
import { LISTEN } from '../host/config.ts'
import { type Host, type HostOptions, ListenError, startHost } from '../host/host.ts'
import { LaterState } from '../host/state-format.ts'
import { OtherSource } from '../host/state-source.ts'
import { printable, printableJson } from '../model/printable.ts'
import { type AuditStatus, type Coded, isFork } from '../model/status.ts'
import { auditSentence, linkText } from '../words/told.ts'
import { sentence, WORDS } from '../words/words.ts'
import { endOf, type Holder } from './ends.ts'
import { CommandError, Exit, type ExitCode, SIGNALS, type Signal, stopInOrder } from './exit.ts'
import {
  auditOf,
  type BridgeFlags,
  bridgeWands,
  brokerOf,
  captureOf,
  deliveryOf,
  httpOf,
  patientsOf,
  type Settings,
  settings,
  withBridgeOptions,
} from './options.ts'
import { reloader } from './reload.ts'

export function registerServe(program: Command): void {
  withBridgeOptions(program.command('serve'))
    .description('Run the bridge.')
    .option('--policy <policy>', 'when to read: on-placement, manual, continuous')
    .option('--listen <host:port>', `where to serve HTTP, or none (default: ${LISTEN})`)
    .option(
      '--from <servers>',
      'no wand: serve what a broker has of many sites (nats://HOST:PORT,…)',
    )
    .action(async (flags: BridgeFlags & { readonly from?: string }) => {
      const chosen = settings(flags)
      if (flags.from !== undefined) return replica(chosen, flags.from)
      const env = systemEnv()
      const notify = serviceManager(env)
      const wands = bridgeWands(chosen, env)
      const journal = journalOf(chosen, env)
      const log = (text: string) => journal.say('info', 'bridge', text)
      const http = httpOf(chosen, journal.of('http'))
      const reload = reloader(env, flags, chosen, journal, () => host)
      const host: Host = await hold(env, chosen.stateDir, async () => ({
        ...wands,
        policy: chosen.policy,
        locale: chosen.locale,
        audit: auditOf(chosen),
        capture: captureOf(chosen),
        delivery: deliveryOf(chosen, journal.of('delivery')),
        patients: patientsOf(chosen, journal.of('patients')),
        ...(chosen.fleet && { fleet: { config: chosen.fleet, log: journal.of('fleet') } }),
        ...(http && { http }),
        ...(flags.config !== undefined && { reload }),
      }))
      const stop = (why: string, signal: Signal | 'none') => {
        notify('STOPPING=1', 'STATUS=Closing sessions with pumps.')
        return stopHost(host, 'serve', { why, signal })
      }
      // A terminal that hangs up ends what it started; a service has none, and is asked to reload.
      const hangsUp = process.stdin.isTTY === true || process.stderr.isTTY === true
      stopInOrder(stop, hangsUp || flags.config === undefined ? SIGNALS : ['SIGINT', 'SIGTERM'])
      if (!hangsUp && flags.config !== undefined) {
        // It has said itself what is wrong.
        process.on('SIGHUP', () => void reload().catch(() => {}))
      }
      onOverlooked((what, message) =>
        journal.say(message === null ? 'info' : 'warning', what, overlookedLine(what, message)),
      )
      const names = [...host.bridge.ports, ...(wands.finder ? [wands.finder.path] : [])]
      log(`Bridge ready. State: ${chosen.stateDir}. Wands: ${names.join(', ')}.`)
      log(`Audit files: ${host.auditor.dir}`)
      if (host.http) log(`Listening on ${host.http.url}, for readers with a token.`)
      notify('READY=1', `STATUS=Reading ${names.join(', ')}.`)
      let key = ''
      const tell = (audit: Coded<AuditStatus>) => {
        const level = LEVEL[audit.state] ?? 'info'
        const { code } = audit
        journal.say(level, 'audit', auditSentence(host.words, audit), { state: audit.state, code })
        const now = host.auditor.state.key ?? ''
        if (now !== key && now !== '') log(`Verifier key, to be kept elsewhere: ${now}`)
        key = now
      }
      // The log was opened, or could not be, while the bridge started.
      tell(host.bridge.status().audit)
      host.bridge.audit$.subscribe(tell)
      host.bridge.events$.subscribe((event) => {
        const { port } = event
        if (event.kind === 'link') {
          const { phase, cause } = event
          journal.say('info', 'link', linkText(host.words, event), { port, phase, cause })
        }
        if (event.kind === 'read-failed') {
          const text = `Not read: ${sentence(host.words, event.why)}`
          journal.say('warning', 'reading', text, { port, code: event.why.code })
        }
        if (event.kind === 'session-end' && event.how !== 'confirmed') {
          const text = `Session ${event.session} not confirmed closed (${event.how}).`
          journal.say('error', 'session', text, { port, how: event.how })
        }
      })
    })
}

/** Serves what a broker has, until it is stopped. */
async function replica(chosen: Settings, from: string): Promise<void> {
  const env = systemEnv()
  const journal = journalOf(chosen, env)
  const log = (text: string) => journal.say('info', 'fleet', text)
  const { source, stateDir, locale, zone } = chosen
  const broker = brokerOf(chosen, from)
  const http = httpOf(chosen, journal.of('http'))
  if (!http) throw new CommandError(Exit.USAGE, 'A replica has nothing to do without --listen.')
  const { startReplica } = await import('../host/replica.ts')
  const page = { locale, zone }
  const said = { log: journal.of('fleet') }
  const options = { broker, source, words: WORDS[locale], page, http, ...said }
  const running = await startReplica(env, stateDir, options).catch((error: Error) => {
    const next = 'Nothing is served. Check --from, and what the broker lets this user do.'
    const what = error instanceof ListenError ? '' : 'The replica cannot start: '
    throw new CommandError(Exit.USAGE, `${what}${error.message}\n${next}`)
  })
  stopInOrder(() => running.close())
  log(`Replica ready on ${running.url}. Sites: ${running.sites.join(', ') || 'none yet'}.`)
  log(
    `Pages: ${running.url}/fleet. A browser asks for a name, which may be anything, and for a token.`,
  )
  log(`Tokens for all sites: --state-dir ${stateDir}; for one: --state-dir ${stateDir}/sites/SITE.`)
}

function journalOf(chosen: Settings, env: Env): Journal {
  const write = (line: string, json: boolean) =>
    console.error(json ? printableJson(line) : printable(line))
  return new Journal({ env, systemd: isJournal(), write, ...chosen.log })
}

/** How urgent it is that the log is so. */
const LEVEL: Readonly<Record<string, Level>> = { failed: 'error', slow: 'warning' }

/**
 * Stops a bridge; says how its sessions ended and what witnesses refused at the end, and gives the exit code of
 * that: a log that a witness refuses is a failed audit, though a session left open counts before it.
 */
export async function stopHost(
  host: Host,
  command: Holder,
  { why, signal }: { readonly why: string; readonly signal: Signal | 'none' },
): Promise<ExitCode> {
  const told = new Set(witnessLines(host))
  await host.stop(why)
  const { code, lines } = endOf(command, host.bridge.status().wands, signal, host.words)
  const refused = witnessLines(host)
  for (const line of [...lines, ...refused.filter((one) => !told.has(one))]) console.error(line)
  const isRefused = host.auditor.status.witnesses?.problems.some((one) => isFork(one.problem))
  return code === Exit.OK && isRefused ? Exit.AUDIT : code
}

/** What witnesses of the log object to, as far as people are told of it. */
const witnessLines = ({ auditor, words }: Host): readonly string[] =>
  auditor.status.notices
    .filter(({ code }) => code.startsWith('witness.'))
    .map((notice) => sentence(words, notice))

function overlookedLine(what: Overlooked, message: string | null): string {
  if (message === null) return `${what}: works again.`
  return `${what}: ${message}. No reading is wrong for it; it is tried again. Counted in wandbridge_failures_overlooked_total.`
}

/** Starts a bridge on a state directory; says who is in the way when it is taken. */
export async function hold(
  env: Env,
  stateDir: string,
  make: () => Promise<HostOptions>,
): Promise<Host> {
  try {
    return await startHost(env, stateDir, make)
  } catch (error) {
    if (error instanceof OtherSource || error instanceof LaterState)
      throw new CommandError(Exit.USAGE, error.message)
    if (error instanceof Error && 'syscall' in error) {
      const next = 'Nothing was read. Give another --state-dir, or make this one writable.'
      throw new CommandError(
        Exit.USAGE,
        `The state directory ${stateDir} cannot be used: ${error.message}.\n${next}`,
      )
    }
    if (error instanceof ListenError) {
      throw new CommandError(Exit.USAGE, `${error.message}\nNothing was read.`)
    }
    if (!(error instanceof AlreadyRunning)) throw error
    const next = 'Stop it first, or give this one another --state-dir. Nothing was read.'
    throw new CommandError(Exit.USAGE, `${error.message}\n${next}`)
  }
}
