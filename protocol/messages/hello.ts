import { code8, label, serial, struct, u8, u16, u32 } from '../fields/field.ts'
import { message } from './message.ts'

export const SESSION_ENDS = {
  0: 'none',
  1: 'closed',
  2: 'closed-unconfirmed',
  3: 'lease-expired',
  4: 'wand-restarted',
  5: 'still-open',
  6: 'stuck',
} as const

export const Hello = message({
  type: 0x01,
  name: 'HELLO',
  doc: 'Who are you? Opens the link; touches no implant and disturbs no session of another link.',
  air: false,
  session: false,
  request: struct('HELLO request', 'The host introduces itself.', {
    minor: u8('Highest minor version of the protocol that the host speaks.'),
  }),
  reply: struct('HELLO reply', 'The wand introduces itself.', {
    minor: u8('Minor version the wand speaks.'),
    leaseMs: u16('A session without any request for this long is closed by the wand.', {
      unit: 'ms',
      min: 1000,
      max: 60_000,
    }),
    wandSerial: serial('Serial number of the wand; the same on every path to it.'),
    wandModel: label(16, 'Model of the wand.'),
    firmware: label(16, 'Firmware version of the wand.'),
    boot: u32('How often the wand has started, ever. Differs after a reset.'),
    lastSession: u32('The newest session ever allotted; 0 = none yet.'),
    lastEnd: code8(SESSION_ENDS, 'How that session ended.'),
  }),
})
