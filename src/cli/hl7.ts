// `wandbridge hl7 send`, `delivery send`: sends destinations what they are still owed and ends; through the
// running bridge if there is one, which does so by itself. With --dry-run it shows the messages and sends
// nothing. `hl7 status` and `delivery status` show how far the destinations of the running bridge are. `hl7 test`
// sends a test message and shows the whole dialogue.
import type { Command } from 'commander'
import { sleep, systemEnv } from '../base/env.ts'
import { ask } from '../control/client.ts'
import { sourcesIn } from '../host/state-source.ts'
import type { DestinationKind, DestinationStatus } from '../model/status.ts'
import { destinationTold } from '../words/told.ts'
import { WORDS } from '../words/words.ts'
import { CommandError, Exit, orExit } from './exit.ts'
import { deliveryOf, number, type Settings, settings, withStateDir } from './options.ts'
import { hold } from './serve.ts'

interface Flags {
  readonly config?: string
  readonly stateDir?: string
  readonly dryRun?: boolean
  readonly parked?: boolean
  readonly to?: string
  readonly wait: number
}

export function registerHl7(program: Command): void {
  const hl7 = program.command('hl7').description('Readings as HL7 v2 messages.')
  withSend(hl7, 'hl7')
  const all = program.command('delivery').description('Readings to destinations of every kind.')
  withSend(all, null)
  withStatus(hl7, 'hl7')
  withStatus(all, null)
  withStateDir(hl7.command('test'))
    .description('Send a test message (MSH-11 T, about no patient) and show the whole dialogue.')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--to <name>', 'one destination only')
    .exitOverride()
    .action(async (flags: Flags) => {
      const { hl7 } = destinationsOf(settings(flags), flags, 'hl7')
      const { trial } = await import('../host/interop.ts')
      let ok = true
      for (const one of hl7) {
        console.log(`# ${one.name}`)
        ok = (await trial(systemEnv(), one, console.log)) && ok
      }
      if (!ok)
        throw new CommandError(Exit.NOT_SO, 'A test message was not accepted. No reading was sent.')
    })
}

function withStatus(parent: Command, kind: DestinationKind | null): void {
  withStateDir(parent.command('status'))
    .description('Show how far the destinations of the running bridge are.')
    .option('--config <file>', 'configuration file (YAML)')
    .exitOverride()
    .action(async (flags: Flags) => {
      const { stateDir } = settings(flags)
      const found = await orExit(ask(stateDir, 'delivery', {}), Exit.NOT_SO, 'Nothing was sent.')
      if (found === null) {
        throw new CommandError(Exit.NOT_SO, `No bridge runs on ${stateDir}. Nothing was sent.`)
      }
      tell(found.filter(meant(kind)))
    })
}

/** `kind`: only destinations of it; null = of every kind. */
function withSend(parent: Command, kind: DestinationKind | null): void {
  withStateDir(parent.command('send'))
    .description('Send the destinations of the configuration what they are still owed.')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--dry-run', 'print the messages, send nothing')
    .option('--parked', 'send what was set aside again, too')
    .option('--to <name>', 'one destination only')
    .option('--wait <seconds>', 'how long to try', number(1, 86_400), 60)
    .exitOverride()
    .action(async (flags: Flags) => {
      const chosen = settings(flags)
      if (flags.dryRun) return show(chosen, flags, kind)
      // The directory may stand in the configuration: the bridge that runs is looked for there.
      if (!(await through(chosen.stateDir, flags, kind))) await byItself(chosen, flags, kind)
    })
}

/** Which destinations are meant: those of a kind (null = of every kind), or the one of them with a name. */
const meant =
  (kind: DestinationKind | null, to?: string) =>
  (one: Pick<DestinationStatus, 'kind' | 'name'>): boolean =>
    (kind === null || one.kind === kind) && (to === undefined || one.name === to)

