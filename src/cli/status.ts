// `wandbridge status`: one interrogation with a confirmed close, as text or JSON.
import type { Command } from 'commander'
import { type Env, systemEnv } from '../base/env.ts'
import { ControlConnection } from '../control/client.ts'
import type { Reply } from '../control/messages.ts'
import type { Host } from '../host/host.ts'
import { quantity } from '../model/format.ts'
import { printableJson } from '../model/printable.ts'
import type { Coded, PumpStatus, WandStatus } from '../model/status.ts'
import { linkSentence, pumpTold } from '../words/told.ts'
import { sentence, sentences, WORDS, type Words } from '../words/words.ts'
import { endOf } from './ends.ts'
import { Exit, type ExitCode, orExit, stopInOrder } from './exit.ts'
import {
  type BridgeFlags,
  number,
  type Settings,
  settings,
  wandsNow,
  withBridgeOptions,
} from './options.ts'
import { renderPump, sourceMark } from './render.ts'

interface StatusFlags extends BridgeFlags {
  readonly json?: boolean
  readonly timeout: number
}

export function registerStatus(program: Command): void {
  withBridgeOptions(program.command('status'))
    .description('Read the pump once, close the session, print what it reports.')
    .option('--json', 'one JSON object a pump, one a line')
    .option('--timeout <s>', 'how long to wait for wand and pump', number(1, 3600), 40)
    .action(async (flags: StatusFlags) => {
      const chosen = settings(flags)
      const { outcomes, wands } = await read(systemEnv(), chosen, flags.timeout * 1000)
      for (const outcome of outcomes) print(outcome, flags.json ?? false, chosen)
      const { code, lines } = endOf('status', wands, 'none', WORDS[chosen.locale])
      if (code !== Exit.OK) for (const line of lines) console.error(line)
      const codes = outcomes.map((one) => exitCodeOf(one.outcome))
      process.exitCode = codes.length === 0 ? Exit.NO_WAND : Math.max(code, ...codes)
    })
}

interface Reads {
  readonly outcomes: readonly Read[]
  /** As they stand at the end. */
  readonly wands: readonly Pick<Coded<WandStatus>, 'session' | 'unclosed'>[]
}

type Read = Reply<'interrogate'>[number]
type Outcome = Read['outcome']

/** Through a running bridge if one has the state directory, else by a bridge of our own. */
async function read(env: Env, chosen: Settings, readMs: number): Promise<Reads> {
  const control = await ControlConnection.open(chosen.stateDir)
  if (control) return readThrough(control, chosen, readMs)
  const ports = await wandsNow(chosen, env)
  // All of the bridge is loaded when one is needed.
  const { hold } = await import('./serve.ts')
  const host = await hold(env, chosen.stateDir, async () => ({
    source: chosen.source,
    ports,
    policy: 'manual',
    locale: chosen.locale,
  }))
  const { bridge } = host
  const words = WORDS[chosen.locale]
  stopInOrder(async (why, signal) => {
    await host.stop(why)
    const { code, lines } = endOf('status', bridge.status().wands, signal, words)
    for (const line of ['Interrupted. Nothing is shown.', ...lines]) console.error(line)
    return code
  })
  if (process.stderr.isTTY) tellProgress(bridge, words)
  await host.auditor.opened
  const outcomes = await Promise.all(
    bridge.ports.map(async (port) => ({
      port,
      outcome: await host.interrogate(port, readMs),
    })),
  )
  await host.caughtUp()
  await host.stop('read-once')
  return { outcomes, wands: bridge.status().wands }
}

async function readThrough(
  control: ControlConnection,
  chosen: Settings,
  readMs: number,
): Promise<Reads> {
  // Its sessions are the running bridge's, which closes them.
  stopInOrder(async () => {
    control.close()
    console.error('Interrupted. Nothing is shown. The running bridge closes the session.')
    return Exit.NOT_READ
  })
  const named = [...chosen.serial, ...chosen.hid]
  // Without a name, or with `auto`: whatever the bridge has.
  const every = named.length === 0 || named.includes('auto')
  const asking = async () => {
    const outcomes = await control.ask('interrogate', { readMs, ...(!every && { ports: named }) })
    const { wands } = await control.ask('status', {})
    return { outcomes, wands }
  }
  try {
    return await orExit(asking(), Exit.NOT_READ, 'Nothing of the reading is shown. Try again.')
  } finally {
    control.close()
  }
}

/** One line that changes, for whoever waits with the wand in hand. */
function tellProgress(bridge: Host['bridge'], words: Words): void {
  bridge.changes$.subscribe({
    next: () => {
      const [wand] = bridge.status().wands
      if (!wand) return
      const { progress } = wand.contact
      const busy = progress === null ? '' : ` Reading, ${quantity(progress, '%')}`
      process.stderr.write(
        `\r${linkSentence(words, wand.link)}${busy}`.slice(0, 80).concat('\x1b[K'),
      )
    },
    complete: () => void process.stderr.write('\r\x1b[K'),
  })
}

/** The exit code that an outcome asks for. */
export function exitCodeOf(outcome: Outcome): ExitCode {
  if (outcome.kind === 'no-wand') return Exit.NO_WAND
  if (outcome.kind === 'failed') return Exit.NOT_READ
  if (outcome.kind === 'unrecorded') return Exit.AUDIT
  if (outcome.status.audit.state === 'failed') return Exit.AUDIT
  return outcome.closeConfirmed ? Exit.OK : Exit.NOT_READ
}

const EXPLAIN = {
  'no-wand': {
    what: 'No wand answers',
    next: 'Check the cable and the port; `wandbridge devices` shows what is plugged in.',
  },
  failed: {
    what: 'The pump was not read',
    next: 'Nothing of it is shown. Hold the wand still over the pump and try again.',
  },
  unrecorded: {
    what: 'The audit log failed',
    next: 'Nothing is shown that is not recorded. When the disk is well again, read the pump once more.',
  },
} as const

function print({ port, outcome }: Read, json: boolean, chosen: Settings): void {
  const words = WORDS[chosen.locale]
  if (outcome.kind !== 'read') {
    const { what, next } = EXPLAIN[outcome.kind]
    console.error(`${port}: ${what}. ${sentences(words, outcome.why)}\n${next}`)
    return
  }
  if (json) console.log(printableJson(JSON.stringify(pumpTold(words, outcome.status))))
  else for (const line of text(outcome.status, chosen)) console.log(line)
  if (!outcome.closeConfirmed) console.error(sentence(words, outcome.status.session))
}

function text(status: Coded<PumpStatus>, chosen: Settings): string[] {
  const at = [...sourceMark(status.source), ...renderPump(status, chosen)]
  return [...at, '', sentence(WORDS[chosen.locale], status.session)]
}
