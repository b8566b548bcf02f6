// What becomes of a configuration that is read again while the bridge runs: what can be used at once is, and what
// cannot is named, and stays as it was. A file that is wrong changes nothing. One at a time.
import type { Journal } from '../base/journal.ts'
import type { Reply } from '../control/messages.ts'
import { changesOf } from '../host/config.ts'
import type { Host } from '../host/host.ts'
import {
  type BridgeFlags,
  deliveryOf,
  httpOf,
  patientsOf,
  type Settings,
  settings,
} from './options.ts'

type Reloaded = Reply<'reload'>

/** `now`: what the bridge was started with. Rejects with what is wrong, in a sentence. */
export function reloader(
  flags: BridgeFlags,
  now: Settings,
  journal: Journal,
  host: () => Pick<Host, 'reconfigure'>,
): () => Promise<Reloaded> {
  let used = now
  let last: Promise<unknown> = Promise.resolve()
  const once = async (): Promise<Reloaded> => {
    const next = settings(flags)
    const { applied, restart } = changesOf(used, next)
    const changed = (...keys: (keyof Settings)[]) => keys.some((key) => applied.includes(key))
    const taken = Object.fromEntries(applied.map((key) => [key, next[key]]))
    const kept: Settings = { ...used, ...taken }
    journal.use(next.log)
    const http = httpOf(kept, journal.of('http'))
    await host().reconfigure({
      ...(changed('hl7', 'delivery') && { delivery: deliveryOf(kept, journal.of('delivery')) }),
      ...(changed('patients') && { patients: patientsOf(kept, journal.of('patients')) }),
      ...(changed('http') && { http }),
    } as Parameters<Host['reconfigure']>[0])
    used = kept
    const reloaded = { applied, restart }
    for (const line of reloadLines(reloaded)) journal.say('info', 'configuration', line)
    return reloaded
  }
  return () => {
    const turn = last.then(once)
    last = turn.catch(() => {})
    return turn
  }
}

export function reloadLines({ applied, restart }: Reloaded): string[] {
  const lines = [
    ...(applied.length > 0 ? [`In use now: ${applied.join(', ')}.`] : []),
    ...(restart.length > 0
      ? [`Restart needed for: ${restart.join(', ')}. Until then as before.`]
      : []),
  ]
  return lines.length > 0 ? lines : ['Nothing has changed.']
}