function destinationsOf(chosen: Settings, { to }: Flags, kind: DestinationKind | null) {
  const { hl7, fhir, webhooks, ...rest } = deliveryOf(chosen, () => {}).destinations
  const isMeant = meant(kind, to)
  const found = {
    hl7: hl7.filter(({ name }) => isMeant({ kind: 'hl7', name })),
    fhir: fhir.filter(({ name }) => isMeant({ kind: 'fhir', name })),
    webhooks: webhooks.filter(({ name }) => isMeant({ kind: 'webhook', name })),
  }
  if (Object.values(found).flat().length > 0) return { ...found, ...rest }
  const what = to === undefined ? 'no destination' : `no destination ${to}`
  throw new CommandError(
    Exit.USAGE,
    `The configuration names ${what}. Nothing was sent.\nGive --config FILE with hl7.destinations, delivery.fhir or delivery.webhooks.`,
  )
}

async function show(chosen: Settings, flags: Flags, kind: DestinationKind | null): Promise<void> {
  const found = destinationsOf(chosen, flags, kind)
  const { owedTo } = await import('../host/interop.ts')
  const { addressees } = await import('../host/delivery-host.ts')
  const env = systemEnv()
  for (const destination of addressees(found, WORDS[chosen.locale])) {
    let n = 0
    for await (const { control, position, log, text } of owedTo(
      chosen.stateDir,
      destination,
      env,
    )) {
      n += 1
      console.log(`# ${destination.name}: ${control}, record ${position} of ${log}`)
      console.log(text.replaceAll('\r', '\n'))
    }
    console.error(
      `${destination.name}: ${n} ${n === 1 ? 'message' : 'messages'} owed. Nothing was sent.`,
    )
  }
}

/** Through the bridge that runs; false when none does. */
async function through(
  stateDir: string,
  { parked, to }: Flags,
  kind: DestinationKind | null,
): Promise<boolean> {
  const asked = <T>(answer: Promise<T>) => orExit(answer, Exit.NOT_SO, 'Nothing was sent.')
  const sent = parked
    ? await asked(ask(stateDir, 'delivery-resend', to === undefined ? {} : { destination: to }))
    : {}
  const all = parked ? [] : await asked(ask(stateDir, 'delivery', {}))
  if (sent === null || all === null) return false
  const named = all.filter(meant(kind, to))
  if (Object.keys(sent).length + named.length === 0) {
    throw new CommandError(
      Exit.USAGE,
      `The running bridge has no destination ${to ?? 'of this kind'}. Nothing was sent.`,
    )
  }
  for (const [name, n] of Object.entries(sent)) console.log(`${name}: ${n} sent again.`)
  tell(named)
  return true
}

function tell(all: readonly DestinationStatus[]): void {
  for (const { name, address, sentence, aside } of all) {
    console.log(`${name} (${address}): ${sentence}`)
    for (const { at, control, log, position, code, text } of aside)
      console.log(`  ${at} ${control}, record ${position} of ${log}: ${code} ${text}`.trimEnd())
  }
}

async function byItself(
  chosen: Settings,
  flags: Flags,
  kind: DestinationKind | null,
): Promise<void> {
  const env = systemEnv()
  const destinations = destinationsOf(chosen, flags, kind)
  const log = (text: string) => console.error(text)
  const sending = { destinations, log }
  const host = await hold(env, chosen.stateDir, async () => ({
    // A log that is there says itself of which kind of wand it is.
    source: (await sourcesIn(chosen.stateDir))[0] ?? chosen.source,
    ports: [],
    policy: 'manual',
    locale: chosen.locale,
    delivery: sending,
  }))
  try {
    await host.auditor.opened
    const { delivery } = host
    if (flags.parked) delivery?.resend()
    const end = env.monotonic() + flags.wait * 1_000
    // Several times in a row: it has looked, and found nothing.
    for (let idle = 0; idle < 3 && env.monotonic() < end; ) {
      await sleep(env, 100)
      idle = delivery?.idle ? idle + 1 : 0
    }
    const all = (delivery?.status() ?? []).map((one) => destinationTold(host.words, one))
    tell(all)
    if (all.some(({ state }) => state !== 'idle')) {
      throw new CommandError(Exit.NOT_SO, 'Not everything could be sent. It stays in the log.')
    }
  } finally {
    await host.stop('delivery-send')
  }
}
