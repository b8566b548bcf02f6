// CRC-32 (IEEE 802.3, reflected, as in zlib): the check of every PDU and of a snapshot's blocks.

import { u32At } from './bytes.ts'

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})
const at = (table: Uint32Array, c: number) => table[c & 0xff] as number
/** What a byte does to the CRC when one more byte follows it: so four bytes are taken at once, in half the time. */
const behind = (table: Uint32Array) => table.map((c) => at(TABLE, c) ^ (c >>> 8))
const TABLE_1 = behind(TABLE)
const TABLE_2 = behind(TABLE_1)
const TABLE_3 = behind(TABLE_2)

/**
 * CRC of the first `end` of `bytes`, all if not given; pass an earlier result as `seed` to continue it.
 * crc32("123456789") = 0xCBF43926.
 */
export function crc32(bytes: Uint8Array, seed = 0, end = bytes.length): number {
  let c = ~seed
  let i = 0
  for (; i + 4 <= end; i += 4) {
    c ^= u32At(bytes, i)
    c = at(TABLE_3, c) ^ at(TABLE_2, c >>> 8) ^ at(TABLE_1, c >>> 16) ^ at(TABLE, c >>> 24)
  }
  for (; i < end; i += 1) c = at(TABLE, c ^ (bytes[i] as number)) ^ (c >>> 8)
  return ~c >>> 0
}
