// What is known now: a fold over the events of a bridge.
//
// The rule of the room: certainty is lost at once and gained only from durable events. A loss comes
// twice, first with `durable: false`, when nothing has been written yet, and again once it is in the
// log. Contact is taken only the first time: by itself it makes nothing live. Whatever was seen before
// the newest loss of its wand cannot make anything live any more, however late it is released: it is
// history. But what it says of the link and of the session holds until something newer does.
import type { BridgeEvent } from '../model/event.ts'
import { changePumps } from './pumps.ts'
import { type BridgeState, wandAt } from './state.ts'
import { changeWand } from './wands.ts'

/** One event on top of what is known. `durable` false: only what takes certainty away is taken. */
export function learn({ wands, pumps }: BridgeState, event: BridgeEvent, durable: boolean): void {
  const wand = wands.get(event.port) ?? wandAt(event.port, event.source, event.link)
  const changed = changeWand(wand, event, durable)
  wands.set(event.port, changed)
  changePumps(pumps, event, changed, durable)
}
