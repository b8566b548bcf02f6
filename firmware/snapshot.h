// One reading of an implant, whole (section 9.6): all blocks of section 8 in the order of their numbers, one
// behind the other.
//
// There are two buffers, because an older snapshot is kept until a newer one is whole. `SNAPSHOT_ROOM` is
// what a pump needs that fills every list of section 8 to its end.
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "implant.h"

enum { SNAPSHOT_BLOCKS = 11, BLOCK_CLOCK = 11, SNAPSHOT_ROOM = 2066 };

struct snapshot {
  uint32_t number;
  wand_ms began;
  wand_ms ended;
  uint32_t device_time;
  uint32_t counter_before;
  uint32_t counter_after;
  uint32_t crc;
  // When the pump took the time that the block of the clock says.
  wand_ms clock_taken;
  // Bytes of all blocks, and of each.
  uint16_t used;
  uint16_t lengths[SNAPSHOT_BLOCKS];
  uint8_t bytes[SNAPSHOT_ROOM];
};

struct block {
  const uint8_t *bytes;
  uint16_t length;
};

// Block 1 to SNAPSHOT_BLOCKS.
struct block snapshot_block(const struct snapshot *snapshot, uint8_t block);
// The last exchange has ended: what only the wand knows is filled in, and the CRC is made.
void snapshot_freeze(struct snapshot *snapshot, wand_ms now);

#endif
