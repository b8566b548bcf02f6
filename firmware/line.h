// The serial line's framing (section 5): bytes received become PDUs, a PDU becomes characters.
//
// A receiver holds at most 512 bytes. Of a line it keeps what can still matter: the bytes that its digits
// stand for, as many as a PDU can have, and whether a character was out of place. Every byte put in is part
// of a PDU, refused with a reason, or still held: what line_put returns says which.
#ifndef LINE_H
#define LINE_H

#include "pdu.h"

enum { LINE_HELD_MAX = 512, LINE_LONGEST = 2 * PDU_MAX + 3 };

struct line {
  uint16_t held;
  // What is held began with a colon; a character behind it is neither digit nor part of the end; the last one
  // was CR.
  bool colon;
  bool strange;
  bool cr;
  // What is held is the rest of an over-long line.
  bool over_long;
  // What the last byte brought about, as line_put says.
  enum fault fault;
  uint16_t refused;
  uint8_t refusals;
  uint16_t pdu_length;
  uint8_t pdu[PDU_MAX];
};

enum line_event {
  LINE_NOTHING,
  // `refused` bytes, for `fault`. They are one refusal, or two if an over-long line ended with this byte.
  LINE_REFUSED,
  // A whole line of `refused` bytes: `pdu_length` bytes stand in `pdu`, until the next byte is put in. They are
  // yet to be judged as a PDU.
  LINE_PDU,
};

// At the beginning of a connection; what was held is forgotten.
void line_begin(struct line *line);
enum line_event line_put(struct line *line, uint8_t byte);
// The connection has ended, or bytes were lost here: what is held is refused.
enum line_event line_cut(struct line *line);

// Character `at` of the line of a PDU. The line has 2 * length + 3 of them.
char line_character(const uint8_t *pdu, uint16_t length, uint16_t at);

#endif
