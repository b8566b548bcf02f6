// CRC-32 (IEEE 802.3, reflected, as in zlib): the check of every PDU and of a snapshot's blocks.

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

/**
 * CRC of the first `end` of `bytes`, all if not given; pass an earlier result as `seed` to continue it.
 * crc32("123456789") = 0xCBF43926.
 */
export function crc32(bytes: Uint8Array, seed = 0, end = bytes.length): number {
  let c = ~seed
  for (let i = 0; i < end; i += 1) {
    c = (TABLE[(c ^ (bytes[i] as number)) & 0xff] as number) ^ (c >>> 8)
  }
  return ~c >>> 0
}
