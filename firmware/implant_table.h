// A pump that is a table: for benches and tests, where there is no implant. It is a simulation, and every
// reply says so (SIMULATOR, section 4.2).
//
// What it tells is cut from the eleven blocks of the table, so that it never contradicts itself. Its clock
// begins at the time in the clock's block and goes on with the wand's. How it behaves is `conditions`, which
// may be changed at any time and counts from the next exchange on.
#ifndef IMPLANT_TABLE_H
#define IMPLANT_TABLE_H

#include "implant.h"
#include "snapshot.h"

struct table_pump {
  const uint8_t *blocks[SNAPSHOT_BLOCKS];
  uint16_t lengths[SNAPSHOT_BLOCKS];
};

struct table_conditions {
  // Nobody is heard, nor sensed.
  bool absent;
  // Heard, but no exchange completes.
  bool broken;
  // It does not confirm that it left telemetry mode.
  bool clings;
  // How long an exchange takes.
  uint16_t exchange_ms;
  uint8_t coupling;
  uint8_t position;
  // Added to the state counter of the table: each change of the pump.
  uint32_t changes;
};

extern struct table_conditions conditions;

void implant_table_start(const struct table_pump *pump);

// The pump of the bench: that of protocol/vectors/9.6-snapshots.json, its first conversation.
extern const struct table_pump bench_pump;

#endif
