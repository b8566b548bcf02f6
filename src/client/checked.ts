// What a bridge sends is held to what v1 says before anybody gets it. The schemas of the model say that; here is
// what they come to as a table (shapes.ts, made by tools/client-shapes.ts), because the library that the schemas
// are written with is larger than this whole client. A test holds the two to the same verdicts.
import type {
  ByeEvent,
  InterrogationReply,
  LoggedEventsReply,
  Problem,
  PumpsReply,
  Reading,
  ReadingsReply,
  RefillsReply,
  ResetEvent,
  SnapshotEvent,
  StatusEvent,
  TickEvent,
  VisitsReply,
  WandsReply,
} from '../model/api.ts'
import type { RecordKind, RecordOf } from '../model/record.ts'
import type { PumpStatus } from '../model/status.ts'
import { EVENTS, REPLIES, SHAPES } from './shapes.ts'

/** One place of the table; numbers are other places. */
export type Shape =
  | { readonly enum: readonly (string | number | boolean)[] }
  | { readonly text: { readonly pattern?: string; readonly min?: number; readonly max?: number } }
  | { readonly number: { readonly int?: boolean; readonly min?: number; readonly max?: number } }
  | { readonly type: 'null' | 'boolean' | 'anything' }
  | { readonly items: number }
  | { readonly values: number }
  | {
      readonly fields: Readonly<Record<string, number>>
      readonly optional?: readonly string[]
    }
  | { readonly any: readonly number[] }

type RecordEvents = { readonly [K in RecordKind]: RecordOf<K> }
/** Events of the stream, by name. */
export interface Events extends RecordEvents {
  readonly snapshot: SnapshotEvent
  readonly status: StatusEvent
  readonly tick: TickEvent
  readonly reset: ResetEvent
  readonly bye: ByeEvent
}

export interface Replies {
  readonly wands: WandsReply
  readonly pumps: PumpsReply
  readonly pump: PumpStatus
  readonly readings: ReadingsReply
  readonly reading: Reading
  readonly visits: VisitsReply
  readonly interrogation: InterrogationReply
  readonly events: LoggedEventsReply
  readonly refills: RefillsReply
  readonly problem: Problem
}

/** What came is not what v1 says: the bridge is another program, or something between changed it. */
export class NotV1Error extends Error {
  /** Where in it: `pumps.0.quality`. */
  readonly path: string

  constructor(path: string, wanted: string) {
    super(`${path === '' ? 'it' : path} is not ${wanted}`)
    this.path = path
  }
}

export const isEvent = (name: string): name is keyof Events => Object.hasOwn(EVENTS, name)

/** Throws NotV1Error. */
export function checkedEvent<N extends keyof Events>(name: N, data: unknown): Events[N] {
  return checked(EVENTS[name], data)
}

/** Throws NotV1Error. */
export function checkedReply<N extends keyof Replies>(name: N, data: unknown): Replies[N] {
  return checked(REPLIES[name], data)
}

function checked<T>(shape: number, data: unknown): T {
  const wrong = fault(shape, data)
  if (wrong) throw new NotV1Error(wrong.path.join('.'), wrong.wanted)
  return data as T
}

interface Fault {
  readonly path: readonly string[]
  readonly wanted: string
}

/** The first thing that is wrong; of alternatives, what is wrong deepest in. */
function fault(index: number, value: unknown): Fault | null {
  const shape = SHAPES[index] as Shape
  const unless = (ok: boolean, wanted: string) => (ok ? null : here(wanted))
  if ('fields' in shape) {
    if (!isObject(value)) return here('an object')
    for (const [name, field] of Object.entries(shape.fields)) {
      const there = Object.hasOwn(value, name) && value[name] !== undefined
      if (!there && shape.optional?.includes(name)) continue
      const wrong = there ? fault(field, value[name]) : here('there')
      if (wrong) return within(name, wrong)
    }
    return null
  }
  if ('any' in shape) {
    let deepest: Fault | null = null
    for (const one of shape.any) {
      const wrong = fault(one, value)
      if (!wrong) return null
      if (!deepest || wrong.path.length > deepest.path.length) deepest = wrong
    }
    return deepest
  }
  if ('items' in shape) {
    if (!Array.isArray(value)) return here('a list')
    return first(value.entries(), shape.items)
  }
  if ('values' in shape) {
    if (!isObject(value)) return here('an object')
    return first(Object.entries(value), shape.values)
  }
  if ('enum' in shape) {
    return shape.enum.includes(value as string) ? null : here(`one of ${shape.enum.join(', ')}`)
  }
  if ('text' in shape) {
    const { pattern, min = 0, max = Infinity } = shape.text
    const text = typeof value === 'string' && value.length >= min && value.length <= max
    return unless(text && (!pattern || matcher(pattern).test(value)), 'a text as it should be')
  }
  if ('number' in shape) {
    const { int, min = -Infinity, max = Infinity } = shape.number
    const number = int ? Number.isSafeInteger(value) : Number.isFinite(value)
    return unless(number && (value as number) >= min && (value as number) <= max, 'such a number')
  }
  if (shape.type === 'null') return unless(value === null, 'null')
  return unless(shape.type === 'anything' || typeof value === 'boolean', 'true or false')
}

const here = (wanted: string): Fault => ({ path: [], wanted })
const within = (name: string, { path, wanted }: Fault): Fault => ({ path: [name, ...path], wanted })

function first(items: Iterable<readonly [string | number, unknown]>, shape: number): Fault | null {
  for (const [at, item] of items) {
    const wrong = fault(shape, item)
    if (wrong) return within(String(at), wrong)
  }
  return null
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const matchers = new Map<string, RegExp>()
function matcher(pattern: string): RegExp {
  const known = matchers.get(pattern) ?? new RegExp(pattern, 'u')
  matchers.set(pattern, known)
  return known
}
