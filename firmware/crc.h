// The CRC-32 of IEEE 802.3 and zlib (section 4.1): of a PDU, and of the blocks of a snapshot.
//
// Several stretches of bytes may be summed one behind the other: crc_begin, crc_add as often as wanted,
// crc_end.
#ifndef CRC_H
#define CRC_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t crc_begin(void) { return 0xFFFFFFFFu; }
uint32_t crc_add(uint32_t crc, const uint8_t *bytes, size_t length);
static inline uint32_t crc_end(uint32_t crc) { return crc ^ 0xFFFFFFFFu; }

static inline uint32_t crc_of(const uint8_t *bytes, size_t length) {
  return crc_end(crc_add(crc_begin(), bytes, length));
}

#endif
