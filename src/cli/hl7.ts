// `wandbridge hl7 send`: sends destinations what they are still owed and ends; through the running bridge
// if there is one, which does so by itself. With --dry-run it shows the messages and sends nothing.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { sleep, systemEnv } from '../base/env.ts'
import { ask } from '../control/client.ts'
import { defaultStateDir } from '../host/config.ts'
import { sourcesIn } from '../host/host.ts'
import type { DestinationStatus } from '../model/status.ts'
import { destinationTold } from '../words/told.ts'
import { CommandError, Exit, orExit } from './exit.ts'
import { hl7Of, number, type Settings, settings, withStateDir } from './options.ts'
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
  withStateDir(hl7.command('send'))
    .description('Send the destinations of the configuration what they are still owed.')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--dry-run', 'print the messages, send nothing')
    .option('--parked', 'send what was set aside again, too')
    .option('--to <name>', 'one destination only')
    .option('--wait <seconds>', 'how long to try', number(1, 86_400), 60)
    .exitOverride()
    .action(async (flags: Flags) => {
      if (flags.dryRun) return show(settings(flags), flags)
      const stateDir = resolve(flags.stateDir ?? defaultStateDir())
      if (!(await through(stateDir, flags))) await byItself(settings(flags), flags)
    })
}

function destinationsOf({ hl7 }: Settings, { to }: Flags) {
  const all = hl7.destinations.filter(({ name }) => to === undefined || name === to)
  if (all.length > 0) return all
  const what = to === undefined ? 'no destination' : `no destination ${to}`
  throw new CommandError(
    Exit.USAGE,
    `The configuration names ${what}. Nothing was sent.\nGive --config FILE with hl7.destinations: name, host, port.`,
  )
}

async function show(chosen: Settings, flags: Flags): Promise<void> {
  const { owedTo } = await import('../host/interop.ts')
  const env = systemEnv()
  for (const destination of destinationsOf(chosen, flags)) {
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
async function through(stateDir: string, { parked, to }: Flags): Promise<boolean> {
  const asked = <T>(answer: Promise<T>) => orExit(answer, Exit.NOT_SO, 'Nothing was sent.')
  const sent = parked
    ? await asked(ask(stateDir, 'hl7-resend', to === undefined ? {} : { destination: to }))
    : {}
  const all = parked ? [] : await asked(ask(stateDir, 'hl7', {}))
  if (sent === null || all === null) return false
  const named = all.filter(({ name }) => to === undefined || name === to)
  if (Object.keys(sent).length + named.length === 0) {
    throw new CommandError(
      Exit.USAGE,
      `The running bridge has no destination ${to}. Nothing was sent.`,
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

async function byItself(chosen: Settings, flags: Flags): Promise<void> {
  const env = systemEnv()
  const destinations = destinationsOf(chosen, flags)
  const log = (text: string) => console.error(text)
  const sending = { ...hl7Of(chosen, log), destinations }
  const host = await hold(env, chosen.stateDir, async () => ({
    // A log that is there says itself of which kind of wand it is.
    source: (await sourcesIn(chosen.stateDir))[0] ?? chosen.source,
    ports: [],
    policy: 'manual',
    locale: chosen.locale,
    hl7: sending,
  }))
  try {
    await host.auditor.opened
    const { hl7 } = host
    if (flags.parked) hl7?.resend()
    const end = env.monotonic() + flags.wait * 1_000
    // Several times in a row: it has looked, and found nothing.
    for (let idle = 0; idle < 3 && env.monotonic() < end; ) {
      await sleep(env, 100)
      idle = hl7?.idle ? idle + 1 : 0
    }
    const all = (hl7?.status() ?? []).map((one) => destinationTold(host.words, one))
    tell(all)
    if (all.some(({ state }) => state !== 'idle')) {
      throw new CommandError(Exit.NOT_SO, 'Not everything could be sent. It stays in the log.')
    }
  } finally {
    await host.stop('hl7-send')
  }
}
