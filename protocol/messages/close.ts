import { code8, struct } from '../fields/field.ts'
import { EMPTY, message } from './message.ts'

export const CLOSE_RESULTS = { 0: 'unconfirmed', 1: 'confirmed' } as const

export const Close = message({
  type: 0x11,
  name: 'CLOSE',
  doc: 'Ends the session. Only the implant\u2019s own answer makes it confirmed.',
  air: true,
  session: true,
  request: EMPTY,
  reply: struct('CLOSE reply', 'How it ended.', {
    result: code8(CLOSE_RESULTS, 'Whether the implant confirmed that it left telemetry mode.'),
  }),
})
