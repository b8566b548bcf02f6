// What becomes of a configuration that is read again while the bridge runs: what can be used at once is, and what
// cannot is named, and stays as it was. A file that is wrong changes nothing; a part of the bridge that cannot use its
// settings keeps none of the others from theirs. One at a time.
import type { Env } from '../base/env.ts'
import type { Journal } from '../base/journal.ts'
import type { Reply } from '../control/messages.ts'
import type { Changes } from '../host/changes.ts'
import type { Host } from '../host/host.ts'
import { PartGone } from '../host/part.ts'
import { changesOf, PARTS, type PartName, SETTINGS } from '../host/reload-table.ts'
import {
  auditOf,
  type BridgeFlags,
  captureOf,
  deliveryOf,
  httpOf,
  patientsOf,
  type Settings,
  settings,
  wandsOf,
} from './options.ts'

type Reloaded = Reply<'reload'>

/** `started`: with what the bridge was. Says what became of it; rejects with what is wrong, and what runs now. */
export function reloader(
  env: Env,
  flags: BridgeFlags,
  started: Settings,
  journal: Journal,
  host: () => Pick<Host, 'reconfigure'>,
): () => Promise<Reloaded> {
  const used = new Map<PartName, Settings>()
  /** They do not run, though `used` says how: they are begun again with whatever comes next. */
  const gone = new Set<PartName>()
  let last: Promise<unknown> = Promise.resolve()

  /** Throws with what is wrong in the file, before anything is touched. */
  const read = () => {
    const next = settings(flags)
    const { ports } = wandsOf(next, env)
    const options: Readonly<Record<Exclude<PartName, 'log' | 'worksheet'>, Changes>> = {
      words: { locale: next.locale },
      audit: { keepDays: auditOf(next).keepDays },
      captures: { captureLimits: captureOf(next) },
      wands: { ports },
      delivery: { delivery: deliveryOf(next, journal.of('delivery')) },
      patients: { patients: patientsOf(next, journal.of('patients')) },
      http: { http: httpOf(next, journal.of('http')) },
    }
    return { next, options }
  }

  const once = async (): Promise<Reloaded> => {
    const { next, options } = whole(read)
    const usedBy = (part: PartName | null) => (part !== null && used.get(part)) || started
    const { restart, parts } = changesOf(usedBy, next, gone)
    const problems: string[] = []
    const [taken, asBefore] = [new Set<string>(), new Set<string>()]
    for (const part of PARTS) {
      const keys = parts.get(part)
      if (!keys) continue
      try {
        if (part === 'log') journal.use(next.log)
        else if (part !== 'worksheet') await host().reconfigure(options[part])
        gone.delete(part)
        used.set(part, next)
        for (const key of keys) taken.add(key)
      } catch (error) {
        problems.push(`${keys.join(', ')}: ${error instanceof Error ? error.message : error}`)
        if (error instanceof PartGone) gone.add(part)
        else {
          gone.delete(part)
          for (const key of keys) asBefore.add(key)
        }
      }
    }
    const keys = SETTINGS.map(({ key }) => key)
    const applied = keys.filter((key) => taken.has(key) && !asBefore.has(key))
    const reloaded = { applied, restart }
    if (problems.length > 0) {
      const partly = [...asBefore].filter((key) => taken.has(key))
      for (const key of partly) asBefore.delete(key)
      const lines = partlyLines(reloaded, [...asBefore], partly, [...gone])
      throw new Error([...problems, ...lines].join('\n'))
    }
    for (const line of reloadLines(reloaded)) journal.say('info', 'configuration', line)
    return reloaded
  }
  return () => {
    const turn = last.then(once).catch((error: Error) => {
      journal.say('error', 'configuration', error.message)
      throw error
    })
    last = turn.catch(() => {})
    return turn
  }
}

/** Before anything is touched. */
function whole<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw new Error(`${what}\nNothing has changed.`, { cause: error })
  }
}

const partlyLines = (
  { applied, restart }: Reloaded,
  asBefore: readonly string[],
  partly: readonly string[],
  stopped: readonly string[],
): string[] => [
  ...(applied.length + restart.length > 0 ? reloadLines({ applied, restart }) : []),
  ...(asBefore.length > 0 ? [`As before: ${asBefore.join(', ')}.`] : []),
  ...(partly.length > 0 ? [`In use in part, as before in part: ${partly.join(', ')}.`] : []),
  ...(stopped.length > 0
    ? [`Does not run now: ${stopped.join(', ')}. Correct the file and reload it.`]
    : []),
]

export function reloadLines({ applied, restart }: Reloaded): string[] {
  const lines = [
    ...(applied.length > 0 ? [`In use now: ${applied.join(', ')}.`] : []),
    ...(restart.length > 0
      ? [`Restart needed for: ${restart.join(', ')}. Until then as before.`]
      : []),
  ]
  return lines.length > 0 ? lines : ['Nothing has changed.']
}
