// What a message declaration consists of. One file per message; index.ts gathers them.
import { type Struct, struct } from '../fields/field.ts'

export interface Message<Q extends Struct = Struct, R extends Struct = Struct> {
  readonly type: number
  readonly name: string
  readonly doc: string
  /** Does air work: answered PENDING at once, the result collected with the same seq. */
  readonly air: boolean
  /** Needs a session in the header. */
  readonly session: boolean
  readonly request: Q
  readonly reply: R
}

export const EMPTY = struct('empty', 'No payload.', {})

export function message<Q extends Struct, R extends Struct>(m: Message<Q, R>): Message<Q, R> {
  return m
}
