// What a wand answers (sections 9.1 to 9.3): the order of judgement, and for each path its link and the memory
// of two exchanges.
//
// Only a request without a fault is answered, once, on the path that it came by; the same bytes are given
// to it when it is repeated, and it is never acted on twice.
#ifndef JUDGE_H
#define JUDGE_H

#include "pdu.h"
#include "wand.h"

struct reply {
  // They stay as they are until the next request of the same path is judged.
  const uint8_t *bytes;
  // 0 = nothing is answered.
  uint16_t length;
};

void judge_start(const struct wand_setup *setup, wand_ms now);
struct reply judge_request(enum path_name path, const uint8_t *bytes, size_t length, wand_ms now);
// The air operation that this path asked for has ended.
void judge_result(enum path_name path, enum code code, uint32_t session, const uint8_t *payload,
                  uint16_t length);
// The host sent what is not a request: so many refusals.
void judge_refused(uint16_t refusals);

#endif
