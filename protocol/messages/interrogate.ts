import { struct, u32 } from '../fields/field.ts'
import { EMPTY, message } from './message.ts'

export const Interrogate = message({
  type: 0x12,
  name: 'INTERROGATE',
  doc: 'Reads the whole implant over air into a frozen, numbered snapshot: all of it or nothing.',
  air: true,
  session: true,
  request: EMPTY,
  reply: struct('INTERROGATE reply', 'Where to find what was read.', {
    snapshot: u32('Number of the snapshot; kept until the next one or the end of the session.'),
  }),
})
