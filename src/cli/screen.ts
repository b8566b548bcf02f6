// What the demo draws in a terminal, row by row: what matters first, so that a low window loses what
// matters least, and says how much it lost. No row is wider than 80 columns but for what has no space to
// break at. Pure.
import type { BridgeStatus, Coded } from '../model/status.ts'
import {
  markRow,
  type Reader,
  renderAlarms,
  renderHead,
  renderRest,
  renderSession,
  renderWand,
  row,
} from './render.ts'

export interface Key {
  readonly key: string
  /** In the row of keys. */
  readonly does: string
  /** What it does, in words. */
  readonly means: string
}

export interface Around {
  /** `Page: http://…` */
  readonly page: string
  /** What may go first. */
  readonly more: readonly string[]
  /** What came of the last key. */
  readonly said: string
  readonly keys: readonly Key[]
  /** The keys in words, instead of the rest. */
  readonly help: boolean
}

export const keyRow = (keys: readonly Pick<Key, 'key' | 'does'>[]): string =>
  keys.map(({ key, does }) => `${key}:${does}`).join(' ')

/** At most `rows` rows. */
export function screenOf(
  { wands, pumps }: Pick<Coded<BridgeStatus>, 'wands' | 'pumps'>,
  { page, more, said, keys, help }: Around,
  rows: number,
  reader: Reader,
): string[] {
  const [pump] = [...pumps].reverse().sort((a, b) => a.ageMs - b.ageMs)
  const below = [said, page, keyRow(keys)].filter(Boolean)
  const body = [
    ...markRow('simulator'),
    ...(pump ? renderHead(pump, reader) : []),
    ...wands.flatMap((wand) => renderSession(wand, reader)),
    ...(help ? ['', ...keys.flatMap(({ key, means }) => row(`  ${key}`, means)), ''] : []),
    ...(pump ? renderAlarms(pump, reader) : []),
    ...(pump && !help ? renderRest(pump, reader) : []),
    ...wands.flatMap((wand) => renderWand(wand, reader)),
    ...more,
  ]
  const room = Math.max(1, rows - below.length)
  if (body.length <= room) return [...body, ...below]
  const kept = body.slice(0, Math.max(0, room - 1))
  const lost = body.length - kept.length
  return [...kept, `… ${lost} more rows; a taller window shows them.`, ...below]
}
