import { code8, struct, u8, u16, u32 } from '../fields/field.ts'
import { EMPTY, message } from './message.ts'

export const SESSION_STATES = {
  0: 'none',
  1: 'opening',
  2: 'open',
  3: 'closing',
  4: 'stuck',
} as const
export const OPERATIONS = { 0: 'none', 1: 'open', 2: 'interrogate', 3: 'live', 4: 'close' } as const
export const POSITIONS = { 0: 'no-implant', 1: 'good', 2: 'move-closer', 3: 'turn' } as const

export const Ping = message({
  type: 0x02,
  name: 'PING',
  doc: 'Answered within 100 ms, also while on air: what is the wand doing, does it hear the implant?',
  air: false,
  session: false,
  request: EMPTY,
  reply: struct('PING reply', 'The moment, as the wand sees it.', {
    session: u32('The open or stuck session, whoever holds it; 0 = none.'),
    sessionState: code8(SESSION_STATES, 'State of that session.'),
    contactAgeMs: u16('Time since the last contact (§9.7); unavailable = none since start-up.', {
      unit: 'ms',
    }),
    coupling: u8('Strength of the inductive coupling.', { unit: '%', max: 100 }),
    position: code8(POSITIONS, 'What would help the person who holds the wand.'),
    operation: code8(OPERATIONS, 'The air work that is running.'),
    progress: u8('Its progress.', { unit: '%', max: 100 }),
  }),
})
