// `wandbridge watch`: the live stream, as JSON lines or as sentences, until it is interrupted.
import type { Command } from 'commander'
import { systemEnv } from '../base/env.ts'
import { ControlConnection } from '../control/client.ts'
import type { Reply } from '../control/messages.ts'
import { FIELDS } from '../model/fields.ts'
import { printableJson } from '../model/printable.ts'
import { readerOf, shown } from '../words/reader.ts'
import { auditSentence, linkText } from '../words/told.ts'
import { sentence as saying, WORDS } from '../words/words.ts'
import { Exit, orExit, stopInOrder } from './exit.ts'
import {
  type BridgeFlags,
  bridgeWands,
  type Settings,
  settings,
  withBridgeOptions,
} from './options.ts'
import { liveness, type Reader } from './render.ts'
import { hold, stopHost } from './serve.ts'

type WatchLine = Reply<'watch'>

interface WatchFlags extends BridgeFlags {
  readonly json?: boolean
}

export function registerWatch(program: Command): void {
  withBridgeOptions(program.command('watch'))
    .description('Follow the readings as they come, until interrupted.')
    .option('--policy <policy>', 'when to read: on-placement, manual, continuous')
    .option('--json', 'one JSON object a line')
    .action(async (flags: WatchFlags) => {
      const chosen = settings(flags)
      const print = (line: WatchLine) =>
        void process.stdout.write(
          `${flags.json ? printableJson(JSON.stringify(line)) : sentence(line, chosen)}\n`,
        )
      const control = await ControlConnection.open(chosen.stateDir)
      if (control) await follow(control, print)
      else await watchHere(chosen, print)
    })
}

async function follow(control: ControlConnection, print: (line: WatchLine) => void): Promise<void> {
  stopInOrder(async () => control.close())
  const following = async () => {
    for await (const line of control.follow('watch', {})) print(line)
  }
  await orExit(following(), Exit.NO_WAND, 'What was shown last is not live any more.')
}

async function watchHere(chosen: Settings, print: (line: WatchLine) => void): Promise<void> {
  const env = systemEnv()
  const wands = bridgeWands(chosen, env)
  const { policy, stateDir } = chosen
  const host = await hold(env, stateDir, async () => ({
    ...wands,
    policy,
    locale: chosen.locale,
  }))
  stopInOrder((why, signal) => stopHost(host, 'watch', { why, signal }))
  host.watch().subscribe(print)
}

export function sentence(line: WatchLine, chosen: Reader): string {
  const at = line.asOf.slice(11, 19)
  const words = WORDS[chosen.locale]
  switch (line.kind) {
    case 'reading': {
      const { reportedVolume: v } = line.reservoir
      const look = readerOf(chosen.locale, chosen.zone)
      const volume = shown(look, FIELDS.reservoir.reportedVolume, v)
      const mark = line.source === 'device' ? '' : ` [${line.source.toUpperCase()}]`
      return `${at}  ${line.pump.serial}  reservoir ${volume}  ${liveness(line, chosen)}${mark}`
    }
    case 'alarm':
      return `${at}  ${line.pump.serial}  ALARM ${line.alarm.code} (${line.alarm.class}): ${line.phase}`
    case 'link':
      return [
        `${at}  ${line.port}  ${line.failure ? saying(words, line.failure) : linkText(words, line.link)}`,
        ...line.unclosed.map((one) => `${at}  ${line.port}  ${saying(words, one)}`),
      ].join('\n')
    case 'session':
      return `${at}  ${line.port}  ${saying(words, line.session)}`
    case 'audit':
      return `${at}  ${auditSentence(words, line)}`
  }
}
