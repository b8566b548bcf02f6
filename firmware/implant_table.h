// A pump that is a table, under a wand whose air is reckoned: for benches and tests, where there is no
// implant. It is a simulation, and every reply says so (SIMULATOR, section 4.2).
//
// What the pump tells is cut from the eleven blocks of the table, so that it never contradicts itself. Its
// clock begins at the time in the clock's block and goes on with the wand's. A frame takes as long as one at
// 6 bits a millisecond, is repeated when it is lost or damaged, and six times in all. `conditions` may be
// changed at any time.
#ifndef IMPLANT_TABLE_H
#define IMPLANT_TABLE_H

#include "implant.h"
#include "snapshot.h"

struct table_pump {
  const uint8_t *blocks[SNAPSHOT_BLOCKS];
  uint16_t lengths[SNAPSHOT_BLOCKS];
};

struct table_conditions {
  // Nobody is in reach: nothing is heard, nor sensed.
  bool absent;
  // It does not confirm that it left telemetry mode.
  bool clings;
  // Of 256 frames so many are lost or damaged; which ones follows from `chance`.
  uint8_t errors;
  uint32_t chance;
  uint8_t coupling;
  // As in section 7.2; 0 = too far away to be heard.
  uint8_t position;
  // Added to the state counter of the table: each change of the pump.
  uint32_t changes;
};

extern struct table_conditions conditions;

void implant_table_start(const struct table_pump *pump);
// Another pump lies under the wand.
void implant_table_put(const struct table_pump *pump);

// The pump of the bench: that of protocol/vectors/9.6-snapshots.json, its first conversation.
extern const struct table_pump bench_pump;

#endif
