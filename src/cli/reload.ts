// What becomes of a configuration that is read again while the bridge runs: what can be used at once is, and what
// cannot is named, and stays as it was. A file that is wrong changes nothing; a part of the bridge that cannot use its
// section keeps none of the others from theirs. One at a time.
import type { Journal } from '../base/journal.ts'
import type { Reply } from '../control/messages.ts'
import { changesOf, RELOADED } from '../host/config.ts'
import type { Changes, Host } from '../host/host.ts'
import { PartGone } from '../host/part.ts'
import {
  type BridgeFlags,
  deliveryOf,
  httpOf,
  patientsOf,
  type Settings,
  settings,
} from './options.ts'

type Reloaded = Reply<'reload'>
type Key = keyof Settings

/** The sections that a part of the bridge is made from, in the order in which parts are changed. */
const SECTIONS = { delivery: ['hl7', 'delivery'], patients: ['patients'], http: ['http'] } as const
type PartName = keyof typeof SECTIONS
const PARTS = Object.keys(SECTIONS) as PartName[]
const isOfPart = (key: Key) => PARTS.some((part) => sectionsOf(part).includes(key))
const sectionsOf = (part: PartName): readonly Key[] => SECTIONS[part]

/** `now`: what the bridge was started with. Says what became of it; rejects with what is wrong, and what runs now. */
export function reloader(
  flags: BridgeFlags,
  now: Settings,
  journal: Journal,
  host: () => Pick<Host, 'reconfigure'>,
): () => Promise<Reloaded> {
  let used = now
  /** They do not run, though `used` says how: they are begun again with whatever comes next. */
  const gone = new Set<PartName>()
  let last: Promise<unknown> = Promise.resolve()

  const read = () => {
    const next = settings(flags)
    const { applied: changed, restart } = changesOf(used, next)
    const kept: Settings = { ...used, ...only(next, changed) }
    const options: Changes & Record<PartName, unknown> = {
      delivery: deliveryOf(kept, journal.of('delivery')),
      patients: patientsOf(kept, journal.of('patients')),
      http: httpOf(kept, journal.of('http')),
    }
    return { next, changed, restart, options }
  }

  const once = async (): Promise<Reloaded> => {
    const { next, changed, restart, options } = whole(read)
    journal.use(next.log)
    const taken = new Set<Key>(changed.filter((key) => !isOfPart(key)))
    used = { ...used, ...only(next, [...taken]) }
    const problems: string[] = []
    const asBefore: Key[] = []
    for (const part of PARTS) {
      const own = sectionsOf(part)
      const wanted = gone.has(part) ? own : own.filter((key) => changed.some((one) => one === key))
      if (wanted.length === 0) continue
      try {
        await host().reconfigure({ [part]: options[part] })
        gone.delete(part)
        used = { ...used, ...only(next, own) }
        for (const key of wanted) taken.add(key)
      } catch (error) {
        problems.push(`${wanted.join(', ')}: ${error instanceof Error ? error.message : error}`)
        if (error instanceof PartGone) gone.add(part)
        else {
          gone.delete(part)
          asBefore.push(...wanted)
        }
      }
    }
    const reloaded = { applied: RELOADED.filter((key) => taken.has(key)), restart }
    if (problems.length > 0) {
      const stopped = [...gone].flatMap(sectionsOf)
      throw new Error([...problems, ...partlyLines(reloaded, asBefore, stopped)].join('\n'))
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

const only = (from: Settings, keys: readonly Key[]) =>
  Object.fromEntries(keys.map((key) => [key, from[key]]))

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
  asBefore: readonly Key[],
  stopped: readonly Key[],
): string[] => [
  ...(applied.length + restart.length > 0 ? reloadLines({ applied, restart }) : []),
  ...(asBefore.length > 0 ? [`As before: ${asBefore.join(', ')}.`] : []),
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
