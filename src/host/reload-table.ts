// What becomes of every setting when the configuration is read again while the bridge runs: which parts use it at
// once, or that it wants a restart. A setting of the schema that is not in the table does not compile.
import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config.ts'

/**
 * The parts that can be given other settings, in the order in which they are: what others are begun with comes before
 * them. `worksheet`: it reads the file itself, each time it begins.
 */
export const PARTS = [
  ...(['log', 'words', 'audit', 'captures', 'wands', 'delivery', 'patients', 'http'] as const),
  'worksheet',
] as const
export type PartName = (typeof PARTS)[number]

/** No part = a restart is needed. */
interface Effect {
  readonly parts: readonly PartName[]
  /** Where it is used at once after all; said as it stands in docs/configuration.md. */
  readonly only?: { readonly said: string; holds(now: Config, next: Config): boolean }
}

const at = (...parts: readonly PartName[]): Effect => ({ parts })
const RESTART: Effect = { parts: [] }
/** A session that is held on a wand that is taken away could not be told from one that was dropped. */
const ADDED: Effect = {
  parts: ['wands'],
  only: {
    said: 'where wands are only added, and none is `auto`',
    holds: (now, next) => {
      const [before, after] = [now, next].map(({ serial, hid }) => [...serial, ...hid])
      const all = after ?? []
      return !all.includes('auto') && (before ?? []).every((path) => all.includes(path))
    },
  },
}

type EffectsOf<T> = T extends string | boolean | readonly unknown[]
  ? Effect
  : Effect | { readonly [Key in keyof T]-?: Effect }
type Table = { readonly [Key in keyof Config]-?: EffectsOf<NonNullable<Config[Key]>> }

const TABLE = {
  source: RESTART,
  serial: ADDED,
  hid: ADDED,
  apart: RESTART,
  policy: RESTART,
  stateDir: RESTART,
  // The floor is judged when the file is read.
  audit: { keepDays: at('audit'), keepDaysBelowFloor: at('audit'), witnesses: RESTART },
  capture: { on: RESTART, budgetMiB: at('captures'), keepDays: at('captures') },
  http: at('http'),
  log: at('log'),
  hl7: at('delivery'),
  delivery: at('delivery'),
  codings: at('delivery', 'http'),
  fleet: RESTART,
  patients: at('patients'),
  refill: at('worksheet'),
  locale: at('words', 'delivery', 'http', 'worksheet'),
  zone: at('http', 'worksheet'),
} satisfies Table

/** A setting, or a section that is taken as a whole. */
export interface Setting extends Effect {
  /** As it stands in the file: `audit.keepDays`. */
  readonly key: string
  of(config: Config): unknown
}

const isEffect = (entry: Entry): entry is Effect => 'parts' in entry

type Entry = Effect | Readonly<Record<string, Effect>>
const ENTRIES = Object.entries<Entry>(TABLE)

export const SETTINGS: readonly Setting[] = ENTRIES.flatMap(([name, entry]) => {
  const whole = (config: Config) => config[name as keyof Config]
  if (isEffect(entry)) return [{ key: name, of: whole, ...entry }]
  return Object.entries(entry).map(([inner, effect]) => ({
    key: `${name}.${inner}`,
    of: (config: Config) => (whole(config) as Readonly<Record<string, unknown>>)[inner],
    ...effect,
  }))
})

export interface Changed {
  /** What wants a restart. */
  readonly restart: readonly string[]
  /** What each part is to use, by its keys. */
  readonly parts: ReadonlyMap<PartName, readonly string[]>
}

/** What differs; `used` by a part, `null` = what the bridge was started with. A part in `gone` takes all of its own. */
export function changesOf(
  used: (part: PartName | null) => Config,
  next: Config,
  gone: ReadonlySet<PartName> = new Set(),
): Changed {
  const differs = ({ of }: Setting, part: PartName | null) =>
    !isDeepStrictEqual(of(used(part)), of(next))
  const restart: string[] = []
  const parts = new Map<PartName, string[]>()
  for (const setting of SETTINGS) {
    const { key, only } = setting
    const wanting = setting.parts.filter((part) => gone.has(part) || differs(setting, part))
    const mayNot = only && wanting.some((part) => !only.holds(used(part), next))
    if (setting.parts.length === 0 ? differs(setting, null) : mayNot) restart.push(key)
    else for (const part of wanting) parts.set(part, [...(parts.get(part) ?? []), key])
  }
  return { restart, parts }
}
