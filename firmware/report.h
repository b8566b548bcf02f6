// The framing of HID reports (section 6): reports received become PDUs, a PDU becomes reports.
//
// A receiver holds the reports of at most one PDU, and the newest report of each of 16 places to know a
// repeated one. `report_descriptor` is the one that the interface presents.
#ifndef REPORT_H
#define REPORT_H

#include "pdu.h"

enum { REPORT_BYTES = 64, REPORT_DATA = 60, REPORT_MOST = 5, REPORT_PLACES = 16 };

struct report_receiver {
  // Whether `earlier` holds something, a bit for each place.
  uint16_t known;
  // The counter of the newest report that was neither malformed nor repeated; false = there was none.
  bool any;
  uint8_t newest;
  // What is held: reports, their bytes of data, and what the first of them said.
  uint8_t held;
  uint8_t count;
  uint8_t tag;
  uint16_t length;
  // Reports that the counter says were sent and never came.
  uint32_t missing;
  uint8_t earlier[REPORT_PLACES][REPORT_BYTES];
  // Data behind the longest PDU is counted in `length`, and not kept.
  uint8_t pdu[PDU_MAX];
};

struct report_event {
  // Reports held before, that are refused as out of sequence because of this one: one refusal.
  uint8_t dropped;
  // Why this report is refused, or FAULT_NONE.
  enum fault fault;
  // How many reports make the PDU that stands in `pdu` now, yet to be judged; 0 = none does. `length` may be
  // more than a PDU can have; then pdu_read refuses it by that alone.
  uint8_t whole;
  uint16_t length;
};

void report_begin(struct report_receiver *receiver);
struct report_event report_put(struct report_receiver *receiver, const uint8_t *bytes, size_t length);
// The connection has ended: returns how many reports were held, which are refused as truncated.
uint8_t report_cut(struct report_receiver *receiver);

struct report_sender {
  uint8_t counter;
  uint8_t tag;
};

// Report `index` of a PDU. The counter grows with each; the tag grows after the last one.
void report_write(struct report_sender *sender, const uint8_t *pdu, uint16_t length, uint8_t index,
                  uint8_t out[REPORT_BYTES]);
static inline uint8_t report_count(uint16_t length) {
  return (uint8_t)((length + REPORT_DATA - 1) / REPORT_DATA);
}

extern const uint8_t report_descriptor[25];

#endif
