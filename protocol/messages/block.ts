import { MAX_PAYLOAD } from '../codec/pdu.ts'
import { BLOCK_NAMES } from '../fields/blocks.ts'
import { code8, rest, struct, u16, u32 } from '../fields/field.ts'
import { message } from './message.ts'

export const Block = message({
  type: 0x14,
  name: 'BLOCK',
  doc: 'A piece of a block of a frozen snapshot.',
  air: false,
  session: true,
  request: struct('BLOCK request', 'Which piece.', {
    snapshot: u32('Number of the snapshot.'),
    block: code8(BLOCK_NAMES, 'Which block.'),
    offset: u16('First byte wanted.'),
  }),
  reply: struct('BLOCK reply', 'The piece: as much as fits, at least one byte.', {
    snapshot: u32('Number of the snapshot.'),
    block: code8(BLOCK_NAMES, 'Which block.'),
    offset: u16('Where in the block the piece begins.'),
    data: rest('The bytes.'),
  }),
})

/** Most bytes of a block that fit one reply. */
export const MAX_PIECE = MAX_PAYLOAD - Block.reply.size
