// What is done with the bytes of a snapshot.
#include "snapshot.h"

#include "bytes.h"
#include "crc.h"

struct block snapshot_block(const struct snapshot *snapshot, uint8_t block) {
  struct block found = {snapshot->bytes, snapshot->lengths[block - 1]};
  for (uint8_t i = 0; i + 1 < block; i++) found.bytes += snapshot->lengths[i];
  return found;
}

void snapshot_freeze(struct snapshot *snapshot, wand_ms now) {
  enum { AGE = 4, MOST = 65534 };
  snapshot->ended = now;
  // `ageMs` of the clock block is by the wand's clock, so the wand fills it in.
  const struct block clock = snapshot_block(snapshot, BLOCK_CLOCK);
  if (clock.length >= AGE + 2) {
    const wand_ms age = now - snapshot->clock_taken;
    put16(snapshot->bytes + (clock.bytes - snapshot->bytes) + AGE, age > MOST ? MOST : (uint16_t)age);
  }
  snapshot->crc = crc_of(snapshot->bytes, snapshot->used);
}
