// `wandbridge serve`: the bridge, until it is stopped. It never gives up on a lost wand.

import type { Command } from 'commander'
import { type Env, systemEnv, utc } from '../base/env.ts'
import { type Overlooked, onOverlooked } from '../base/failures.ts'
import { serviceManager } from '../base/service-manager.ts'
import { AlreadyRunning } from '../control/server.ts'
import { LISTEN } from '../host/config.ts'
import { type Host, type HostOptions, ListenError, OtherSource, startHost } from '../host/host.ts'
import type { Locale } from '../model/format.ts'
import { printable } from '../model/printable.ts'
import { type AuditStatus, type Coded, isFork } from '../model/status.ts'
import { auditSentence, linkText } from '../words/told.ts'
import { sentence, WORDS } from '../words/words.ts'
import { endOf, type Holder } from './ends.ts'
import { CommandError, Exit, type ExitCode, type Signal, stopInOrder } from './exit.ts'
import {
  auditOf,
  type BridgeFlags,
  bridgeWands,
  captureOf,
  deliveryOf,
  httpOf,
  patientsOf,
  settings,
  withBridgeOptions,
} from './options.ts'

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
      if (flags.from !== undefined)
        return (await import('./replica.ts')).replica(chosen, flags.from)
      const env = systemEnv()
      const notify = serviceManager(env)
      const wands = bridgeWands(chosen, env)
      const log = (text: string) => console.error(`${utc(env.wall())}  ${text}`)
      const http = httpOf(chosen, log)
      const host = await hold(env, chosen.stateDir, async () => ({
        ...wands,
        policy: chosen.policy,
        locale: chosen.locale,
        audit: auditOf(chosen),
        capture: captureOf(chosen),
        delivery: deliveryOf(chosen, log),
        patients: patientsOf(chosen, log),
        ...(chosen.fleet && { fleet: { config: chosen.fleet, log } }),
        ...(http && { http }),
      }))
      stopInOrder((why, signal) => {
        notify('STOPPING=1', 'STATUS=Closing sessions with pumps.')
        return stopHost(host, 'serve', { why, signal }, chosen.locale)
      })
      onOverlooked((what, message) => log(printable(overlookedLine(what, message))))
      const names = [...host.bridge.ports, ...(wands.finder ? [wands.finder.path] : [])]
      log(`Bridge ready. State: ${chosen.stateDir}. Wands: ${names.join(', ')}.`)
      log(`Audit files: ${host.auditor.dir}`)
      if (host.http) log(`Listening on ${host.http.url}, for readers with a token.`)
      notify('READY=1', `STATUS=Reading ${names.join(', ')}.`)
      let key = ''
      const { words } = host
      const tell = (audit: Coded<AuditStatus>) => {
        log(auditSentence(words, audit))
        const now = host.auditor.state.key ?? ''
        if (now !== key && now !== '') log(`Verifier key, to be kept elsewhere: ${now}`)
        key = now
      }
      // The log was opened, or could not be, while the bridge started.
      tell(host.bridge.status().audit)
      host.bridge.audit$.subscribe(tell)
      host.bridge.events$.subscribe((event) => {
        if (event.kind === 'link') log(`${event.port}  ${linkText(words, event)}`)
        if (event.kind === 'read-failed') {
          log(`${event.port}  Not read: ${sentence(words, event.why)}`)
        }
        if (event.kind === 'session-end' && event.how !== 'confirmed') {
          log(`${event.port}  Session ${event.session} not confirmed closed (${event.how}).`)
        }
      })
    })
}

/**
 * Stops a bridge; says how its sessions ended and what witnesses refused at the end, and gives the exit code of
 * that: a log that a witness refuses is a failed audit, though a session left open counts before it.
 */
export async function stopHost(
  host: Host,
  command: Holder,
  { why, signal }: { readonly why: string; readonly signal: Signal | 'none' },
  locale: Locale,
): Promise<ExitCode> {
  const told = new Set(witnessLines(host))
  await host.stop(why)
  const { code, lines } = endOf(command, host.bridge.status().wands, signal, WORDS[locale])
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
    if (error instanceof OtherSource) throw new CommandError(Exit.USAGE, error.message)
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
