// Every message of the protocol, by type. The table is closed: a request that is not in it cannot
// be written down, and 0x40–0x7F are never assigned.
import type { Repr } from '../fields/field.ts'
import { Block } from './block.ts'
import { Close } from './close.ts'
import { Hello } from './hello.ts'
import { Interrogate } from './interrogate.ts'
import { Live } from './live.ts'
import { Open } from './open.ts'
import { Ping } from './ping.ts'
import { Snapshot } from './snapshot.ts'
import { Wand } from './wand.ts'

export const MESSAGES = {
  HELLO: Hello,
  PING: Ping,
  WAND: Wand,
  OPEN: Open,
  CLOSE: Close,
  INTERROGATE: Interrogate,
  SNAPSHOT: Snapshot,
  BLOCK: Block,
  LIVE: Live,
} as const

export type Messages = typeof MESSAGES
export type MessageName = keyof Messages
export type RequestOf<N extends MessageName> = Repr<Messages[N]['request']>
export type ReplyOf<N extends MessageName> = Repr<Messages[N]['reply']>

/** Everything a host can ever ask: the closed union that the one writer takes. */
export type ReadRequest = {
  [N in MessageName]: { readonly name: N; readonly fields: RequestOf<N> }
}[MessageName]

const BY_TYPE = new Map<number, MessageName>(
  Object.entries(MESSAGES).map(([name, m]) => [m.type, name as MessageName]),
)

/** The message of a type number, or undefined if this version has none. */
export function messageOfType(type: number): MessageName | undefined {
  return BY_TYPE.get(type)
}

/** 0x40–0x7F: where a programming command would live; a wand answers REFUSED. */
export function isForbiddenType(type: number): boolean {
  return type >= 0x40 && type <= 0x7f
}
