// That somebody reads the log, or is given the right to sign, is itself a record: written before anything is shown, by the bridge that has the
// log, or by a bridge without wands when none runs. A log that is not this computer's to write is left as it
// is: a copy in an auditor's hands can be read, and standard error says that it was not recorded.
import { join } from 'node:path'
import { keysThere } from '../../audit/log/keys.ts'
import { type NotOurs, notOurs } from '../../audit/log/ours.ts'
import { nodeDisk } from '../../base/disk.ts'
import { systemEnv } from '../../base/env.ts'
import { ask } from '../../control/client.ts'
import type { Args } from '../../control/messages.ts'
import type { Host } from '../../host/host.ts'
import { sourcesIn } from '../../host/state-source.ts'
import { printable } from '../../model/printable.ts'
import { auditSentence } from '../../words/told.ts'
import { stateDirOf } from '../options.ts'
import { hold } from '../serve.ts'
import { actorHere } from './actor.ts'
import type { StateFlags } from './logs.ts'

type Access = Args<'audit-read'>

/** Whether it is recorded; when it is not, says so and why. */
export async function recordRead(
  route: Access['route'],
  flags: StateFlags & { readonly pump?: string },
): Promise<boolean> {
  const stateDir = stateDirOf(flags)
  const actor = actorHere()
  const access = { route, pump: flags.pump?.slice(0, 64) ?? null, actor }
  const why = await recorded(
    stateDir,
    () => ask(stateDir, 'audit-read', access),
    async ({ auditor }) => auditor.read(access),
  )
  if (why !== '') {
    console.error(printable(`That it was read here is not recorded in the log: ${why}`))
  }
  return why === ''
}

/** Somebody may sign worksheets, or no more: recorded; when it is not, says so and why. */
export async function recordOperator(
  name: string,
  change: 'added' | 'removed',
  flags: StateFlags,
): Promise<void> {
  const stateDir = stateDirOf(flags)
  const actor = actorHere()
  const why = await recorded(
    stateDir,
    () => ask(stateDir, 'operator', { name, change, actor }),
    ({ auditor }) => auditor.operator({ name, change }, actor),
  )
  if (why !== '') console.error(printable(`This is not recorded in the log: ${why}`))
}

/** By the bridge that runs, or by one for this alone: why it is not recorded; empty = it is. */
async function recorded(
  stateDir: string,
  running: () => Promise<object | null>,
  itself: (host: Host) => Promise<boolean>,
): Promise<string> {
  try {
    return (await running()) === null ? await byItself(stateDir, itself) : ''
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? ''
  }
}

const WHY_NOT: { readonly [C in NotOurs]?: string } = {
  copied: 'this is a copy, or it was restored from one: only the original is written.',
  'no-manifest': 'no manifest says that it was written here.',
  'not-ended': 'its bridge did not end in order, and only the next start of a bridge mends that.',
}

async function byItself(
  stateDir: string,
  write: (host: Host) => Promise<boolean>,
): Promise<string> {
  const [source] = await sourcesIn(stateDir)
  if (source === undefined) return 'there is no log.'
  const { CREDENTIALS_DIRECTORY: credentials } = process.env
  const keys = await keysThere(nodeDisk, join(stateDir, 'keys'), credentials)
  const not = await notOurs(nodeDisk, join(stateDir, 'audit'), source, keys)
  if (not !== null)
    return WHY_NOT[not] ?? `a bridge that started now would set the log aside (${not}).`
  const env = systemEnv()
  const host = await hold(env, stateDir, async () => ({ source, ports: [], policy: 'manual' }))
  try {
    await host.auditor.opened
    return (await write(host)) ? '' : auditSentence(host.words, host.bridge.status().audit)
  } finally {
    await host.stop('an entry in the log')
  }
}
