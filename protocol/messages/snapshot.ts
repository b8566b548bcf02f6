import { BLOCK_NAMES } from '../fields/blocks.ts'
import { code8, list, struct, time, u16, u32 } from '../fields/field.ts'
import { message } from './message.ts'

export const SnapshotEntry = struct('Snapshot entry', 'One block of a snapshot.', {
  block: code8(BLOCK_NAMES, 'Which block.'),
  length: u16('Its length in bytes.'),
})

export const Snapshot = message({
  type: 0x13,
  name: 'SNAPSHOT',
  doc: 'The directory of a snapshot.',
  air: false,
  session: true,
  request: struct('SNAPSHOT request', 'Which one.', {
    snapshot: u32('Number from the INTERROGATE reply.'),
  }),
  reply: struct('SNAPSHOT reply', 'Directory, times and check.', {
    snapshot: u32('The number asked for.'),
    beganMs: u32('How long ago the first air exchange of the reading began.', { unit: 'ms' }),
    endedMs: u32('How long ago the last one ended.', { unit: 'ms' }),
    deviceTime: time('The pump\u2019s clock at the first exchange.'),
    counterBefore: u32('The implant\u2019s state counter before the first block.'),
    counterAfter: u32('The same after the last block; a snapshot exists only if both are equal.'),
    crc: u32('CRC-32 over all blocks in directory order.', { max: 0xffffffff }),
    blocks: list(SnapshotEntry, 32, 'The blocks, in order.'),
  }),
})
