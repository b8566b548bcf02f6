// `wandbridge audit accept` and `audit rotate`: entries that people make in the log, through the
// running bridge, or by a bridge without wands when none runs.
import { checkReason } from '../../audit/format/record.ts'
import { systemEnv } from '../../base/env.ts'
import { ask } from '../../control/client.ts'
import type { Args } from '../../control/messages.ts'
import { sourcesIn } from '../../host/state-source.ts'
import { printable } from '../../model/printable.ts'
import { auditSentence } from '../../words/told.ts'
import { CommandError, Exit, orExit } from '../exit.ts'
import { stateDirOf } from '../options.ts'
import { hold } from '../serve.ts'
import { actorHere } from './actor.ts'
import { logsOf, type StateFlags } from './logs.ts'

type What = 'accept' | 'rotate'

export async function enter(
  what: What,
  flags: StateFlags & { readonly reason: string },
): Promise<void> {
  const { reason } = flags
  const wrong = checkReason(reason)
  if (wrong !== null) throw new CommandError(Exit.USAGE, wrong)
  await logsOf(flags)
  const actor = actorHere()
  const stateDir = stateDirOf(flags)
  const asked = ask(stateDir, `audit-${what}`, { reason, actor })
  const names =
    (await orExit(asked, Exit.AUDIT, '')) ?? (await byItself(stateDir, what, reason, actor))
  if (what === 'accept') {
    console.log(
      names.length > 0
        ? printable(`Accepted: ${names.join(', ')}. It is recorded.`)
        : 'No log waits to be accepted. Nothing was recorded.',
    )
  } else {
    console.log(`New verifier ${names.length === 1 ? 'key' : 'keys'}, to be kept elsewhere:`)
    for (const key of names) console.log(key)
  }
}

async function byItself(
  stateDir: string,
  what: What,
  reason: string,
  actor: Args<'audit-accept'>['actor'],
): Promise<readonly string[]> {
  const host = await hold(systemEnv(), stateDir, async () => ({
    source: (await sourcesIn(stateDir))[0] ?? 'device',
    ports: [],
    policy: 'manual',
  }))
  try {
    await host.auditor.opened
    const { audit } = host.bridge.status()
    if (audit.state === 'failed') {
      throw new CommandError(Exit.AUDIT, auditSentence(host.words, audit))
    }
    return await (what === 'accept'
      ? host.auditor.accept(reason, actor)
      : host.auditor.rotateKey(reason, actor))
  } finally {
    await host.stop(`audit ${what}`)
  }
}
